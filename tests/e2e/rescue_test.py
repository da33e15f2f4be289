#!/usr/bin/env python3
"""A call that loses its stream goes on with a new one, at the sentence its caller has not heard: on its server, or on others when that dies."""

import asyncio
import base64

import signal

import requests

from audio import RATE_HZ, framed
from checks import check, check_equal, run
from programs import PREFIX, PlacedCalls, Server, StandIn, TwilioStandIn, place_call, wait_until
from proxy import free_port
from redis_server import Redis
from sentences import goes_on_at
from twilio import Stream, Twiml, call_fields, new_call_sid, post_webhook, signature, start_message

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
    """What is sent, a second more than this sentence, the first; and confirms it by marks as far as that."""
    heard = b""
    while len(heard) < len(sentence) + RATE_HZ:
        message = await stream.receive()
        if message["event"] == "media":
            heard += base64.b64decode(message["media"]["payload"])
        elif len(heard) <= len(sentence):
            await stream.send({"event": "mark", "streamSid": stream_sid, "mark": message["mark"]})
    return heard


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
            # As if the answer had been lost on its way.
            again = await asyncio.to_thread(post_webhook, server, call_fields(sid, CallStatus="in-progress"), "/call/ended")
            async with Stream(server) as second:
                await second.send(start_message(sid, "MZ2", parameters=Twiml(again).parameters))
                rest = framed(b"".join(audio[1:]))
                check(await hear(second, len(rest)) == rest, "half dead: the new one says all that was not heard, and nothing else, though Twilio asked twice")

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


class Line:
    """One call as Twilio has it, asking whichever of several servers the test chooses."""

    PUBLIC, TOKEN = "phone.example.org", "5ecre7a07h70ken"

    def __init__(self, redis):
        self.sid, self._redis = new_call_sid(), redis

    @classmethod
    def settings(cls):
        return {"TWILIO_AUTH_TOKEN": cls.TOKEN, "WEBHOOK_BASE_URL": f"https://{cls.PUBLIC}", "LEAD_MS": 20_000}

    def ask(self, server, path, **fields):
        sent = call_fields(self.sid, **fields)
        return Twiml(post_webhook(server, sent, path, signature(self.TOKEN, f"https://{self.PUBLIC}{PREFIX}{path}", sent)))

    def stream(self, server):
        return Stream(server, {"X-Twilio-Signature": signature(self.TOKEN, f"wss://{self.PUBLIC}{PREFIX}/call/connection")})

    def shared(self):
        """What stands in Redis of it: sealed, so only whether it changes can be seen."""
        return self._redis.ask("--no-raw", "GET", f"mouthpiece:rest:{self.sid}")

    async def hear_and_lose(self, server, stream_sid, twiml, sentence):
        """Has the sentence heard on a stream of that server, and kills the server when the others can know."""
        before = self.shared()
        async with self.stream(server) as stream:
            await stream.send(start_message(self.sid, stream_sid, parameters=twiml.parameters))
            heard = await hear_and_confirm(stream, stream_sid, sentence)
            await asyncio.to_thread(wait_until, lambda: self.shared() != before, 20, "it is known elsewhere")
            server.signal(signal.SIGKILL)
            await stream.close_code()
        return heard


def other_servers_go_on_when_one_after_the_other_dies():
    async def call(line, servers, audio):
        first, second, third = servers
        heard = await line.hear_and_lose(first, "MZ1", line.ask(first, "/call/incoming"), audio[0])
        check(heard.startswith(audio[0]), "dies: the first server says the first sentence")
        # One server is asked, and the stream comes to another.
        again = line.ask(third, "/call/ended", CallStatus="in-progress")
        heard = await line.hear_and_lose(second, "MZ2", again, audio[1])
        check(heard.startswith(audio[1]), "dies: the second goes on with the second sentence, by the third's pass")
        again = line.ask(third, "/call/ended", CallStatus="in-progress")
        async with line.stream(third) as stream:
            await stream.send(start_message(line.sid, "MZ3", parameters=again.parameters))
            rest = framed(b"".join(audio[2:]))
            check(await hear(stream, len(rest)) == rest, "dies: the third, which had expected the call before, says the rest")
        check_equal(line.ask(third, "/call/ended", CallStatus="completed").verbs, ["Hangup"], "dies: the caller hangs up")
        wait_until(lambda: line.shared() == "(nil)", 20, "nothing is left of it in Redis")

    with Redis() as redis, StandIn() as standin:
        servers = [serving(standin, **redis.settings(), **Line.settings()) for _ in range(3)]
        try:
            for server in servers:
                server.await_log("Redis is used")
            asyncio.run(call(Line(redis), servers, [standin.audio_of(sentence) for sentence in SENTENCES]))
        finally:
            for server in servers:
                server.__exit__()


def without_an_answer_of_redis_the_call_begins_at_the_beginning():
    async def call(line, redis, servers, audio):
        first, second = servers
        await line.hear_and_lose(first, "MZ1", line.ask(first, "/call/incoming"), audio[0])
        redis.freeze()
        again = line.ask(second, "/call/ended", CallStatus="in-progress")
        check_equal(again.verbs, ["Connect"], "frozen Redis: Twilio is answered")
        async with line.stream(second) as stream:
            await stream.send(start_message(line.sid, "MZ2", parameters=again.parameters))
            whole = framed(b"".join(audio))
            check(await hear(stream, len(whole)) == whole, "frozen Redis: all of the message is said again")
        redis.thaw()

    with Redis() as redis, StandIn() as standin, serving(standin, **redis.settings(), **Line.settings()) as first:
        with serving(standin, **redis.settings(), **Line.settings()) as second:
            for server in (first, second):
                server.await_log("Redis is used")
            asyncio.run(call(Line(redis), redis, (first, second), [standin.audio_of(sentence) for sentence in SENTENCES]))


def a_call_that_one_server_places_is_answered_by_another():
    note = "Your order has arrived at the harbour office. You can fetch it today."
    with Redis() as redis, StandIn() as standin, TwilioStandIn() as twilio:
        port = free_port()
        shared = twilio.settings() | redis.settings() | {"BASE_URL": f"http://127.0.0.1:{port}"}  # Twilio is sent to the second
        with serving(standin, **shared) as first, serving(standin, **shared, PORT=port) as second:
            for server in (first, second):
                server.await_log("Redis is used")
            placed = requests.post(first.api("/calls"), json={"to": "+14155550199", "text": note, "after_speech": "hangup"}, timeout=60)
            check_equal(placed.status_code, 201, "placed: the first server places a call")
            report = wait_until(lambda: twilio.seen()["calls"][0].get("report"), 60, "the call is over")
            check_equal(len(second.log_lines("call answered")), 1, "placed: the second answers for it")
            heard = [stream["heard_bytes"] for stream in report["streams"]]
            check_equal(heard, [len(framed(standin.audio_of(note)))], "placed: the callee hears the text of the order, to its end")
            check(report["flawless"], "placed: without a gap or a complaint", report)


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
        other_servers_go_on_when_one_after_the_other_dies,
        without_an_answer_of_redis_the_call_begins_at_the_beginning,
        a_call_that_one_server_places_is_answered_by_another,
        at_once=4,
    )  # fmt: skip
