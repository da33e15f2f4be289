#!/usr/bin/env python3
"""The console's page and what it lives on: its files, the live feed, and calls from the browser, without a browser."""

import asyncio
import json
import os
import threading

import requests
import websockets

from audio import mulaw_wav
from checks import check, check_equal, run
from programs import PREFIX, PlacedCalls, Server, TwilioStandIn, new_directory, place_call, wait_until
from twilio import Stream, start_message

KEY = "key-one-0123456789"
GREETING = "Good morning. You have reached the console."


class Feed:
    """Listens to GET /live on a thread of its own and keeps what it hears."""

    def __init__(self, server, **headers):
        self.events, self.answer = [], requests.get(server.api("/live"), stream=True, timeout=30, headers=headers)
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.answer.close()

    def _read(self):
        name = None
        try:
            for line in self.answer.iter_lines(chunk_size=1, decode_unicode=True):
                if line.startswith("event: "):
                    name = line[7:]
                elif line.startswith("data: "):
                    self.events.append((name, json.loads(line[6:])))
        except Exception:  # the test has closed it
            pass
        self.ended.set()

    def rows(self, call_sid=None):
        rows = [row for name, event in list(self.events) if name == "calls" for row in event["calls"]]
        return [row for row in rows if call_sid is None or row["call_sid"] == call_sid]

    def await_row(self, what, condition, seconds=15):
        return wait_until(lambda: next((row for row in self.rows() if condition(row)), None), seconds, what)


def the_page_and_its_files():
    with Server({"API_KEYS": KEY}) as server:
        page = server.get("/")
        check_equal(page.status_code, 200, "the page needs no key")
        policy = page.headers["Content-Security-Policy"]
        check("script-src 'self'" in policy and "unsafe" not in policy, "its policy allows its own scripts only", policy)
        check("<script>" not in page.text and "style=" not in page.text and "onclick=" not in page.text, "nothing stands inline")
        for name in ("console.js", "console.css", "icon.svg"):
            file = server.get(f"/console/{name}")
            check(file.status_code == 200 and file.headers["X-Content-Type-Options"] == "nosniff", f"{name} is served")
        check_equal(server.get("/console/../openapi.json").status_code, 404, "nothing else is")
        check_equal(requests.get(server.api("/live"), timeout=5).status_code, 401, "what the page asks for does need one")
        with Feed(server, Authorization=f"Bearer {KEY}") as feed:
            wait_until(lambda: feed.events, 10, "the feed begins")
            check_equal(feed.events[0][0], "hello", "with one it is told")


def a_call_is_seen_from_beginning_to_end():
    with Server({"GREETING": GREETING}) as server:
        before = place_call(server, "--hangup-after", "500").report["call_sid"]
        with Feed(server) as feed:
            feed.await_row("the call before", lambda row: row["call_sid"] == before and row["state"] == "ended")
            with PlacedCalls(server.api("/call/incoming?voice_id=someVoice")) as placed:
                row = feed.await_row("a call that speaks", lambda row: row["state"] == "open" and (row["being_said"] or {}).get("state") == "speaking")
                check_equal(row["being_said"]["text"], GREETING, "it tells what is being said")
                check_equal(row["voice_id"], "someVoice", "in which voice")
                check(0 <= row["first_word_ms"] < 5_000, "and how long the first word took", row["first_word_ms"])
                ended = feed.await_row("its end", lambda one: one["call_sid"] == row["call_sid"] and one["state"] == "ended")
                check_equal(placed.result().report["call_sid"], row["call_sid"], "it is the call that was placed")
            check_equal(ended["outcome"], "completed", "with its outcome")
            check(ended["heard_ms"] >= 1_000, "and what was heard", ended)
            figures = wait_until(lambda: [event for name, event in feed.events if name == "figures" and event["outcomes"]["completed"] == 1], 10, "figures")
            check_equal(figures[-1]["calls_open"], 0, "the figures follow")
        page = server.get(f"{PREFIX}/calls/{row['call_sid']}").json()
        kinds = [moment["kind"] for moment in page["moments"]]
        check_equal(kinds, ["speech_asked", "first_audio", "speech_complete"], "its timeline has what the speech did")
        times = [page["created_at"]] + [moment["at"] for moment in page["moments"]] + [page["ended_at"]]
        check_equal(times, sorted(times), "in order")


def how_loud_a_caller_is_and_what_is_recorded():
    tone = bytes([0x9F] * 8 + [0x1F] * 8) * 1500  # three seconds of 500 Hz, 11.9 dB below the loudest
    path = os.path.join(new_directory(), "tone.wav")
    with open(path, "wb") as file:
        file.write(mulaw_wav(tone))
    recorded = {"RECORDINGS_DIR": os.path.join(new_directory(), "r"), "RECORD": "true"}
    with Server({"GREETING": GREETING, "CALLER_AUDIO": "level"} | recorded) as server, Feed(server) as feed:
        wait_until(lambda: feed.events, 10, "the feed begins")
        check_equal(feed.events[0][1]["caller_levels"], True, "the feed says that levels will come")
        with PlacedCalls(server.api("/call/incoming"), "--speak", path, "--hold", "6") as placed:
            sid = feed.await_row("a call", lambda row: row["state"] == "open")["call_sid"]
            levels = lambda: [event["rms_dbfs"][sid] for name, event in list(feed.events) if name == "levels" and sid in event["rms_dbfs"]]  # noqa: E731
            wait_until(lambda: -12 in levels() and levels()[-1] == -60, 20, "the tone, and the silence behind it")
            placed.result()
        check(all(one != other for one, other in zip(levels(), levels()[1:])), "a level is told only when it has changed", levels())
        figures = lambda: [event["recordings"] for name, event in list(feed.events) if name == "figures"]  # noqa: E731
        wait_until(lambda: figures()[-1] == {"active": 0, "stored": 1, "whole": 1, "cut": 0, "failed": 0}, 10, "a recording is told")
        check({"active": 1, "stored": 1, "whole": 0, "cut": 0, "failed": 0} in figures(), "and that a call is being recorded", figures())
    with Server() as server, Feed(server) as feed:
        wait_until(lambda: feed.events, 10, "the feed begins")
        check_equal(feed.events[0][1]["caller_levels"], False, "without CALLER_AUDIO no levels will come")
        check_equal(wait_until(lambda: [event for name, event in feed.events if name == "figures"], 10, "figures")[0]["recordings"], None, "nor recordings")


def listeners_are_bounded_and_end_with_the_server():
    with Server({"MAX_LIVE_LISTENERS": 1}) as server:
        with Feed(server) as feed:
            wait_until(lambda: feed.events, 10, "the feed begins")
            refused = requests.get(server.api("/live"), timeout=5)
            check_equal(refused.status_code, 429, "one too many is turned away")
            check_equal(server.metric("mouthpiece_live_listeners"), 1, "the metric counts one")
            server.signal()
            check_equal(server.await_end(), 0, "the server ends with a listener there")
            check(feed.ended.wait(5), "and the listener hears the end")


def announce(server, **body):
    return requests.post(server.api("/softphone/calls"), json=body, timeout=10)


def browser_stream(server, origin=None):
    headers = {"Origin": server.url("") if origin is None else origin}
    return Stream(server, headers, PREFIX + "/softphone/connection")


def browser_start(call, **changes):
    return start_message(call["call_sid"], account=call["account_sid"], parameters=call["parameters"] | changes)


def a_call_from_the_browser_hears_the_greeting():
    async def scenario(server):
        call = announce(server, voice_id="someVoice").json()
        async with browser_stream(server) as stream:
            await stream.send({"event": "connected", "protocol": "Call", "version": "1.0.0"})
            await stream.send(browser_start(call))
            check(len(await stream.receive_media()) > 0, "it hears something")
            shown = server.get(f"{PREFIX}/calls/{call['call_sid']}").json()
            check_equal(shown["direction"], "browser", "the call is known as the browser's")
            check_equal(shown["utterances"][0]["text"], GREETING, "what it hears is the greeting")
            await stream.send({"event": "stop", "sequenceNumber": "2", "stop": {"accountSid": "", "callSid": call["call_sid"]}, "streamSid": "MZ1"})
            await stream.close_code()
        ended = wait_until(lambda: server.get(f"{PREFIX}/calls/{call['call_sid']}").json()["outcome"], 10, "its end")
        check_equal(ended, "caller_hung_up", "hanging up ends it")

    for settings in ({}, {"TWILIO_AUTH_TOKEN": TwilioStandIn.TOKEN, "TWILIO_ACCOUNT_SID": TwilioStandIn.ACCOUNT}):
        with Server({"GREETING": GREETING} | settings) as server:
            asyncio.run(scenario(server))


async def refused_code(server, start, **how):
    async with browser_stream(server, **how) as stream:
        await stream.send(start)
        return await stream.close_code()


def only_with_its_token_and_from_our_page():
    async def scenario(server):
        call = announce(server).json()
        check_equal(await refused_code(server, browser_start(call, token="A" * 24)), 1008, "a wrong token is refused")
        check_equal(await refused_code(server, start_message(call["call_sid"], account=call["account_sid"])), 1008, "none is refused")
        for origin in ("https://attacker.example", ""):
            try:
                async with browser_stream(server, origin):
                    check(False, f"the Origin {origin!r} is refused")
            except websockets.InvalidStatusCode as refusal:
                check_equal(refusal.status_code, 403, f"the Origin {origin!r} is refused")
        try:
            async with Stream(server, {"Origin": server.url("")}):
                check(False, "Twilio's own address wants the signature still")
        except websockets.InvalidStatusCode as refusal:
            check_equal(refusal.status_code, 403, "Twilio's own address wants the signature still")
        async with browser_stream(server) as stream:
            await stream.send(browser_start(call))
            check(len(await stream.receive_media()) > 0, "the token counts")
            check_equal(await refused_code(server, browser_start(call)), 1008, "once")

    with Server({"TWILIO_AUTH_TOKEN": TwilioStandIn.TOKEN, "GREETING": GREETING}) as server:
        asyncio.run(scenario(server))
        old = requests.get(server.api("/softphone/connection"), timeout=5, headers={
            "Origin": server.url(""), "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "8", "Sec-WebSocket-Key": "x" * 22 + "=="})  # fmt: skip
        check_equal(old.status_code, 426, "another version of WebSocket is told so")


def off_unless_wanted():
    for settings, status in (({"SOFTPHONE": "off"}, 403), ({"HOST": "0.0.0.0"}, 403), ({"HOST": "0.0.0.0", "SOFTPHONE": "on"}, 201), ({}, 201)):
        with Server(settings) as server:
            check_equal(announce(server).status_code, status, f"with {settings}: {status}")
            expected = 403 if status == 403 else 400
            asked = requests.get(server.api("/softphone/connection"), headers={"Origin": server.url("")}, timeout=5)
            check_equal(asked.status_code, expected, f"and its stream: {expected}")
    with Server({"API_KEYS": KEY}) as server:
        check_equal(announce(server).status_code, 401, "it needs the key")
    with Server({"MAX_CALLS": 1}) as server:
        check_equal([announce(server).status_code for _ in range(2)], [201, 503], "it is no way around MAX_CALLS")


if __name__ == "__main__":
    run(
        the_page_and_its_files,
        a_call_is_seen_from_beginning_to_end,
        how_loud_a_caller_is_and_what_is_recorded,
        listeners_are_bounded_and_end_with_the_server,
        a_call_from_the_browser_hears_the_greeting,
        only_with_its_token_and_from_our_page,
        off_unless_wanted,
        at_once=3,
    )
