"""One server that lives through every fault: what it holds afterwards is what it held before."""

import time

from holdings import Holdings, active_gauges
from programs import PlacedCalls, Server, StandIn, wait_until

from cells import BEFORE, MIDDLE, Cell
from running import arm, settings_for, struck_by

# A key or a plan that was refused is asked again after half a minute at the earliest.
REFUSALS = ("bad_key_400", "bad_key_401", "missing_permissions", "unusual_activity", "quota_401", "insufficient_402",
            "payment_402", "format_403", "policy_1008")  # fmt: skip
RECOVERY_SECONDS_MAX = 120
# From the end of the first round to the end of the second.
MEMORY_GROWTH_KIB_MAX = 4 * 1024


class Patient:
    """The server, its stand-in, and texts it has never said before."""

    def __init__(self, transport):
        self.transport = transport
        self.standin = StandIn()
        # A small cache: what grows beyond it is lost.
        self.server = Server(settings_for(self.standin, transport) | {"CACHE_MEMORY_MB": 1})
        self._number = 100

    def close(self):
        self.server.__exit__()
        self.standin.__exit__()

    def new_name(self):
        self._number += 1
        return str(self._number)

    def call(self):
        """Begun, and hung up in the middle of the speech: nothing may stay behind from that either."""
        webhook = self.server.api(f"/call/incoming?name={self.new_name()}")
        with PlacedCalls(webhook, "--hangup-after", "2500") as placed:
            placed.result()

    def healthy(self):
        """ElevenLabs speaks again, by the transport under test."""
        self.standin.disarm()
        source = f"source=elevenlabs_{self.transport}"

        def spoken():
            before = len(self.server.log_lines("speech begins", source))
            self.server.synthesise(f"Is number {self.new_name()} spoken again by the voice that was asked?")
            if len(self.server.log_lines("speech begins", source)) > before:
                return True
            time.sleep(0.5)  # the breaker's own time, not ours
            return False

        wait_until(spoken, RECOVERY_SECONDS_MAX, f"ElevenLabs is used again: {self.transport}")

    def suffer(self, fault):
        """Returns how often it struck."""
        before = struck_by(self.standin, fault)
        for position in (BEFORE,) if fault in REFUSALS else (BEFORE, MIDDLE):
            cell = Cell(fault, self.transport, position)
            self.healthy()
            arm(self.standin, cell)
            self.call()
        return struck_by(self.standin, fault) - before


def run_leaks(transport, faults):
    """(lines for the report, failures)"""
    patient = Patient(transport)
    try:
        for _ in range(3):
            patient.healthy()
            patient.call()
        idle(patient.server)
        before = Holdings(patient.server)
        missed = [fault for fault in faults if patient.suffer(fault) == 0]
        patient.healthy()
        between = wait_until_settled(patient.server, before)
        for fault in faults:
            if fault not in REFUSALS:
                patient.suffer(fault)
        patient.healthy()
        after = wait_until_settled(patient.server, before)
    finally:
        patient.close()
    failures = leaks_between(before, between, after)
    if missed:
        failures.append(f"never struck: {', '.join(missed)}")
    lines = [f"{transport}, {len(faults) - len(missed)} faults: before {before}; after one round {between}; after two {after}"]
    return lines, [f"{transport}: {failure}" for failure in failures]


def idle(server):
    wait_until(lambda: not any(active_gauges(server).values()), 30, "every stream closed")


def wait_until_settled(server, before):
    """Pooled connections may stay a while; what is left then is a leak."""
    idle(server)
    try:
        wait_until(lambda: Holdings(server).sockets <= before.sockets, 30, "as few sockets as before")
    except TimeoutError:
        pass
    return Holdings(server)


def leaks_between(before, between, after):
    failures = []
    if after.sockets > before.sockets + 1:  # the request that asks may still be open
        failures.append(f"{after.sockets - before.sockets} more sockets than before")
    if after.threads != before.threads:
        failures.append(f"{after.threads} threads, {before.threads} before")
    if any(after.gauges.values()):
        failures.append(f"active: {after.gauges}")
    if after.resident_kib > between.resident_kib + MEMORY_GROWTH_KIB_MAX:
        failures.append(f"{(after.resident_kib - between.resident_kib) // 1024} MiB more after another round")
    return failures
