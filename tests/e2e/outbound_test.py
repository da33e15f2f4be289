#!/usr/bin/env python3
"""Calls that the server places: through a strict stand-in for Twilio's REST side, which really makes them."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import requests

from audio import framed
from checks import check, check_equal, run
from programs import PREFIX, Server, StandIn, TwilioStandIn, wait_until
from twilio import call_fields, post_webhook, signature

TO = "+14155550199"
NOTE = "Your order has arrived. You can fetch it today."


def place(server, key=None, **fields):
    headers = {"Idempotency-Key": key} if key else {}
    return requests.post(server.api("/calls"), json={"to": TO} | fields, headers=headers, timeout=60)


def show(server, sid):
    return requests.get(server.api(f"/calls/{sid}"), timeout=10).json()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Site:
    """A server that Twilio's stand-in can call back: its public address is its own."""

    def __init__(self, **settings):
        self.settings = settings

    def __enter__(self):
        self.twilio, self.standin = TwilioStandIn(), StandIn("--first-byte-ms", "20")
        port = free_port()
        address = {"PORT": port, "BASE_URL": f"http://127.0.0.1:{port}"}
        self.server = Server(self.twilio.settings() | self.standin.settings() | address | self.settings)
        return self

    def __exit__(self, *error):
        for program in (self.server, self.standin, self.twilio):
            program.__exit__(*error)

    def await_end(self, sid):
        return wait_until(lambda: (call := show(self.server, sid))["status"] == "completed" and call, 60, "completed")


def a_placed_call_speaks_to_who_answers():
    with Site() as site:
        placed = place(site.server, text=NOTE, after_speech="hangup", machine_detection="enable")
        check_equal(placed.status_code, 201, "the call is placed")
        call = placed.json()
        check_equal((call["to"], call["from"], call["direction"]), (TO, site.twilio.NUMBER, "outbound-api"), "as ordered")
        ended = site.await_end(call["call_sid"])
        check_equal((ended["state"], ended["outcome"]), ("ended", "completed"), "it was made and heard to its end")
        check_equal(ended["answered_by"], "human", "who answered was reported")
        seen = site.twilio.seen()
        report = seen["calls"][0]["report"]
        check_equal(len(report["streams"]), 1, "one stream was opened")
        check_equal(report["notices"], [], "with nothing for Twilio's debugger")
        check(report["flawless"], "and heard without a gap", report)
        heard = report["streams"][0]["heard_ms"]
        expected = len(framed(site.standin.audio_of(NOTE))) / 8
        check(abs(heard - expected) < 1, "the callee heard the text in its full length", (heard, expected))
        texts = {request["text"] for request in site.standin.requests_seen() if request["text"]}
        check(texts and all(text in NOTE for text in texts), "and nothing but the text was synthesised", texts)


def reports_come_twice_and_out_of_order():
    with Site(LOG_LEVEL="debug") as site:
        site.twilio.callee(disorder=True)
        sid = place(site.server, text=NOTE, after_speech="hangup").json()["call_sid"]
        site.await_end(sid)
        site.server.await_log(f"call status call_sid={sid} at_twilio=completed")
        site.server.await_log("call status passed over .*at_twilio=in-progress reason=outdated")
        check_equal(show(site.server, sid)["status"], "completed", "the end stands, whatever is told behind it")
        told = [line.rpartition("=")[2] for line in site.server.log_lines("call status call_sid", sid)]
        in_order = [status for status in ("initiated", "ringing", "completed") if status in told]
        check_equal(told, in_order, "each piece of news is taken once, and never one that is older than what is known")
        check(site.server.log_lines("call status passed over", sid, "reason=repeated"), "what was told before is recognised")


def who_does_not_answer_ends_the_call():
    with Site() as site:
        for answer in ("busy", "no-answer", "failed"):
            site.twilio.callee(answer=answer)
            sid = place(site.server, text=NOTE).json()["call_sid"]
            wait_until(lambda: show(site.server, sid)["status"] == answer, 20, f"{answer} is reported")
            check_equal(show(site.server, sid)["state"], "ended", f"{answer}: the call is over")


def twilio_too_busy_is_asked_again():
    with Site() as site:
        site.twilio.arm(status=429, code=20429, times=2)
        check_equal(place(site.server, text=NOTE).status_code, 201, "two refusals for too many requests are got over")
        check_equal(site.twilio.seen()["requests"], 3, "with three requests")
        site.twilio.arm(status=429, code=20429, times=1, retry_after=1)
        began = time.monotonic()
        check_equal(place(site.server, text=NOTE).status_code, 201, "Retry-After is heeded")
        check(time.monotonic() - began >= 1, "by waiting as long as it says")
        site.twilio.arm(status=429, code=20429, times=100)
        given_up = place(site.server, text=NOTE)
        check_equal(given_up.status_code, 503, "but not for ever")
        check("Retry-After" in given_up.headers, "and the client is told to come again")


def what_may_have_been_done_is_not_done_twice():
    with Site() as site:
        site.twilio.arm(status=500, code=20500, times=1)
        check_equal(place(site.server, text=NOTE).status_code, 502, "a failure inside Twilio is reported")
        check_equal(site.twilio.seen()["requests"], 1, "and not tried again")
        first = place(site.server, key="order-17", text=NOTE)
        again = place(site.server, key="order-17", text=NOTE)
        check_equal(again.json(), first.json(), "a repeated Idempotency-Key gets the first answer")
        site.twilio.arm(status=429, code=20429, times=1, retry_after=1)
        with ThreadPoolExecutor(2) as pool:
            answers = pool.map(lambda _: place(site.server, key="order-18", text=NOTE).status_code, range(2))
        check_equal(sorted(answers), [201, 409], "two at once with one key: one is placed, one is told to wait")
        check_equal(len(site.twilio.seen()["calls"]), 2, "two keys, two calls")


def a_call_that_may_be_placed_is_not_placed_again():
    """Twilio takes the request and hangs up without an answer."""
    taken = []

    def take(listener):
        while True:
            connection, _ = listener.accept()
            with connection:
                taken.append(connection.recv(65536))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=take, args=(listener,), daemon=True).start()
        with Site(TWILIO_BASE_URL=f"http://127.0.0.1:{listener.getsockname()[1]}") as site:
            first = place(site.server, key="order-19", text=NOTE)
            check_equal(first.status_code, 504, "that nothing is known is told")
            check_equal(place(site.server, key="order-19", text=NOTE).status_code, 504, "and kept under its key")
    check_equal(len(taken), 1, "Twilio was asked once")


def what_is_wrong_is_refused_before_twilio_is_asked():
    with Site() as site:
        for wrong in ({"to": "4155550199"}, {"to": "+04155550199"}, {"to": "+1415555019912345"}, {"to": None}, {"from": "me"},
                      {"ring_seconds": 601}, {"machine_detection": "maybe"}, {"after_speech": "sing"}):  # fmt: skip
            check_equal(place(site.server, text=NOTE, **wrong).status_code, 422, f"{wrong} is refused")
        check_equal(site.twilio.seen()["requests"], 0, "and Twilio never heard of it")
    with Site(TWILIO_AUTH_TOKEN="f" * 32) as site:
        check_equal(place(site.server, text=NOTE).status_code, 502, "a wrong token is Twilio's to refuse")
    with Site() as site:
        site.twilio.__exit__()
        check_equal(place(site.server, text=NOTE).status_code, 502, "Twilio out of reach is told")


def callbacks_are_believed_when_signed():
    with Site() as site:
        fields = call_fields(CallStatus="ringing", SequenceNumber="1")
        check_equal(post_webhook(site.server, fields, "/call/status").status_code, 403, "an unsigned report is refused")
        base = site.server.settings["BASE_URL"]
        for path, more in (("/call/status", {}), ("/stream/status", {"StreamEvent": "stream-error", "StreamError": "31921"})):
            whole = fields | more
            sign = signature(site.twilio.TOKEN, base + PREFIX + path, whole)
            check_equal(post_webhook(site.server, whole, path, sign).status_code, 204, f"a signed one is taken: {path}")
        call = show(site.server, fields["CallSid"])
        check_equal((call["status"], call["stream_error"]), ("ringing", "31921"), "and both are in the call's record")


def voices_are_judged_in_three_ways():
    def validity(server, voice):
        return requests.get(server.api(f"/voices/{voice}"), timeout=20).json()

    with StandIn() as standin, Server(standin.settings()) as server:
        known = requests.get(server.api("/voices"), timeout=20).json()
        check(known["known"] and known["voices"], "the account's voices are listed", known)
        voice = known["voices"][0]
        valid = validity(server, voice["voice_id"])
        check_equal((valid["validity"], valid["name"]), ("valid", voice["name"]), "one of them is valid")
        check_equal(validity(server, "nosuchvoice12345")["validity"], "invalid", "another is invalid")
        asked = len(standin.requests_seen())
        validity(server, voice["voice_id"])
        requests.get(server.api("/voices"), timeout=20)
        # each loop has a cache of its own: two loops, so at most as many requests again
        check(len(standin.requests_seen()) <= asked + 2, "answers are kept")
    with StandIn("--lacks-voices-read") as standin, Server(standin.settings()) as server:
        verdict = validity(server, voice["voice_id"])
        check_equal(verdict["validity"], "unknown", "a key that may not look cannot tell")
        check("voices_read" in verdict["reason"], "and the reason says which right it lacks", verdict)
        check_equal(requests.get(server.api("/voices"), timeout=20).json()["known"], False, "nor can it list them")
    with Server() as server:
        check_equal(validity(server, voice["voice_id"])["validity"], "unknown", "without a key nothing is known")


if __name__ == "__main__":
    run(
        a_placed_call_speaks_to_who_answers,
        reports_come_twice_and_out_of_order,
        who_does_not_answer_ends_the_call,
        twilio_too_busy_is_asked_again,
        what_may_have_been_done_is_not_done_twice,
        a_call_that_may_be_placed_is_not_placed_again,
        what_is_wrong_is_refused_before_twilio_is_asked,
        callbacks_are_believed_when_signed,
        voices_are_judged_in_three_ways,
        at_once=4,
    )
