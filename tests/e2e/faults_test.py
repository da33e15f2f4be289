#!/usr/bin/env python3
"""Whatever ElevenLabs does, the caller hears the whole message, and the log says once why it was another voice."""

from functools import partial

from audio import framed, pcm_in_wav, pcm_of, seconds
from checks import check, run
from programs import DEFAULT_VOICE, Server, StandIn, place_call, wait_until

SENTENCES = (
    "Welcome to the night service of the harbour office. ",
    "Your call is important to the people who work here. ",
    "Leave a message after this one, and we shall call you back.",
)
GREETING = "".join(SENTENCES)
OTHER_VOICE = "JBFqnCBsd6RMkjVDRZzb"
UNKNOWN_VOICE = "NoSuchVoice000000000"
SILENCE_SECONDS_MAX = 1.5  # what a caller may notice of a change of voices


def reasons_logged(server, call_sid):
    """The reason in each 'speech failed' line of this call."""
    lines = server.log_lines("speech failed", f"call_sid={call_sid} ")
    return [line.split("reason=")[1].strip('"') for line in lines]


def check_call(server, result, name, reason):
    """What holds for every call that ElevenLabs spoilt."""
    silence = result.silence_seconds()
    check(silence <= SILENCE_SECONDS_MAX, f"{name}: {silence:.2f} s of silence inside the message", result.stream["gaps"])
    first_word = result.stream["start_to_first_audio_ms"]
    check(
        first_word is not None and first_word < 4000,
        f"{name}: first word {first_word} ms after pick-up" if first_word is None else f"{name}: first word {first_word:.0f} ms after pick-up",
    )
    call_sid = result.report["call_sid"]
    logged = reasons_logged(server, call_sid)
    check(len(logged) == len(set(logged)), f"{name}: no reason is logged twice for one call", server.log_lines("speech failed"))
    check(reason in logged, f"{name}: the log says why: {reason}", logged or server.log())
    closed = server.await_log(rf"stream closed .*call_sid={call_sid} .*")[0]
    check("outcome=completed" in closed, f"{name}: the call is completed", closed)


def position_of(sentence_audio, heard):
    """Where the bytes are in what was heard; -1 when they are not. Frame padding may follow, nothing may be missing."""
    return heard.find(sentence_audio)


def the_embedded_voice_takes_over(fault, reason, after_bytes=0):
    """The fault strikes every request: the local voice says it all."""
    with StandIn() as standin:
        standin.arm(fault, after_bytes=after_bytes)
        settings = {"GREETING": GREETING, "THREADS": 1, "EMBEDDED_VOICE": "slt"}
        with Server(standin.settings() | settings) as server:
            result = place_call(server)
            check_call(server, result, fault, reason)
            # The sentences the embedded voice has spoken are kept: the same text gives the same samples again.
            spoken = pcm_in_wav(server.synthesise(GREETING).content)
            check(pcm_of(result.heard)[: len(spoken)] == spoken, f"{fault}: the embedded voice said every word",
                  (len(result.heard), len(spoken)))  # fmt: skip
            length = seconds(result.heard)
            check(6 < length < 20, f"{fault}: {length:.1f} s were heard, as long as the text takes")
            check(server.log_lines("falls back", "to=embedded_voice"), f"{fault}: the log names the voice that took over")


def the_default_voice_takes_over():
    with StandIn() as standin, Server(standin.settings() | {"GREETING": GREETING}) as server:
        result = place_call(server, query=f"?voice_id={UNKNOWN_VOICE}")
        check_call(server, result, "unknown voice", "voice_not_found")
        said = b"".join(standin.audio_of(sentence) for sentence in SENTENCES)
        check(result.heard == framed(said), "unknown voice: the default voice says it, byte for byte")
        asked = [request["target"].split("/")[3] for request in standin.requests_seen()]
        check(
            asked.count(UNKNOWN_VOICE) == 1, "unknown voice: a voice that is not there is asked for once, not once a sentence", asked
        )
        known = place_call(server, "--quiet", "300", query=f"?voice_id={OTHER_VOICE}")
        expected = b"".join(standin.audio_of(sentence, OTHER_VOICE) for sentence in SENTENCES)
        check(known.heard == framed(expected), "unknown voice: the next call's own voice is spoken as ever")


def one_failure_is_tried_again():
    with StandIn() as standin:
        standin.arm("503", times=1)
        with Server(standin.settings() | {"GREETING": GREETING}) as server:
            result = place_call(server)
            check_call(server, result, "503 once", "service_unavailable")
            said = b"".join(standin.audio_of(sentence) for sentence in SENTENCES)
            check(result.heard == framed(said), "503 once: asked again, ElevenLabs says every word")


def a_broken_sentence_is_said_anew(fault, after_bytes, reason):
    """The fault strikes in the middle of the second sentence, once; the first and third come from ElevenLabs."""
    with StandIn() as standin:
        standin.arm(fault, after_bytes=after_bytes, times=1, match_text="important")
        with Server(standin.settings() | {"GREETING": GREETING, "THREADS": 1}) as server:
            result = place_call(server)
            name = f"{fault} in the second sentence"
            check_call(server, result, name, reason)
            first, second, third = (standin.audio_of(sentence) for sentence in SENTENCES)
            at_first = position_of(first, result.heard)
            at_third = position_of(third, result.heard)
            check(at_first == 0, f"{name}: the first sentence is whole")
            check(at_third >= len(first), f"{name}: the third sentence is whole, and behind it")
            between = result.heard[len(first) : max(at_third, len(first))]
            whole_again = position_of(second, between) >= 0
            check(whole_again, f"{name}: the second is heard to its end in the same voice", f"{len(between)} bytes between, {len(second)} in the sentence")


def elevenlabs_is_not_there():
    with StandIn() as standin:
        settings = standin.settings()
    # The port it had is free now: connections to it are refused.
    with Server(settings | {"GREETING": GREETING, "EMBEDDED_VOICE": "slt"}) as server:
        result = place_call(server)
        check_call(server, result, "connection refused", "connection failed")
        spoken = pcm_in_wav(server.synthesise(GREETING).content)
        check(len(spoken) > 6 * 8000, "connection refused: the text is spoken")
        check(pcm_of(result.heard)[: len(spoken)] == spoken, "connection refused: the embedded voice said every word")


def elevenlabs_comes_back():
    """A voice that failed is asked again when its time has come, and then speaks again."""
    with StandIn() as standin:
        standin.arm("500")
        with Server(standin.settings() | {"THREADS": 1}) as server:
            server.synthesise("The first words are spoken by the other voice.")
            standin.disarm()
            numbers = iter(range(10_000))

            def spoken_by_elevenlabs():
                server.synthesise(f"Attempt number {next(numbers)}, and is it better now?")
                return server.log_lines("speech begins", "source=elevenlabs_http")

            check(wait_until(spoken_by_elevenlabs, 60, "ElevenLabs speaks again"), "ElevenLabs back: it is used again")


def key_of_another_account_is_refused():
    with StandIn("--key", "sk_the_right_one_0123456789") as standin:
        with Server(standin.settings() | {"GREETING": GREETING}) as server:
            result = place_call(server)
            check_call(server, result, "wrong key", "invalid_api_key")
            check(len(standin.requests_seen()) <= 2, "wrong key: not asked again and again", standin.requests_seen())
            check("sk_standin" not in server.log(), "wrong key: it is not in the log")


# What strikes every request, and what the log calls it.
TOTAL_FAULTS = {
    "unknown_voice": "voice_not_found",
    "bad_key_400": "invalid_api_key",
    "quota_401": "quota_exceeded",
    "429_old": "too_many_concurrent_requests",
    "429_new": "concurrent_limit_exceeded",
    "500": "internal_error",
    "502_html": "http_502",
    "hang_before_headers": "first audio timeout",
    "hang_after_headers": "first audio timeout",
    "json_as_audio": "quota_exceeded",
    "wrong_content_type": "not audio",
    "zero_audio": "no audio",
    "reset": "cut off",
}

if __name__ == "__main__":
    assert DEFAULT_VOICE not in (OTHER_VOICE, UNKNOWN_VOICE)
    run(
        *(partial(the_embedded_voice_takes_over, fault, reason) for fault, reason in TOTAL_FAULTS.items()),
        the_default_voice_takes_over,
        one_failure_is_tried_again,
        partial(a_broken_sentence_is_said_anew, "truncate_body", 4_000, "cut off"),
        partial(a_broken_sentence_is_said_anew, "reset", 8_001, "cut off"),
        elevenlabs_is_not_there,
        elevenlabs_comes_back,
        key_of_another_account_is_refused,
        at_once=7,
    )
