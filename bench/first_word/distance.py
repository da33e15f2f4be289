"""The same over a distance: a relay between the server and the stand-in that costs a round trip of 40 ms.

On loopback a new connection is free; on the way to ElevenLabs it costs two round trips (TCP, TLS 1.3) before the first
request, and that is what keeping connections open ahead is for.
"""

import asyncio
import threading

from ways import Asked, percentile
from programs import StandIn

ROUND_TRIP_MS = 40
FIRST_BYTE_MS = 225
STEADY_CALLS, AT_ONCE = 12, 10


class Relay:
    """Passes bytes on half a round trip later; those of a new connection two round trips later still."""

    def __init__(self, port):
        self._to = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        serving = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._carry, "127.0.0.1", 0), self._loop)
        self.port = serving.result().sockets[0].getsockname()[1]

    async def _carry(self, reader, writer):
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._to)
        handshakes_done = self._loop.time() + 2 * ROUND_TRIP_MS / 1000
        await asyncio.gather(
            self._pass_on(reader, there_writer, handshakes_done), self._pass_on(there_reader, writer, 0)
        )

    async def _pass_on(self, reader, writer, not_before):
        data = b"begun"
        while data:
            try:
                data = await reader.read(65536)
            except ConnectionError:
                data = b""
            due = max(self._loop.time(), not_before) + ROUND_TRIP_MS / 2000
            self._loop.call_at(due, writer.write if data else writer.close, *([data] if data else []))

    def close(self):
        async def end():
            rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in rest:
                task.cancel()
            await asyncio.gather(*rest, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Far(Asked):
    """A server for which ElevenLabs is a relay away."""

    def __init__(self, standin, relay, settings):
        super().__init__(standin, settings | {"ELEVENLABS_BASE_URL": f"http://127.0.0.1:{relay.port}"})

    def await_warmth(self):
        """Whatever it opens ahead is open."""
        threading.Event().wait(10 * ROUND_TRIP_MS / 1000)


def measure_distance():
    """{way: {situation: worst or median ms that were added to the stand-in's first byte}}"""
    found = {}
    for way, transport in (("WebSocket", "websocket"), ("HTTP", "http")):
        with StandIn("--first-byte-ms", str(FIRST_BYTE_MS), "--plan", "1000") as standin:
            relay = Relay(standin.port)
            far = Far(standin, relay, {"ELEVENLABS_TRANSPORT": transport})
            try:
                far.await_warmth()
                first = far.calls(1, 1, 0)
                steady = far.calls(STEADY_CALLS, 1.5, 0)
                burst = far.calls(AT_ONCE, 1000, 0)
                again = far.calls(AT_ONCE, 1000, 0)
            finally:
                far.close()
                relay.close()
        added = lambda calls, percent: percentile([call.added for call in calls], percent)  # noqa: E731
        found[way] = {
            "the first call after the start": added(first, 50),
            f"{STEADY_CALLS} calls, one after another (median)": added(steady, 50),
            f"{AT_ONCE} calls at once (the slowest)": added(burst, 100),
            f"{AT_ONCE} more at once, right after (the slowest)": added(again, 100),
        }
    return found
