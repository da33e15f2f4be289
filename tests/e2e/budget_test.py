#!/usr/bin/env python3
"""Several servers have one ElevenLabs plan: together they never ask for more at once than it allows, and none of it lies idle.

The stand-in refuses, as ElevenLabs does, what goes beyond the plan, and counts it.
"""

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from checks import NoTime, check, check_equal, on_a_machine_with_time, run
from programs import PlacedCalls, StandIn, odd_ones, results_of, wait_until
from redis_server import Redis
from redis_test import CALLING, LOST, Instances

PLAN = 5
LEASE_SECONDS = 2
LATE_MS_MAX = 100
RINGING = ("--stream-after", "1000")  # while the sentences are made
EACH_ITS_OWN = "Hello, {name}, this is for you alone."
SHARED, DIVIDED = "plan is shared", "plan is divided"


def plan_of(*flags):
    """An account whose requests are short, so that what is measured is who may ask."""
    return StandIn("--plan", str(PLAN), "--first-byte-ms", "60", *flags)


def sharing(count, redis, standin, **settings):
    return Instances(count, redis, standin, **({"GREETING": EACH_ITS_OWN, "ELEVENLABS_MAX_REQUESTS": PLAN} | settings))


_names = itertools.count(1)


def place(servers, each, rate):
    """`each` calls at each of the servers, `rate` a second at all of them; no two hear the same."""
    placed = [
        PlacedCalls(server.api(f"/call/incoming?name=number+{next(_names)}+{{n}}"), "--calls", str(each), "--rate", str(rate / len(servers)), *RINGING, *CALLING)
        for server in servers
    ]  # fmt: skip
    return results_of(placed)


def share(server, what):
    return server.metric(f"mouthpiece_elevenlabs_share_{what}")


def await_partners(servers, count=None):
    wait_until(lambda: all(share(server, "servers") == (count or len(servers)) for server in servers), 20, "all know each other")


def within_the_plan(standin, what):
    log = standin.log_of_requests()
    check_equal(log["over_plan"], 0, f"{what}: no request was one too many")
    return log["in_progress_most"]


def in_elevenlabs_voice(servers, calls, what):
    """All hear all of it, without a gap and in ElevenLabs' voice."""
    unheard = [call for call in calls if call["outcome"] != "completed" or any(stream["unheard_bytes"] for stream in call["streams"])]
    check_equal(unheard, [], f"{what}: {len(calls)} calls to their end")
    late = max(stream["simulator_lateness_ms"] for call in calls for stream in call["streams"])
    if late > LATE_MS_MAX:
        raise NoTime(f"these callers' own timers were up to {late:.0f} ms late")
    check_equal(odd_ones(calls), [], f"{what}: without a gap")
    fell_back = [server.metric('mouthpiece_fallbacks_total{to="embedded_voice"}') for server in servers]
    check_equal(fell_back, [0] * len(servers), f"{what}: in ElevenLabs' voice")


@on_a_machine_with_time
def many_texts_at_once_over_three_servers():
    with Redis() as redis, plan_of() as standin, sharing(3, redis, standin) as servers:
        await_partners(servers)
        calls = place(servers, 4, rate=200) + place(servers, 8, rate=8)
        in_elevenlabs_voice(servers, calls, "three servers")
        check_equal(standin.log_of_requests()["speech_requests"], len(calls), "each call's sentence was asked for once")
        check_equal(within_the_plan(standin, "three servers"), PLAN, "and all of the plan was used")


@on_a_machine_with_time
def one_alone_has_all_of_it():
    with Redis() as redis, plan_of() as standin, sharing(1, redis, standin) as servers:
        servers[0].await_log(SHARED)
        calls = place(servers, 10, rate=200)
        in_elevenlabs_voice(servers, calls, "one server")
        check_equal(within_the_plan(standin, "one server"), PLAN, "one server alone uses all of the plan")


@on_a_machine_with_time
def what_a_killed_server_had_the_others_get():
    with Redis() as redis, plan_of() as standin, sharing(3, redis, standin) as servers:
        await_partners(servers)
        doomed, one, other = servers
        with ThreadPoolExecutor(1) as callers:
            calling = callers.submit(place, [one, other], 14, 7)
            wait_until(lambda: standin.log_of_requests()["in_progress"] > 0, 20, "sentences are being made")
            doomed.process.kill()
            killed = time.monotonic()
            await_partners([one, other], 2)
            took = time.monotonic() - killed
            calls = calling.result()
        check(took < LEASE_SECONDS + 2, "killed: the others have its share when its lease has ended", took)
        in_elevenlabs_voice([one, other], calls, "one killed")
        within_the_plan(standin, "one killed")
        print(f"      {took:.2f} s after the kill its share was the others'")


@on_a_machine_with_time
def redis_killed_and_restarted_under_load():
    enough = threading.Event()
    with Redis() as redis, plan_of() as standin, sharing(3, redis, standin) as servers, ThreadPoolExecutor(1) as callers:
        await_partners(servers)

        def keep_calling():
            results = []
            while not enough.is_set():
                results += place(servers, 10, rate=8)
            return results

        calling = callers.submit(keep_calling)
        try:
            wait_until(lambda: standin.log_of_requests()["in_progress"] > 0, 20, "sentences are being made")
            redis.die()
            for server in servers:
                server.await_log(LOST)
                server.await_log(DIVIDED)
            check_equal([server.metric("mouthpiece_elevenlabs_requests_limit") for server in servers], [PLAN // 3] * 3, "without Redis each has an equal part")
            with redis.again():
                await_partners(servers)
                wait_until(lambda: all(len(server.log_lines(SHARED)) == 2 for server in servers), 20, "it is shared again")
                enough.set()
                calls = calling.result()
        finally:
            enough.set()
        in_elevenlabs_voice(servers, calls, "Redis killed and restarted")
        within_the_plan(standin, "Redis killed and restarted")
        check_equal([share(server, "lost_total") for server in servers], [1] * 3, "each lost its grant once")
        check_equal([len(server.log_lines(DIVIDED)) for server in servers], [1] * 3, "and said so once")


@on_a_machine_with_time
def a_plan_nobody_stated_is_learnt_from_one_reply():
    with Redis() as redis, plan_of() as standin, sharing(2, redis, standin, ELEVENLABS_MAX_REQUESTS="") as (one, other):
        await_partners([one, other])
        one.synthesise("What does the plan allow?").raise_for_status()
        wait_until(lambda: share(other, "granted") == 1, 20, "the other has heard of it")
        calls = place([other], 8, rate=200)
        in_elevenlabs_voice([one, other], calls, "learnt")
        within_the_plan(standin, "a plan learnt from the other's reply")


if __name__ == "__main__":
    run(
        many_texts_at_once_over_three_servers,
        redis_killed_and_restarted_under_load,
        what_a_killed_server_had_the_others_get,
        one_alone_has_all_of_it,
        a_plan_nobody_stated_is_learnt_from_one_reply,
        at_once=2,
    )  # fmt: skip
