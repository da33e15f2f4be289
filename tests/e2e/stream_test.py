#!/usr/bin/env python3
"""The media stream as a client sees it that is not ours (python3-websockets), and what it may do wrong."""

import asyncio
import base64
import math
import socket
import struct

import websockets

from audio import FRAME_BYTES, loudest, pcm_of
from checks import check, check_equal, run
from programs import Server, wait_until
from twilio import Stream, bare_start, start_message

GREETING = "This sentence is spoken to a client of another make."
CONNECTED = {"event": "connected", "protocol": "Call", "version": "1.0.0"}
MESSAGE_BYTES_MAX = 64 * 1024


def server_for_streams():
    return Server({"GREETING": GREETING, "THREADS": 1})


def media(stream_sid="MZ1", payload=b"\xff" * FRAME_BYTES):
    return {"event": "media", "streamSid": stream_sid, "media": {"track": "inbound", "payload": base64.b64encode(payload).decode()}}


def outcome_of(server, connection=1):
    """The outcome in the 'closed' line of the log, which is written once."""
    line = server.await_log(rf"stream closed connection={connection} .*")[0]
    return line.split("outcome=")[1].split()[0]


async def hear_message(stream, stream_sid):
    """All audio up to the last mark of a message, which must be followed by silence; marks are sent back as Twilio would."""
    audio = b""
    while True:
        try:
            message = await stream.receive(1.5)
        except asyncio.TimeoutError:
            return audio
        check_quietly(message["streamSid"] == stream_sid, "every message carries the stream's SID", message)
        if message["event"] == "media":
            audio += base64.b64decode(message["media"]["payload"], validate=True)
        elif message["event"] == "mark":
            await stream.send({"event": "mark", "streamSid": stream_sid, "mark": message["mark"]})


def check_quietly(holds, what, detail):
    if not holds:
        check(False, what, detail)


def the_specifications_bare_start_is_answered():
    with server_for_streams() as server:

        async def client():
            async with Stream(server) as stream:
                await stream.send(bare_start("test_call_sid", "test_stream_sid"))
                return await hear_message(stream, "test_stream_sid")

        audio = asyncio.run(client())
        check(len(audio) > 8_000 and loudest(audio) > 3_000, "the bare start of the specification is spoken to", len(audio))
        check_equal(len(audio) % FRAME_BYTES, 0, "in whole frames")
        check_equal(outcome_of(server), "completed", "and its call is completed")
        spoken = server.synthesise(GREETING)
        check(spoken.status_code == 200 and abs(len(spoken.content) // 2 - len(audio)) < 2 * FRAME_BYTES, "the whole greeting came")


def garbage_before_start_closes():
    with server_for_streams() as server:

        async def close_code(message):
            async with Stream(server) as stream:
                await stream.send(message)
                return await stream.close_code()

        async def after_twenty_one(message):
            async with Stream(server) as stream:
                for _ in range(21):
                    await stream.send(message)
                return await stream.close_code()

        cases = (
            ("not JSON", "hello", 1007),
            ("JSON that is cut off", '{"event":"start"', 1007),
            ("a binary message", b"\x00\x01", 1003),
            ("linear audio", start_message("CA1", mediaFormat={"encoding": "audio/x-l16", "sampleRate": 16000, "channels": 1}), 1003),
            ("a message of more than 64 KiB", " " * (MESSAGE_BYTES_MAX + 1), 1009),
        )
        for what, message, code in cases:
            check_equal(asyncio.run(close_code(message)), code, f"{what} before start: closed with {code}")
        check_equal(asyncio.run(after_twenty_one(media())), 1008, "audio without a start, again and again: closed with 1008")
        opened = len(cases) + 1
        wait_until(lambda: len(server.log_lines("stream closed")) == opened, 10, "every stream has its outcome")
        check_equal(len(server.log_lines("outcome=protocol_error")), opened - 1, "they are protocol errors in the log")
        check_equal(server.metric("mouthpiece_websocket_connections_active"), 0, "nothing is left of them")


def garbage_in_a_call_does_not_end_it():
    with server_for_streams() as server:

        async def client():
            async with Stream(server) as stream:
                await stream.send(CONNECTED)
                await stream.send(start_message("CA1"))
                await stream.receive_media()
                await stream.send("hello")
                await stream.send(b"\x00\x01")
                await stream.send({"event": "media", "streamSid": "MZ1", "media": {"payload": "%%%"}})
                await stream.send({"event": "something new", "streamSid": "MZ1"})
                await stream.send(start_message("CA2", "MZ2"))
                await stream.send(media("MZ9"))
                await stream.send({"event": "stop", "streamSid": "MZ9", "stop": {"callSid": "CA9"}})
                await stream.send({"event": "mark", "streamSid": "MZ1", "mark": {"name": "never sent"}})
                await stream.send(media("MZ1"))
                # What comes after proves that all of this was read and survived.
                await (await stream.socket.ping())
                open_then = server.connections()
                rest = await hear_message(stream, "MZ1")
                await stream.send({"event": "stop", "streamSid": "MZ1", "stop": {"callSid": "CA1"}})
                return open_then, rest, await stream.close_code()

        open_then, rest, code = asyncio.run(client())
        check_equal([c["call_sid"] for c in open_then], ["CA1"], "after garbage, a second start and foreign messages the call goes on")
        check(loudest(rest) > 3_000, "and is spoken to")
        check_equal(code, 1000, "a stop ends it")
        check_equal(outcome_of(server), "completed", "with one outcome")
        check(server.log_lines("stream closed", "call_sid=CA1", "media_in=2 "), "of the media messages only those of this stream are counted as its own", server.log_lines("closed"))
        ignored = int(server.log_lines("stream closed")[0].split("ignored=")[1].split()[0])
        check(ignored >= 5, f"the others were ignored and counted: {ignored}")


def endless_garbage_in_a_call_ends_it():
    with server_for_streams() as server:

        async def client():
            async with Stream(server) as stream:
                await stream.send(start_message("CA1"))
                for _ in range(150):
                    await stream.send("garbage")
                return await stream.close_code()

        check_equal(asyncio.run(client()), 1008, "too much garbage in a call: closed with 1008")
        check_equal(outcome_of(server), "protocol_error", "a protocol error in the log")


def a_second_socket_for_a_live_call_is_refused():
    with server_for_streams() as server:

        async def client():
            async with Stream(server) as first:
                await first.send(start_message("CA1", "MZ1"))
                await first.receive_media()
                async with Stream(server) as second:
                    await second.send(start_message("CA1", "MZ2"))
                    code = await second.close_code()
                listed = server.connections()
                await first.receive_media()
                return code, listed

        code, listed = asyncio.run(client())
        check_equal(code, 1008, "a second socket for a live call is closed with 1008")
        check(server.log_lines("stream refused", "reason=call_has_a_stream"), "the log tells why")
        check_equal([(c["call_sid"], c["stream_sid"]) for c in listed], [("CA1", "MZ1")], "the first one goes on")
        check(all(c["connection_id"] and c["connected_at"].endswith("Z") for c in listed), "GET /connections describes it", listed)


def the_callers_level_is_told_when_it_is_listened_to():
    # Constant values, of which RMS and peak are the same; a second and more of each, so that nothing else is in the window.
    frames = {20 * math.log10(abs(pcm_of(code)[0]) / 32768): code * FRAME_BYTES for code in (b"\x9f", b"\xdf")}

    async def with_call(server, frame, look):
        async with Stream(server) as stream:
            await stream.send(start_message("CA1", "MZ1"))
            for _ in range(60):
                await stream.send(media(payload=frame))
            await stream.receive_media()
            return look()

    def comes_to(server, expected):
        def close_enough():
            level = server.connections()[0].get("caller_level", {})
            return level and all(abs(level[kind] - expected) < 0.1 for kind in ("rms_dbfs", "peak_dbfs"))

        return wait_until(close_enough, 10, f"a level of {expected:.1f} dBFS")

    with Server({"GREETING": GREETING, "THREADS": 2, "CALLER_AUDIO": "level"}) as server:
        for expected, frame in frames.items():
            asyncio.run(with_call(server, frame, lambda expected=expected: comes_to(server, expected)))
            check(True, f"a caller at {expected:.1f} dBFS is told to be so loud")
            wait_until(lambda: not server.connections(), 10, "the end of the call")
    with server_for_streams() as server:
        entry = asyncio.run(with_call(server, b"\x9f" * FRAME_BYTES, server.connections))[0]
        check("caller_level" not in entry, "without CALLER_AUDIO=level nobody listens", entry)


def pings_fragments_and_long_messages_are_understood():
    with server_for_streams() as server:

        async def client():
            async with Stream(server) as stream:
                pong = await stream.socket.ping(b"are you there")
                await asyncio.wait_for(pong, 5)
                text = str(start_message("CA1")).replace("'", '"')
                await stream.socket.send([text[at : at + 7] for at in range(0, len(text), 7)])
                audio = await stream.receive_media()
                await stream.send(media(payload=b"\x7f" * 40_000))  # two and a half seconds in one message
                await (await stream.socket.ping())
                return audio

        check(len(asyncio.run(client())) > 0, "ping is answered, a start in many fragments is one start")
        check(server.await_log(r"stream closed .* media_in=1 "), "a message of 53 KB is taken")


def an_abrupt_end_is_one_outcome():
    with server_for_streams() as server:

        async def reset():
            async with Stream(server) as stream:
                await stream.send(start_message("CA1"))
                await stream.receive_media()
                raw = stream.socket.transport.get_extra_info("socket")
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close sends RST
                stream.socket.transport.abort()

        async def half_close():
            async with Stream(server) as stream:
                await stream.send(start_message("CA2"))
                await stream.receive_media()
                await stream.socket.close(1001)

        asyncio.run(reset())
        check_equal(outcome_of(server, 1), "connection_lost", "a reset is a lost connection")
        asyncio.run(half_close())
        check_equal(outcome_of(server, 2), "connection_lost", "a close without stop, before the last word, as well")
        for call in ("CA1", "CA2"):
            check_equal(len(server.log_lines("stream closed", f"call_sid={call} ")), 1, f"the outcome of {call} is logged once")
        check_equal(server.metric('mouthpiece_calls_total{outcome="connection_lost"}'), 2, "and counted once")
        check_equal(server.connections(), [], "nothing is left open")


def silence_instead_of_a_start_is_bounded():
    with server_for_streams() as server:

        async def client():
            async with Stream(server) as stream:
                return await stream.close_code(20)

        check_equal(asyncio.run(client()), 1008, "no start within ten seconds: closed with 1008")
        check_equal(outcome_of(server), "timed_out", "timed out in the log")


def the_longest_call_is_bounded():
    with Server({"GREETING": GREETING, "MAX_CALL_SECONDS": 2}) as server:

        async def client():
            async with Stream(server) as stream:
                await stream.send(start_message("CA1"))
                return await stream.close_code()

        check_equal(asyncio.run(client()), 1000, "MAX_CALL_SECONDS ends a call")
        check_equal(outcome_of(server), "timed_out", "timed out in the log")


def more_calls_than_allowed_are_refused():
    with Server({"GREETING": GREETING, "MAX_CALLS": 2}) as server:

        async def client():
            async with Stream(server) as first:
                await first.send(start_message("CA0", "MZ0"))
                await first.receive_media()
                async with Stream(server) as second:
                    await second.send(start_message("CA1", "MZ1"))
                    await second.receive_media()
                    refusal = await refusal_of_a_third()
                    await (await first.socket.ping())
                    return refusal, [c["call_sid"] for c in server.connections()]

        async def refusal_of_a_third():
            try:
                async with Stream(server) as third:
                    await third.send(start_message("CA2", "MZ2"))
                    return await third.close_code()
            except websockets.InvalidStatusCode as refused:
                return refused.status_code

        code, calls = asyncio.run(client())
        check(code in (1008, 1013, 503), f"a stream beyond MAX_CALLS is refused: {code}")
        check_equal(sorted(calls), ["CA0", "CA1"], "and the two calls before it go on")


if __name__ == "__main__":
    run(
        silence_instead_of_a_start_is_bounded,
        the_specifications_bare_start_is_answered,
        garbage_before_start_closes,
        garbage_in_a_call_does_not_end_it,
        endless_garbage_in_a_call_ends_it,
        a_second_socket_for_a_live_call_is_refused,
        the_callers_level_is_told_when_it_is_listened_to,
        pings_fragments_and_long_messages_are_understood,
        an_abrupt_end_is_one_outcome,
        the_longest_call_is_bounded,
        more_calls_than_allowed_are_refused,
        at_once=5,
    )
