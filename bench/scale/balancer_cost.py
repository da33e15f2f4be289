#!/usr/bin/env python3
"""What a call costs the balancer in front: processor time and memory of HAProxy or nginx, with TLS outside, and of the server behind.

cmake --build build/release --target mouthpiece
BUILD_DIR=build/release /usr/bin/python3 bench/scale/balancer_cost.py [--balancer nginx] [--calls 200] [--seconds 15] [--windows 3]

The balancer runs with the file of deploy/. Calls have heard their greeting and stay on the line: 50 frames a second come from each, which is what
costs. Balancer and server have one core, callers the other.
"""

import argparse
import os
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "tests", "e2e"))
from balancer import PUBLIC, Haproxy, Nginx  # noqa: E402
from certificates import Authority  # noqa: E402
from programs import PREFIX, PlacedCalls, Server, wait_until  # noqa: E402

TOKEN = "5ecre7a07h70ken"
PER_SECOND = 50  # calls begun


def family(pid):
    """The process and its children: nginx has workers."""
    children = [int(name) for name in os.listdir("/proc") if name.isdigit() and parent_of(name) == pid]
    return [pid, *children]


def parent_of(name):
    try:
        with open(f"/proc/{name}/stat", encoding="ascii", errors="replace") as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except FileNotFoundError:
        return 0


def processor_seconds(processes):
    total = 0
    for pid in processes:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
                total += int(file.read().split()[0])
    return total / 1e9


def resident_kb(processes):
    total = 0
    for pid in processes:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            total += int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") // 1024
    return total


def windows(groups, seconds, number):
    """Processor seconds a second of each group, once for each window."""
    for _ in range(number):
        before, began = [processor_seconds(group) for group in groups], time.monotonic()
        time.sleep(seconds)
        lasted = time.monotonic() - began
        yield [(processor_seconds(group) - earlier) / lasted for group, earlier in zip(groups, before)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--balancer", choices=("haproxy", "nginx"), default="haproxy")
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--windows", type=int, default=3)
    asked = parser.parse_args()
    authority = Authority()
    settings = {
        "THREADS": 1, "GREETING": "Hello to you, whoever calls.", "TWILIO_AUTH_TOKEN": TOKEN, "TRUSTED_PROXIES": "127.0.0.1",
        "WEBHOOK_BASE_URL": PUBLIC, "INSTANCE_BASE_URL": f"{PUBLIC}/a", "CALLS_PER_CALLER_PER_MINUTE": 0,
    }  # fmt: skip
    calling = ("--calls", str(asked.calls), "--rate", str(PER_SECOND), "--light", "--auth-token", TOKEN, "--public-url", PUBLIC, "--ca-file", authority.file)
    hold = 5 + asked.calls / PER_SECOND + asked.seconds * asked.windows
    os.sched_setaffinity(0, {0})
    with Server(settings) as server, {"haproxy": Haproxy, "nginx": Nginx}[asked.balancer](authority.issue(), dict.fromkeys("abc", server.port)) as balancer:
        os.sched_setaffinity(0, {1})
        groups = [family(balancer.process.pid), [server.process.pid]]
        empty_kb = [resident_kb(group) for group in groups]
        with PlacedCalls(balancer.url(PREFIX + "/call/incoming"), *calling, "--hold", str(int(hold))) as placed:
            wait_until(lambda: sum(1 for call in server.connections() if call["stream_sid"]) == asked.calls, 60, "all are on the line")
            found = list(windows(groups, asked.seconds, asked.windows))
            full_kb = [resident_kb(group) for group in groups]
            still = sum(1 for call in server.connections() if call["stream_sid"])
            summary = placed.result(120).summary
    assert still == asked.calls and summary["gaps"] == 0, f"{still} of {asked.calls} calls stayed, {summary['gaps']} gaps"
    for name, shares, empty, full in zip((asked.balancer, "mouthpiece"), zip(*found), empty_kb, full_kb):
        per_call = [share * 60_000 / asked.calls for share in shares]
        spread = f"({min(per_call):.1f} to {max(per_call):.1f})"
        print(f"{name}, {asked.calls} calls: {statistics.median(per_call):.1f} ms of a core per call-minute {spread}, {(full - empty) / asked.calls:.0f} KB a call")


if __name__ == "__main__":
    main()
