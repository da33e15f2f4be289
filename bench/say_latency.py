#!/usr/bin/env python3
"""From POST /calls/{sid}/say to the first media message on the call's WebSocket, speech from the cache, over loopback.

BUILD_DIR=build/release /usr/bin/python3 bench/say_latency.py [--routed] [REPETITIONS]
--routed: two servers and one Redis; every other request goes to the server that has not the call, and is passed on.
Blocking sockets and no library on either: what Python adds is one send and one receive. The call and the requests come
to any of the two loops.
"""

import argparse
import contextlib
import json
import os
import socket
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "tests", "e2e"))
import requests  # noqa: E402
from programs import PREFIX, Server, wait_until  # noqa: E402
from redis_server import Redis  # noqa: E402

MASK = bytes(4)
NOTE = "Your taxi is at the door."


def open_stream(port, call_sid):
    stream = socket.create_connection(("127.0.0.1", port))
    stream.sendall(
        f"GET {PREFIX}/call/connection HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    start = json.dumps({"event": "start", "start": {"callSid": call_sid, "streamSid": "MZ1"}}).encode()
    stream.sendall(bytes([0x81, 0x80 | len(start)]) + MASK + start)
    return stream


def await_media(stream):
    received = b""
    while b'"event":"media"' not in received:
        received += stream.recv(65536)


def say(client, call_sid):
    body = json.dumps({"text": NOTE, "mode": "interrupt"})
    client.sendall(
        f"POST {PREFIX}/calls/{call_sid}/say HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
    )


def drain(stream, seconds):
    """Reads what is on its way, until nothing has come for so long."""
    stream.settimeout(seconds)
    try:
        while stream.recv(65536):
            pass
    except TimeoutError:
        stream.settimeout(None)


def one_call(home, asked, call_sid):
    """Milliseconds from the request to `asked` to the audio on the call's stream at `home`."""
    with open_stream(home.port, call_sid) as stream, socket.create_connection(("127.0.0.1", asked.port)) as client:
        await_media(stream)
        if asked is not home:
            wait_until(lambda: requests.get(asked.api(f"/calls/{call_sid}"), timeout=5).ok, 10, "the call is known there")
        drain(stream, 0.01)
        began = time.perf_counter()
        say(client, call_sid)
        await_media(stream)
        took = (time.perf_counter() - began) * 1000
        client.recv(65536)
    return took


def line(name, took):
    took = sorted(took)
    p99 = took[min(len(took) - 1, int(0.99 * len(took)))]
    print(f"{name}{len(took)} calls: p50 {statistics.median(took):.2f} ms, p99 {p99:.2f} ms, longest {took[-1]:.2f} ms")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("repetitions", nargs="?", type=int, default=300)
    arguments.add_argument("--routed", action="store_true")
    options = arguments.parse_args()
    with contextlib.ExitStack() as running:
        redis = running.enter_context(Redis()) if options.routed else None
        settings = {"GREETING": "Hello."} | (redis.settings() if redis else {})
        servers = [running.enter_context(Server(settings)) for _ in range(2 if redis else 1)]
        servers[0].synthesise(NOTE)  # into the cache
        took = {server: [] for server in servers}
        for number in range(options.repetitions):
            for asked in servers:
                took[asked].append(one_call(servers[0], asked, f"CA{number:030x}{servers.index(asked):02x}"))
        for server, name in zip(servers, ("asked where the call is: ", "asked elsewhere: ") if redis else ("",)):
            line(name, took[server])


if __name__ == "__main__":
    main()
