#!/usr/bin/env python3
"""Event webhooks: what happens on a call is told to the operator's server, signed, and holds up no call."""

import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from checks import check, check_equal, run
from programs import Server, StandIn, place_call, wait_until

SECRET = "the secret between us"


class Receiver:
    """The operator's server: keeps what it is told, and answers as it is told to."""

    def __init__(self):
        self.events, self.bad_signatures, self.requests = [], 0, 0
        self.statuses = []  # of the next answers; afterwards 204
        self.silent = threading.Event()  # set: it takes requests and never answers
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                receiver.take(self)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def take(self, request):
        body = request.rfile.read(int(request.headers["Content-Length"]))
        self.requests += 1
        signed = request.headers["X-Mouthpiece-Timestamp"].encode() + b"." + body
        expected = "v1=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, request.headers["X-Mouthpiece-Signature"]):
            self.bad_signatures += 1
        if self.silent.is_set():
            threading.Event().wait()
        status = self.statuses.pop(0) if self.statuses else 204
        if status == 204:
            self.events += json.loads(body)["events"]
        request.send_response(status)
        request.end_headers()

    def settings(self, **more):
        return {"EVENTS_URL": self.url, "EVENTS_SECRET": SECRET, "EVENTS_ALLOW_PRIVATE": "true"} | more

    def await_type(self, wanted, count=1):
        def there():
            return [event for event in list(self.events) if event["type"] == wanted][count - 1 :]

        return wait_until(there, 30, f"{count} x {wanted} among {[event['type'] for event in self.events]}")[0]


def a_call_is_told_from_its_start_to_its_end():
    receiver = Receiver()
    with StandIn() as standin, Server(receiver.settings(GREETING="Good morning. Press one.") | standin.settings()) as server:
        result = place_call(server, "--key", "300:1")
        ended = receiver.await_type("call.ended")
        types = [event["type"] for event in receiver.events]
        check_equal(sorted(types), sorted(["call.started", "speech.started", "dtmf", "speech.heard", "call.ended"]), "each once")
        check_equal((types[0], types[-1]), ("call.started", "call.ended"), "from start to end")
        check_equal({event["call_sid"] for event in receiver.events}, {result.report["call_sid"]}, "of that call")
        check_equal(len({event["id"] for event in receiver.events}), len(types), "each with an id of its own")
        check_equal((ended["outcome"], ended["digits"]), ("completed", "1"), "the end tells the outcome")
        check_equal(receiver.await_type("speech.heard")["heard_ms"], ended["heard_ms"], "and how much was heard")
        check_equal(receiver.bad_signatures, 0, "every request was signed")
        check(SECRET not in server.log() and "Press one" not in server.log(), "neither secret nor text is in the log")


def a_receiver_that_fails_hears_it_later():
    receiver = Receiver()
    receiver.statuses = [500, 503]
    with Server(receiver.settings(GREETING="Good morning.")) as server:
        place_call(server)
        receiver.await_type("call.ended")
        check_equal(len({event["id"] for event in receiver.events}), len(receiver.events), "nothing is told twice")
        check(server.metric('mouthpiece_events_total{result="delivered"}') >= 4, "what was delivered is counted")


def a_receiver_that_never_answers_holds_up_no_call():
    receiver = Receiver()
    receiver.silent.set()
    with Server(receiver.settings(GREETING="Good morning. This is a test of patience.")) as server:
        for _ in range(3):
            result = place_call(server, "--quiet", "300")
            check(result.report["flawless"], "a call is flawless", result.report)


def an_address_in_our_own_network_is_not_asked():
    receiver = Receiver()
    with Server(receiver.settings(EVENTS_ALLOW_PRIVATE="false", GREETING="Good morning.")) as server:
        place_call(server, "--quiet", "300")
        server.await_log("events wait")
    check_equal(receiver.requests, 0, "nothing is posted to a private address")


def a_drained_server_has_told_everything():
    receiver = Receiver()
    with Server(receiver.settings(GREETING="Good morning.")) as server:
        place_call(server, "--quiet", "300")
        server.signal()
        check_equal(server.await_end(), 0, "the server ends")
    check_equal(receiver.events[-1]["type"], "call.ended", "and its last word was heard")


if __name__ == "__main__":
    run(
        a_call_is_told_from_its_start_to_its_end,
        a_receiver_that_fails_hears_it_later,
        a_receiver_that_never_answers_holds_up_no_call,
        an_address_in_our_own_network_is_not_asked,
        a_drained_server_has_told_everything,
        at_once=5,
    )
