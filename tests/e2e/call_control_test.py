#!/usr/bin/env python3
"""Call control: what the API says on a running call is what the caller hears, and its account of it is true."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import requests

from audio import framed, seconds
from checks import check, check_equal, run
from programs import PlacedCalls, Server, StandIn, wait_until
from twilio import Stream, bare_start, call_fields, new_call_sid, post_webhook

GREETING = "Please hold the line."
NOTE = "Your taxi is at the door."
URGENT = "The meeting has moved to noon."


def post(server, call_sid, action, body=None, key=None):
    headers = {"Idempotency-Key": key} if key else {}
    return requests.post(server.api(f"/calls/{call_sid}/{action}"), json=body, headers=headers, timeout=20)


def show(server, call_sid):
    return requests.get(server.api(f"/calls/{call_sid}"), timeout=20).json()


def calls(server, **query):
    return requests.get(server.api("/calls"), params=query, timeout=20).json()["calls"]


def the_open_call(server):
    return wait_until(lambda: calls(server, state="open"), 20, "a call is open")[0]["call_sid"]


def await_state(server, call_sid, utterance, state):
    def reached():
        states = {entry["id"]: entry["state"] for entry in show(server, call_sid)["utterances"]}
        return states.get(utterance) == state

    return wait_until(reached, 30, f"utterance {utterance} is {state}")


def what_is_said_is_heard_in_order_and_the_call_ends_as_told():
    with StandIn() as standin, Server({"GREETING": GREETING} | standin.settings()) as server:
        with PlacedCalls(server.api("/call/incoming"), "--hold", "60") as placed:
            sid = the_open_call(server)
            await_state(server, sid, 1, "heard")
            said = post(server, sid, "say", {"text": NOTE})
            check_equal(said.status_code, 202, "say is accepted")
            check_equal(said.json()["utterance"]["id"], 2, "as the call's second utterance")
            mark = post(server, sid, "mark", {"name": "after the note"})
            check_equal(mark.json()["utterance"]["state"], "queued", "a mark waits behind what was said")
            ended = post(server, sid, "hangup", {"when": "after_speech"})
            check_equal((ended.status_code, ended.json()["state"]), (200, "open"), "hangup waits for the last word")
            result = placed.result()
        expected = framed(standin.audio_of(GREETING)), framed(standin.audio_of(NOTE))
        check(result.heard.startswith(expected[0]), "the caller heard the greeting")
        check(result.heard.endswith(expected[1]), "and at last, to the end, what was said through the API")
        call = show(server, sid)
        check_equal((call["state"], call["outcome"]), ("ended", "completed"), "the call's record tells its outcome")
        check_equal([entry["state"] for entry in call["utterances"]], ["heard"] * 3, "and that all was heard")
        lengths = [entry["heard_ms"] for entry in call["utterances"] if entry["kind"] == "speech"]
        check_equal(lengths, [round(seconds(audio) * 1000) for audio in expected], "each in its full length")
        check_equal(post(server, sid, "say", {"text": NOTE}).status_code, 409, "an ended call takes nothing more")


def an_interruption_drops_what_was_not_heard():
    settings = {"GREETING": "One is long. " * 20, "LEAD_MS": 20000}
    with StandIn() as standin, Server(settings | standin.settings()) as server:
        with PlacedCalls(server.api("/call/incoming"), "--hold", "60") as placed:
            sid = the_open_call(server)
            await_state(server, sid, 1, "speaking")
            post(server, sid, "say", {"text": NOTE})
            urgent = post(server, sid, "say", {"text": URGENT, "mode": "interrupt"}).json()["utterance"]["id"]
            await_state(server, sid, urgent, "heard")
            check_equal(
                [entry["state"] for entry in show(server, sid)["utterances"]], ["cancelled", "cancelled", "heard"],
                "what was said before is cancelled",
            )  # fmt: skip
            post(server, sid, "hangup")
            result = placed.result()
        check(result.heard.endswith(framed(standin.audio_of(URGENT))), "the caller heard the urgent text last")
        check(framed(standin.audio_of(NOTE)) not in result.heard, "and nothing of what waited before it")
        check_equal(result.stream["gaps"], [], "without a gap inside what was said")


def hanging_up_in_the_middle_ends_the_call_for_good():
    with StandIn() as standin, Server({"GREETING": "One is long. " * 20} | standin.settings()) as server:
        with PlacedCalls(server.api("/call/incoming"), "--hold", "60") as placed:
            sid = the_open_call(server)
            await_state(server, sid, 1, "speaking")
            gone = post(server, sid, "hangup")
            check_equal((gone.json()["state"], gone.json()["outcome"]), ("ended", "hung_up"), "hangup ends it at once")
            result = placed.result()
        check_equal(len(result.report["streams"]), 1, "and Twilio is not told to open another stream")


def keys_pressed_are_in_the_calls_record():
    with StandIn() as standin, Server({"GREETING": GREETING} | standin.settings()) as server:
        keys = [option for key in ("100:4", "200:2", "300:#") for option in ("--key", key)]
        with PlacedCalls(server.api("/call/incoming"), "--hold", "30", *keys) as placed:
            sid = the_open_call(server)
            wait_until(lambda: show(server, sid)["digits"] == "42#", 20, "three keys were reported")
            post(server, sid, "hangup")
            placed.result()
        check_equal(show(server, sid)["digits"], "42#", "and they stay in it")


def a_repeated_request_is_carried_out_once():
    async def scenario(server):
        sid = new_call_sid()
        async with Stream(server) as stream:
            await stream.send(bare_start(sid))
            await stream.receive_media()
            say = lambda text, key: asyncio.to_thread(post, server, sid, "say", {"text": text}, key)  # noqa: E731
            first, second = await say(NOTE, "once"), await say(NOTE, "once")
            check_equal(second.json(), first.json(), "the second answer is the first one again")
            check_equal((await say(URGENT, "once")).status_code, 422, "a key serves one request only")
            check_equal((await say(NOTE, "\u00e9".encode().decode("latin-1"))).status_code, 422, "and is ASCII")
            answers = await asyncio.gather(*(say(NOTE, "race") for _ in range(20)))
            codes = {answer.status_code for answer in answers}
            check(codes <= {202, 409} and 202 in codes, "many at once: one is carried out", codes)
            speech = await asyncio.to_thread(lambda: show(server, sid)["utterances"])
            check_equal(len(speech), 3, "the call was given the greeting and two texts, whatever was repeated")

    with Server({"GREETING": GREETING}) as server:
        asyncio.run(scenario(server))


def the_queue_of_a_call_is_bounded():
    async def scenario(server):
        sid = new_call_sid()
        async with Stream(server) as stream:
            await stream.send(bare_start(sid))
            await stream.receive_media()
            answers = [(await asyncio.to_thread(post, server, sid, "say", {"text": NOTE})) for _ in range(40)]
            codes = [answer.status_code for answer in answers]
            check_equal(codes, [202] * 31 + [429] * 9, "32 may be unfinished, the greeting among them")
            check_equal(answers[-1].headers["Retry-After"], "1", "Retry-After says when to try again")
            cleared = await asyncio.to_thread(post, server, sid, "clear")
            check_equal(cleared.status_code, 200, "clear makes room")
            states = {entry["state"] for entry in cleared.json()["utterances"]}
            check(states <= {"cancelled", "heard"}, "nothing is left of the queue", states)
            again = await asyncio.to_thread(post, server, sid, "say", {"text": NOTE})
            check_equal(again.status_code, 202, "and the next is taken")

    with Server({"GREETING": GREETING}) as server:
        asyncio.run(scenario(server))


def calls_are_reached_from_every_loop():
    """Requests land on any loop, the calls live on all of them."""

    async def scenario(server):
        streams = [Stream(server) for _ in range(8)]
        sids = [new_call_sid() for _ in streams]
        for stream, sid in zip(streams, sids):
            await stream.__aenter__()
            await stream.send(bare_start(sid))
        for stream in streams:
            await stream.receive_media()

        def say_and_show(sid):
            said = post(server, sid, "say", {"text": NOTE})  # a connection of its own each: any loop may take it
            return said.status_code, show(server, sid)["call_sid"]

        with ThreadPoolExecutor(16) as pool:
            answers = await asyncio.to_thread(lambda: list(pool.map(say_and_show, sids * 8)))
        check_equal(answers, [(202, sid) for sid in sids * 8], "each call answers for itself, whoever takes the request")
        await asyncio.gather(*(stream.__aexit__(None, None, None) for stream in streams))
        await asyncio.to_thread(wait_until, lambda: not calls(server, state="open"), 20, "all calls have ended")

    with Server({"GREETING": GREETING, "THREADS": 4}) as server:
        asyncio.run(scenario(server))


def a_call_whose_stream_is_awaited_is_listed():
    with Server() as server:
        fields = call_fields()
        post_webhook(server, fields)
        sid = fields["CallSid"]
        listed = calls(server, state="waiting")
        check_equal([call["call_sid"] for call in listed], [sid], "it is waiting")
        check_equal((listed[0]["from"], listed[0]["direction"]), (fields["From"], "inbound"), "with what Twilio said of it")
        check_equal(post(server, sid, "say", {"text": NOTE}).status_code, 409, "and cannot be spoken on yet")
        check_equal(requests.post(server.api(f"/calls/{sid}"), timeout=10).status_code, 405, "a call takes no POST")


def from_the_cache_to_the_wire():
    """`say` to the first byte of audio, over loopback. Sanitizers and a busy machine make it slow: here only sane."""

    async def scenario(server):
        sid = new_call_sid()
        async with Stream(server) as stream:
            await stream.send(bare_start(sid))
            await stream.receive_media()
            session = requests.Session()
            url = server.api(f"/calls/{sid}/say")
            body = {"text": NOTE, "mode": "interrupt"}

            async def once():
                began = time.monotonic()
                answer = asyncio.create_task(asyncio.to_thread(session.post, url, json=body, timeout=20))
                while (await stream.receive())["event"] != "clear":
                    pass
                await stream.receive_media()
                took = time.monotonic() - began
                check_equal((await answer).status_code, 202, "say is accepted")
                return took

            await asyncio.to_thread(server.synthesise, NOTE)  # into the cache
            took = sorted([await once() for _ in range(20)])
            check(took[10] < 0.5, "an interruption from the cache is on the wire soon", took)

    with Server({"GREETING": GREETING}) as server:
        asyncio.run(scenario(server))


if __name__ == "__main__":
    run(
        what_is_said_is_heard_in_order_and_the_call_ends_as_told,
        an_interruption_drops_what_was_not_heard,
        hanging_up_in_the_middle_ends_the_call_for_good,
        keys_pressed_are_in_the_calls_record,
        a_repeated_request_is_carried_out_once,
        the_queue_of_a_call_is_bounded,
        calls_are_reached_from_every_loop,
        a_call_whose_stream_is_awaited_is_listed,
        from_the_cache_to_the_wire,
        at_once=5,
    )
