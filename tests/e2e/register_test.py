#!/usr/bin/env python3
"""Three servers and one Redis: whichever is asked about a call, the one that has it does what was asked, and all of them know of all calls."""

import asyncio
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import requests

from audio import framed
from call_control_test import await_state, post, show
from checks import check, check_equal, run
from openapi_test import ASSET, Document
from programs import PREFIX, PlacedCalls, StandIn, wait_until
from redis_server import Redis
from redis_test import Instances
from twilio import Stream, bare_start, call_fields, new_call_sid, post_webhook

GREETING = "Please hold the line."
NOTES = "Said to the first server.", "Said to the second one.", "And this to the third."
LEASE_SECONDS = 10

with open(ASSET, encoding="utf-8") as file:
    DOCUMENT = Document(file.read())


class Group(ExitStack):
    """Servers that know of each other."""

    def __init__(self, count=3, **settings):
        super().__init__()
        self.redis = self.enter_context(Redis())
        self.standin = self.enter_context(StandIn())
        settings = {"GREETING": GREETING, "AFTER_SPEECH": "stay", "THREADS": 2} | settings
        self.servers = self.enter_context(Instances(count, self.redis, self.standin, **settings))
        self.await_register()

    def await_register(self):
        everybody = lambda server: len(instances(server) or []) == len(self.servers)  # noqa: E731
        wait_until(lambda: all(everybody(server) for server in self.servers), 30, "all servers know of each other")

    def call(self, server, *options):
        """A caller on the line of this server, and the CallSid."""
        before = set(sids(server, state="open", instances="this"))
        placed = self.enter_context(PlacedCalls(server.api("/call/incoming"), "--hold", "60", *options))
        sid = wait_until(lambda: set(sids(server, state="open", instances="this")) - before, 20, "a call is open").pop()
        others = [other for other in self.servers if other is not server]
        wait_until(lambda: all(show(other, sid).get("state") == "open" for other in others), 20, "the others know of it")
        return placed, sid


def instances(server):
    answer = requests.get(server.api("/instances"), timeout=20)
    return answer.json()["instances"] if answer.ok else None


def name_of(server):
    return server.get(PREFIX + "/test").json()["instance"]


def listed(server, **query):
    answer = requests.get(server.api("/calls"), params=query, timeout=20)
    complaint = operation("get", "/calls").complaint(answer)
    check(complaint is None, "GET /calls answers as described", complaint) if complaint else None
    return answer.json()


def sids(server, **query):
    return [call["call_sid"] for call in listed(server, **query)["calls"]]


def operation(method, path):
    return next(o for o in DOCUMENT.operations() if (o.method, o.path) == (method, PREFIX + path))


def described(answer, method, path, what):
    complaint = operation(method, path).complaint(answer)
    check(complaint is None, f"{what}: an answer as described", complaint)
    return answer


def whichever_server_is_asked_the_caller_hears_it():
    with Group() as group:
        placed, sid = group.call(group.servers[0])
        await_state(group.servers[1], sid, 1, "heard")
        for number, (server, text) in enumerate(zip(group.servers, NOTES), 1):
            said = described(post(server, sid, "say", {"text": text}), "post", "/calls/{sid}/say", f"say to server {number}")
            check_equal((said.status_code, said.json()["utterance"]["id"]), (202, number + 1), f"say to server {number} is accepted")
            page = described(requests.get(server.api(f"/calls/{sid}"), timeout=20), "get", "/calls/{sid}", "show")
            check_equal(page.json()["instance"], name_of(group.servers[0]), f"server {number} tells who has the call")
        marked = post(group.servers[1], sid, "mark", {"name": "after the notes"})
        check_equal(marked.json()["utterance"]["kind"], "mark", "a mark is set from another server")
        ended = post(group.servers[2], sid, "hangup", {"when": "after_speech"})
        check_equal((ended.status_code, ended.json()["state"]), (200, "open"), "hangup from another server waits for the last word")
        heard = placed.result().heard
        at = [heard.find(framed(group.standin.audio_of(text))) for text in (GREETING, *NOTES)]
        check(-1 not in at and at == sorted(at), "the caller heard all of it, whole and in order", at)
        page = show(group.servers[1], sid)
        check_equal((page["state"], page["outcome"]), ("ended", "completed"), "any server tells how it ended")
        check_equal([entry["state"] for entry in page["utterances"]], ["heard"] * 5, "and that all was heard")
        codes = [post(server, sid, "say", {"text": GREETING}).status_code for server in group.servers]
        check_equal(codes, [409] * 3, "an ended call takes nothing more, whoever is asked")
        check_equal([show(server, new_call_sid()).get("detail") for server in group.servers], ["No call of that CallSid is known here."] * 3, "what nobody knows is not found")


def clear_and_hang_up_from_another_server():
    with Group(2, GREETING="One is long. " * 20, LEAD_MS=20000) as group:
        here, other = group.servers
        placed, sid = group.call(here)
        await_state(other, sid, 1, "speaking")
        cleared = post(other, sid, "clear")
        check_equal((cleared.status_code, cleared.json()["utterances"][0]["state"]), (200, "cancelled"), "clear from another server")
        gone = post(other, sid, "hangup")
        check_equal((gone.status_code, gone.json()["state"]), (200, "ended"), "hangup from another server ends it at once")
        result = placed.result()
        check_equal(len(result.report["streams"]), 1, "for good")
        check(len(result.heard) < len(group.standin.audio_of("One is long. " * 20)), "the caller did not hear the rest")


def a_key_holds_whichever_server_is_asked():
    with Group() as group:
        _, sid = group.call(group.servers[0])
        answers = [post(server, sid, "say", {"text": NOTES[0]}, "once") for server in group.servers[::-1]]
        check_equal([answer.status_code for answer in answers], [202] * 3, "three servers, one key: each accepts")
        check(all(answer.json() == answers[0].json() for answer in answers), "with the first answer")
        codes = [post(server, sid, "say", {"text": NOTES[1]}, "once").status_code for server in group.servers]
        check_equal(codes, [422] * 3, "the key serves no other request, on any server")
        with ThreadPoolExecutor(12) as pool:
            race = list(pool.map(lambda n: post(group.servers[n % 3], sid, "say", {"text": NOTES[2]}, "race").status_code, range(24)))
        check(set(race) <= {202, 409} and 202 in race, "many at once over all servers: one is carried out", race)
        check_equal(len(show(group.servers[1], sid)["utterances"]), 3, "the call was given the greeting and two texts")
        full = [post(group.servers[1], sid, "say", {"text": NOTES[0]}) for _ in range(40)][-1]
        check_equal((full.status_code, full.headers.get("Retry-After")), (429, "1"), "a refusal comes with its Retry-After")
        wrong = post(group.servers[1], sid, "say", {"text": 7})
        check_equal(wrong.status_code, 422, "a wrong body is refused, as by the server that has the call")


def every_server_lists_all_calls():
    with Group() as group:
        calls = {name_of(server): group.call(server)[1] for server in group.servers}
        for server in group.servers:
            page = listed(server, state="open")
            check_equal({call["instance"]: call["call_sid"] for call in page["calls"]}, calls, "a list names all calls and where they are")
            check_equal((page["complete"], page["not_answered"]), (True, []), "and is complete")
            check_equal(sids(server, state="open"), list(calls.values())[::-1], "the latest first")
            check_equal(sids(server, state="open", limit=2), list(calls.values())[:0:-1], "as many as asked for")
            check_equal(sids(server, instances="this"), [calls[name_of(server)]], "or only those of the server asked")
            told = described(requests.get(server.api("/instances"), timeout=20), "get", "/instances", "GET /instances").json()["instances"]
            check_equal({one["instance"]: one["calls"] for one in told}, dict.fromkeys(calls, 1), "each server has one call in the register")
            check_equal([one["instance"] for one in told if one["this"]], [name_of(server)], "and one of them is this one")
            check(all(0 < one["lease_ms"] <= LEASE_SECONDS * 1000 for one in told), "all with a lease", told)
        fields = call_fields()
        post_webhook(group.servers[0], fields)
        check_equal([show(server, fields["CallSid"]).get("state") for server in group.servers], ["waiting"] * 3, "a call that waits for its stream is found, too")
        codes = [post(server, fields["CallSid"], "say", {"text": GREETING}).status_code for server in group.servers]
        check_equal(codes, [409] * 3, "and cannot be spoken on yet, whoever is asked")


def a_killed_server_takes_its_calls_along_and_no_other():
    with Group() as group:
        victim, living, asked = group.servers
        _, lost = group.call(victim)
        _, kept = group.call(living)
        name = name_of(victim)
        victim.signal(signal.SIGKILL)
        victim.await_end()
        died = time.monotonic()
        answer = post(asked, lost, "say", {"text": GREETING})
        check_equal((answer.status_code, answer.headers.get("Retry-After")), (503, "1"), "killed: who asks for its call hears at once that it is not reached")
        described(answer, "post", "/calls/{sid}/say", "killed")
        check_equal(listed(asked)["not_answered"], [name], "killed: a list says whose calls are missing")
        states = set()

        def forgotten():
            states.add(show(asked, kept).get("state"))
            return name not in [one["instance"] for one in instances(asked)]

        wait_until(forgotten, LEASE_SECONDS + 10, "the dead server is forgotten")
        took = time.monotonic() - died
        check(took < LEASE_SECONDS + 5, "killed: it is forgotten when its lease ends", took)
        check_equal(states, {"open"}, "killed: the calls of the others are known all the while")
        check_equal(post(asked, lost, "say", {"text": GREETING}).status_code, 404, "killed: then its call is known to nobody")
        check_equal(listed(asked)["complete"], True, "killed: and lists are complete")
        wait_until(lambda: group.redis.ask("EXISTS", f"mouthpiece:calls:{name}") == "0", LEASE_SECONDS, "nothing is left of it in Redis")
        print(f"      forgotten {took:.1f} s after its death")


def a_server_that_stops_says_so():
    with Group(2) as group:
        stopping, other = group.servers
        stopping.signal(signal.SIGTERM)
        check_equal(stopping.await_end(), 0, "stopped: the server ends")
        check_equal([one["instance"] for one in instances(other)], [name_of(other)], "stopped: nobody waits for the end of its lease")


def redis_killed_and_restarted_empty():
    with Group(2) as group:
        here, other = group.servers
        placed, sid = group.call(here)
        group.redis.die()
        check_equal(post(here, sid, "say", {"text": NOTES[0]}).status_code, 202, "no Redis: the server that has the call does what is asked")
        wait_until(lambda: post(other, sid, "say", {"text": NOTES[1]}).status_code == 503, 10, "no Redis: another one says that it cannot ask")
        answer = described(post(other, sid, "say", {"text": NOTES[1]}), "post", "/calls/{sid}/say", "no Redis")
        check_equal(answer.headers.get("Retry-After"), "1", "no Redis: and when to try again")
        page = listed(other)
        check_equal((page["calls"], page["complete"]), ([], False), "no Redis: a list is of this server's calls, and says so")
        check_equal(listed(here)["calls"][0]["call_sid"], sid, "no Redis: each lists its own")
        check_equal(requests.get(other.api("/instances"), timeout=20).status_code, 503, "no Redis: who else there is is not known")
        with group.redis.again():
            began = time.monotonic()
            wait_until(lambda: post(other, sid, "say", {"text": NOTES[2]}).status_code == 202, 30, "Redis is back: the call is reached")
            took = time.monotonic() - began
            wait_until(lambda: {one["calls"] for one in instances(other) or []} == {0, 1}, 10, "Redis is back: the register is as before")
            post(other, sid, "hangup", {"when": "after_speech"})
            heard = placed.result().heard
        at = [heard.find(framed(group.standin.audio_of(text))) for text in (GREETING, NOTES[0], NOTES[2])]
        check(-1 not in at and at == sorted(at), "and the caller heard what was accepted, and all of it", at)
        print(f"      {took:.1f} s after Redis came back a request reached the other server's call")


def a_frozen_redis_keeps_nobody_waiting_for_long():
    with Group(2) as group:
        here, other = group.servers
        _, sid = group.call(here)
        group.redis.freeze()
        began = time.monotonic()
        check_equal(post(other, sid, "say", {"text": NOTES[0]}).status_code, 503, "frozen Redis: a request about another server's call is refused")
        took = time.monotonic() - began
        check(took < 5, "frozen Redis: after two seconds at most, on a machine that has time", took)
        check_equal(post(here, sid, "say", {"text": NOTES[0]}).status_code, 202, "frozen Redis: the call's own server does not ask it")
        group.redis.thaw()
        group.await_register()
        wait_until(lambda: post(other, sid, "mark", {"name": "thawed"}).status_code == 202, 30, "and all is as before")


def a_frozen_server_is_not_waited_for_and_does_nothing_late():
    with Group(2) as group:
        owner, other = group.servers
        _, sid = group.call(owner)
        await_state(owner, sid, 1, "heard")
        owner.signal(signal.SIGSTOP)
        answer = described(post(other, sid, "say", {"text": NOTES[0]}), "post", "/calls/{sid}/say", "frozen server")
        check_equal(answer.status_code, 504, "frozen server: whether it was done is not known")
        page = listed(other)
        owner.signal(signal.SIGCONT)
        check_equal((page["complete"], page["not_answered"]), (False, [name_of(owner)]), "frozen server: a list says whose calls are missing")
        wait_until(lambda: owner.metric('mouthpiece_call_orders_received_total{result="outdated"}'), 20, "what comes too late is dropped")
        check_equal(len(show(other, sid)["utterances"]), 1, "and not said after all")
        check(other.metric('mouthpiece_call_orders_sent_total{result="late"}') >= 1, "it is counted")


def garbage_on_the_channel_does_no_harm():
    with Group(2) as group:
        here, other = group.servers
        placed, sid = group.call(here)
        channel = f"mouthpiece:to:{name_of(here)}"
        order = '{"number":1,"from":"x","life_ms":%d,"action":"hangup","call_sid":"%s"}'
        late = f"order 1 {order % (2000, sid)}"
        nobody = f'order 1 {order % (2000, "CA" + 32 * "f")}'
        garbage = ["", "garbage", "order", "order 9 {", "answer {}", "answer " + "[" * 5000, "\u00ff" * 1000, f"order 1 {order % (-1, sid)}", f"order 1 {order % (10**9, sid)}"]
        unasked = '{"number":%d,"from":"x","status":200,"body":"{}"}'
        for message in [*garbage, late, nobody, *(f"answer {unasked % number}" for number in range(5))]:
            check_equal(group.redis.ask("PUBLISH", channel, message), "1", f"heard: {message[:40]!r}")
        group.redis.ask("EVAL", "for i=1,3000 do redis.call('PUBLISH',KEYS[1],string.rep('x',i)) end", "1", channel)
        malformed = len(garbage) + 3000
        wait_until(lambda: here.metric('mouthpiece_call_orders_received_total{result="malformed"}') == malformed, 20, "all of the garbage is counted")
        check_equal(here.metric('mouthpiece_call_orders_received_total{result="outdated"}'), 2, "and what is too old")
        group.redis.ask("ZADD", "mouthpiece:instances", "9999999999999", "nobody")
        group.redis.ask("SET", "mouthpiece:calls:nobody", "not a hash")
        check_equal(post(here, sid, "say", {"text": NOTES[0]}).status_code, 202, "the call's own server does what is asked")
        check_equal(post(other, sid, "say", {"text": NOTES[1]}).status_code, 202, "a server that somebody has made up does no harm")
        check_equal(len(instances(other)), 2, "and is not shown")
        post(other, sid, "hangup", {"when": "after_speech"})
        heard = placed.result().heard
        check(all(framed(group.standin.audio_of(text)) in heard for text in (GREETING, *NOTES[:2])), "the caller heard all of it")


def the_stream_that_was_opened_last_has_the_call():
    async def scenario(group):
        one, two, asked = group.servers
        sid, owner = new_call_sid(), lambda: show(asked, sid).get("instance")  # noqa: E731

        async def until(condition, what):
            return await asyncio.to_thread(wait_until, condition, 20, what)

        async with Stream(one) as first:
            await first.send(bare_start(sid))
            await first.receive_media()
            await until(lambda: owner() == name_of(one), "the first server has the call")
            async with Stream(two) as second:
                await second.send(bare_start(sid))
                await second.receive_media()
                await until(lambda: owner() == name_of(two), "the second one has it")
                said = await asyncio.to_thread(post, asked, sid, "say", {"text": NOTES[0]})
                check_equal(said.status_code, 202, "a call with two streams: what is said goes to the later one")
                page = await asyncio.to_thread(show, two, sid)
                check_equal(len(page["utterances"]), 2, "and to that one alone")
            await until(lambda: owner() == name_of(one), "when it ends, the first one has it again")

    with Group() as group:
        asyncio.run(scenario(group))


if __name__ == "__main__":
    run(
        a_killed_server_takes_its_calls_along_and_no_other,
        whichever_server_is_asked_the_caller_hears_it,
        clear_and_hang_up_from_another_server,
        a_key_holds_whichever_server_is_asked,
        every_server_lists_all_calls,
        a_server_that_stops_says_so,
        redis_killed_and_restarted_empty,
        a_frozen_redis_keeps_nobody_waiting_for_long,
        a_frozen_server_is_not_waited_for_and_does_nothing_late,
        garbage_on_the_channel_does_no_harm,
        the_stream_that_was_opened_last_has_the_call,
        at_once=3,
    )  # fmt: skip
