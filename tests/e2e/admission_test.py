#!/usr/bin/env python3
"""A new call that cannot be carried is spoken to and counted; who asks too often is told so; those who run feel nothing."""

import signal
import time

import requests

from checks import check, check_equal, run
from programs import PREFIX, PlacedCalls, Server, wait_until
from twilio import Twiml, call_fields, post_webhook, signature

AUTH_TOKEN = "5ecre7a07h70ken5ecre7a07h70ken00"
PUBLIC = "https://phone.example.org"
KEY = "key-one-0123456789"
BUSY, TOO_OFTEN = "We are busy now.", "You call too often."
LONG_GREETING = "This is a long greeting, and you will hear every word of it. " * 6


def reached(server, limit, **headers):
    page = requests.get(server.url("/metrics"), headers=headers, timeout=10).text
    line = next(line for line in page.splitlines() if line.startswith(f'mouthpiece_limits_reached_total{{limit="{limit}"}}'))
    return float(line.rpartition(" ")[2])


def verbs_and_words(answer):
    twiml = Twiml(answer)
    return answer.status_code, twiml.verbs[0], "".join(twiml.said)


def a_late_loop_takes_no_new_call_and_keeps_the_old():
    with Server({"THREADS": 1, "BUSY_TEXT": BUSY, "GREETING": LONG_GREETING, "MAX_LOOP_LAG_MS": 200}) as server:
        server.synthesise(LONG_GREETING).raise_for_status()
        with PlacedCalls(server.api("/call/incoming")) as running:
            wait_until(lambda: any(stream["stream_sid"] for stream in server.connections()), 20, "the call is spoken to, two seconds ahead")
            # A pause of the whole program is what the loop sees of a machine that has no time for it.
            server.signal(signal.SIGSTOP)
            time.sleep(0.9)
            server.signal(signal.SIGCONT)
            busy = wait_until(lambda: answer_if_busy(server), 5, "a new call is turned away")
            check_equal(verbs_and_words(busy), (200, "Say", BUSY), "a new call hears that we are busy")
            check(server.metric('mouthpiece_loop_lag_seconds{percentile="100"}') > 0.5, "the lag is a metric")
            check(reached(server, "loop_lag") >= 1, "and who was turned away is counted")
            result = running.result()
        check(result.report["flawless"], "the running call was perfect", result.report)
        wait_until(lambda: answer_if_busy(server) is None, 20, "calls are taken again")
        check(server.log_lines("call turned away", "reason=loop_lag"), "the log tells")


def answer_if_busy(server):
    answer = post_webhook(server, call_fields())
    return answer if Twiml(answer).said else None


def a_number_that_calls_too_often_is_told_so():
    settings = {"CALLS_PER_CALLER_PER_MINUTE": 3, "CALLER_LIMIT_TEXT": TOO_OFTEN, "GREETING": "Hello."}
    with Server(settings) as server:
        answers = [post_webhook(server, call_fields()) for _ in range(4)]
        check_equal([Twiml(answer).verbs[0] for answer in answers], ["Connect"] * 3 + ["Say"], "three calls are taken, the fourth is not")
        check_equal(verbs_and_words(answers[3]), (200, "Say", TOO_OFTEN), "it hears why")
        check_equal(reached(server, "calls_of_caller"), 1, "and is counted")
        for number in ("+14155550111", "anonymous", "+266696687", "client:alice"):
            check_equal(Twiml(post_webhook(server, call_fields(From=number))).verbs[0], "Connect", f"{number} is taken")
        for _ in range(4):
            hidden = post_webhook(server, call_fields(From="anonymous"))
        check_equal(Twiml(hidden).verbs[0], "Connect", "callers without a number are not one caller")
        again = call_fields(From="+14155550122")
        check_equal(
            {Twiml(post_webhook(server, again)).verbs[0] for _ in range(6)}, {"Connect"}, "asking again for a call is not calling again"
        )
        check("4155550100" not in server.log(), "no number is in the log")


def too_many_requests_of_an_address_are_told_when_to_come_again():
    settings = {"API_KEYS": KEY, "REQUESTS_PER_SECOND": 1, "REFUSALS_PER_SECOND": 1, "UNLIMITED_FROM": "-",
                "TRUSTED_PROXIES": "127.0.0.0/8", "TWILIO_AUTH_TOKEN": AUTH_TOKEN, "BASE_URL": PUBLIC}  # fmt: skip
    with Server(settings) as server:

        def ask(path, client, key=KEY, method="GET", **form):
            return requests.request(method, server.api(path), headers={"X-API-Key": key, "X-Forwarded-For": client}, timeout=10, **form)

        def ask_too_often(path, client, allowed, **how):
            answers = [ask(path, client, **how) for _ in range(14)]
            statuses = [answer.status_code for answer in answers]
            limited = next((answer for answer in answers if answer.status_code == 429), None)
            check(statuses[:10] == [allowed] * 10 and limited is not None, f"{path}: ten times {allowed}, then 429", statuses)
            told = limited is not None and limited.json()["detail"] and int(limited.headers["Retry-After"]) >= 1
            check(told, f"{path}: with a detail and Retry-After", limited and limited.headers)

        ask_too_often("/connections", "198.51.100.1", 200)
        ask_too_often("/test", "198.51.100.2", 200)
        ask_too_often("/connections", "198.51.100.3", 401, key="wrong-wrong-wrong")
        ask_too_often("/nowhere", "198.51.100.4", 404)
        ask_too_often("/call/incoming", "198.51.100.5", 403, method="POST", data=call_fields())
        ask_too_often("/call/incoming", "2001:db8::1", 403, method="POST", data=call_fields())
        check_equal(ask("/nowhere", "2001:db8::2").status_code, 429, "a neighbour in the same IPv6 network is the same client")
        check_equal(ask("/connections", "198.51.100.3").status_code, 200, "who guessed keys may still come with the right one")
        check_equal(ask("/connections", "198.51.100.9").status_code, 200, "others are not concerned")
        signed = [call_from_twilio(server, "198.51.100.5") for _ in range(30)]
        check_equal({Twiml(answer).verbs[0] for answer in signed}, {"Connect"}, "signed webhooks are not limited, not even from there")
        check(reached(server, "refusals_of_address", **{"X-API-Key": KEY, "X-Forwarded-For": "198.51.100.10"}) >= 8, "refusals beyond the limit are counted")


def call_from_twilio(server, client):
    fields = call_fields()
    headers = {"X-Twilio-Signature": signature(AUTH_TOKEN, f"{PUBLIC}{PREFIX}/call/incoming", fields), "X-Forwarded-For": client}
    return requests.post(server.api("/call/incoming"), data=fields, headers=headers, timeout=20)


def at_the_limit_of_calls_each_is_perfect_or_spoken_to():
    with Server({"MAX_CALLS": 2, "BUSY_TEXT": BUSY, "GREETING": LONG_GREETING}) as server:
        with PlacedCalls(server.api("/call/incoming"), "--calls", "2", "--rate", "50") as placed:
            wait_until(lambda: len(server.log_lines("stream opened")) == 2, 20, "both streams are open")
            busy = post_webhook(server, call_fields())
            check_equal(verbs_and_words(busy), (200, "Say", BUSY), "the third call hears that we are busy")
            result = placed.result()
        check_equal(result.summary["flawless"], 2, "the two were perfect")
        check_equal(reached(server, "calls"), 1, "the third is counted")
        check_equal(Twiml(post_webhook(server, call_fields())).verbs[0], "Connect", "when they have ended calls are taken again")


if __name__ == "__main__":
    run(
        a_late_loop_takes_no_new_call_and_keeps_the_old,
        a_number_that_calls_too_often_is_told_so,
        too_many_requests_of_an_address_are_told_when_to_come_again,
        at_the_limit_of_calls_each_is_perfect_or_spoken_to,
        at_once=4,
    )
