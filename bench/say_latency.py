#!/usr/bin/env python3
"""From POST /calls/{sid}/say to the first media message on the call's WebSocket, speech from the cache, over loopback.

BUILD_DIR=build/release /usr/bin/python3 bench/say_latency.py [REPETITIONS]
Blocking sockets and no library on either: what Python adds is one send and one receive. The call and the requests come
to any of the two loops.
"""

import json
import os
import socket
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "tests", "e2e"))
from programs import PREFIX, Server  # noqa: E402

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


def main():
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    with Server({"GREETING": "Hello."}) as server:
        server.synthesise(NOTE)  # into the cache
        took = []
        for number in range(repetitions):
            sid = f"CA{number:032x}"
            with open_stream(server.port, sid) as stream, socket.create_connection(("127.0.0.1", server.port)) as client:
                await_media(stream)
                drain(stream, 0.01)
                began = time.perf_counter()
                say(client, sid)
                await_media(stream)
                took.append((time.perf_counter() - began) * 1000)
                client.recv(65536)
    took.sort()
    point = lambda share: took[min(len(took) - 1, int(share * len(took)))]  # noqa: E731
    print(f"{repetitions} calls: p50 {statistics.median(took):.2f} ms, p99 {point(0.99):.2f} ms, longest {took[-1]:.2f} ms")


if __name__ == "__main__":
    main()
