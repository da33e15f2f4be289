#!/usr/bin/env python3
"""Measures how long a caller waits for the first word, over every way there is, and judges the limits that README promises.

    ./dev bench first-word [--calls 200] [--rounds 4] [--report docs/first-word.md] [--json FILE]

As root it takes a real-time priority, for itself and what it starts, so that other programs of the machine do not count. The
exit status tells whether the limits held.
"""

import argparse
import contextlib
import json
import os
import sys

from connections import measure_connections
from distance import measure_distance
from report import WORDS, write_report
from ways import RING_MS, Asked, Cached, OnDisk, percentile
from programs import StandIn

FIRST_BYTE_MS = 225
WARM_UP_CALLS = 5  # first connections, first pages of memory
RATE = 8  # calls begun a second; each lasts about three seconds

CACHE, DISK, WEBSOCKET, HTTP = "cache", "cache on disk", "WebSocket, warm", "HTTP, pooled"
BY_WEBSOCKET, BY_HTTP = {"ELEVENLABS_TRANSPORT": "websocket"}, {"ELEVENLABS_TRANSPORT": "http"}

# What must hold: of which calls, which of their times, its 99th percentile in ms at most.
LIMITS = (
    (CACHE, "prepared", "after_pick_up", 2),
    (WEBSOCKET, "prepared", "after_pick_up", 5),
    (HTTP, "prepared", "after_pick_up", 5),
    (CACHE, "at once", "waited", 2),
    (WEBSOCKET, "at once", "waited", 2),
    (HTTP, "at once", "waited", 2),
)


def measure_ways(calls, rounds):
    """{way: {"prepared": calls, "at once": calls}}; the ways take turns, so that a noisy minute meets all of them."""
    with StandIn("--first-byte-ms", str(FIRST_BYTE_MS), "--plan", "1000") as standin, StandIn("--first-byte-ms", "0") as quick:
        ways = {
            CACHE: Cached(standin, BY_HTTP),
            WEBSOCKET: Asked(standin, BY_WEBSOCKET),
            HTTP: Asked(standin, BY_HTTP),
            DISK: OnDisk(quick, BY_HTTP, calls // rounds),
        }
        try:
            for way in (WEBSOCKET, HTTP, CACHE):
                ways[way].calls(WARM_UP_CALLS, RATE, 0)
            measured = {name: {"prepared": [], "at once": []} for name in ways}
            for number in range(rounds):
                for name, way in ways.items():
                    print(f"round {number + 1} of {rounds}: {name}", file=sys.stderr, flush=True)
                    measured[name]["prepared"] += way.calls(calls // rounds, RATE, RING_MS)
                    measured[name]["at once"] += way.calls(calls // rounds, RATE, 0)
            return measured
        finally:
            for way in ways.values():
                way.close()


def judge(measured):
    """[(what, limit, p99)]"""
    judged = []
    for way, when, what, limit in LIMITS:
        found = percentile([getattr(call, what) for call in measured[way][when]], 99)
        judged.append((f"{way}, {when}: {WORDS[what]}, p99 in ms", limit, round(found, 2)))
    return judged


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=200, help="of every kind")
    parser.add_argument("--rounds", type=int, default=4, help="turns in which they are placed")
    parser.add_argument("--report", help="page to write")
    parser.add_argument("--json", help="file for the figures of every call")
    options = parser.parse_args()

    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    measured = measure_ways(options.calls, options.rounds)
    distance = measure_distance()
    judged = judge(measured) + measure_connections()
    for what, limit, found in judged:
        print(f"{'ok  ' if found <= limit else 'FAIL'}  {what}: {found}, limit {limit}")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({way: {when: [vars(call) for call in of] for when, of in kinds.items()} for way, kinds in measured.items()}, file)
    if options.report:
        write_report(options.report, measured, distance, judged, options)
    sys.exit(0 if all(found <= limit for _, limit, found in judged) else 1)


if __name__ == "__main__":
    main()
