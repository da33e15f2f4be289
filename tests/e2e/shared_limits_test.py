#!/usr/bin/env python3
"""Limits of callers and of numbers hold over several servers while Redis is there, for each server without it, and no webhook waits long."""

import os
import time
from concurrent.futures import ThreadPoolExecutor

from checks import NoTime, check, check_equal, on_a_machine_with_time, run
from programs import PlacedCalls, StandIn, new_directory, results_of, wait_until
from redis_server import Redis
from redis_test import LOST, USED, Instances
from twilio import Twiml, call_fields, post_webhook

PER_MINUTE, PLACES = 3, 4
TOO_OFTEN, BUSY = "You call too often.", "All four lines are busy."
NUMBER = "+14155550199"
LEASE_SECONDS = 10


def numbers_file():
    path = os.path.join(new_directory(), "numbers.toml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f'["{NUMBER}"]\nmax_calls = {PLACES}\nbusy_text = "{BUSY}"\n')
    return path


def limiting(count, redis, standin):
    return Instances(count, redis, standin, CALLS_PER_CALLER_PER_MINUTE=PER_MINUTE, CALLER_LIMIT_TEXT=TOO_OFTEN, NUMBERS_FILE=numbers_file())


def answers_of(servers, each, **fields):
    """To so many webhooks at once at each server: what Twilio is told to do, or to say."""

    def ask(server):
        twiml = Twiml(post_webhook(server, call_fields(**fields)))
        return "".join(twiml.said) or twiml.verbs[0]

    with ThreadPoolExecutor(len(servers) * each) as callers:
        return sorted(callers.map(ask, servers * each))


def all_heard_of_redis(servers):
    """No server had to decide by itself. On a machine that has no time, Redis' answers come after their deadline."""
    late = sum(server.metric('mouthpiece_redis_operations_total{use="call_limits",result="late"}') for server in servers)
    if late:
        raise NoTime(f"{late:.0f} answers of Redis came too late")


@on_a_machine_with_time
def a_caller_has_one_rate_at_all_servers():
    with Redis() as redis, StandIn() as standin, limiting(3, redis, standin) as servers:
        elsewhere = {"To": "+14155550777"}
        expected = ["Connect"] * PER_MINUTE + [TOO_OFTEN] * 6
        answers = answers_of(servers, 3, From="+14155550101", **elsewhere)
        all_heard_of_redis(servers)
        check_equal(answers, expected, f"three servers take {PER_MINUTE} calls of one caller in all")
        check_equal(answers_of(servers, 1, From="+14155550102", **elsewhere), ["Connect"] * 3, "another caller has his own rate")
        check_equal(answers_of(servers, 3, From="anonymous", **elsewhere), ["Connect"] * 9, "and who shows no number has none")
        seen = redis.ask("KEYS", "*")
        check("mouthpiece:caller:" in seen and "4155550" not in seen, "no number stands in Redis", seen)
        redis.die()
        for server in servers:
            server.await_log(LOST)
        expected = ["Connect"] * 9 + [TOO_OFTEN] * 3
        check_equal(answers_of(servers, 4, From="+14155550103", **elsewhere), expected, "without Redis each server counts for itself")


@on_a_machine_with_time
def a_number_has_its_places_at_all_servers():
    with Redis() as redis, StandIn() as standin, limiting(3, redis, standin) as servers:
        for time_of_day in ("first", "again, when all have ended"):
            placed = [PlacedCalls(server.api("/call/incoming"), "--to", NUMBER, "--from", f"+1415555{2 + i}000", "--calls", "4", "--rate", "100", "--light") for i, server in enumerate(servers)]  # fmt: skip
            calls = results_of(placed)
            taken = [call for call in calls if call["streams"]]
            all_heard_of_redis(servers)
            check_equal((len(calls), len(taken)), (12, PLACES), f"{time_of_day}: of 12 calls at three servers {PLACES} are taken")
            check(all(call["spoken"] == [BUSY] for call in calls if not call["streams"]), f"{time_of_day}: the others hear that the number is busy")
            check(all(not call["streams"][0]["unheard_bytes"] for call in taken), f"{time_of_day}: those that are taken hear all of it")
            wait_until(lambda: not redis.ask("KEYS", "mouthpiece:places:*"), 10, "ended calls have given their places back")
        doomed, *others = servers
        check_equal(answers_of([doomed] * PLACES, 1, From="anonymous"), ["Connect"] * PLACES, "one server has all places")
        wait_until(lambda: redis.ask("ZCARD", redis.ask("KEYS", "mouthpiece:places:*")) == str(PLACES), 10, "and Redis knows")
        doomed.process.kill()
        killed = time.monotonic()
        answers = answers_of(others, 1, From="anonymous")
        all_heard_of_redis(others)
        check_equal(answers, [BUSY] * 2, "killed: its calls still have them, as they may go on elsewhere")
        wait_until(lambda: answers_of(others[:1], 1, From="anonymous") == ["Connect"], LEASE_SECONDS + 10, "its places are free")
        took = time.monotonic() - killed
        check(took > 2, "and not at once", took)
        print(f"      {took:.1f} s after the kill its places were free")


def a_frozen_redis_delays_a_webhook_by_its_deadline():
    with Redis() as redis, StandIn() as standin, limiting(1, redis, standin) as (server,):
        server.synthesise("Said before.").raise_for_status()
        redis.freeze()
        begin = time.monotonic()
        first = answers_of([server], 1, From="+14155550104")
        took = time.monotonic() - begin
        check_equal(first, ["Connect"], "frozen: the call is taken")
        check(took < 0.1 + 0.5, "after 100 ms, on a machine that has time", took)
        server.await_log(LOST)
        check_equal(answers_of([server], 3, From="+14155550104"), ["Connect"] * 2 + [TOO_OFTEN], "frozen: the server counts for itself")
        check(server.metric('mouthpiece_redis_operations_total{use="call_limits",result="late"}') >= 1, "who was late is counted")
        redis.thaw()
        wait_until(lambda: len(server.log_lines(USED)) == 2, 30, "the server uses Redis again")
        print(f"      a webhook took {took * 1000:.0f} ms when Redis had just frozen")


if __name__ == "__main__":
    run(
        a_number_has_its_places_at_all_servers,
        a_caller_has_one_rate_at_all_servers,
        a_frozen_redis_delays_a_webhook_by_its_deadline,
        at_once=2,
    )  # fmt: skip
