"""Twilio's side of the wire as its documentation describes it: signatures, webhooks, TwiML, Media Streams."""

import asyncio
import base64
import hashlib
import hmac
import itertools
import json
import os
import xml.etree.ElementTree as ElementTree

import requests
import websockets

from programs import PREFIX

ACCOUNT = "AC" + "0123456789abcdef" * 2
_numbers = itertools.count(1)


def new_call_sid():
    return f"CA{os.getpid():016x}{next(_numbers):016x}"


def signature(auth_token, url, fields=None):
    """X-Twilio-Signature: HMAC-SHA1 over the URL and the sorted form, in base64."""
    signed = url + "".join(name + value for name, value in sorted((fields or {}).items()))
    return base64.b64encode(hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def call_fields(call_sid=None, **others):
    return {
        "CallSid": new_call_sid() if call_sid is None else call_sid, "AccountSid": ACCOUNT, "From": "+14155550100", "To": "+14155550199",
        "CallStatus": "ringing", "Direction": "inbound", "ApiVersion": "2010-04-01",
    } | others  # fmt: skip


def post_webhook(server, fields, path="/call/incoming", sign=None):
    headers = {} if sign is None else {"X-Twilio-Signature": sign}
    return requests.post(server.api(path), data=fields, headers=headers, timeout=20, verify=server.ca_file)


class Twiml:
    """What an answer tells Twilio to do."""

    def __init__(self, answer):
        self.root = ElementTree.fromstring(answer.content)
        self.verbs = [element.tag for element in self.root]

    @property
    def said(self):
        return [element.text for element in self.root.iter("Say")]

    @property
    def stream_url(self):
        return self.root.find("Connect/Stream").get("url")

    @property
    def action(self):
        return self.root.find("Connect").get("action")

    @property
    def parameters(self):
        return {element.get("name"): element.get("value") for element in self.root.iter("Parameter")}


def start_message(call_sid, stream_sid="MZ1", account=ACCOUNT, parameters=None, **start):
    """`start` as Twilio sends it."""
    described = {
        "accountSid": account, "streamSid": stream_sid, "callSid": call_sid, "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": parameters or {},
    }  # fmt: skip
    return {"event": "start", "sequenceNumber": "1", "start": described | start, "streamSid": stream_sid}


def bare_start(call_sid, stream_sid="MZ1"):
    """`start` as the specification's own test sends it."""
    return {"event": "start", "start": {"callSid": call_sid, "streamSid": stream_sid}}


class Stream:
    """A Media Stream opened with the websockets package: a client that is not ours."""

    def __init__(self, server, headers=None, path=PREFIX + "/call/connection"):
        self._connecting = websockets.connect(
            f"ws://127.0.0.1:{server.port}{path}", extra_headers=headers, max_size=None, ping_interval=None
        )

    async def __aenter__(self):
        self.socket = await self._connecting.__aenter__()
        return self

    async def __aexit__(self, *error):
        await self._connecting.__aexit__(*error)

    async def send(self, message):
        await self.socket.send(message if isinstance(message, (str, bytes)) else json.dumps(message))

    async def receive(self, seconds=10):
        return json.loads(await asyncio.wait_for(self.socket.recv(), seconds))

    async def receive_media(self, seconds=10):
        """The audio of the next media message."""
        message = await self.receive(seconds)
        while message["event"] != "media":
            message = await self.receive(seconds)
        return base64.b64decode(message["media"]["payload"], validate=True)

    async def close_code(self, seconds=15):
        """Waits for the server to close, passing over what it sends until then."""

        async def closed():
            try:
                while True:
                    await self.socket.recv()
            except websockets.ConnectionClosed:
                return self.socket.close_code

        return await asyncio.wait_for(closed(), seconds)
