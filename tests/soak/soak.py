#!/usr/bin/env python3
"""Hours of calls in minutes: callers of every kind come in waves, and between the waves the server holds what it held before.

    BUILD_DIR=build/release tests/soak/soak.py                              # the short form: six waves of 8 s
    BUILD_DIR=build/release WAVES=30 SECONDS=55 RATE=61 tests/soak/soak.py  # 100,000 calls in half an hour

As root it takes a real-time priority, for itself and what it starts, so that other programs of the machine do not count.

Prints what the server holds after every wave, and the slope of descriptors and memory over the second half of them.
"""

import os
import sys
import time
from collections import Counter

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

from checks import check, check_equal, run
from churn import AUTH_TOKEN, GREETING, KINDS, NEVER_OPENED, Churn
from holdings import Holdings, active_gauges
from programs import Server, StandIn, new_directory, wait_until

WAVES = int(os.environ.get("WAVES") or 6)  # at least 4: a slope needs them
SECONDS = int(os.environ.get("SECONDS") or 8)
RATE = float(os.environ.get("RATE") or 30)  # calls begun in a second
# A call that nothing is left of leaves no more than this; the allocator's own growth is within it.
SLOPE_KIB_PER_1000_CALLS_MAX = 32
TOKEN_SECONDS = 120  # a call whose stream never comes is remembered so long


def slope(points):
    """Of the line closest to the points, by least squares."""
    mean_x, mean_y = (sum(values) / len(points) for values in zip(*points))
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread


def at_rest(server):
    wait_until(lambda: not any(active_gauges(server).values()), 60, "no call and no request is active")
    # Connections that the churn left without a word are shown out after the request timeout.
    wait_until(lambda: not server.connections(), 30, "no stream is listed")
    time.sleep(0.5)  # the allocator's and the kernel's own time: connections that are closing
    return Holdings(server)


def churn_leaves_nothing_behind():
    settings = {
        "GREETING": GREETING, "AFTER_SPEECH": "hangup", "TWILIO_AUTH_TOKEN": AUTH_TOKEN, "REQUEST_TIMEOUT_SECONDS": 3,
        "CALLS_PER_CALLER_PER_MINUTE": 0, "CACHE_MEMORY_MB": 4, "CACHE_DIR": new_directory(), "CACHE_DISK_MB": 8, "THREADS": 2,
    }  # fmt: skip
    held, calls, gaps, trouble, faults, never_opened_at = [], 0, Counter(), [], 0, []
    with StandIn("--plan", "200") as standin, Server(settings | standin.settings()) as server:
        began = time.monotonic()
        for wave in range(1, WAVES + 1):
            churn = Churn(server, standin, RATE, SECONDS, wave)
            churn.run()
            calls += churn.calls.total()
            gaps, faults, trouble = gaps + churn.gaps, faults + churn.faults, trouble + churn.trouble
            never_opened_at += churn.never_opened_at
            held.append((calls, at_rest(server)))
            print(f"      wave {wave}: {calls} calls, {held[-1][1]}", flush=True)
        took = time.monotonic() - began
        last = at_rest(server)
        awaited, since = server.metric("mouthpiece_calls_announced"), time.monotonic() - TOKEN_SECONDS
        expected = sum(1 for answered_at in never_opened_at if answered_at > since)
        refused = RATE * (TOKEN_SECONDS + 10) * sum(kind.share for kind in KINDS if kind.outcome == "refused")
        check(
            expected - 2 <= awaited <= expected + refused,
            f"of {len(never_opened_at)} calls without a stream, and those refused one, the last {TOKEN_SECONDS} s' are waited for",
            (awaited, expected, refused),
        )
        check_equal(server.process.poll(), None, "the server is alive")
    second_half = held[len(held) // 2 :]
    memory = slope([(count / 1000, holdings.resident_kib) for count, holdings in second_half])
    descriptors = slope([(count / 1000, holdings.files) for count, holdings in second_half])
    print(
        f"      {calls} calls in {took:.0f} s, {faults} faults at ElevenLabs; per 1,000 calls, over the second half: "
        f"{memory:+.1f} KiB of memory, {descriptors:+.2f} descriptors; at the end {last}"
    )
    check_equal(trouble[:5], [], "every caller heard what callers of this kind are to hear")
    check_equal(dict(+gaps), {}, "no gap in any call")
    first = held[0][1]
    check(last.files <= first.files + 2, "as many descriptors as after the first wave", (first.files, last.files))
    check_equal(last.threads, first.threads, "as many threads")
    check(abs(descriptors) <= 1 or WAVES < 10, "descriptors are flat", descriptors)
    check(memory <= SLOPE_KIB_PER_1000_CALLS_MAX or WAVES < 10, "memory is flat", memory)


if __name__ == "__main__":
    if os.geteuid() == 0:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    assert abs(sum(kind.share for kind in KINDS) + NEVER_OPENED - 1) < 1e-9, "the shares are of one whole"
    run(churn_leaves_nothing_behind)
