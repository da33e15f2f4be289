#!/usr/bin/env python3
"""Two servers on two cores, with Redis between them, against one server on one core with nothing: whole calls, from the webhook on.

cmake --build build/release --target mouthpiece twilio-load
BUILD_DIR=build/release /usr/bin/python3 bench/scale/two_instances.py [--calls 500] [--call-seconds 12] [--seconds 20] [--pairs 3]

Each server has --calls at a time, and a load of its own on the other core. Two servers therefore share their cores with both loads and with Redis, which
one server does not; what is compared is the processor time that a minute of a call costs a server, which says how many calls a core carries.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "tests", "e2e"))
from programs import PREFIX, Server, program  # noqa: E402
from proxy import free_port  # noqa: E402
from redis_server import Redis  # noqa: E402

AUDIO_MS = 10_000  # which twilio-load answers for every text


class Half:
    """A server on one core, and on the other a load that calls it and is ElevenLabs to it."""

    def __init__(self, server_core, load_core, settings, asked):
        upstream = free_port()
        self.server = Server({
            "THREADS": 1, "HOST": "127.0.0.1", "GREETING": "Hello to you, whoever calls.",
            "ELEVEN_LABS_API_KEY": "any", "ELEVENLABS_BASE_URL": f"http://127.0.0.1:{upstream}",
        } | settings)  # fmt: skip
        pid = self.server.process.pid
        for task in os.listdir(f"/proc/{pid}/task"):
            os.sched_setaffinity(int(task), {server_core})
        self._load = subprocess.Popen(
            ["taskset", "-c", str(load_core), program("twilio-load"), "--port", str(self.server.port), "--server-pid", str(pid),
             "--webhook", PREFIX + "/call/incoming", "--upstream-port", str(upstream), "--calls", str(asked.calls),
             "--call-seconds", str(asked.call_seconds), "--seconds", str(asked.seconds), "--expect-ms", str(AUDIO_MS)],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip

    def report(self, seconds):
        return json.loads(self._load.communicate(timeout=seconds)[0])

    def close(self):
        self._load.kill()
        self._load.wait()
        self.server.__exit__()


def run(places, asked):
    """(processor ms a call-minute of each server, calls with a gap or an end before its time)"""
    with contextlib.ExitStack() as stack:
        settings = stack.enter_context(Redis()).settings() if len(places) > 1 else {}
        halves = []
        for server_core, load_core in places:
            halves.append(Half(server_core, load_core, settings, asked))
            stack.callback(halves[-1].close)
        reports = [half.report(2 * asked.call_seconds + asked.seconds + 60) for half in halves]
    wrong = sum(report["underruns"] + report["refused"] + report["lost"] + report["too_short"] for report in reports)
    return [report["server_cpu_seconds_per_call_minute"] * 1000 for report in reports], wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--call-seconds", type=float, default=12)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--pairs", type=int, default=3)
    asked = parser.parse_args()
    ones, twos, ratios, wrong = [], [], [], 0
    for pair in range(asked.pairs):
        (one,), wrong_one = run([(0, 1)], asked)
        two, wrong_two = run([(0, 1), (1, 0)], asked)
        ones.append(one)
        twos.append(statistics.mean(two))
        ratios.append(sum(one / cost for cost in two))
        wrong += wrong_one + wrong_two
        print(f"  {pair + 1}: one server {one:.1f} ms of a core in a minute of a call, two {two[0]:.1f} and {two[1]:.1f}: {ratios[-1]:.2f} times the calls", flush=True)
    print(f"{asked.calls} calls at each: one server {statistics.median(ones):.1f} ms, each of two {statistics.median(twos):.1f} ms, {wrong} gaps or calls cut short")
    print(f"two servers on two cores carry {statistics.median(ratios):.2f} times the calls of one on one ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
