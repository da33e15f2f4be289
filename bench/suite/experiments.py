"""What is measured, in which order. Servers that are compared run right after one another, so that the machine is in the same mood."""

from runs import holds_up
from servers import mouthpiece_knows

# As ElevenLabs sends, ten times as fast as it is heard, in the size of chunk that its answers have.
LIVE_PACE = {"upstream_chunk_ms": 250, "upstream_interval_ms": 25, "upstream_head_ms": 250}
LEVELS_MAX = 4_000


class Plan:
    def __init__(self, levels, peer_levels, tls_levels, repeats, call_seconds, seconds, latency_seconds, counted_seconds):
        self.levels, self.peer_levels, self.tls_levels = levels, peer_levels, tls_levels
        self.repeats, self.call_seconds, self.seconds = repeats, call_seconds, seconds
        self.latency_seconds, self.counted_seconds = latency_seconds, counted_seconds


FULL = Plan(
    levels={10: 1, 50: 1, 200: 2, 500: 1, 1000: 3, 1500: 2, 2000: 1}, tls_levels={200: 2, 700: 2, 1000: 1},
    peer_levels={"fastapi": {10: 1, 50: 2, 100: 1}, "node": {10: 1, 50: 2, 200: 1}},
    repeats=3, call_seconds=12, seconds=8, latency_seconds=8, counted_seconds=15,
)  # fmt: skip
QUICK = Plan(
    levels={500: 1}, tls_levels={}, peer_levels={"fastapi": {50: 1}, "node": {50: 1}},
    repeats=1, call_seconds=4, seconds=3, latency_seconds=3, counted_seconds=4,
)  # fmt: skip


def growth(bench, plan):
    """CPU per call-minute and memory, from few calls to many, beside the bare server."""
    _grow(bench, plan, plan.levels, False)
    for kind, levels in plan.peer_levels.items():
        for calls, times in levels.items():
            for _ in range(times):
                bench.calls("growth", kind, calls, call_seconds=plan.call_seconds, seconds=plan.seconds, upstream=LIVE_PACE)


def growth_tls(bench, plan):
    _grow(bench, plan, plan.tls_levels, True)


def _grow(bench, plan, levels, tls):
    for calls, times in levels.items():
        for kind in times * ("mouthpiece", "bare", "bare-messages"):
            bench.calls("growth", kind, calls, tls, call_seconds=plan.call_seconds, seconds=plan.seconds)


def listening(bench, plan):
    """What it costs to use the caller's audio."""
    for _ in range(plan.repeats):
        for kind in ("mouthpiece-listening", "bare-listening"):
            bench.calls("listening", kind, max(plan.levels), call_seconds=plan.call_seconds, seconds=plan.seconds)


def whole_calls(bench, plan):
    """With the webhook in front of every call and a greeting that no cache knows: all of the work of all of the servers."""
    for _ in range(plan.repeats):
        for kind in ("mouthpiece", "mouthpiece-own", "fastapi", "node"):
            bench.calls("whole calls", kind, 50, webhook=True, call_seconds=plan.call_seconds, seconds=plan.seconds, upstream=LIVE_PACE)


def held(bench, plan, tls=False):
    """The most calls at which no caller hears a gap: a third more until it goes wrong, then between the last two."""
    listening_kinds = [("mouthpiece-listening", 1_000), ("bare-listening", 1_000)] if mouthpiece_knows("CALLER_AUDIO") else []
    for kind, first in [("mouthpiece", 1_500), ("bare", 1_500), ("mouthpiece-own", 200), ("fastapi", 75), ("node", 150), *listening_kinds]:
        _climb(bench, plan, kind, first // 2 if tls else first, tls)


def held_tls(bench, plan):
    held(bench, plan, True)


def _climb(bench, plan, kind, calls, tls):
    def holds(level):
        # Once more when it goes wrong: one stall of the machine is not the server's limit.
        tries = (bench.calls("held", kind, level, tls, call_seconds=plan.call_seconds, seconds=plan.seconds, upstream=LIVE_PACE) for _ in range(2))
        return any(holds_up(kind, report) for report in tries)

    good, bad = 0, None
    while bad is None and calls <= LEVELS_MAX:
        good, bad = (calls, None) if holds(calls) else (good, calls)
        calls = calls * 4 // 3
    if bad is not None and holds((good + bad) // 2):
        good = (good + bad) // 2


def latency(bench, plan):
    """From the upstream's chunk to its audio on the wire, of one call and of many."""
    for _ in range(plan.repeats):
        for kind in ("mouthpiece-at-once", "fastapi", "node"):
            bench.calls("latency", kind, 1, call_seconds=3, seconds=3 * plan.latency_seconds, upstream=LIVE_PACE)
        for kind, calls in (("fastapi", 50), ("node", 50), ("mouthpiece-at-once", 200), ("node", 200)):
            bench.calls("latency", kind, calls, call_seconds=plan.call_seconds, seconds=plan.latency_seconds, upstream=LIVE_PACE)


def latency_tls(bench, plan):
    for _ in range(plan.repeats):
        for kind in ("mouthpiece-at-once", "node"):
            bench.calls("latency", kind, 200, True, call_seconds=plan.call_seconds, seconds=plan.latency_seconds, upstream=LIVE_PACE)


def webhooks(bench, plan, tls=False):
    for _ in range(plan.repeats):
        for kind in ("mouthpiece", "fastapi", "node"):
            bench.webhooks(kind, tls)


def webhooks_tls(bench, plan):
    webhooks(bench, plan, True)


def instructions(bench, plan):
    for kind in ("bare-silent", "mouthpiece"):
        bench.instructions(kind, seconds=plan.counted_seconds)


_EVERY = (instructions, webhooks, webhooks_tls, latency, latency_tls, whole_calls, growth, growth_tls, listening, held, held_tls)
ALL = {measurement.__name__: measurement for measurement in _EVERY}
QUICK_ONES = ("instructions", "webhooks", "latency", "growth")


def possible():
    """All but those for which this build of Mouthpiece lacks the setting."""
    lacking = [] if mouthpiece_knows("TLS_CERT_FILE") else [name for name in ALL if name.endswith("_tls")]
    lacking += [] if mouthpiece_knows("CALLER_AUDIO") else ["listening"]
    return [name for name in ALL if name not in lacking]
