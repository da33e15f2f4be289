#!/usr/bin/env python3
"""A call that loses its stream while the server lives goes on with a new one, at the sentence its caller has not heard."""

import asyncio
import base64

import requests

from audio import RATE_HZ, framed
from checks import check, check_equal, run
from programs import PlacedCalls, Server, StandIn, place_call, wait_until
from sentences import goes_on_at
from twilio import Stream, Twiml, call_fields, new_call_sid, post_webhook, start_message

SENTENCES = (
    "Welcome to the night service of the harbour office. ",
    "Your call is important to the people who work here. ",
    "The lock gates are closed until six in the morning. ",
    "Leave a message after this one, and we shall call you back.",
)
GREETING = "".join(SENTENCES)


def serving(standin, **settings):
    return Server(standin.settings() | {"GREETING": GREETING, "AFTER_SPEECH": "hangup", "THREADS": 2} | settings)


def heard_on_each_stream(result):
    """Of the first call, the audio by streams."""
    parts, at = [], 0
    for stream in result.report["streams"]:
        parts.append(result.heard[at : at + stream["heard_bytes"]])
        at += stream["heard_bytes"]
    return parts


def ends_of(audio):
    """When each sentence ends, in milliseconds from the first word."""
    return [sum(len(part) for part in audio[: number + 1]) * 1000 // RATE_HZ for number in range(len(audio))]


def check_goes_on(what, result, audio, place):
    streams = heard_on_each_stream(result)
    check_equal(len(streams), 2, f"{what}: the call has two streams")
    check(goes_on_at(audio, *streams) == place, f"{what}: it goes on with sentence {place + 1}, to the end",
          (goes_on_at(audio, *streams), [stream["heard_ms"] for stream in result.report["streams"]]))  # fmt: skip
    check_equal(result.report["outcome"], "completed", f"{what}: and ends as it was to end")
    check(not any(stream["gaps"] for stream in result.report["streams"]), f"{what}: without a gap in either")


def a_broken_connection_costs_the_rest_of_a_sentence_at_most():
    with StandIn() as standin, serving(standin) as server:
        audio = [standin.audio_of(sentence) for sentence in SENTENCES]
        server.synthesise(GREETING).raise_for_status()  # cached: the ends are where they are to the millisecond
        ends = ends_of(audio)
        for what, lost_after, place in (
            ("in the first sentence", ends[0] // 2, 0),
            ("in the second sentence", (ends[0] + ends[1]) // 2, 1),
            ("when the second has just ended", ends[1] + 250, 2),
            ("in the last sentence", (ends[2] + ends[3]) // 2, 3),
        ):
            result = place_call(server, "--reset-after", str(lost_after), "--quiet", "500")
            check_goes_on(what, result, audio, place)
            print(f"      {what}: {result.report['streams'][1]['silence_before_ms']:.0f} ms of silence")


async def hear_and_confirm(stream, stream_sid, sentence):
    """Takes what is sent, and confirms it by marks as far as this sentence, the first."""
    heard = 0
    while heard < len(sentence) + RATE_HZ:
        message = await stream.receive()
        if message["event"] == "media":
            heard += len(base64.b64decode(message["media"]["payload"]))
        elif heard <= len(sentence):
            await stream.send({"event": "mark", "streamSid": stream_sid, "mark": message["mark"]})


async def hear(stream, length):
    heard = b""
    while len(heard) < length:
        heard += await stream.receive_media()
    return heard


def a_stream_that_is_half_dead_is_ended_when_twilio_says_so():
    async def call(server, audio):
        sid = new_call_sid()
        opened = Twiml(post_webhook(server, call_fields(sid)))
        async with Stream(server) as first:
            await first.send(start_message(sid, "MZ1", parameters=opened.parameters))
            await hear_and_confirm(first, "MZ1", audio[0])
            # Nothing more is confirmed, and the socket stays open.
            again = await asyncio.to_thread(post_webhook, server, call_fields(sid, CallStatus="in-progress"), "/call/ended")
            check_equal(Twiml(again).verbs, ["Connect"], "half dead: Twilio is told to open another stream")
            check_equal(await first.close_code(), 1006, "half dead: the old one is ended")
            async with Stream(server) as second:
                await second.send(start_message(sid, "MZ2", parameters=Twiml(again).parameters))
                rest = framed(b"".join(audio[1:]))
                check(await hear(second, len(rest)) == rest, "half dead: the new one says all that was not heard, and nothing else")

    with StandIn() as standin, serving(standin, LEAD_MS=20_000) as server:
        for _ in range(4):  # on one event loop, and from one to the other
            asyncio.run(call(server, [standin.audio_of(sentence) for sentence in SENTENCES]))
        wait_until(lambda: len(server.log_lines("stream closed", "outcome=connection_lost")) == 8, 20, "half dead: nothing is left of either")


def what_was_asked_for_meanwhile_is_said_as_well():
    notes = ("Your taxi is at the door of the harbour office.", "The driver has a green hat and waits for ten minutes.")
    with StandIn() as standin, serving(standin, AFTER_SPEECH="stay") as server:
        audio = [standin.audio_of(sentence) for sentence in SENTENCES]
        spoken = [standin.audio_of(note) for note in notes]
        lost_after = (ends_of(audio)[1] + ends_of(audio)[2]) // 2
        with PlacedCalls(server.api("/call/incoming"), "--reset-after", str(lost_after), "--quiet", "1500") as placed:
            sid = wait_until(lambda: the_call(server), 20, "the call is there")
            for note in notes:
                accepted = wait_until(lambda text=note: say(server, sid, text), 20, "say is accepted")
                check_equal(accepted.json()["utterance"]["state"], "queued", "say waits behind the message")
            result = placed.result()
        first, second = heard_on_each_stream(result)
        rest = framed(b"".join(audio[2:]))
        check(first.startswith(audio[0] + audio[1]), "said meanwhile: two sentences before the loss")
        check(second == rest + framed(spoken[0]) + framed(spoken[1]), "said meanwhile: the rest of the message, then both notes",
              (len(second), len(rest), [len(framed(note)) for note in spoken]))  # fmt: skip


def the_call(server):
    return next((one["call_sid"] for one in server.connections() if one["call_sid"]), None)


def say(server, sid, text):
    answer = requests.post(server.api(f"/calls/{sid}/say"), json={"text": text}, timeout=20)
    return answer if answer.status_code == 202 else None


def where_all_was_heard_nothing_is_said_again():
    with StandIn() as standin, serving(standin, AFTER_SPEECH="stay", GREETING=SENTENCES[0]) as server:
        lost_after = len(framed(standin.audio_of(SENTENCES[0]))) * 1000 // RATE_HZ + 800
        result = place_call(server, "--reset-after", str(lost_after), "--hold", str(lost_after // 1000 + 2))
        first, second = result.report["streams"]
        check_equal((first["heard_bytes"], second["heard_bytes"]), (len(framed(standin.audio_of(SENTENCES[0]))), 0), "all heard: silence on the second stream")
        check_equal(second["end"], "the caller hung up", "and the call stays")


if __name__ == "__main__":
    run(
        a_broken_connection_costs_the_rest_of_a_sentence_at_most,
        a_stream_that_is_half_dead_is_ended_when_twilio_says_so,
        what_was_asked_for_meanwhile_is_said_as_well,
        where_all_was_heard_nothing_is_said_again,
        at_once=4,
    )  # fmt: skip
