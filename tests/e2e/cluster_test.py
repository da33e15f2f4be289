#!/usr/bin/env python3
"""Three servers serve one number behind a load balancer, by the files in deploy/: they are replaced, and one of them is killed.

CALLS (default 30) are on the line at once. Every scenario runs with deploy/haproxy, some with deploy/nginx and with the
HAProxy of deploy/kubernetes.
"""

import functools
import os
import signal
import statistics
import threading
from concurrent.futures import ThreadPoolExecutor

from balancer import PUBLIC, Haproxy, HaproxyOfPods, Nginx
from certificates import Authority
from checks import check, check_equal, run
from programs import PREFIX, PlacedCalls, Server, odd_ones, sanitized, wait_until
from proxy import free_port

CALLS = int(os.environ.get("CALLS") or (15 if sanitized() else 30))
TOKEN = "5ecre7a07h70ken"
GREETING = "Whichever of the servers answers you, you will hear all of this, from the first word to the last one."
AUTHORITY = Authority()
CALLING = ("--auth-token", TOKEN, "--public-url", PUBLIC, "--ca-file", AUTHORITY.file, "--quiet", "500")


def instance(name, port, drain_policy):
    server = Server({
        "PORT": port, "GREETING": GREETING, "AFTER_SPEECH": "hangup", "TWILIO_AUTH_TOKEN": TOKEN, "WEBHOOK_BASE_URL": PUBLIC,
        "INSTANCE_BASE_URL": f"{PUBLIC}/{name}", "TRUSTED_PROXIES": "127.0.0.1", "DRAIN_POLICY": drain_policy, "THREADS": 1,
    })  # fmt: skip
    server.synthesise(GREETING).raise_for_status()
    return server


class Cluster:
    def __init__(self, balancer):
        self.names, self.drain_policy = balancer.names, balancer.drain_policy
        self.servers = {name: instance(name, free_port(), self.drain_policy) for name in self.names}
        self.balancer = balancer(AUTHORITY.issue(), {name: server.port for name, server in self.servers.items()})
        self.webhook = self.balancer.url(PREFIX + "/call/incoming")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.balancer.__exit__()
        for server in self.servers.values():
            server.__exit__()

    def streams(self):
        return sum(1 for server in self.servers.values() if server.process.poll() is None for one in server.connections() if one["stream_sid"])

    def replace(self, name):
        """Another server in the place of this one, when it has ended by itself."""
        with self.servers[name] as old:
            old.signal(signal.SIGTERM)
            check_equal(old.await_end(120), 0, f"rolling restart: {name} ends with status 0")
            answered = len(old.log_lines("call answered"))
        self.servers[name] = instance(name, old.port, self.drain_policy)
        return answered

    def await_calls_on(self, name):
        wait_until(lambda: self.servers[name].log_lines("call answered"), 60, f"{name} takes calls")


def length_seconds(server):
    return float(server.synthesise(GREETING).headers["X-Audio-Ms"]) / 1000


def a_rolling_restart_loses_no_call(balancer):
    what = f"{balancer.file}: rolling restart"
    enough = threading.Event()
    with Cluster(balancer) as cluster, ThreadPoolExecutor(1) as callers:
        rate = CALLS / length_seconds(cluster.servers[cluster.names[0]])

        def keep_calling():
            results = []
            while not enough.is_set():
                with PlacedCalls(cluster.webhook, "--calls", str(CALLS), "--rate", f"{rate:.2f}", *CALLING) as placed:
                    results += placed.result(120).calls
            return results

        calling, answered = callers.submit(keep_calling), 0
        try:
            for name in cluster.names:
                cluster.await_calls_on(name)
                answered += cluster.replace(name)
            for name in cluster.names:
                cluster.await_calls_on(name)
        finally:
            enough.set()
        calls = calling.result()
        answered += sum(len(server.log_lines("call answered")) for server in cluster.servers.values())
    check_equal(odd_ones(calls), [], f"{what}: {len(calls)} calls, each on one stream, to its end, without a gap or a complaint")
    check_equal(answered, len(calls), f"{what}: the servers, old and new, took them between them")


def killed_with_calls_on_it(balancer, *behaviour):
    """(what became of the dead server's calls, of the others')"""
    with Cluster(balancer) as cluster:
        with PlacedCalls(cluster.webhook, "--calls", str(CALLS), "--rate", "100", *CALLING, *behaviour) as placed:
            wait_until(lambda: cluster.streams() >= CALLS, 30, f"{CALLS} calls are on the line")
            victims = {connection["call_sid"] for connection in cluster.servers[cluster.names[0]].connections()}
            cluster.servers[cluster.names[0]].signal(signal.SIGKILL)
            calls = placed.result(120).calls
        with PlacedCalls(cluster.webhook, "--calls", "4", *CALLING) as after:
            check_equal(odd_ones(after.result().calls), [], f"{balancer.file}: kill -9: calls afterwards")
    check(0 < len(victims) < CALLS, f"{balancer.file}: kill -9: some calls were on that server", len(victims))
    return [call for call in calls if call["call_sid"] in victims], [call for call in calls if call["call_sid"] not in victims]


def kill_9_is_survived_by_its_calls(balancer):
    what = f"{balancer.file}: kill -9"
    rescued, others = killed_with_calls_on_it(balancer)
    check_equal(odd_ones(others), [], f"{what}: {len(others)} calls of the other servers notice nothing")
    lost = [call for call in rescued if len(call["streams"]) != 2 or call["streams"][1]["unheard_bytes"] or call["streams"][1]["gaps"] or call["spoken"]]
    check_equal(lost, [], f"{what}: {len(rescued)} calls go on with another server, which says the message to its end")
    silence = [call["streams"][1]["webhook_to_first_audio_ms"] for call in rescued if len(call["streams"]) == 2]
    print(f"      {balancer.file}: from the question what next to the first word again: median {statistics.median(silence):.0f} ms, longest {max(silence):.0f} ms")


def where_twilio_ends_such_calls_nobody_else_is_harmed(balancer):
    what = f"{balancer.file}: kill -9, and Twilio does not ask"
    lost, others = killed_with_calls_on_it(balancer, "--lost-stream-ends-call")
    check_equal([call["outcome"] for call in lost], ["completed"] * len(lost), f"{what}: those calls end")
    check_equal(odd_ones(others), [], f"{what}: {len(others)} calls of the other servers notice nothing")


def a_server_that_dies_while_the_phone_rings_is_not_missed(balancer):
    what = f"{balancer.file}: dead while it rings"
    with Cluster(balancer) as cluster:
        with PlacedCalls(cluster.webhook, "--calls", "6", "--rate", "100", "--stream-after", "2000", *CALLING) as placed:
            wait_until(lambda: sum(len(server.log_lines("call answered")) for server in cluster.servers.values()) == 6, 20, "all are answered")
            orphans = len(cluster.servers[cluster.names[0]].log_lines("call answered"))
            cluster.servers[cluster.names[0]].signal(signal.SIGKILL)
            calls = placed.result().calls
        adopted = sum(len(server.log_lines("stream of a call that another server answered")) for server in cluster.servers.values())
    check(orphans > 0, f"{what}: it had answered some", orphans)
    check_equal(odd_ones(calls), [], f"{what}: every call has its stream, and hears the message once, to its end")
    check_equal(adopted, orphans, f"{what}: the others took its streams by their passes")


SCENARIOS = {
    Haproxy: (
        a_rolling_restart_loses_no_call,
        kill_9_is_survived_by_its_calls,
        where_twilio_ends_such_calls_nobody_else_is_harmed,
        a_server_that_dies_while_the_phone_rings_is_not_missed,
    ),
    Nginx: (a_rolling_restart_loses_no_call, kill_9_is_survived_by_its_calls),
    HaproxyOfPods: (kill_9_is_survived_by_its_calls,),
}


if __name__ == "__main__":
    run(*(functools.partial(scenario, balancer) for balancer, scenarios in SCENARIOS.items() for scenario in scenarios), at_once=2)
