#!/usr/bin/env python3
"""200 calls at once on one event loop: every one hears its greeting without a gap."""

import os

from checks import check, check_equal, run
from programs import PlacedCalls, Server, sanitized, wait_until

GREETING = (
    "Thank you for calling. All of us hear this sentence at the same time. "
    "And this is the second one, so that there is something to be late with."
)


def every_caller_hears_the_greeting():
    # A sanitizer makes the server several times slower, and is there to look at threads, not at load.
    calls = int(os.environ.get("CALLS") or (40 if sanitized() else 200))
    with Server({"GREETING": GREETING, "THREADS": 1}) as server:
        url = server.api("/call/incoming")
        with PlacedCalls(url, "--calls", str(calls), "--rate", "100") as placed:
            most = wait_until(lambda: len(server.connections()) == calls, 30, f"{calls} calls at once")
            check(most, f"{calls} calls are open at once")
            result = placed.result()
        summary = result.summary
        lateness = f"this caller's own timers were up to {summary['simulator_lateness_ms']:.1f} ms late"
        check_equal(summary["calls"], calls, f"{calls} calls were placed")
        check_equal(summary["heard_speech"], calls, "every one heard speech")
        check_equal(summary["gaps"], 0, f"without a gap ({lateness})")
        check_equal(summary["flawless"], calls, "and without a warning")
        lengths = {call["streams"][0]["heard_bytes"] for call in result.calls}
        check(len(lengths) == 1 and min(lengths) > 5 * 8000, "every one heard all of it", lengths)
        check_equal(result.status, 0, "exit status 0")
        print(
            f"      first word p50 {summary['first_audio_p50_ms']:.1f} ms, p99 {summary['first_audio_p99_ms']:.1f} ms; "
            f"webhook p99 {summary['webhook_p99_ms']:.1f} ms; {lateness}"
        )
        wait_until(lambda: server.metric('mouthpiece_calls_total{outcome="completed"}') == calls, 10, "all completed")
        check_equal(server.metric("mouthpiece_websocket_connections_active"), 0, "no connection is left")
        underruns = [line for line in server.log_lines("stream closed") if "underruns=0 " not in line]
        check_equal(underruns, [], "the server has counted no underrun either")


def callers_over_the_limit_are_told():
    with Server({"GREETING": GREETING, "THREADS": 1, "MAX_CALLS": 5, "BUSY_TEXT": "Please call again later today."}) as server:
        with PlacedCalls(server.api("/call/incoming"), "--calls", "12", "--rate", "100") as placed:
            result = placed.result()
        heard = [call for call in result.calls if call["streams"]]
        told = [call for call in result.calls if call["spoken"] == ["Please call again later today."]]
        check_equal((len(heard), len(told)), (5, 7), "five calls are taken, seven hear BUSY_TEXT")
        check(all(call["flawless"] for call in heard), "and the five are not harmed by the seven")


if __name__ == "__main__":
    run(every_caller_hears_the_greeting, callers_over_the_limit_are_told)
