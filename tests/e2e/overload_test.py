#!/usr/bin/env python3
"""At 120 % of MAX_CALLS (CALLS, default 10) for SECONDS: every admitted call is perfect, every other is spoken to and counted."""

import os

from checks import check, check_equal, run
from programs import PlacedCalls, Server

CALLS = int(os.environ.get("CALLS") or 10)
SECONDS = int(os.environ.get("SECONDS") or 8)
GREETING = "This call has found a place on the line. It is spoken to from the first word to the last one."
BUSY = "All our lines are busy."


def every_call_is_perfect_or_spoken_to():
    with Server({"GREETING": GREETING, "AFTER_SPEECH": "hangup", "THREADS": 1, "MAX_CALLS": CALLS, "BUSY_TEXT": BUSY}) as server:
        length_s = float(server.synthesise(GREETING).headers["X-Audio-Ms"]) / 1000
        rate = 1.2 * CALLS / length_s
        offered = max(round(rate * SECONDS), 3 * CALLS)
        with PlacedCalls(server.api("/call/incoming"), "--calls", str(offered), "--rate", f"{rate:.3f}") as placed:
            result = placed.result(SECONDS + 300)
        reached = server.metric('mouthpiece_limits_reached_total{limit="calls"}')
        lag = server.metric('mouthpiece_loop_lag_seconds{percentile="95"}')
    taken = [call for call in result.calls if call["streams"]]
    told = [call for call in result.calls if not call["streams"] and call["spoken"] == [BUSY]]
    summary = result.summary
    print(
        f"      {offered} calls of {length_s:.1f} s, {rate:.1f} begun a second, at most {CALLS} taken at once: {len(taken)} taken, {len(told)} told; "
        f"webhook p99 {summary['webhook_p99_ms']:.1f} ms; loop lag p95 {1000 * lag:.1f} ms; "
        f"these callers' own timers were up to {summary['simulator_lateness_ms']:.0f} ms late"
    )
    check_equal(len(taken) + len(told), offered, "every call is taken or told that the lines are busy")
    check(len(told) > 0 and len(taken) > CALLS, "there are both", (len(taken), len(told)))
    check_equal(reached, len(told), "who was told is counted")
    harmed = [call for call in taken if call["streams"][0]["gaps"] or call["streams"][0]["unheard_bytes"] or call["notices"] or len(call["streams"]) != 1]
    check_equal(harmed, [], "every call that was taken is heard to its end, without a gap")
    check_equal(len({call["streams"][0]["heard_bytes"] for call in taken}), 1, "and all have heard the same")
    check(max(call["webhook_ms"] for call in result.calls) < 5_000, "every webhook is answered long before Twilio gives up (15 s)")


if __name__ == "__main__":
    run(every_call_is_perfect_or_spoken_to)
