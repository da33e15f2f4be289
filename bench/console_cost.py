#!/usr/bin/env python3
"""What an open console costs the server while calls run: its processor time in windows with and without listeners, in turn.

cmake --build build/release --target mouthpiece twilio-load
BUILD_DIR=build/release /usr/bin/python3 bench/console_cost.py [--calls 500] [--call-seconds 30] [--window 5] [--pairs 8] [--listeners 1] [--levels]

Calls end and begin all the time, so the listeners always have news; --levels: and the server tells how loud the callers are. The ratio is
that of the medians of both kinds of window; the middle half of the pairs' own ratios shows how much the machine disturbed.
"""

import argparse
import socket
import statistics
import threading
import time

from server_cost import PREFIX, LoadedServer, share_of_core


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


def listened_to(loaded, asked):
    """The share of a core while somebody listens, and what was told."""
    listeners = [Listener(loaded.server.port) for _ in range(asked.listeners)]
    time.sleep(1)  # what is told at the beginning is not what it costs to go on
    told = sum(listener.bytes for listener in listeners)
    share = share_of_core(loaded.pid, asked.window)
    told = sum(listener.bytes for listener in listeners) - told
    for listener in listeners:
        listener.close()
    time.sleep(0.5)
    return share, told


def measure(loaded, asked):
    without, listening = [], []
    for pair in range(asked.pairs):
        if pair % 2 == 0:  # each kind comes first in turn: a drift of the machine favours neither
            without.append(share_of_core(loaded.pid, asked.window))
        listening.append(listened_to(loaded, asked))
        if pair % 2 == 1:
            without.append(share_of_core(loaded.pid, asked.window))
    return without, [share for share, _ in listening], sum(told for _, told in listening)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--call-seconds", type=int, default=30)
    parser.add_argument("--window", type=float, default=5)
    parser.add_argument("--pairs", type=int, default=8)
    parser.add_argument("--listeners", type=int, default=1)
    parser.add_argument("--levels", action="store_true")
    asked = parser.parse_args()
    settings = {"CALLER_AUDIO": "level"} if asked.levels else {}
    with LoadedServer(asked.calls, asked.call_seconds, settings) as loaded:
        without, listening, told = measure(loaded, asked)
        open_calls = loaded.open_calls()
    ratios = sorted(b / a for a, b in zip(without, listening))
    middle = ratios[len(ratios) // 4], ratios[-1 - len(ratios) // 4]
    print(f"{open_calls:.0f} calls, {asked.listeners} listening, {told / asked.pairs / asked.window / 1024:.0f} KiB a second to them")
    print(f"processor without {statistics.median(without) * 100:.2f} %, with {statistics.median(listening) * 100:.2f} % of a core")
    print(f"ratio {statistics.median(listening) / statistics.median(without):.3f} (middle half of the pairs {middle[0]:.3f} to {middle[1]:.3f})")


if __name__ == "__main__":
    main()
