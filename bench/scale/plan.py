"""From what one call costs to what many need: closed forms only. simulation.py shows what happens when a server dies or all are replaced."""

import math
from dataclasses import dataclass

from erlang import lines_for, slots_for

SPOKEN_SECONDS_MEASURED = 50  # in a minute of "whole calls": 10 s of each 12
BLOCKED_MAX = 1e-4  # of the calls, at the busiest time, with one server of a cell gone


@dataclass
class Call:
    """What one call takes, all along."""

    cores: float
    balancer_cores: float
    memory_kb: float
    mbit_in: float
    mbit_out: float
    requests_per_second: float  # to ElevenLabs
    redis_commands_per_second: float
    redis_mbit: float  # to Redis: what is stored
    slot_seconds: float  # for which each request has a slot
    characters_per_second: float


def one_call(inputs):
    call, network = inputs.call, inputs.network
    spoken_seconds = call.characters_per_request / call.characters_per_second  # of one request
    asked = call.spoken_share * (1 - call.cached_share)  # the share of its time for which ElevenLabs is asked
    out = network.out_bytes_per_spoken_second * call.spoken_share
    redis = (
        asked / spoken_seconds * inputs.redis.commands_per_new_sentence
        + call.spoken_share / spoken_seconds * inputs.redis.commands_per_heard_sentence
        + inputs.redis.commands_per_call / (call.minutes * 60)
    )
    per_new_second = (inputs.server.cpu_ms_whole_calls_new - inputs.server.cpu_ms_whole_calls_cached) / SPOKEN_SECONDS_MEASURED
    cpu_ms = inputs.server.cpu_ms_per_call_minute + asked * 60 * per_new_second
    return Call(
        cores=cpu_ms / 60_000,
        balancer_cores=inputs.balancer.cpu_ms_per_call_minute / 60_000,
        memory_kb=inputs.server.memory_kb_per_call,
        mbit_in=(network.in_bytes_per_second + 50 * network.packet_bytes) * 8 / 1e6,
        mbit_out=out * (1 + network.packet_bytes / 1400) * 8 / 1e6,
        requests_per_second=asked / spoken_seconds,
        redis_commands_per_second=redis,
        redis_mbit=asked * 8000 * 8 / 1e6,
        slot_seconds=inputs.elevenlabs.first_audio_seconds + inputs.elevenlabs.transfer_seconds_per_spoken_second * spoken_seconds,
        characters_per_second=asked * call.characters_per_second,
    )


def server_carries(inputs, call):
    """{what limits it: calls}"""
    server, cached = inputs.server, inputs.call.cached_share
    held = 1 / (cached / server.held_on_a_core_cached + (1 - cached) / server.held_on_a_core_new)
    return {
        "MAX_CALLS": server.calls_max,
        "shown": int(server.cores * server.cpu_share_max * held),
        "processor": int(server.cores * server.cpu_share_max / call.cores),
        "memory": int((server.memory_mb - server.memory_base_mb) * 1024 / call.memory_kb),
        "descriptors": server.descriptors // 2,
    }


@dataclass
class Plan:
    calls: int
    arrivals_per_second: float
    cells: int
    servers: int  # in all
    balancers: int  # in pairs, of which one carries all
    balancer_cores: int  # in all
    slots: int  # requests at once at ElevenLabs
    dollars_per_hour: float


def plan_for(inputs, calls):
    call = one_call(inputs)
    each = min(server_carries(inputs, call).values())
    cells = math.ceil(calls / inputs.balancer.cell_calls)
    servers = math.ceil(lines_for(calls / cells, BLOCKED_MAX) / each) + 1  # one may be gone
    return Plan(
        calls=calls,
        arrivals_per_second=calls / (inputs.call.minutes * 60),
        cells=cells,
        servers=cells * servers,
        balancers=cells * 2,
        balancer_cores=cells * 2 * math.ceil(calls / cells * call.balancer_cores / inputs.server.cpu_share_max),
        slots=slots_at(inputs, calls),
        dollars_per_hour=calls * call.characters_per_second * 3600 / 1000 * inputs.elevenlabs.dollars_per_1000_characters,
    )


def slots_at(inputs, calls):
    call, elevenlabs = one_call(inputs), inputs.elevenlabs
    offered = calls * call.requests_per_second * call.slot_seconds
    return slots_for(offered, call.slot_seconds, elevenlabs.patience_seconds, elevenlabs.late_share_max)


def calls_for_slots(inputs, slots):
    """The most calls at which so many slots are enough."""
    low, high = 0, 1
    while slots_at(inputs, high) <= slots:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if slots_at(inputs, middle) <= slots else (low, middle)
    return low


def breaking_points(inputs):
    """(calls at once at which it is reached, what, what then), the first one first, while everything else is as it comes."""
    call, server = one_call(inputs), inputs.server
    carries = server_carries(inputs, call)
    link = inputs.network.link_mbit_per_second
    points = [
        (int(inputs.call.outbound_per_second * inputs.call.minutes * 60), "Twilio's rate of calls that are placed", "ask Twilio for more a second; calls that come in are not limited so"),
        *((calls_for_slots(inputs, slots), f"ElevenLabs plan {name} ({slots} at once)", "more from the cache, the next plan; until then the embedded voice speaks what is late")
          for name, slots in inputs.elevenlabs.plans.items()),
        (carries["shown"], f"{server.cpu_share_max:.0%} of what {server.cores} cores were shown to hold", "the next server; or measure your own machine (`./dev bench held`)"),
        (carries["processor"], f"{server.cores} cores of a server at {server.cpu_share_max:.0%}", "the next server; `MAX_LOOP_LAG_MS` turns new calls away before running ones suffer"),
        (int(inputs.balancer.cores * server.cpu_share_max / call.balancer_cores), f"{inputs.balancer.cores} cores of one HAProxy at {server.cpu_share_max:.0%}", "the next cell"),
        (int(inputs.balancer.memory_mb * 1024 / inputs.balancer.memory_kb_per_call), f"{inputs.balancer.memory_mb} MB of one HAProxy", "a larger limit, or the next cell"),
        (carries["memory"], f"{server.memory_mb} MB of a server", "a larger limit, or the next server"),
        (int(inputs.redis.commands_per_second * inputs.server.cpu_share_max / (call.redis_commands_per_second + inputs.redis.commands_per_server_second / min(carries.values()))), f"one Redis at {inputs.server.cpu_share_max:.0%}", "a Redis for each cell, and for each its part of the plan; without it calls go on, and each server asks ElevenLabs itself"),
        (carries["MAX_CALLS"], "MAX_CALLS", "set it, or the next server"),
        (carries["descriptors"], "descriptors of a server", "LimitNOFILE"),
        (int(inputs.balancer.maxconn), "maxconn of HAProxy", "a larger one, and memory for it; or the next cell"),
        (int(inputs.balancer.ports_per_server), "ports between one HAProxy and one server", "more servers behind it, or a second address"),
        (int(link / call.mbit_in), f"{link / 1000:.0f} Gbit/s into one HAProxy", "the next cell"),
    ]  # fmt: skip
    return sorted(points, key=lambda point: point[0])
