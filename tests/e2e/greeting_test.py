#!/usr/bin/env python3
"""One call to a server without keys: the caller hears the whole greeting in the embedded voice."""

from audio import framed, loudest, pcm_in_wav, pcm_of, seconds
from checks import check, check_equal, run
from programs import Server, place_call

GREETING = (
    "Good morning, and thank you for calling the harbour office. "
    "Our lines are open from nine until five, every day of the week. "
    "Please stay with us for a moment."
)


def the_caller_hears_the_whole_greeting():
    with Server({"GREETING": GREETING}) as server:
        result = place_call(server)
        check_equal(result.status, 0, "the simulated call ends with exit status 0")
        check(result.report["flawless"], "the call was without a gap and without a warning", result.report)
        check_equal(result.stream["gaps"], [], "no gaps")
        check_equal(result.stream["ragged_messages"], 0, "whole 20 ms frames only")
        check_equal(result.stream["bad_frames"], 0, "every frame is as Twilio wants it")
        check(result.stream["marks_reached"] >= 1, "a mark came back behind the last word")
        check(7 < seconds(result.heard) < 20, "as long as such a text takes", f"{seconds(result.heard)} s")
        check(loudest(result.heard) > 3000, "and it is no silence", loudest(result.heard))

        # The embedded voice never speaks the same samples twice, but sentences once spoken are kept.
        again = server.synthesise(GREETING)
        check_equal(again.headers["Content-Type"], "audio/wav", "POST /test-synthesis answers a WAV")
        spoken = pcm_in_wav(again.content)
        check(
            pcm_of(result.heard)[: len(spoken)] == spoken,
            "the caller heard, sample by sample, what /test-synthesis gives for the text",
            f"{len(result.heard)} samples heard, {len(spoken)} spoken",
        )
        check_equal(len(result.heard), len(framed(bytes(len(spoken)))), "and nothing else but the last frame's padding")
        check(float(again.headers["X-Audio-Ms"]) > 7000, "X-Audio-Ms tells its length", again.headers)

        closed = server.await_log(r"stream closed .*")[0]
        check("outcome=completed" in closed, "the log tells the outcome", closed)
        check_equal(len(server.log_lines("stream opened")), 1, "one 'opened' in the log")
        check_equal(len(server.log_lines("stream closed")), 1, "one 'closed' in the log")
        check_equal(server.metric('mouthpiece_calls_total{outcome="completed"}'), 1, "one completed call is counted")
        check_equal(server.metric("mouthpiece_websocket_connections_active"), 0, "no connection is left")


def the_server_says_that_it_has_no_keys():
    with Server() as server:
        check(server.log_lines("no ELEVEN_LABS_API_KEY"), "the log names the missing ElevenLabs key")
        check(server.log_lines("no TWILIO_AUTH_TOKEN"), "the log warns that signatures are not checked")


def a_second_call_hears_the_same_and_at_once():
    with Server({"GREETING": GREETING, "THREADS": 1}) as server:
        first = place_call(server, "--quiet", "300")
        second = place_call(server, "--quiet", "300")
        check(second.heard == first.heard, "a second caller hears the very same bytes: they were kept")
        check(
            second.stream["start_to_first_audio_ms"] < 500,
            "the first word of kept speech comes at pick-up",
            second.stream["start_to_first_audio_ms"],
        )


if __name__ == "__main__":
    run(
        the_caller_hears_the_whole_greeting,
        the_server_says_that_it_has_no_keys,
        a_second_call_hears_the_same_and_at_once,
        at_once=3,
    )
