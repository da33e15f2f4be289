#!/usr/bin/env python3
"""What an open console costs the server while calls run: its processor time in windows with and without listeners, in turn.

cmake --build build/release --target mouthpiece twilio-load
BUILD_DIR=build/release /usr/bin/python3 bench/console_cost.py [--calls 500] [--call-seconds 30] [--window 5] [--pairs 8] [--listeners 1]

Server and load have a core each; calls end and begin all the time, so the listeners always have news. The ratio is that
of the medians of both kinds of window; the middle half of the pairs' own ratios shows how much the machine disturbed.
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "tests", "e2e"))
from programs import PREFIX, Server, program  # noqa: E402


class Listener:
    """Reads GET /live and throws it away, with as little work as can be."""

    def __init__(self, port):
        self.bytes = 0
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.sendall(f"GET {PREFIX}/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self):
        while received := self._socket.recv(1 << 18):
            self.bytes += len(received)

    def close(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()


def processor_seconds(pid):
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        main = int(file.read().split()[0])
    threads = (open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") for task in os.listdir(f"/proc/{pid}/task") if int(task) != pid)
    total = main
    for file in threads:
        with file:
            total += int(file.read().split()[0])
    return total / 1e9


def window(pid, seconds):
    before, began = processor_seconds(pid), time.monotonic()
    time.sleep(seconds)
    return (processor_seconds(pid) - before) / (time.monotonic() - began)


def measure(server, asked):
    pid, without, with_listeners, received = server.process.pid, [], [], 0
    for _ in range(asked.pairs):
        without.append(window(pid, asked.window))
        listeners = [Listener(server.port) for _ in range(asked.listeners)]
        time.sleep(1)  # what is told at the beginning is not what it costs to go on
        with_listeners.append(window(pid, asked.window))
        received += sum(listener.bytes for listener in listeners)
        for listener in listeners:
            listener.close()
        time.sleep(0.5)
    return without, with_listeners, received


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--call-seconds", type=int, default=30)
    parser.add_argument("--window", type=float, default=5)
    parser.add_argument("--pairs", type=int, default=8)
    parser.add_argument("--listeners", type=int, default=1)
    asked = parser.parse_args()
    measured_s = asked.pairs * (2 * asked.window + 1.5) + 10
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        upstream = free.getsockname()[1]
    settings = {
        "THREADS": 1, "GREETING": "Hello to you, whoever calls.",
        "ELEVEN_LABS_API_KEY": "any", "ELEVENLABS_BASE_URL": f"http://127.0.0.1:{upstream}",
    }  # fmt: skip
    with Server(settings) as server:
        os.sched_setaffinity(server.process.pid, {0})
        os.sched_setaffinity(0, {1})
        load = subprocess.Popen(
            [program("twilio-load"), "--port", str(server.port), "--webhook", PREFIX + "/call/incoming", "--upstream-port", str(upstream),
             "--calls", str(asked.calls), "--call-seconds", str(asked.call_seconds), "--ramp-seconds", "10", "--seconds", str(int(measured_s) + 5)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            time.sleep(15)  # all calls are up
            without, with_listeners, received = measure(server, asked)
            open_calls = server.metric("mouthpiece_websocket_connections_active")
        finally:
            load.terminate()
            load.wait()
    ratios = sorted(b / a for a, b in zip(without, with_listeners))
    middle = ratios[len(ratios) // 4], ratios[-1 - len(ratios) // 4]
    print(f"{open_calls:.0f} calls, {asked.listeners} listening, {received / asked.pairs / (asked.window + 1) / 1024:.0f} KiB a second to them")
    print(f"processor without {statistics.median(without) * 100:.2f} %, with {statistics.median(with_listeners) * 100:.2f} % of a core")
    print(f"ratio {statistics.median(with_listeners) / statistics.median(without):.3f} (middle half of the pairs {middle[0]:.3f} to {middle[1]:.3f})")


if __name__ == "__main__":
    main()
