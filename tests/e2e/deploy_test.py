#!/usr/bin/env python3
"""What a deploy does to many calls: nothing. SIGTERM and new certificates while CALLS of them (default 40) are on the line."""

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

from certificates import Authority
from checks import check, check_equal, run
from programs import PREFIX, PlacedCalls, Server, sanitized, wait_until
from proxy import Proxy, free_port
from tls_client import common_name_shown

CALLS = int(os.environ.get("CALLS") or (20 if sanitized() else 40))
RATE = "100"  # calls begun a second
GREETING = (
    "You are on the line while the people who run this server put a new version of it into place. "
    "Nobody should notice anything of that, neither a click nor a pause nor a missing word. "
    "If you have heard this sentence as well, they have done it right."
)
AUTHORITY = Authority()


def full_house(server, *options):
    """CALLS calls, all of them on the line."""
    placed = PlacedCalls(server.api("/call/incoming"), "--calls", str(CALLS), "--rate", RATE, *options)
    wait_until(lambda: sum(1 for c in server.connections() if c["stream_sid"]) == CALLS, 60, f"{CALLS} calls are on the line")
    return placed


def check_all_perfect(result, what):
    summary = result.summary
    whole = {(call["streams"][-1]["heard_bytes"], call["streams"][-1]["end"]) for call in result.calls}
    check_equal(summary["heard_speech"], CALLS, f"{what}: {CALLS} callers have heard speech")
    check(len(whole) == 1, f"{what}: all of them the same, to its end", whole)
    check_equal(summary["gaps"], 0, f"{what}: without a gap (these callers' own timers were up to {summary['simulator_lateness_ms']:.0f} ms late)")
    check_equal(summary["notices"] + summary["application_errors"], 0, f"{what}: and Twilio has nothing to complain of")


def sigterm_cuts_nobody_off():
    with Server({"GREETING": GREETING, "AFTER_SPEECH": "hangup"}) as server:
        server.synthesise(GREETING).raise_for_status()
        with full_house(server) as placed:
            server.signal(signal.SIGTERM)
            server.await_log(rf"draining calls={CALLS} ")
            result = placed.result(180)
        check_all_perfect(result, "SIGTERM")
        check_equal(server.await_end(), 0, "SIGTERM: exit status 0 behind the last call")
        check_equal(len(server.log_lines("stream closed", "outcome=completed", "underruns=0 ")), CALLS, "SIGTERM: and the log says the same")


def new_certificates_cut_nobody_off():
    pairs = [AUTHORITY.issue(common_name=f"pair {number}") for number in range(4)]
    shown = pairs[0]
    with Server({"GREETING": GREETING, "AFTER_SPEECH": "hangup"}, pair=shown, ca_file=AUTHORITY.file) as server:
        server.synthesise(GREETING).raise_for_status()
        with full_house(server, "--ca-file", AUTHORITY.file) as placed:
            for number, pair in enumerate(pairs[1:], 1):
                pair.put_in_place_of(shown)
                wait_until(lambda: common_name_shown(server, AUTHORITY.file) == f"pair {number}", 20, f"pair {number} is shown")
            result = placed.result(180)
        check_all_perfect(result, "new certificates")
        check_equal(server.metric('mouthpiece_tls_certificate_reads_total{result="renewed"}'), 3, "new certificates: three were put into place meanwhile")


# ---- two servers behind a real load balancer, replaced one after the other while calls keep coming

PUBLIC = "https://phone.example.org"
TOKEN = "5ecre7a07h70ken"
BATCH = 10
SHORT_GREETING = "Whichever server answers you, you will hear this, and hear it once."


def instance(name, port):
    """One of the servers; its name is part of its own public address."""
    settings = {
        "PORT": port, "GREETING": SHORT_GREETING, "AFTER_SPEECH": "hangup", "TWILIO_AUTH_TOKEN": TOKEN,
        "WEBHOOK_BASE_URL": PUBLIC, "INSTANCE_BASE_URL": f"{PUBLIC}/{name}", "TRUSTED_PROXIES": "127.0.0.1", "DRAIN_POLICY": "serve",
    }  # fmt: skip
    server = Server(settings)
    server.synthesise(SHORT_GREETING).raise_for_status()
    return server


def replaced(server, name, proxy):
    """Another server in the place of this one, as soon as it has ended by itself."""
    with server:
        proxy.leave_out(server.port)
        server.signal(signal.SIGTERM)
        check_equal(server.await_end(60), 0, f"rolling restart: {name} ends with status 0")
        answered = len(server.log_lines("call answered"))
    new = instance(name, server.port)
    proxy.leave_out()
    return new, answered


def check_once(result, calls, what):
    """Every call was heard to its end, on one stream, with nothing for Twilio to complain of."""
    odd = [call for call in result.calls if len(call["streams"]) != 1 or call["notices"] or call["outcome"] != "completed"]
    check_equal(odd, [], f"{what}: every call has one stream and no complaint")
    heard = {call["streams"][0]["heard_bytes"] for call in result.calls if call["streams"]}
    check(len(heard) == 1 and min(heard) > 8000, f"{what}: all have heard the same, to its end", heard)
    check_equal((result.summary["calls"], result.summary["gaps"]), (calls, 0), f"{what}: {calls} calls, without a gap")


def keep_calling(url, options, enough):
    """Call after call, until there are enough."""
    results = []
    while not enough.is_set():
        with PlacedCalls(url, "--calls", str(BATCH), "--rate", "5", *options) as placed:
            results.append(placed.result(120))
    return results


def a_rolling_restart_loses_no_call():
    pair, enough, answered = AUTHORITY.issue(), threading.Event(), []
    servers = {name: instance(name, free_port()) for name in ("a", "b")}
    with Proxy(pair, [server.port for server in servers.values()], instances=servers) as proxy, ThreadPoolExecutor(2) as callers:
        options = ("--auth-token", TOKEN, "--public-url", PUBLIC, "--ca-file", AUTHORITY.file)
        calling = [callers.submit(keep_calling, proxy.url(PREFIX + "/call/incoming"), options, enough) for _ in range(2)]
        try:
            for name, old in list(servers.items()):
                wait_until(lambda: len(old.log_lines("call answered")) >= 3, 60, f"{name} takes calls")
                servers[name], count = replaced(old, name, proxy)
                answered.append(count)
            wait_until(lambda: all(server.log_lines("call answered") for server in servers.values()), 60, "the new servers take calls")
        finally:
            enough.set()
        results = [result for caller in calling for result in caller.result()]
    for server in servers.values():
        with server:
            answered.append(len(server.log_lines("call answered")))
    check_equal(sum(answered), BATCH * len(results), f"rolling restart: two old and two new servers took the calls between them, {answered}")
    for number, result in enumerate(results, 1):
        check_once(result, BATCH, f"rolling restart, {number} of {len(results)}")


def kill_9_loses_that_servers_calls_and_no_others():
    pair = AUTHORITY.issue()
    with instance("a", free_port()) as a, instance("b", free_port()) as b, Proxy(pair, [a.port, b.port], instances=("a", "b")) as proxy:
        options = ("--auth-token", TOKEN, "--public-url", PUBLIC, "--ca-file", AUTHORITY.file)
        with PlacedCalls(proxy.url(PREFIX + "/call/incoming"), "--calls", str(CALLS), "--rate", RATE, "--hold", "6", *options) as placed:
            wait_until(lambda: len(a.connections()) + len(b.connections()) >= CALLS, 30, f"{CALLS} calls are on the line")
            victims = {connection["call_sid"] for connection in a.connections()}
            a.signal(signal.SIGKILL)
            result = placed.result(120)
        others = [call for call in result.calls if call["call_sid"] not in victims]
        check(0 < len(victims) < CALLS, "kill -9: both servers had calls", len(victims))
        harmed = [call for call in others if call["notices"] or len(call["streams"]) != 1 or call["streams"][0]["gaps"]]
        check_equal(harmed, [], f"kill -9: {len(others)} calls of the other server are not harmed")
        after = PlacedCalls(proxy.url(PREFIX + "/call/incoming"), "--calls", "4", *options)
        with after:
            check_once(after.result(), 4, "kill -9: calls afterwards")


if __name__ == "__main__":
    run(
        sigterm_cuts_nobody_off,
        new_certificates_cut_nobody_off,
        a_rolling_restart_loses_no_call,
        kill_9_loses_that_servers_calls_and_no_others,
    )
