#!/usr/bin/env python3
"""The machine below the server misbehaves while callers listen: clock, descriptors, memory, disk, log, upstream, scheduler.

Each scenario is judged by what the callers heard, by callers who come afterwards, and by the server being alive.

    BUILD_DIR=build/release tests/soak/chaos.py
"""

import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

from checks import check, check_equal, run
from holdings import Holdings
from programs import PlacedCalls, Program, Server, StandIn, new_directory, place_call, program, wait_until

CALLS = int(os.environ.get("CALLS") or 10)
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
GREETING = (
    "Welcome caller {name}. While you listen to this, something happens to the machine behind it. "
    "You should not notice anything of it at all, and hear every word of this message up to the very last one."
)
DAY_S = 86_400


def settings_with(standin, **others):
    return {"GREETING": GREETING, "AFTER_SPEECH": "hangup", "THREADS": 1} | standin.settings() | others


class Listening:
    """Callers in the middle of their message."""

    def __init__(self, server, *options, calls=CALLS):
        self._calls = PlacedCalls(
            server.api("/call/incoming?name={n}"), "--calls", str(calls), "--rate", "100", "--quiet", "500", *options
        )
        wait_until(lambda: len([1 for one in server.connections() if one["stream_sid"]]) >= calls, 20, "they are all connected")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._calls.__exit__()

    def heard_all(self, what):
        result = self._calls.result()
        harmed = [
            call for call in result.calls
            if len(call["streams"]) != 1 or call["streams"][0]["gaps"] or call["streams"][0]["unheard_bytes"] or call["spoken"]
        ]  # fmt: skip
        check_equal(harmed, [], f"{what}: every caller hears the whole message without a gap")
        return result


def serves_on(server, what):
    check(server.process.poll() is None, f"{what}: the server is alive", f"ended with status {server.process.poll()}:\n{server.log()[-1500:]}")
    result = place_call(server, "--quiet", "500", query="?name=afterwards")
    check(result.status == 0 and result.stream["heard_bytes"] > 0 and not result.stream["gaps"], f"{what}: the next caller is served", result.report)


def the_clock_jumps():
    what = "the clock jumps"
    clock = os.path.join(new_directory(), "clock")

    def set_to(offset):
        with open(clock + ".new", "w", encoding="ascii") as file:
            file.write(offset)
        os.replace(clock + ".new", clock)

    set_to("+0")
    fake = {"LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": clock, "FAKETIME_NO_CACHE": 1, "FAKETIME_DONT_FAKE_MONOTONIC": 1}
    with StandIn() as standin, Server(settings_with(standin, **fake)) as server:
        for offset in (f"+{DAY_S}", f"-{DAY_S}", "+0"):
            # Some are connected, some have been answered and connect after the jump, with the token they were given before it.
            with Listening(server, calls=CALLS) as now, PlacedCalls(server.api("/call/incoming"), "--stream-after", "1500", "--quiet", "500") as soon:
                wait_until(lambda: server.metric("mouthpiece_calls_announced") == 1, 10, "a call is announced")
                before = server.log_lines("call answered")[-1].split()[0]
                set_to(offset)
                now.heard_all(f"{what} to {offset} s")
                late = soon.result()
                check(late.status == 0 and not late.stream["gaps"], f"{what} to {offset} s: a call answered before connects after", late.report)
            serves_on(server, f"{what} to {offset} s")
            after = server.log_lines("call answered")[-1].split()[0]
            check(before[:10] != after[:10], f"{what}: the server's log shows that it did", (before, after))


def descriptors_run_out():
    what = "no descriptor is left"
    with StandIn() as standin, Server(settings_with(standin)) as server, Listening(server) as callers:
        _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (Holdings(server).files + 2, hard))
        crowd = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(50)]
        time.sleep(1)  # a second of it
        for connection in crowd:
            connection.close()
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (hard, hard))
        check((server.metric('mouthpiece_limits_reached_total{limit="descriptors"}') or 0) > 0, f"{what}: it is counted")
        callers.heard_all(what)
        serves_on(server, what)


def memory_runs_out():
    what = "no memory is left"
    with StandIn() as standin, Server(settings_with(standin)) as server:
        with open(f"/proc/{server.process.pid}/statm", encoding="ascii") as statm:
            size = int(statm.read().split()[0]) * resource.getpagesize()
        resource.prlimit(server.process.pid, resource.RLIMIT_AS, (size, resource.RLIM_INFINITY))
        # Large texts that are new, by many at once: all that makes a server ask for memory.
        hungry = [threading.Thread(target=ask_for_much, args=(server, number)) for number in range(8)]
        for thread in hungry:
            thread.start()
        for thread in hungry:
            thread.join()
        check_equal(server.await_end(), 71, f"{what}: the server ends at once, to be started again")
        check(server.log().rstrip().endswith("to be started again"), f"{what}: and says so", server.log()[-500:])
        with Server(server.settings | {"PORT": server.port}) as again:
            serves_on(again, f"{what}, and it has been started again")


def ask_for_much(server, number):
    for turn in range(20):
        try:
            server.synthesise(f"{number} {turn} " + "More and more and more of it. " * 60)
        except OSError:  # refused, cut off: all of that is allowed
            pass


def the_disk_is_full():
    what = "the disk is full"
    folder = new_directory()
    # A file system of its own, of 256 KiB, that goes away with the server.
    under = ["unshare", "--map-root-user", "--mount", "sh", "-c", 'mount -t tmpfs -o size=256k none "$0" && exec "$@"', folder]
    with StandIn() as standin, Server(settings_with(standin, CACHE_DIR=os.path.join(folder, "cache")), under=under) as server:
        with Listening(server, calls=40) as callers:  # each says something new, each greeting is 80 KiB
            callers.heard_all(what)
        seen = f"/proc/{server.process.pid}/root{folder}"
        check_equal(os.statvfs(seen).f_bavail, 0, f"{what}: it is") if os.statvfs(seen).f_bavail == 0 else check(
            server.log_lines("No space left"), f"{what}: the log tells", server.log()[-2000:]
        )
        serves_on(server, what)


def the_log_cannot_be_written():
    what = "the log cannot be written"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with StandIn() as standin:
        shell = ["sh", "-c", 'exec "$0" serve > /dev/full 2>&1', program("mouthpiece")]
        with Program(shell, settings_with(standin, PORT=port)) as mute:
            wait_until(lambda: answers(port), 20, "it answers")
            with PlacedCalls(f"http://127.0.0.1:{port}/api/v1/elevenlabs-twilio/call/incoming", "--quiet", "500") as calls:
                result = calls.result()
            check(result.status == 0 and not result.stream["gaps"], f"{what}: the caller is served", result.report)
            mute.signal(signal.SIGTERM)
            check_equal(mute.await_end(), 0, f"{what}: it ends as it should")


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def elevenlabs_dies():
    what = "ElevenLabs dies in mid-word"
    with StandIn() as standin, Server(settings_with(standin)) as server, Listening(server) as callers:
        standin.process.kill()
        callers.heard_all(what)
        with StandIn(port=standin.port):
            serves_on(server, what)


def the_machine_stands_still():
    what = "the machine stands still for a second"
    with StandIn() as standin, Server(settings_with(standin)) as server, Listening(server) as callers:
        server.synthesise(GREETING)  # a second and more of the lead is with the callers
        server.signal(signal.SIGSTOP)
        time.sleep(1)
        server.signal(signal.SIGCONT)
        callers.heard_all(what)
        serves_on(server, what)


if __name__ == "__main__":
    scenarios = [
        the_clock_jumps, descriptors_run_out, memory_runs_out, the_log_cannot_be_written, elevenlabs_dies, the_machine_stands_still,
    ]  # fmt: skip
    # A container may not be allowed a file system of its own.
    if subprocess.run(["unshare", "--map-root-user", "--mount", "true"], capture_output=True).returncode == 0:
        scenarios.append(the_disk_is_full)
    else:
        print("      not tried, because unshare is not permitted here: the disk is full")
    run(*scenarios, at_once=2)
