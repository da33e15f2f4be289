#!/usr/bin/env python3
"""The log of real calls, good and bad, as text and as JSON, is what docs/log.md says."""

import os
import sys
from functools import partial
from urllib.parse import quote

from checks import check, check_equal, run
from programs import Server, StandIn, place_call
from twilio import call_fields, post_webhook

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "tools"))
import log_schema  # noqa: E402

READERS = {"text": log_schema.read_line, "json": log_schema.read_json_line}
GREETING = "Hello {name}, this is on its way into the log."
# The story of a call, in its order.
A_CALL = ["call answered", "stream opened", "speech begins", "speech complete", "stream closed"]


def documented(lines, read):
    """Checks every line; gives (event, values) of each."""
    events, kinds = log_schema.documented()
    told = []
    for line in lines:
        try:
            event, values = read(line)
        except ValueError as fault:
            check(False, "a line can be read", fault)
            continue
        complaint = log_schema.complaint_about(event, events)
        check(not complaint, f"'{event.name}' is as documented", complaint or "")
        wrong = {name: value for name, value in values.items() if not log_schema.is_of_kind(value, kinds.get(name))}
        check(not wrong, f"'{event.name}': its values are of the kinds documented", wrong)
        told.append((event, values))
    return told


def the_log_is_as_documented(form):
    with StandIn() as standin:
        settings = standin.settings() | {"GREETING": GREETING, "LOG_FORMAT": form, "LOG_LEVEL": "debug", "THREADS": 1}
        with Server(settings) as server:
            good = place_call(server, "--quiet", "300", query="?name=Ann")
            standin.arm("bad_key_400")
            odd = 'Voice "of" nobody\n= \\ {}'
            place_call(server, "--quiet", "300", query=f"?name=Bob&voice_id={quote(odd)}")
            post_webhook(server, call_fields(CallSid=""))
            server.signal()
            check_equal(server.await_end(), 0, f"{form}: it ends well")
            told = documented(server.log().splitlines(), READERS[form])
    check(len(told) > 15, f"{form}: there was something to read", len(told))
    names = [event.name for event, _ in told]
    check({"speech failed", "speech falls back", "elevenlabs reply", "draining", "drained"} <= set(names), f"{form}: the bad call is told as well", names)
    call = good.report["call_sid"]
    opened = next(values["connection"] for event, values in told if event.name == "stream opened")
    story = [
        event.name for event, values in told
        if event.level == "info" and (values.get("call_sid") == call or values.get("connection") == opened)
    ]  # fmt: skip
    check_equal(story, A_CALL, f"{form}: the story of a call is its lines, in order")


if __name__ == "__main__":
    run(*(partial(the_log_is_as_documented, form) for form in READERS), at_once=2)
