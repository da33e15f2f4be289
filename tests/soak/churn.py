"""Callers of every kind, side by side: calls that end in every state a call can be in, at a steady rate."""

import random
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass

import requests
from programs import PREFIX, PlacedCalls
from twilio import call_fields, post_webhook, signature

AUTH_TOKEN = "0123456789abcdef0123456789abcdef"
GREETING = "Good day {name}, this is the harbour office. How may we help you?"
# What ElevenLabs suffers while they call; each strikes once.
FAULTS = ("500", "429_new", "stall_mid_body", "truncate_body", "silence", "error_1011", "reset", "zero_audio")


@dataclass(frozen=True)
class Kind:
    name: str
    share: float  # of all calls
    options: tuple = ()
    query: str = ""  # "{n}" is the number of the call
    outcome: str = "ended"  # "whole": every caller hears the message to its end; "refused": no stream is taken


KINDS = (
    Kind("heard to the end, from the cache", 0.42, outcome="whole"),
    Kind("heard to the end, new words", 0.10, query="?name=number%20{wave}%20{n}", outcome="whole"),
    Kind("hung up at the first word", 0.10, ("--hangup-after", "60")),
    Kind("hung up in the middle", 0.10, ("--hangup-after", "1100")),
    Kind("gone without stop", 0.06, ("--hangup-after", "700", "--close-without-stop")),
    Kind("connection reset", 0.06, ("--reset-after", "600"), outcome="whole"),
    Kind("silent, but not closed", 0.02, ("--half-open-after", "600")),
    Kind("slow reader", 0.03, ("--slow-reader",)),
    Kind("stream with a wrong signature", 0.03, ("--signature", "wrong"), outcome="refused"),
)
NEVER_OPENED = 0.08  # the rest: the webhook is answered, and no stream comes
STRAY_CONNECTIONS_PER_SECOND = 5
SWITCH_MS_MAX = 1_500


class Churn:
    """A wave of calls of all kinds against one server."""

    def __init__(self, server, standin, calls_per_second, seconds, number):
        self._server, self._standin = server, standin
        self._rate, self._seconds, self._number = calls_per_second, seconds, number
        self._over = threading.Event()
        self.calls, self.faults = Counter(), 0
        self.never_opened_at = []  # seconds of the monotonic clock
        self.trouble = []  # what should not have been
        self.gaps = Counter()  # by kind

    def run(self):
        aside = [threading.Thread(target=part) for part in (self._never_opened, self._stray, self._suffer)]
        for thread in aside:
            thread.start()
        placed = []
        try:
            placed = [(kind, self._place(kind)) for kind in KINDS]
            for kind, calls in placed:
                self._judge(kind, calls.result(self._seconds + 120))
        finally:
            self._over.set()
            for thread in aside:
                thread.join()
            for _, calls in placed:
                calls.__exit__()

    def _place(self, kind):
        count = max(round(kind.share * self._rate * self._seconds), 1)
        self.calls[kind.name] += count
        query = kind.query.replace("{wave}", str(self._number))
        return PlacedCalls(
            self._server.api("/call/incoming" + query), "--calls", str(count), "--rate", f"{kind.share * self._rate:.3f}",
            "--auth-token", AUTH_TOKEN, "--light", "--quiet", "300", *kind.options,
        )  # fmt: skip

    def _judge(self, kind, result):
        for call in result.calls:
            streams = call["streams"]
            # New words are asked of ElevenLabs, which suffers: a pause where another voice takes over is within bounds.
            allowed_ms = SWITCH_MS_MAX if kind.query else 0
            self.gaps[kind.name] += sum(gap["length_ms"] > allowed_ms for stream in streams for gap in stream["gaps"])
            if kind.outcome == "refused":
                wrong = any(stream["heard_bytes"] for stream in streams)
            elif kind.outcome == "whole":
                wrong = not streams or streams[-1]["unheard_bytes"] or call["spoken"]
            else:
                wrong = not streams
            if wrong:
                self.trouble.append(f"{kind.name}: {call}")

    def _never_opened(self):
        while not self._over.wait(1 / (NEVER_OPENED * self._rate)):
            fields = call_fields()
            answer = post_webhook(self._server, fields, sign=signature(AUTH_TOKEN, self._server.api("/call/incoming"), fields))
            self.calls["webhook without a stream"] += 1
            self.never_opened_at.append(time.monotonic())
            if answer.status_code != 200:
                self.trouble.append(f"webhook: {answer.status_code}")

    def _stray(self):
        """Connections that come to nothing: opened and left, half a request, a stream that says nothing."""
        beginnings = (b"", b"POST /call", f"GET {PREFIX}/test HTTP/1.1\r\nHost: x\r\n\r\n".encode(), b"\x16\x03\x01\x02\x00")
        left = []
        while not self._over.wait(1 / STRAY_CONNECTIONS_PER_SECOND):
            left.append(socket.create_connection(("127.0.0.1", self._server.port)))
            left[-1].sendall(random.choice(beginnings))
            if len(left) > 20:
                left.pop(0).close()
        for connection in left:
            connection.close()

    def _suffer(self):
        while not self._over.wait(2):
            requests.post(f"{self._standin.url}/standin/faults", json={"fault": random.choice(FAULTS), "times": 1}, timeout=10)
            self.faults += 1
