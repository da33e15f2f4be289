#!/usr/bin/env python3
"""What it costs to record every call: processor time, memory and descriptors, of servers that record and that do not, in turn.

cmake --build build/release --target mouthpiece twilio-load
BUILD_DIR=build/release /usr/bin/python3 bench/recording_cost.py [--calls 200] [--call-seconds 20] [--window 10] [--pairs 3]

The recordings go to the disk of TMPDIR. A figure counts only when no sample was dropped.
"""

import argparse
import os
import statistics

from server_cost import LoadedServer, resident_bytes, share_of_core
from programs import new_directory

KINDS = ("without", "recording")


def one_run(kind, asked):
    settings = {"RECORDINGS_DIR": os.path.join(new_directory(), "r"), "RECORD": "true"} if kind == "recording" else {}
    with LoadedServer(asked.calls, asked.call_seconds, settings) as loaded:
        share = share_of_core(loaded.pid, asked.window)
        figures = {
            "calls": loaded.open_calls(),
            "cpu_ms": share * 60_000 / asked.calls,  # for a minute of a call
            "kb": resident_bytes(loaded.pid) / 1_000 / asked.calls,
            "descriptors": len(os.listdir(f"/proc/{loaded.pid}/fd")) / asked.calls,
        }
        if kind == "recording":
            dropped = [loaded.server.metric('mouthpiece_recording_frames_dropped_total{reason="%s"}' % why) for why in ("queue_full", "disk")]
            figures["dropped"] = sum(dropped)
            figures["active"] = loaded.server.metric("mouthpiece_recordings_active")
    return figures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--call-seconds", type=int, default=20)
    parser.add_argument("--window", type=float, default=10)
    parser.add_argument("--pairs", type=int, default=3)
    asked = parser.parse_args()
    runs = {kind: [] for kind in KINDS}
    for pair in range(asked.pairs):
        for kind in KINDS if pair % 2 == 0 else reversed(KINDS):
            runs[kind].append(one_run(kind, asked))
            print(f"  {kind}: {runs[kind][-1]['cpu_ms']:.1f} ms for a minute of a call", flush=True)
    median = {kind: {name: statistics.median(run[name] for run in runs[kind]) for name in runs[kind][0]} for kind in KINDS}
    without, recording = median["without"], median["recording"]
    ratios = [b["cpu_ms"] / a["cpu_ms"] for a, b in zip(runs["without"], runs["recording"])]
    print(f"{recording['calls']:.0f} calls, {recording['active']:.0f} being recorded, {sum(run['dropped'] for run in runs['recording']):.0f} samples dropped")
    print(f"processor for a minute of a call: {without['cpu_ms']:.1f} ms without, {recording['cpu_ms']:.1f} ms recorded, "
          f"ratio {recording['cpu_ms'] / without['cpu_ms']:.2f} (pairs {min(ratios):.2f} to {max(ratios):.2f})")  # fmt: skip
    print(f"memory: {recording['kb'] - without['kb']:.0f} kB more a call; descriptors: {recording['descriptors'] - without['descriptors']:.2f} more a call")


if __name__ == "__main__":
    main()
