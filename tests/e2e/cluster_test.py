#!/usr/bin/env python3
"""Three servers serve one number behind a load balancer, by the files in deploy/: they are replaced, and one of them is killed.

CALLS (default 30) are on the line at once. Every scenario runs with deploy/haproxy, some with deploy/nginx and with the
HAProxy of deploy/kubernetes. Those that a server dies in run with Redis, where its calls go on at the sentence not yet heard, and without.
"""

import contextlib
import functools
import os
import signal
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import requests

from balancer import PUBLIC, Haproxy, HaproxyOfPods, Nginx
from certificates import Authority
from checks import check, check_equal, run
from dying_server import DyingServer
from programs import PREFIX, PlacedCalls, Server, StandIn, odd_ones, sanitized, wait_until
from proxy import free_port
from redis_server import Redis
from sentences import goes_on_at, goes_on_by_length
from twilio import Twiml, call_fields, signature

CALLS = int(os.environ.get("CALLS") or (15 if sanitized() else 30))
TOKEN = "5ecre7a07h70ken"
GREETING = "Whichever of the servers answers you, you will hear all of this, from the first word to the last one."
SENTENCES = (
    "This is the night line of the harbour office. ",
    "The lock gates are closed until six o'clock. ",
    "Ships over sixty metres wait at the outer buoys. ",
    "The wind is from the north-west, and rising. ",
    "Pilots are on board of the blue cutter. ",
    "Call again in the morning for a berth, and good night.",
)
MARK_MS_MAX = 250  # from a sentence's end at the caller's ear until its server, on a busy machine, has told Redis
AUTHORITY = Authority()
CALLING = ("--auth-token", TOKEN, "--public-url", PUBLIC, "--ca-file", AUTHORITY.file, "--quiet", "500")


def instance(name, port, drain_policy, **settings):
    server = Server({
        "PORT": port, "GREETING": GREETING, "AFTER_SPEECH": "hangup", "TWILIO_AUTH_TOKEN": TOKEN, "WEBHOOK_BASE_URL": PUBLIC,
        "INSTANCE_BASE_URL": f"{PUBLIC}/{name}", "TRUSTED_PROXIES": "127.0.0.1", "DRAIN_POLICY": drain_policy, "THREADS": 1,
    } | settings)  # fmt: skip
    if "REDIS_URL" in settings:
        server.await_log("Redis is used")
    server.synthesise(server.settings["GREETING"]).raise_for_status()
    return server


class Cluster:
    def __init__(self, balancer, **settings):
        self.names, self.drain_policy, self.settings = balancer.names, balancer.drain_policy, settings
        self.servers = {name: instance(name, free_port(), self.drain_policy, **settings) for name in self.names}
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
        self.servers[name] = instance(name, old.port, self.drain_policy, **self.settings)
        return answered

    def await_calls_on(self, name):
        wait_until(lambda: self.servers[name].log_lines("call answered"), 60, f"{name} takes calls")


def length_seconds(server):
    return float(server.synthesise(GREETING).headers["X-Audio-Ms"]) / 1000


def a_rolling_restart_loses_no_call(balancer):
    what = f"{balancer.file}: rolling restart"
    enough = threading.Event()
    with Redis() as redis, Cluster(balancer, **redis.settings()) as cluster, ThreadPoolExecutor(1) as callers:
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


class Killed:
    """What became of calls of which some were on a server that died in the middle of the message."""

    def __init__(self, balancer, *behaviour, redis=None):
        with StandIn("--first-byte-ms", "0") as standin:
            settings = standin.settings() | {"GREETING": "".join(SENTENCES)} | (redis.settings() if redis else {})
            self.audio = [standin.audio_of(sentence) for sentence in SENTENCES]
            with Cluster(balancer, **settings) as cluster:
                self._kill(cluster, behaviour)
                with PlacedCalls(cluster.webhook, "--calls", "4", *CALLING) as after:
                    check_equal(odd_ones(after.result().calls), [], f"{balancer.file}: kill -9: calls afterwards")
        check(0 < len(self.lost) < CALLS, f"{balancer.file}: kill -9: some calls were on that server", len(self.lost))

    def _kill(self, cluster, behaviour):
        victim = cluster.servers[cluster.names[0]]
        with PlacedCalls(cluster.webhook, "--calls", str(CALLS), "--rate", "100", *CALLING, *behaviour) as placed:
            wait_until(lambda: cluster.streams() >= CALLS, 30, f"{CALLS} calls are on the line")
            sids = {connection["call_sid"] for connection in victim.connections()}
            # As far as marks tell: behind the second sentence, and a second into the third.
            middle = len(b"".join(self.audio[:2])) // 8 + 1_000
            wait_until(lambda: heard_ms(victim, min(sids)) > middle, 60, "they are in the middle of the message")
            victim.signal(signal.SIGKILL)
            calls = placed.result(180).calls
            self.heard = {call["call_sid"]: placed.heard_by(call["number"]) for call in calls if CALLS <= 100}
        self.lost = [call for call in calls if call["call_sid"] in sids]
        self.others = [call for call in calls if call["call_sid"] not in sids]

    def goes_on_at(self, call):
        """The number of the sentence that the second stream begins with; None: not every sentence was heard whole."""
        if len(call["streams"]) != 2 or call["spoken"] or call["streams"][1]["gaps"] or call["streams"][1]["unheard_bytes"]:
            return None
        before, after = (stream["heard_bytes"] for stream in call["streams"])
        if call["call_sid"] not in self.heard:
            return goes_on_by_length(self.audio, before, after)
        return goes_on_at(self.audio, self.heard[call["call_sid"]][:before], self.heard[call["call_sid"]][before:])

    def cut_in(self, call):
        """The numbers of the sentences in which the first stream may have ended: the former too, where its mark was on its way."""
        ends = [len(b"".join(self.audio[: number + 1])) for number in range(len(self.audio))]
        heard = call["streams"][0]["heard_bytes"]
        return {sum(1 for end in ends if end <= confirmed) for confirmed in (heard, heard - MARK_MS_MAX * 8)}


def heard_ms(server, sid):
    call = requests.get(server.api(f"/calls/{sid}"), timeout=20).json()
    return sum(utterance["heard_ms"] for utterance in call.get("utterances", ()))


def print_silence(balancer, what, rescued):
    silence = [call["streams"][1]["silence_before_ms"] for call in rescued if len(call["streams"]) == 2]
    print(f"      {balancer.file}, {what}: {len(rescued)} calls, silence between the streams: median {statistics.median(silence):.0f} ms, longest {max(silence):.0f} ms")


def kill_9_is_survived_by_its_calls_which_go_on(balancer):
    what = f"{balancer.file}: kill -9, with Redis"
    with Redis() as redis:
        killed = Killed(balancer, redis=redis)
        left = kept_in(redis)
    check_equal(odd_ones(killed.others), [], f"{what}: {len(killed.others)} calls of the other servers notice nothing")
    places = [(killed.goes_on_at(call), killed.cut_in(call)) for call in killed.lost]
    check(
        all(place is not None for place, _ in places), f"{what}: {len(places)} callers hear every sentence of the message",
        (places, [call for call, (place, _) in zip(killed.lost, places) if place is None]),
    )  # fmt: skip
    check(all(place in cut for place, cut in places), f"{what}: and none again but the one that was cut", places)
    check_equal(left, "", f"{what}: nothing of them is left in Redis")
    print_silence(balancer, "with Redis", killed.lost)


def kept_in(redis, seconds=20):
    """What Redis has of calls, when it has nothing or this long after."""
    until = time.monotonic() + seconds
    while (left := redis.ask("KEYS", "mouthpiece:rest:*")) and time.monotonic() < until:
        time.sleep(0.1)
    return left


def kill_9_is_survived_by_its_calls_which_begin_again(balancer):
    what = f"{balancer.file}: kill -9, without Redis"
    killed = Killed(balancer)
    check_equal(odd_ones(killed.others), [], f"{what}: {len(killed.others)} calls of the other servers notice nothing")
    places = [killed.goes_on_at(call) for call in killed.lost]
    check_equal(places, [0] * len(places), f"{what}: {len(places)} callers hear the message again, to its end")
    print_silence(balancer, "without Redis", killed.lost)


def where_twilio_ends_such_calls_nobody_else_is_harmed(balancer):
    what = f"{balancer.file}: kill -9, and Twilio does not ask"
    with Redis() as redis:
        killed = Killed(balancer, "--lost-stream-ends-call", redis=redis)
        left = redis.ask("KEYS", "mouthpiece:rest:*").split()
        lives = [int(redis.ask("TTL", name)) for name in left]
    check_equal([call["outcome"] for call in killed.lost], ["completed"] * len(killed.lost), f"{what}: those calls end")
    check_equal(odd_ones(killed.others), [], f"{what}: {len(killed.others)} calls of the other servers notice nothing")
    check(len(left) <= len(killed.lost) and all(0 < life <= 14_400 for life in lives), f"{what}: what was kept of them expires", (left, lives))


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


def what_a_server_dies_over_is_asked_of_another(balancer):
    what = f"{balancer.file}: dies while it is asked"
    names = balancer.names
    with contextlib.ExitStack() as stack:
        twilio = stack.enter_context(ThreadPoolExecutor(2 * len(names) + 1))
        dying = stack.enter_context(DyingServer())
        others = [stack.enter_context(instance(name, free_port(), balancer.drain_policy)) for name in names[1:]]
        front = stack.enter_context(balancer(AUTHORITY.issue(), dict(zip(names, [dying.port, *(other.port for other in others)]))))

        def ask(path, **others):
            """As Twilio does where the URL ends with #rc=3&rp=all."""
            fields, headers = call_fields(**others), {"Host": PUBLIC.removeprefix("https://")}
            signed = {"X-Twilio-Signature": signature(TOKEN, f"{PUBLIC}{path}", fields)}
            for _ in range(1 + 3):
                answer = requests.post(front.url(path), data=fields, headers=headers | signed, timeout=60, verify=AUTHORITY.file)
                if answer.status_code < 400:
                    break
            return answer

        def order():
            return requests.post(front.url(PREFIX + "/calls"), json={"to": "+15005550006"}, timeout=60, verify=AUTHORITY.file)

        # Each three go to the servers in turn, so one of them is for the dying one; the question is, by its name.
        webhooks = [twilio.submit(ask, PREFIX + "/call/incoming") for _ in names]
        wait_until(lambda: len(dying.asked) == 1 and sum(one.done() for one in webhooks) == 2, 20, "it is asked about a new call")
        orders = [twilio.submit(order) for _ in names]
        wait_until(lambda: len(dying.asked) == 2 and sum(one.done() for one in orders) == 2, 20, "it is asked to place a call")
        question = twilio.submit(ask, f"/{names[0]}{PREFIX}/call/ended/CA{0:032x}", CallSid=f"CA{0:032x}", CallStatus="in-progress")
        wait_until(lambda: len(dying.asked) == 3, 20, "it is asked what comes next")
        dying.die()
        answers = [one.result() for one in webhooks]
        check_equal([one.status_code for one in answers], [200] * len(answers), f"{what}: every caller is answered")
        check_equal({tuple(Twiml(one).verbs) for one in answers}, {("Connect",)}, f"{what}: with a stream")
        check_equal(Twiml(question.result()).verbs, ["Connect"], f"{what}: so is a call whose server it was")
        statuses = [one.result().status_code for one in orders]
        check_equal(statuses.count(502), 1, f"{what}: a call that it may have placed is not placed again")


SCENARIOS = {
    Haproxy: (
        a_rolling_restart_loses_no_call,
        kill_9_is_survived_by_its_calls_which_go_on,
        kill_9_is_survived_by_its_calls_which_begin_again,
        where_twilio_ends_such_calls_nobody_else_is_harmed,
        a_server_that_dies_while_the_phone_rings_is_not_missed,
        what_a_server_dies_over_is_asked_of_another,
    ),
    Nginx: (a_rolling_restart_loses_no_call, kill_9_is_survived_by_its_calls_which_go_on, what_a_server_dies_over_is_asked_of_another),
    HaproxyOfPods: (kill_9_is_survived_by_its_calls_which_go_on, what_a_server_dies_over_is_asked_of_another),
}


if __name__ == "__main__":
    run(*(functools.partial(scenario, balancer) for balancer, scenarios in SCENARIOS.items() for scenario in scenarios), at_once=2 if CALLS <= 100 else 1)
