#!/usr/bin/env python3
"""What a service manager hears: ready when calls are taken, alive while the program moves, how long a stop may take."""

import os
import signal
import socket

import requests

from checks import check, check_equal, run
from programs import PlacedCalls, Program, Server, new_directory, program, wait_until

GREETING = "You are listening to a service that is about to be stopped, and yet every word of this reaches you."
WATCHDOG_SECONDS = 2


class NotifySocket:
    """systemd's end of the notification socket."""

    def __init__(self):
        self.address = os.path.join(new_directory(), "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)
        self._socket.setblocking(False)
        self.heard = []  # messages, each name -> value
        self._read = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def settings(self):
        return {"NOTIFY_SOCKET": self.address, "WATCHDOG_USEC": WATCHDOG_SECONDS * 1_000_000}

    def await_message(self, name, seconds=20):
        """The next message that has this name."""

        def next_one():
            try:
                while True:
                    text = self._socket.recv(4096).decode()
                    self.heard.append(dict(line.split("=", 1) for line in text.split("\n")))
            except BlockingIOError:
                pass
            while self._read < len(self.heard):
                self._read += 1
                if name in self.heard[self._read - 1]:
                    return self.heard[self._read - 1]

        return wait_until(next_one, seconds, f"{name} from the server")


def a_service_manager_hears_the_life_of_the_server():
    with NotifySocket() as manager, Server({"GREETING": GREETING, "DRAIN_SECONDS": 100} | manager.settings()) as server:
        ready = manager.await_message("READY")
        check_equal(ready["READY"], "1", "it says that it is ready")
        check_equal(requests.get(server.url("/ready"), timeout=10).status_code, 200, "and is")
        for _ in range(3):
            manager.await_message("WATCHDOG", WATCHDOG_SECONDS)
        check(True, "it is alive, again and again within the watchdog's time")

        with PlacedCalls(server.api("/call/incoming"), "--quiet", "300") as call:
            server.await_log("speech begins")
            wait_until(lambda: manager.await_message("WATCHDOG")["STATUS"] == "taking calls, calls: 1", 10, "a call in the status")
            server.signal()
            stopping = manager.await_message("STOPPING")
            check_equal(stopping["STOPPING"], "1", "it says that it stops")
            check_equal(stopping["EXTEND_TIMEOUT_USEC"], "130000000", "and asks for DRAIN_SECONDS and half a minute")
            check_equal(stopping["STATUS"], "finishing, calls: 1", "its status tells how many calls are left")
            manager.await_message("WATCHDOG", WATCHDOG_SECONDS)
            check(True, "it is alive while it finishes them")
            check(call.result().report["flawless"], "the call was heard to its end")
        check_equal(server.await_end(), 0, "and the service ended well")


def a_server_that_hangs_is_not_taken_for_alive():
    with NotifySocket() as manager, Server(manager.settings()) as server:
        manager.await_message("WATCHDOG")
        server.signal(signal.SIGSTOP)
        try:
            # What was on its way may still come; then nothing, for longer than the watchdog waits.
            signs = 0
            while True:
                manager.await_message("WATCHDOG", 1.5 * WATCHDOG_SECONDS)
                signs += 1
        except TimeoutError:
            check(signs <= 2, "a stopped program is silent", f"{signs} signs of life")
        server.signal(signal.SIGCONT)
        manager.await_message("WATCHDOG")
        check(True, "and alive again when it goes on")


def ready_asks_the_server_here():
    def asked(server):
        with Program([program("mouthpiece"), "ready", f"--port={server.port}"]) as question:
            return question.await_end(), question.log()

    with Server({"GREETING": GREETING}) as server, PlacedCalls(server.api("/call/incoming"), "--quiet", "300") as call:
        check_equal(asked(server), (0, "ready\n"), "mouthpiece ready: exit status 0 while calls are taken")
        server.await_log("speech begins")
        server.signal()
        server.await_log("draining")
        status, said = asked(server)
        check(status == 1 and "503" in said, "mouthpiece ready: 1 while the server finishes its calls", (status, said))
        call.result()
        server.await_end()
        status, said = asked(server)
        check(status == 1 and said.startswith("not ready: "), "mouthpiece ready: 1 when nobody is there", (status, said))


def a_watchdog_for_another_process_is_not_fed():
    with NotifySocket() as manager, Server(manager.settings() | {"WATCHDOG_PID": os.getpid()}) as server:
        server.signal()
        server.await_end()
        manager.await_message("STOPPING")
        check(not any("WATCHDOG" in message for message in manager.heard), "the watchdog of another process is not fed")


if __name__ == "__main__":
    run(
        a_service_manager_hears_the_life_of_the_server,
        a_server_that_hangs_is_not_taken_for_alive,
        a_watchdog_for_another_process_is_not_fed,
        ready_asks_the_server_here,
        at_once=4,
    )
