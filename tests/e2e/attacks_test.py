#!/usr/bin/env python3
"""Calls go on without a gap, and new ones come in, while SOCKETS attackers of every kind (default 20) do their worst for SECONDS."""

import os
import time

from attackers import KINDS, Attack
from certificates import Authority
from checks import check, check_equal, run
from programs import PlacedCalls, Server, sanitized, wait_until

CALLS = int(os.environ.get("CALLS") or (5 if sanitized() else 20))
SOCKETS = int(os.environ.get("SOCKETS") or (5 if sanitized() else 20))
SECONDS = int(os.environ.get("SECONDS") or 6)
RATE = "50"  # calls begun a second
MEMORY_MAX_MB = 256  # what the attack may add to the server's: docs/limits.md bounds the waiting at 64 MiB, TLS comes on top
SENTENCE = "You hear every word of this, whatever happens around you. "  # about three seconds
GREETING = SENTENCE * (SECONDS // 3 + 3)
SHORT = "You have come through."
AUTHORITY = Authority()


def memory_mb(server):
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmHWM:"))


def callers_notice_nothing():
    settings = {"GREETING": GREETING, "AFTER_SPEECH": "hangup", "THREADS": 1, "REQUEST_TIMEOUT_SECONDS": 2}
    with Server(settings, pair=AUTHORITY.issue(), ca_file=AUTHORITY.file) as server:
        server.synthesise(GREETING).raise_for_status()
        options = ("--ca-file", AUTHORITY.file, "--rate", RATE)
        with PlacedCalls(server.api("/call/incoming"), "--calls", str(CALLS), *options) as running:
            wait_until(lambda: sum(1 for c in server.connections() if c["stream_sid"]) == CALLS, 60, f"{CALLS} calls are on the line")
            before, began = memory_mb(server), time.monotonic()
            with Attack(server.port, SOCKETS) as attack:
                wait_until(lambda: all(attack.connections[kind.__name__] >= SOCKETS for kind in KINDS), 60, "all kinds attack")
                with PlacedCalls(server.api("/call/incoming"), "--calls", "5", *options, "--hangup-after", "3000") as coming:
                    newcomers = coming.result()
                while time.monotonic() < began + SECONDS:  # the attack lasts that long
                    time.sleep(0.1)
                lag = server.metric('mouthpiece_loop_lag_seconds{percentile="95"}')
                check(running.process.poll() is None, "the calls outlast the attack")
            lasted = time.monotonic() - began
            result = running.result(SECONDS + 120)
        connections = wait_until(lambda: server.metric("mouthpiece_connections") <= 2, 20, "all attackers are gone")
        counted = {limit: server.metric(f'mouthpiece_limits_reached_total{{limit="{limit}"}}') for limit in ("request_time", "waiting_sockets")}
        added = memory_mb(server) - before
    summary = result.summary
    print(
        f"      {CALLS} calls; {SOCKETS} attackers of each kind for {lasted:.0f} s: connections {dict(attack.connections)}, {attack.bytes / 1e6:.0f} MB of noise; "
        f"loop lag p95 {1000 * lag:.1f} ms; {added:.0f} MB more memory; cut off {counted}; newcomers' webhook p99 {newcomers.summary['webhook_p99_ms']:.0f} ms; "
        f"these callers' own timers were up to {summary['simulator_lateness_ms']:.0f} ms late"
    )
    heard = {(call["streams"][-1]["heard_bytes"], call["streams"][-1]["end"]) for call in result.calls}
    check_equal(summary["heard_speech"], CALLS, f"{CALLS} callers have heard speech")
    check(len(heard) == 1, "all of them the same, to its end", heard)
    check_equal(summary["gaps"], 0, "without a gap")
    check_equal((newcomers.summary["heard_speech"], newcomers.summary["gaps"]), (5, 0), "callers who come meanwhile hear speech without a gap")
    check(connections and counted["request_time"] >= SOCKETS, "who does not finish a request is cut off", counted)
    check(added < MEMORY_MAX_MB, f"the attack costs less than {MEMORY_MAX_MB} MB of memory", added)


if __name__ == "__main__":
    run(callers_notice_nothing)
