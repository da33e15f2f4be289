#!/usr/bin/env python3
"""Calls go on without a gap, and new ones come in, while SOCKETS attackers of every kind (default 20) do their worst for SECONDS.

SOCKETS may be "slow_request=5000 garbage=50": so many of these kinds, and 20 of the others.
"""

import os
import time

from attackers import KINDS, Attack
from certificates import Authority
from checks import check, check_equal, run
from programs import PlacedCalls, Server, sanitized, wait_until


def sockets_of_each_kind(wanted, otherwise):
    if wanted.isdigit():
        return {kind.__name__: int(wanted) for kind in KINDS}
    return {kind.__name__: otherwise for kind in KINDS} | {kind: int(count) for kind, count in (word.split("=") for word in wanted.split())}


CALLS = int(os.environ.get("CALLS") or (5 if sanitized() else 20))
FEW = 5 if sanitized() else 20
SOCKETS = sockets_of_each_kind(os.environ.get("SOCKETS") or str(FEW), FEW)
SECONDS = int(os.environ.get("SECONDS") or 6)
TIMEOUT = int(os.environ.get("TIMEOUT") or min(10, SECONDS // 3))  # seconds for a request or a handshake
RATE = "50"  # calls begun a second
# What the attack may add to the server's: docs/limits.md bounds the waiting in number and bytes, TLS comes on top. The rest is for what they ask.
MEMORY_MAX_MB = 64 + 64 + 0.048 * min(sum(SOCKETS.values()), 8_192)
SENTENCE = "You hear every word of this, whatever happens around you. "  # about three seconds
GREETING = SENTENCE * (SECONDS // 3 + 3)
SHORT = "You have come through."
AUTHORITY = Authority()


def memory_mb(server):
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmHWM:"))


def loop_lag(server):
    """Of the last 6.4 s, in seconds."""
    return [server.metric(f'mouthpiece_loop_lag_seconds{{percentile="{percentile}"}}') for percentile in (50, 95, 100)]


def give_precedence(*programs):
    """Attackers have machines of their own. Where they share this one, they get what these leave of it, if we may say so."""
    try:
        for running in programs:
            for thread in os.listdir(f"/proc/{running.process.pid}/task"):
                os.sched_setscheduler(int(thread), os.SCHED_RR, os.sched_param(1))
    except PermissionError:
        pass


def callers_notice_nothing():
    settings = {"GREETING": GREETING, "AFTER_SPEECH": "hangup", "THREADS": 1, "REQUEST_TIMEOUT_SECONDS": TIMEOUT}
    with Server(settings, pair=AUTHORITY.issue(), ca_file=AUTHORITY.file) as server:
        server.synthesise(GREETING).raise_for_status()
        options = ("--ca-file", AUTHORITY.file, "--rate", RATE)
        with PlacedCalls(server.api("/call/incoming"), "--calls", str(CALLS), *options) as running:
            wait_until(lambda: sum(1 for c in server.connections() if c["stream_sid"]) == CALLS, 60, f"{CALLS} calls are on the line")
            give_precedence(server, running)
            before, began = memory_mb(server), time.monotonic()
            with Attack(server.port, SOCKETS) as attack:
                wait_until(lambda: all(attack.connections[kind] >= count for kind, count in SOCKETS.items()), 120, "all kinds attack")
                with PlacedCalls(server.api("/call/incoming"), "--calls", "5", *options, "--hangup-after", "3000") as coming:
                    newcomers = coming.result()
                lag = [loop_lag(server)]
                while time.monotonic() < began + SECONDS:  # the attack lasts that long
                    time.sleep(1)
                    lag.append(loop_lag(server))
                check(running.process.poll() is None, "the calls outlast the attack")
            lasted = time.monotonic() - began
            result = running.result(SECONDS + 120)
        connections = wait_until(lambda: server.metric("mouthpiece_connections") <= 2, 20, "all attackers are gone")
        counted = {limit: server.metric(f'mouthpiece_limits_reached_total{{limit="{limit}"}}') for limit in ("request_time", "waiting_sockets")}
        added = memory_mb(server) - before
    summary = result.summary
    print(
        f"      {CALLS} calls; attackers {SOCKETS} for {lasted:.0f} s: connections {dict(attack.connections)}, {attack.bytes / 1e6:.0f} MB of noise; "
        f"loop lag p50, p95, max at their worst {[round(1000 * max(late)) for late in zip(*lag)]} ms; {added:.0f} MB more memory; cut off {counted}; newcomers' webhook p99 {newcomers.summary['webhook_p99_ms']:.0f} ms; "
        f"these callers' own timers were up to {summary['simulator_lateness_ms']:.0f} ms late"
    )
    heard = {(call["streams"][-1]["heard_bytes"], call["streams"][-1]["end"]) for call in result.calls}
    check_equal(summary["heard_speech"], CALLS, f"{CALLS} callers have heard speech")
    check(len(heard) == 1, "all of them the same, to its end", heard)
    gaps = [(gap["position_ms"], gap["length_ms"]) for call in result.calls for gap in call["streams"][-1]["gaps"]]
    check_equal(gaps, [], "without a gap")
    check_equal((newcomers.summary["heard_speech"], newcomers.summary["gaps"]), (5, 0), "callers who come meanwhile hear speech without a gap")
    check(connections and counted["request_time"] + counted["waiting_sockets"] >= SOCKETS["slow_request"], "who does not finish a request is cut off", counted)
    check(added < MEMORY_MAX_MB, f"the attack costs less than {MEMORY_MAX_MB:.0f} MB of memory", added)


if __name__ == "__main__":
    run(callers_notice_nothing)
