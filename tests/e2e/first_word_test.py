#!/usr/bin/env python3
"""The first word is there at pick-up, calls share what they ask for, and connections are used again.

CALLS=1000 places that many calls in a row (default 60). How many milliseconds it takes is measured by `./dev bench first-word`.
"""

import os

from checks import check, check_equal, run
from programs import Server, StandIn, place_call, sanitized

CALLS = int(os.environ.get("CALLS") or 60)
FIRST_BYTE_MS = 225
GREETING = "Caller {name}, you hear this sentence for the first time."
TRANSPORTS = ("http", "websocket")


def every_call_hears_its_own_words(standin, server, result, calls):
    check_equal(result.summary["flawless"], calls, f"all {calls} calls hear speech, without a gap or a warning")
    check_equal(server.metric('mouthpiece_fallbacks_total{to="embedded_voice"}'), 0, "in the voice asked for")
    texts = {request["text"].strip() for request in standin.requests_seen() if request["text"]}
    check_equal(len(texts), calls, "each its own words")


def what_is_prepared_is_there_at_pick_up():
    for transport in TRANSPORTS:
        with StandIn("--first-byte-ms", str(FIRST_BYTE_MS)) as standin:
            with Server(standin.settings() | {"GREETING": GREETING, "ELEVENLABS_TRANSPORT": transport}) as server:
                # A sanitizer or a busy machine needs time of its own, so the phone rings longer here than in the bench.
                result = place_call(server, "--calls", "10", "--rate", "5", "--stream-after", "700", query="?name={n}")
                every_call_hears_its_own_words(standin, server, result, 10)
        waits = [call["streams"][0]["start_to_first_audio_ms"] for call in result.calls]
        check(
            max(waits) < FIRST_BYTE_MS / 2,
            f"{transport}: nobody waits for ElevenLabs when the stream opens", f"{max(waits):.1f} ms at worst",
        )  # fmt: skip


def what_was_said_before_is_there_at_once():
    with StandIn("--first-byte-ms", "1200") as standin, Server(standin.settings() | {"GREETING": "Said before, and said again."}) as server:
        server.synthesise("Said before, and said again.").raise_for_status()
        result = place_call(server, "--calls", "10", "--rate", "20")
        check_equal(result.summary["flawless"], 10, "ten calls hear it")
        check_equal(len(standin.requests_seen()), 1, "ElevenLabs was asked once, before them")
        waits = [call["streams"][0]["webhook_to_first_audio_ms"] for call in result.calls]
        check(max(waits) < 600, "and nobody waits for ElevenLabs", f"{max(waits):.1f} ms at worst")


def calls_in_a_row_use_the_same_connections():
    for transport, pool in zip(TRANSPORTS, (64, 16)):
        with StandIn("--plan", "1000") as standin:
            settings = {"GREETING": GREETING, "ELEVENLABS_TRANSPORT": transport, "THREADS": 1}
            with Server(standin.settings() | settings) as server:
                options = ["--calls", str(CALLS), "--rate", "8" if sanitized() else "16", "--quiet", "100", "--light"]
                result = place_call(server, *options, query="?name={n}")
                every_call_hears_its_own_words(standin, server, result, CALLS)
            log = standin.log_of_requests()
            opened, at_once = log["connections_seen"], log["in_progress_most"]
            check(opened <= pool, f"{transport}: {CALLS} calls open no more connections than the pool holds", f"{opened} opened")
            # An answer's last byte may reach the stand-in's books before it reaches the server.
            needed = at_once + 3
            check(opened <= needed, f"{transport}: nor more than are needed at once", f"{opened} opened, {at_once} answers at once")
            print(f"      {transport}: {opened} connections, at most {at_once} answers at once")


def identical_greetings_are_asked_for_once():
    for threads in (1, 2):
        for transport in TRANSPORTS:
            with StandIn() as standin:
                settings = {"GREETING": "A hundred callers hear this.", "ELEVENLABS_TRANSPORT": transport, "THREADS": threads}
                with Server(standin.settings() | settings) as server:
                    result = place_call(server, "--calls", "100", "--rate", "1000", "--light", "--quiet", "300")
                    check_equal(result.summary["heard_speech"], 100, f"{transport}, THREADS={threads}: 100 callers at once hear it")
                    asked = standin.log_of_requests()["speech_requests"]
                    check_equal(asked, 1, f"{transport}, THREADS={threads}: ElevenLabs was asked once")


if __name__ == "__main__":
    run(
        what_is_prepared_is_there_at_pick_up,
        what_was_said_before_is_there_at_once,
        calls_in_a_row_use_the_same_connections,
        identical_greetings_are_asked_for_once,
    )
