"""Peers that mean harm, many at a time: each opens its connection again as soon as it is cut off."""

import asyncio
import logging
import os
import resource
import ssl
import threading
from collections import Counter

from programs import PREFIX

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
UPGRADE = (
    f"GET {PREFIX}/call/connection HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
).encode()
REQUEST = f"GET {PREFIX}/test HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


async def slow_request(attack):
    """A head that never ends, a byte at a time."""
    _, writer = await attack.connect(tls=True)
    for byte in REQUEST[:-2] + b"X-Never: ending" * 1_000:
        await attack.send(writer, bytes([byte]))
        await asyncio.sleep(attack.pause)


async def garbage(attack):
    """Noise in place of a handshake, as much as is taken."""
    _, writer = await attack.connect()
    noise = os.urandom(65_536)
    for _ in range(100):
        await attack.send(writer, noise)
        attack.bytes += len(noise)


async def half_handshake(attack):
    """A correct first message of TLS, and then nothing."""
    reader, writer = await attack.connect()
    writer.write(attack.client_hello)
    while await reader.read(65_536):
        pass


async def handshakes(attack):
    """Whole handshakes, one behind the other: they cost the server most."""
    await attack.connect(tls=True)


async def deaf(attack):
    """Request behind request, more than is taken, and no answer is read."""
    _, writer = await attack.connect(tls=True)
    writer.transport.pause_reading()
    for _ in range(20):
        await attack.send(writer, REQUEST * 100)
    await asyncio.sleep(1)


async def mute_stream(attack):
    """A stream that never says which call it is."""
    reader, writer = await attack.connect(tls=True)
    writer.write(UPGRADE)
    while await reader.read(65_536):
        pass


KINDS = (slow_request, garbage, half_handshake, handshakes, deaf, mute_stream)


def client_hello():
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        _trusting().wrap_bio(incoming, outgoing).do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def _trusting():
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class Attack:
    """So many attackers of each kind, {"garbage": 20, …}, on a server with TLS, from a thread of their own, until the end of the block."""

    def __init__(self, port, sockets):
        self._port, self._sockets, self._context, self.client_hello = port, sockets, _trusting(), client_hello()
        self.pause = max(0.1, sockets["slow_request"] / 2_000)  # seconds between two bytes: this thread has to send them all
        self._writers, self._kinds = {}, {}  # by task
        self.connections, self.bytes = Counter(), 0  # of each kind so far; of noise
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(lambda *_: None)  # connections break off; that is what they are for
        logging.getLogger("asyncio").setLevel(logging.ERROR)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._everything.cancel)
        self._thread.join(60)

    async def connect(self, tls=False):
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, ssl=self._context if tls else None)
        self._writers[asyncio.current_task()] = writer
        self.connections[self._kinds[asyncio.current_task()]] += 1
        return reader, writer

    @staticmethod
    async def send(writer, content):
        """Raises when the connection is broken."""
        writer.write(content)
        await asyncio.sleep(0)  # without a turn of its own the loop does not learn of it
        await writer.drain()

    async def _go_on(self, kind):
        self._kinds[asyncio.current_task()] = kind.__name__
        while True:
            try:
                await kind(self)
            except OSError:
                pass
            finally:
                if writer := self._writers.pop(asyncio.current_task(), None):
                    writer.transport.abort()
            await asyncio.sleep(0.01)

    def _run(self):
        asyncio.set_event_loop(self._loop)
        self._everything = asyncio.gather(*(self._go_on(kind) for kind in KINDS for _ in range(self._sockets[kind.__name__])))
        try:
            self._loop.run_until_complete(self._everything)
        except asyncio.CancelledError:
            pass
