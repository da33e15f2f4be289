#!/usr/bin/env python3
"""What many run today: FastAPI on uvicorn with uvloop, speech streamed by one pooled httpx client, at its best.

Settings from the environment: PORT, ELEVENLABS_BASE_URL, and, when wanted, TWILIO_AUTH_TOKEN, HOST_NAME, TLS_CERT_FILE, TLS_KEY_FILE.
"""

import asyncio
import base64
import json
import os

import httpx
import uvicorn
from fastapi import FastAPI, Request, Response, WebSocket, WebSocketDisconnect
from twilio.request_validator import RequestValidator

PREFIX = "/api/v1/elevenlabs-twilio/call"
VOICE = "21m00Tcm4TlvDq8ikWAM"
HOST_NAME = os.environ.get("HOST_NAME", "phone.example.org")

app = FastAPI()
twilio = RequestValidator(os.environ.get("TWILIO_AUTH_TOKEN", ""))
elevenlabs = httpx.AsyncClient(
    base_url=os.environ["ELEVENLABS_BASE_URL"],
    headers={"xi-api-key": "sk_0123456789abcdef0123456789"},
    limits=httpx.Limits(max_connections=None, max_keepalive_connections=None),
    timeout=30,
)


@app.post(PREFIX + "/incoming")
async def incoming(request: Request):
    form = dict(await request.form())
    url = f"https://{HOST_NAME}{request.url.path}"
    if twilio.token and not twilio.validate(url, form, request.headers.get("X-Twilio-Signature", "")):
        return Response(status_code=403)
    stream = f'<Stream url="wss://{HOST_NAME}{PREFIX}/connection"/>'
    return Response(f"<Response><Connect>{stream}</Connect></Response>", media_type="text/xml")


async def speak(socket, stream_sid, text):
    order = {"text": text, "model_id": "eleven_flash_v2_5"}
    target = f"/v1/text-to-speech/{VOICE}/stream?output_format=ulaw_8000"
    async with elevenlabs.stream("POST", target, json=order) as answer:
        async for chunk in answer.aiter_bytes():
            payload = base64.b64encode(chunk).decode()
            await socket.send_text(json.dumps({"event": "media", "streamSid": stream_sid, "media": {"payload": payload}}))
    await socket.send_text(json.dumps({"event": "mark", "streamSid": stream_sid, "mark": {"name": "end"}}))


@app.websocket(PREFIX + "/connection")
async def connection(socket: WebSocket):
    await socket.accept()
    speech = None
    try:
        while True:
            message = json.loads(await socket.receive_text())
            if message["event"] == "start":
                text = f"Hello, this is call {message['start']['callSid']}."
                speech = asyncio.create_task(speak(socket, message["start"]["streamSid"], text))
            elif message["event"] == "stop":
                break
    except WebSocketDisconnect:
        pass
    finally:
        if speech:
            speech.cancel()


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), loop="uvloop", http="httptools", ws="websockets",
                log_level="error", ssl_certfile=os.environ.get("TLS_CERT_FILE"), ssl_keyfile=os.environ.get("TLS_KEY_FILE"))  # fmt: skip
