#!/usr/bin/env python3
"""Several servers share what they have said through a real Redis, and nobody hears when it is slow, gone, full or back again.

CALLS (default 30) are on the line at once.
"""

import os
import socket
import socketserver
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from checks import check, check_equal, run
from programs import PREFIX, PlacedCalls, Server, StandIn, odd_ones, place_call, results_of, sanitized, wait_until
from redis_server import Redis

CALLS = int(os.environ.get("CALLS") or (15 if sanitized() else 30))
GREETING = "Whichever of the servers answers you, this sentence was made for all of you only once."
USED, LOST = "Redis is used", "Redis is not reached"
TOKEN = "5ecre7a07h70ken"
CALLING = ("--quiet", "500", "--light")


class Instances:
    """`count` servers with one stand-in for ElevenLabs and one Redis, which the test may end and start."""

    def __init__(self, count, redis, standin, **settings):
        self.servers = []
        try:
            for _ in range(count):
                self.servers.append(Server(standin.settings() | redis.settings() | {"GREETING": GREETING, "AFTER_SPEECH": "hangup", "THREADS": 1} | settings))
            for server in self.servers:
                server.await_log(USED)
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self):
        return self.servers

    def __exit__(self, *_):
        for server in self.servers:
            server.__exit__()


def place_on_all(servers, calls, rate=100):
    """Calls at all servers at once; what became of each."""
    shares = [calls // len(servers) + (number < calls % len(servers)) for number in range(len(servers))]
    placed = [
        PlacedCalls(server.api("/call/incoming"), "--calls", str(share), "--rate", str(rate / len(servers)), *CALLING)
        for server, share in zip(servers, shares)
    ]  # fmt: skip
    return results_of(placed)


def logged_once(servers, *events):
    for event in events:
        check_equal([len(server.log_lines(event)) for server in servers], [1] * len(servers), f"each log says once: {event}")


def redis_hits(server, kind="hits"):
    return server.metric(f'mouthpiece_cache_{kind}_total{{store="redis"}}')


def a_hundred_identical_greetings_over_three_servers_make_one_request():
    with Redis() as redis, StandIn() as standin, Instances(3, redis, standin) as servers:
        calls = place_on_all(servers, 100, rate=300)
        check_equal((len(calls), odd_ones(calls)), (100, []), "100 calls at three servers hear the greeting to its end, without a gap")
        check_equal(standin.log_of_requests()["speech_requests"], 1, "ElevenLabs was asked once")
        awaited = sum(redis_hits(server, "awaited") for server in servers)
        check_equal(awaited, 2, "two servers waited for the third")
        first = [call["streams"][0]["webhook_to_first_audio_ms"] for call in calls]
        print(f"      from the webhook to the first word: median {statistics.median(first):.0f} ms, longest {max(first):.0f} ms")


class Crossroads(socketserver.ThreadingTCPServer):
    """A balancer at its worst: webhooks go to one server, streams to the other."""

    request_queue_size = 100
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Way)
        self.port = self.server_address[1]
        self.webhooks = self.streams = None  # ports

    class Way(socketserver.BaseRequestHandler):
        def handle(self):
            stream = self.request.recv(4, socket.MSG_PEEK).startswith(b"GET")
            with socket.create_connection(("127.0.0.1", self.server.streams if stream else self.server.webhooks)) as there:
                back = threading.Thread(target=pass_on, args=(there, self.request), daemon=True)
                back.start()
                pass_on(self.request, there)
                back.join()

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


def pass_on(source, sink):
    try:
        while content := source.recv(65536):
            sink.sendall(content)
        sink.shutdown(socket.SHUT_WR)
    except OSError:  # one of them has ended
        pass


def what_one_prepares_while_the_phone_rings_is_played_by_another():
    with Redis() as redis, StandIn() as standin, Crossroads() as public:
        shared = standin.settings() | redis.settings() | {
            "GREETING": "Nobody but you, caller {call_sid}, hears this sentence.", "AFTER_SPEECH": "hangup", "THREADS": 1,
            "TWILIO_AUTH_TOKEN": TOKEN, "WEBHOOK_BASE_URL": f"http://127.0.0.1:{public.port}",
        }  # fmt: skip
        with Server(shared) as one, Server(shared) as other:
            for server in (one, other):
                server.await_log(USED)
            public.webhooks, public.streams = one.port, other.port
            webhook = f"http://127.0.0.1:{public.port}{PREFIX}/call/incoming"
            with PlacedCalls(webhook, "--calls", "20", "--rate", "20", "--stream-after", "300", "--auth-token", TOKEN, *CALLING) as placed:
                calls = placed.result().calls
            adopted = len(other.log_lines("stream of a call that another server answered"))
        check_equal(odd_ones(calls), [], "20 calls that one server answers and another speaks to hear their greetings to the end, without a gap")
        check_equal((adopted, standin.log_of_requests()["speech_requests"]), (20, 20), "ElevenLabs was asked once for each")
        first = [call["streams"][0]["start_to_first_audio_ms"] for call in calls]
        print(f"      from start to the first word: median {statistics.median(first):.0f} ms, longest {max(first):.0f} ms")


def what_one_has_said_the_others_play():
    with Redis() as redis, StandIn("--first-byte-ms", "0") as standin, Instances(2, redis, standin) as (one, other):
        first, second = (server.synthesise("Said by one of us, played by the other.") for server in (one, other))
        check(first.status_code == 200 and first.content == second.content, "both say the same, sample for sample")
        check_equal(standin.log_of_requests()["speech_requests"], 1, "ElevenLabs was asked once")
        check_equal((redis_hits(one, "stored"), redis_hits(other)), (1, 1), "one stored it, the other found it")
        name = redis.ask("KEYS", "mouthpiece:clip:*")
        redis.ask("SETRANGE", name, "3000", "damage")
        with Server(standin.settings() | redis.settings()) as third:
            third.await_log(USED)
            check(third.synthesise("Said by one of us, played by the other.").content == first.content, "a damaged one is not heard")
            check_equal(redis_hits(third, "damaged"), 1, "but noticed")


def redis_killed_and_restarted_under_load_is_not_heard():
    enough = threading.Event()
    with Redis() as redis, StandIn() as standin, Instances(3, redis, standin) as servers, ThreadPoolExecutor(1) as callers:

        def keep_calling():
            results = []
            while not enough.is_set():
                results += place_on_all(servers, CALLS, rate=CALLS)
            return results

        calling = callers.submit(keep_calling)
        try:
            wait_until(lambda: sum(len(server.connections()) for server in servers) >= CALLS // 2, 60, "calls are on the line")
            redis.die()
            for server in servers:
                server.await_log(LOST)
                check_equal(server.get("/ready").status_code, 200, "Redis killed: the server stays ready")
            alone = [server.synthesise("Said while there is no Redis.") for server in servers]
            check(all(answer.status_code == 200 for answer in alone), "Redis killed: each server speaks for itself")
            with redis.again():
                wait_until(lambda: all(len(server.log_lines(USED)) == 2 for server in servers), 60, "all servers use Redis again")
                asked = standin.log_of_requests()["speech_requests"]
                for server in servers:
                    server.synthesise("Said when Redis is back.").raise_for_status()
                check_equal(standin.log_of_requests()["speech_requests"] - asked, 1, "Redis restarted: what one says the others play, as before")
                enough.set()
                calls = calling.result()
                logged_once(servers, LOST)
        finally:
            enough.set()
        check_equal(odd_ones(calls), [], f"Redis killed and restarted: {len(calls)} calls, to their end, without a gap")


def a_frozen_redis_costs_a_bounded_wait_and_then_nothing():
    with Redis() as redis, StandIn("--first-byte-ms", "0") as standin, Instances(1, redis, standin) as (server,):
        def milliseconds(text):
            begin = time.monotonic()
            server.synthesise(text).raise_for_status()
            return (time.monotonic() - begin) * 1000

        usual = statistics.median(milliseconds(f"While all is well, {number}.") for number in range(5))
        wait_until(lambda: redis_hits(server, "stored") == 5, 10, "all of it is stored")  # not on its way when Redis freezes
        redis.freeze()
        first = milliseconds("When Redis has just fallen silent.")
        server.await_log(LOST)
        later = statistics.median(milliseconds(f"Without Redis, {number}.") for number in range(5))
        call = place_call(server, *CALLING)
        check_equal(odd_ones(call.calls), [], "frozen: a call hears its greeting, without a gap")
        redis.thaw()
        wait_until(lambda: len(server.log_lines(USED)) == 2, 30, "the server uses Redis again")
        server.synthesise("When it has thawed.").raise_for_status()
        wait_until(lambda: redis_hits(server, "stored") == 6, 10, "and stores what it says")
        # What a sentence costs besides is the machine's business; the bound is 20 ms a question, of which there are two.
        check(first < usual + 40 + 200, "frozen: the first sentence waits for the deadlines and no longer", (usual, first))
        logged_once([server], LOST)
        print(f"      a sentence with Redis {usual:.1f} ms, when it has just frozen {first:.1f} ms, without it {later:.1f} ms")


def a_full_or_read_only_redis_serves_what_it_has():
    for refusal, word, back in (
        (("CONFIG", "SET", "maxmemory", "1"), "OOM", ("CONFIG", "SET", "maxmemory", "0")),
        (("REPLICAOF", "127.0.0.1", "1"), "READONLY", ("REPLICAOF", "NO", "ONE")),
    ):
        with Redis() as redis, StandIn("--first-byte-ms", "0") as standin, Instances(2, redis, standin) as (one, other):
            one.synthesise("There before.").raise_for_status()
            redis.ask(*refusal)
            for number in range(4):
                one.synthesise(f"Too much, {number}.").raise_for_status()
            asked = standin.log_of_requests()["speech_requests"]
            other.synthesise("There before.").raise_for_status()
            check_equal(standin.log_of_requests()["speech_requests"], asked, f"{word}: what is there is still played")
            one.await_log(rf"Redis fails use=clip_store reason=\"{word}")
            check_equal(len(one.log_lines("Redis fails use=clip_store")), 1, f"{word}: the log says so once")
            check(one.metric('mouthpiece_redis_operations_total{use="clip_store",result="refused"}') >= 3, f"{word}: and it is counted")
            redis.ask(*back)
            one.synthesise("There is room again.").raise_for_status()
            one.await_log("Redis serves again use=clip_store")


def a_wrong_password_is_told_and_calls_are_taken():
    with Redis("--requirepass", "s3cret-of-redis") as redis:
        with Server({"REDIS_URL": f"redis://:guessed-pa55word@127.0.0.1:{redis.port}", "GREETING": GREETING}) as server:
            server.await_log(f'{LOST} reason="WRONGPASS')
            check_equal(place_call(server, *CALLING).status, 0, "wrong password: a call is heard")
            check("guessed-pa55word" not in server.log(), "and the password is not in the log")
        with Server({"REDIS_URL": f"redis://:s3cret-of-redis@127.0.0.1:{redis.port}/2"}) as server:
            server.await_log(USED)


if __name__ == "__main__":
    run(
        a_hundred_identical_greetings_over_three_servers_make_one_request,
        redis_killed_and_restarted_under_load_is_not_heard,
        what_one_prepares_while_the_phone_rings_is_played_by_another,
        what_one_has_said_the_others_play,
        a_frozen_redis_costs_a_bounded_wait_and_then_nothing,
        a_full_or_read_only_redis_serves_what_it_has,
        a_wrong_password_is_told_and_calls_are_taken,
        at_once=2,
    )  # fmt: skip
