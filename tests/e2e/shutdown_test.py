#!/usr/bin/env python3
"""Stopping hangs up on nobody, unless asked twice; and what dies around the server does not silence it."""

import signal
from functools import partial

import requests

from audio import pcm_in_wav, pcm_of, seconds
from checks import check, check_equal, run
from programs import PlacedCalls, Server, StandIn, wait_until
from twilio import Twiml, call_fields, post_webhook

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
        check("outcome=completed" in server.log_lines("stream closed")[0], f"{name}: the call is completed in the log")


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
        an_idle_server_ends_at_once,
        a_second_signal_ends_the_calls,
        draining_is_bounded,
        the_voice_dies_in_mid_word,
        elevenlabs_is_restarted_between_calls,
        at_once=7,
    )
