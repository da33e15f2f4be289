"""Writes what was measured as a page."""

import os
import platform

from distance import ROUND_TRIP_MS
from ways import percentile

WORDS = {
    "after_pick_up": "from `start` to the first media message",
    "waited": "from `start` to the first media message, less the stand-in's own first byte",
}


def row(cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |\n"


def table(head, rows):
    return row(head) + row(["---"] * len(head)) + "".join(row(cells) for cells in rows)


def figures(calls, what):
    values = [getattr(call, what) for call in calls]
    return [f"{percentile(values, percent):.2f}" for percent in (50, 90, 99, 100)]


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), platform.machine())
    priority = "real-time priority" if os.sched_getscheduler(0) == os.SCHED_RR else "usual priority"
    return f"{os.cpu_count()} cores, {model}, Linux {platform.release()}, {priority}"


def write_report(path, measured, distance, judged, options):
    count = len(next(iter(measured.values()))["at once"])
    head = ["way", "p50", "p90", "p99", "worst"]
    page = f"""# The first word

How long a caller waits for the first word, measured by the simulated caller: server, stand-in and caller as real programs on one
machine ({machine()}), over loopback. Milliseconds, {count} calls of each kind in {options.rounds} turns. Repeat it with

    ./dev bench first-word --calls {options.calls} --rounds {options.rounds} --report docs/first-word.md

## The ways to the first word

The webhook is asked and the stream opens at once. From the webhook's request to the first media message, less the stand-in's own time to its
first byte (225 ms and this machine's lateness, call by call from its log): the webhook, the request to ElevenLabs, its answer and a media
message, which is all that Mouthpiece adds. The caches ask nobody and have spoken before the stream is open; for them, from `start`.

"""
    page += table(head, [[way, *figures(kinds["at once"], "added")] for way, kinds in measured.items()])
    page += """
The same calls as their callers feel them, from `start`: less than 0 means that the word was there before the stand-in's time was over, because the
stream opened after the request to ElevenLabs had left.

"""
    page += table(head, [[way, *figures(kinds["at once"], "waited")] for way, kinds in measured.items()])
    page += """
## Prepared while the phone rings

The stream opens 300 ms after the webhook was asked, as it does with a real call; the stand-in has spoken by then. From `start` sent to the
first media message:

"""
    page += table(head, [[way, *figures(kinds["prepared"], "after_pick_up")] for way, kinds in measured.items()])
    page += f"""
## Over a distance

A relay between server and stand-in adds a round trip of {ROUND_TRIP_MS} ms, and two more to every new connection (TCP, TLS 1.3). What is then added
to the stand-in's first byte, in ms; {ROUND_TRIP_MS} of it cannot be avoided.

"""
    page += table(["situation", *distance], [[situation, *(f"{distance[way][situation]:.1f}" for way in distance)] for situation in next(iter(distance.values()))])
    page += "\n## Limits\n\n"
    page += table(
        ["what", "found", "limit", ""],
        [[what, found, limit, "held" if found <= limit else "**missed**"] for what, limit, found in judged],
    )  # fmt: skip
    with open(path, "w", encoding="utf-8") as file:
        file.write(page)
