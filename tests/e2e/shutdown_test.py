#!/usr/bin/env python3
"""Stopping hangs up on nobody, unless asked twice; and what dies around the server does not silence it."""

import asyncio
import signal
from functools import partial

import requests
import websockets

from audio import pcm_in_wav, pcm_of, seconds
from checks import check, check_equal, run
from programs import PlacedCalls, Server, StandIn, place_call, wait_until
from twilio import Stream, Twiml, call_fields, post_webhook, start_message

GREETING = (
    "This is a long message, and somebody wants to stop the server in the middle of it. "
    "The caller should not notice anything of that, and hear every word. "
    "That was the last of them."
)
BUSY = "We are moving house, call again in a minute."


def a_call_under_way(server, *options):
    """Call and stream are open, and the caller hears something."""
    calls = PlacedCalls(server.api("/call/incoming"), *options)
    server.await_log(r"speech begins")
    wait_until(lambda: [c for c in server.connections() if c["stream_sid"]], 20, "the stream is open")
    return calls


def running_calls_finish(number):
    name = signal.Signals(number).name
    with Server({"GREETING": GREETING, "AFTER_SPEECH": "hangup", "BUSY_TEXT": BUSY, "THREADS": 2}) as server:
        spoken = pcm_in_wav(server.synthesise(GREETING).content)
        with a_call_under_way(server) as calls:
            server.signal(number)
            server.await_log(r"draining calls=1")
            ready = requests.get(server.url("/ready"), timeout=10)
            check_equal(ready.status_code, 503, f"{name}: /ready answers 503 while the call goes on")
            check(ready.json()["detail"], f"{name}: and says why")
            check_equal(requests.get(server.api("/test"), timeout=10).json()["status"], "draining", f"{name}: /test says so too")
            new = Twiml(post_webhook(server, call_fields()))
            check_equal((new.said, new.verbs[-1]), ([BUSY], "Hangup"), f"{name}: a new call hears speech and is not taken")
            check(server.process.poll() is None, f"{name}: the server is still there")
            result = calls.result()
        check_equal(server.await_end(), 0, f"{name}: exit status 0 behind the last call")
        heard = pcm_of(result.heard)
        check(heard[: len(spoken)] == spoken, f"{name}: the caller has heard every word", (len(heard), len(spoken)))
        check_equal(result.stream["gaps"], [], f"{name}: without a gap")
        check_equal((result.stream["end"], result.stream["close_code"]), ("the server closed it", 1000), f"{name}: the end was the message's")
        check_equal((result.report["steps"], result.report["notices"]), (["Connect", "Hangup"], []), f"{name}: Twilio's question what next was answered")
        check("outcome=completed" in server.log_lines("stream closed")[0], f"{name}: the call is completed in the log")


# ---- calls that are neither running nor new


async def stream_of(server, twiml, call_sid):
    """Opens the stream of a call that was answered, hears it to its end, and gives the code it is closed with."""
    async with Stream(server) as stream:
        await stream.send({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        await stream.send(start_message(call_sid, parameters=twiml.parameters))
        await stream.receive_media(20)
        while True:
            try:
                message = await stream.receive(30)
            except websockets.ConnectionClosed:
                return stream.socket.close_code
            if message["event"] == "mark":
                await stream.send({"event": "mark", "streamSid": "MZ1", "mark": message["mark"]})


def a_call_that_was_answered_before_is_served_after():
    with Server({"GREETING": "Short and good.", "AFTER_SPEECH": "hangup", "BUSY_TEXT": BUSY}) as server:
        fields = call_fields()
        twiml = Twiml(post_webhook(server, fields))
        server.signal(signal.SIGTERM)
        server.await_log(r"draining calls=1")
        check_equal(Twiml(post_webhook(server, fields)).parameters, twiml.parameters, "answered before: Twilio's repetition gets the same answer")
        check_equal(asyncio.run(stream_of(server, twiml, fields["CallSid"])), 1000, "answered before: its stream opens after the signal and is spoken on to the end")
        check(server.process.poll() is None, "answered before: the server waits for Twilio's question what next")
        check_equal(Twiml(post_webhook(server, fields, "/call/ended")).verbs, ["Hangup"], "answered before: and answers it")
        check_equal(server.await_end(5), 0, "answered before: then it ends")


def a_call_that_never_opens_its_stream_is_not_waited_for_long():
    with Server() as server:
        post_webhook(server, call_fields())
        server.signal(signal.SIGTERM)
        check_equal(server.await_end(15), 0, "answered, and no stream comes: the server ends within 15 seconds")


# ---- what new calls get


def policy_serve_takes_new_calls():
    with Server({"GREETING": GREETING, "AFTER_SPEECH": "hangup", "DRAIN_POLICY": "serve"}) as server:
        with a_call_under_way(server) as first:
            server.signal(signal.SIGTERM)
            server.await_log(r"draining calls=1")
            check_equal(server.get("/ready").status_code, 503, "serve: a load balancer is told to look elsewhere")
            second = place_call(server)
            check(second.report["heard_speech"] and second.stream["unheard_bytes"] == 0, "serve: a call that comes nevertheless is heard", second.report)
            check_equal(first.result().report["outcome"], "completed", "serve: the first one too")
        check_equal(server.await_end(), 0, "serve: the server ends behind the last call")


def policy_redirect_sends_new_calls_elsewhere():
    settings = {"GREETING": GREETING, "AFTER_SPEECH": "hangup"}
    with Server(settings) as other, Server(settings | {"DRAIN_POLICY": other.api("/call/incoming")}) as server:
        with a_call_under_way(server) as first:
            server.signal(signal.SIGTERM)
            server.await_log(r"draining calls=1")
            twiml = Twiml(post_webhook(server, call_fields(), "/call/incoming?voice_id=abc&name=Ann"))
            check_equal(twiml.root.find("Redirect").text, other.api("/call/incoming?voice_id=abc&name=Ann"), "redirect: with what stood behind the webhook's address")
            check_equal(server.metric('mouthpiece_webhooks_total{answer="redirect"}'), 1, "redirect: it is counted")
            check_equal(first.result().report["outcome"], "completed", "redirect: the running call goes on")
        check_equal(server.await_end(), 0, "redirect: the server ends behind the last call")


def an_idle_server_ends_at_once():
    with Server() as server:
        server.signal(signal.SIGTERM)
        check_equal(server.await_end(5), 0, "SIGTERM without calls: exit status 0 at once")


def a_second_signal_ends_the_calls():
    with Server({"GREETING": GREETING}) as server:
        with a_call_under_way(server) as calls:
            server.signal(signal.SIGTERM)
            server.await_log(r"draining calls=1")
            server.signal(signal.SIGTERM)
            check_equal(server.await_end(5), 0, "second signal: exit status 0 within five seconds")
            result = calls.result()
        check(seconds(result.heard) < 6, "second signal: the call was cut off", f"{seconds(result.heard)} s heard")
        check_equal(result.stream["close_code"], 1001, "second signal: closed with 1001, going away")
        check(server.log_lines("stream closed", "outcome=shut_down"), "second signal: the outcome is in the log")


def draining_is_bounded():
    with Server({"GREETING": GREETING, "AFTER_SPEECH": "stay", "DRAIN_SECONDS": 1}) as server:
        with a_call_under_way(server, "--hold", "60") as calls:
            server.signal(signal.SIGTERM)
            check_equal(server.await_end(8), 0, "DRAIN_SECONDS: a call that stays does not keep the server")
            check_equal(calls.result().stream["close_code"], 1001, "DRAIN_SECONDS: its stream is closed with 1001")


def only_the_broken_one_is_left(standin):
    log = standin.log_of_requests()
    return log["in_progress"] == 1 and log["requests"][-1]["fault"]


def the_voice_dies_in_mid_word():
    # The stand-in sends 12,000 bytes of the sentence and no more; then it is killed.
    with StandIn() as standin:
        standin.arm("stall_mid_body", after_bytes=12_000, match_text="last of them")
        with Server(standin.settings() | {"GREETING": GREETING, "THREADS": 1}) as server:
            sentences = [GREETING[: GREETING.index("The caller")], GREETING[GREETING.index("The caller") : GREETING.index("That was")]]
            whole = [standin.audio_of(sentence) for sentence in sentences]
            with a_call_under_way(server) as calls:
                wait_until(lambda: only_the_broken_one_is_left(standin), 20, "only the last sentence is on its way")
                standin.signal(signal.SIGKILL)
                standin.await_end()
                result = calls.result()
            check(result.heard.startswith(b"".join(whole)), "kill -9 of ElevenLabs: the sentences before are whole")
            rest = result.heard[len(b"".join(whole)) :]
            check(seconds(rest) > 1.2, "kill -9 of ElevenLabs: the broken one is said to its end", f"{seconds(rest):.2f} s")
            check(result.silence_seconds() <= 1.5, f"kill -9 of ElevenLabs: {result.silence_seconds():.2f} s of silence", result.stream["gaps"])
            complete = server.log_lines("speech complete", "complete=true", "by_fallback=1")
            check(complete, "kill -9 of ElevenLabs: the log tells that the message is complete", server.log_lines("speech"))
            check(server.log_lines("speech failed"), "kill -9 of ElevenLabs: and what happened")


def elevenlabs_is_restarted_between_calls():
    with StandIn() as first:
        settings = first.settings()
        with Server(settings | {"THREADS": 1}) as server:
            server.synthesise("The connection is open now.")
            first.signal(signal.SIGKILL)
            first.await_end()
            with StandIn(port=first.port) as second:
                text = "And this goes over another one."
                spoken = pcm_in_wav(server.synthesise(text).content)
                check(spoken == pcm_of(second.audio_of(text)), "a kept connection that died is replaced without a word lost")


if __name__ == "__main__":
    run(
        partial(running_calls_finish, signal.SIGTERM),
        partial(running_calls_finish, signal.SIGINT),
        a_call_that_was_answered_before_is_served_after,
        a_call_that_never_opens_its_stream_is_not_waited_for_long,
        policy_serve_takes_new_calls,
        policy_redirect_sends_new_calls_elsewhere,
        an_idle_server_ends_at_once,
        a_second_signal_ends_the_calls,
        draining_is_bounded,
        the_voice_dies_in_mid_word,
        elevenlabs_is_restarted_between_calls,
        at_once=7,
    )
