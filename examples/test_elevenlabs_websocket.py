#!/usr/bin/env python3
"""Plays Twilio's Media Stream against a running server: opens the WebSocket, sends `start`, and hears the greeting.

    python3 examples/test_elevenlabs_websocket.py [heard.wav]

Needs python3-websockets, and a server without TWILIO_AUTH_TOKEN (with one, only Twilio gets in). PORT: its port, if not 8001.
"""

import asyncio
import base64
import json
import os
import struct
import sys
import time

import websockets

PORT = os.environ.get("PORT", "8001")
URL = f"ws://localhost:{PORT}/api/v1/elevenlabs-twilio/call/connection"
START = {"event": "start", "start": {"callSid": "test_call_sid", "streamSid": "test_stream_sid"}}
BYTES_PER_SECOND = 8000  # mu-law at 8 kHz
# A mark follows every second of speech. Behind the last one nothing comes any more.
SILENCE_BEHIND_THE_MESSAGE = 3.0


def write_wav(path, mulaw):
    """A mono WAV file in the telephone's own format, which every player knows."""
    mulaw += b"\xff" * (len(mulaw) % 2)
    with open(path, "wb") as file:
        file.write(struct.pack("<4sI4s", b"RIFF", 4 + 26 + 8 + len(mulaw), b"WAVE"))
        file.write(struct.pack("<4sIHHIIHHH", b"fmt ", 18, 7, 1, 8000, BYTES_PER_SECOND, 1, 8, 0))
        file.write(struct.pack("<4sI", b"data", len(mulaw)) + mulaw)


async def hear_message(socket):
    """The audio up to the last mark."""
    audio, ends_with_mark = b"", False
    while True:
        patience = SILENCE_BEHIND_THE_MESSAGE if ends_with_mark else 20
        try:
            message = json.loads(await asyncio.wait_for(socket.recv(), patience))
        except asyncio.TimeoutError:
            return audio if ends_with_mark else b""
        if message["event"] == "media":
            audio, ends_with_mark = audio + base64.b64decode(message["media"]["payload"]), False
        elif message["event"] == "mark":
            ends_with_mark = True
            # Twilio sends a mark back when the caller has heard everything before it.
            await socket.send(json.dumps(message))


async def main():
    path = sys.argv[1] if len(sys.argv) > 1 else os.devnull
    print(f"connecting to {URL}")
    async with websockets.connect(URL) as socket:
        begun = time.monotonic()
        await socket.send(json.dumps(START))
        audio = await hear_message(socket)
        await socket.send(json.dumps({"event": "stop", "streamSid": "test_stream_sid", "stop": {"callSid": "test_call_sid"}}))
    print(f"received {len(audio)} bytes, {len(audio) / BYTES_PER_SECOND:.1f} s of speech, in {time.monotonic() - begun:.1f} s")
    if len(set(audio)) < 10:
        print("that is no speech")
        return 1
    write_wav(path, audio)
    if path != os.devnull:
        print(f"written to {path}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main()))
    except (OSError, websockets.WebSocketException) as failure:
        sys.exit(f"{URL}: {failure}")
