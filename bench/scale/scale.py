#!/usr/bin/env python3
"""How many servers so many calls need, and what breaks first.

scale.py [--set NAME=VALUE…] [CALLS…]    prints the tables; inputs.toml has the names and what they are now
scale.py --write                         puts them into docs/scale.md
scale.py --check                         exit status 1 when docs/scale.md has others
"""

import random
import re
import sys

from inputs import ROOT, Inputs
from plan import breaking_points, calls_for_slots, one_call, plan_for, server_carries, slots_at
from simulation import Cell, Load, Simulation

PAGE = ROOT / "docs" / "scale.md"
CALLS = (100, 1_000, 10_000, 100_000, 1_000_000)
CACHED_SHARES = (0, 0.5, 0.8, 0.95, 0.99)


def shown(value):
    if isinstance(value, str):
        return value
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(shown, row)) + " |" for row in rows])


def inputs_table(inputs):
    rows = [(f"{group}.{name}", entry.value, entry.source) for group, entries in inputs.groups.items() for name, entry in entries.items() if name != "plans"]
    return table(("input", "value", "from"), [(f"`{name}`", f"{value:,}" if isinstance(value, int) else f"{value:g}", source) for name, value, source in rows])


def call_table(inputs):
    call = one_call(inputs)
    return table(
        ("one call takes", ""),
        [
            ("processor", f"{1000 * call.cores:.3g} thousandths of a core"),
            ("processor of HAProxy", f"{1000 * call.balancer_cores:.3g} thousandths of a core"),
            ("memory", f"{call.memory_kb:.3g} KB"),
            ("network, from Twilio and to it", f"{1000 * call.mbit_in:.0f} and {1000 * call.mbit_out:.0f} kbit/s"),
            ("requests to ElevenLabs", f"{60 * call.requests_per_second:.2g} a minute, each for {call.slot_seconds:.2g} s"),
            ("Redis", f"{60 * call.redis_commands_per_second:.2g} commands a minute, {1000 * call.redis_mbit:.2g} kbit/s"),
            ("slots of the plan", f"{1000 * call.requests_per_second * call.slot_seconds:.2g} thousandths of one"),
            ("characters", f"{60 * call.characters_per_second:.0f} a minute"),
        ],
    )


def plan_table(inputs, calls):
    call = one_call(inputs)
    rows = []
    for plan in (plan_for(inputs, number) for number in calls):
        rows.append((plan.calls, plan.arrivals_per_second, plan.cells, plan.servers, plan.servers * inputs.server.cores, plan.balancers, plan.balancer_cores,
                     plan.calls * call.mbit_in / 1000, plan.calls * call.mbit_out / 1000, plan.slots, plan.dollars_per_hour))  # fmt: skip
    return table(("calls at once", "new a second", "cells", "servers", "cores", "HAProxies", "their cores", "Gbit/s in", "Gbit/s out", "ElevenLabs at once", "ElevenLabs $/h"), rows)


def cache_table(calls):
    rows = []
    for share in CACHED_SHARES:
        inputs = Inputs(changes={"call.cached_share": share})
        largest = max(inputs.elevenlabs.plans.values())
        rows.append((f"{share:.0%}", calls_for_slots(inputs, largest), *(slots_at(inputs, number) for number in calls)))
    return table(("from the cache", f"calls with {largest} at once", *(f"{number:,} calls" for number in calls)), rows)


def breaking_table(inputs):
    return table(("calls at once", "what is full", "what then"), breaking_points(inputs))


# ---- one cell, simulated


def cell_of(inputs, slots=None):
    call, calls = one_call(inputs), int(inputs.balancer.cell_calls)
    each = min(server_carries(inputs, call).values())
    cell = Cell(plan_for(inputs, calls).servers, each, slots or slots_at(inputs, calls), inputs.elevenlabs.patience_seconds)
    mean = inputs.call.minutes * 60
    load = Load(calls / mean, lambda source: source.expovariate(1 / mean), call.requests_per_second, lambda source: source.expovariate(1 / call.slot_seconds))
    simulation = Simulation(cell, load, random.Random(1))
    simulation.begin_with(calls)
    return simulation


def story(what, simulation, seconds, minutes=None):
    tally = simulation.run(seconds)
    each = simulation.cell.calls_max
    return (what, f"{tally.calls:,}", f"{tally.refused:,}", f"{tally.rescued + tally.cut_at_the_limit:,}", f"{tally.most_on_one / each:.0%}",
            f"{tally.waited / tally.requests:.1%}", f"{tally.given_up / tally.requests:.1%}", "" if minutes is None else f"{tally.deploy_seconds / 60:.0f}")  # fmt: skip


def cell_table(inputs):
    rows = [story("nothing happens, 10 min", cell_of(inputs), 600)]
    simulation = cell_of(inputs)
    simulation.after(60, simulation.kill, 0, inputs.server.restart_seconds)
    rows.append(story("a server dies, 10 min", simulation, 600))
    simulation = cell_of(inputs)
    simulation.after(60, simulation.kill, 0, 600)
    rows.append(story("a server dies and stays away, 10 min", simulation, 600))
    simulation = cell_of(inputs)
    limit = inputs.server.drain_seconds
    simulation.deploy(limit)
    rows.append(story(f"a new version, `DRAIN_SECONDS={limit}`", simulation, simulation.cell.servers * limit + 60, "deploy"))
    slots = max(inputs.elevenlabs.plans.values())
    rows.append(story(f"{slots} requests at once, 10 min", cell_of(inputs, slots), 600))
    cell = cell_of(inputs).cell
    about = f"{cell.servers} servers that carry {cell.calls_max:,} calls each, {cell.slots} requests at once at ElevenLabs."
    head = ("", "new calls", "turned away", "moved to another server", "fullest server", "requests that wait", "spoken by the embedded voice", "minutes")
    return about + "\n\n" + table(head, rows)


# ---- the page


def tables(inputs, calls=CALLS):
    return {
        "one call": call_table(inputs),
        "many calls": plan_table(inputs, calls),
        "the cache": cache_table(calls),
        "what breaks first": breaking_table(inputs),
        "a cell": cell_table(inputs),
        "inputs": inputs_table(inputs),
    }


def filled(text, parts):
    """The page with each table between its two marks."""
    for name, content in parts.items():
        marked = rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)"
        text, found = re.subn(marked, lambda marks, content=content: f"{marks[1]}\n{content}\n\n{marks[2]}", text, flags=re.S)
        if found != 1:
            sys.exit(f"{PAGE.relative_to(ROOT)} has no place for {name}")
    return text


def main(arguments):
    if arguments in (["--write"], ["--check"]):
        page = PAGE.read_text()
        now = filled(page, tables(Inputs()))
        if arguments == ["--write"]:
            PAGE.write_text(now)
        elif now != page:
            sys.exit("docs/scale.md is not what its inputs give: bench/scale/scale.py --write")
        return
    changes = {}
    while arguments[:1] == ["--set"] and len(arguments) > 1:
        name, _, value = arguments[1].partition("=")
        changes[name], arguments = float(value), arguments[2:]
    if any(not argument.isdigit() for argument in arguments):
        sys.exit(__doc__)
    for name, content in tables(Inputs(changes=changes), [int(argument) for argument in arguments] or CALLS).items():
        print(f"{name}:\n\n{content}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
