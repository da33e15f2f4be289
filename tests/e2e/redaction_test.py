#!/usr/bin/env python3
"""A whole call at debug level, good and bad: keys, tokens, telephone numbers and spoken text are in no log and no metric."""

import asyncio
from functools import partial
from urllib.parse import quote

import requests

from checks import check, check_equal, run
from programs import PREFIX, Program, Server, StandIn, place_call, program, wait_until
from twilio import ACCOUNT, Stream, Twiml, call_fields, post_webhook, signature, start_message

AUTH_TOKEN = "a7c1d9e0f2b34586a7c1d9e0f2b34586"
KEY = "sk_9f8e7d6c5b4a39281706f5e4d3c2b1a0"
CALLER, CALLED, NAME = "+491715550142", "+498955501987", "Xanthippe Quuxington"
GREETING = "Zanzibar welcomes {name}, who rings from {from}. Marmalade is served on the veranda."
TEST_TEXT = "Kaleidoscopes are delivered on Wednesdays."
PUBLIC = "https://phone.example.org"
WORDS = ("Zanzibar", "Marmalade", "veranda", "Kaleidoscopes", "Wednesdays")

SECRETS = {
    "the ElevenLabs key": [KEY, KEY[3:]],
    "the auth token": [AUTH_TOKEN],
    "the caller's number": [CALLER, CALLER[1:], CALLER[3:], quote(CALLER, safe="")],
    "the number called": [CALLED, CALLED[1:], CALLED[3:]],
    "the caller's name": ["Xanthippe", "Quuxington", quote(NAME)],
    "spoken text": [*WORDS, *(word.lower() for word in WORDS)],
}


def check_nothing_in(text, where):
    for what, forms in SECRETS.items():
        found = [line for line in text.splitlines() for form in forms if form in line]
        check(not found, f"{what} is not in {where}", found[:3])


def signed_post(server, fields, query=""):
    url = f"{PUBLIC}{PREFIX}/call/incoming{query}"
    return post_webhook(server, fields, f"/call/incoming{query}", signature(AUTH_TOKEN, url, fields))


async def refused_streams(server, token):
    """Streams that are refused: their tokens too are secrets."""
    upgrade = {"X-Twilio-Signature": signature(AUTH_TOKEN, f"wss://phone.example.org{PREFIX}/call/connection")}
    for parameters in ({"token": token}, {"token": "guessed-" + token}, {}):
        async with Stream(server, upgrade) as stream:
            await stream.send(start_message("CAofnobody", parameters=parameters))
            await stream.close_code()


def a_whole_call_leaves_no_secret(fault=None):
    name = fault or "a good call"
    with StandIn() as standin:
        if fault:
            standin.arm(fault)
        settings = standin.settings() | {
            "ELEVEN_LABS_API_KEY": KEY, "TWILIO_AUTH_TOKEN": AUTH_TOKEN, "TWILIO_ACCOUNT_SID": ACCOUNT,
            "WEBHOOK_BASE_URL": PUBLIC, "GREETING": GREETING, "LOG_LEVEL": "debug",
        }  # fmt: skip
        with Server(settings) as server:
            result = place_call(
                server, "--public-url", PUBLIC, "--account-sid", ACCOUNT, "--auth-token", AUTH_TOKEN,
                "--from", CALLER, "--to", CALLED, "--param", f"CallerName={NAME}", "--key", "500:7",
                query=f"?name={quote(NAME)}",
            )  # fmt: skip
            check(result.stream["heard_ms"] > 2500, f"{name}: the message was heard", result.report)
            if fault is None:
                check(server.log_lines(" debug "), f"{name}: the log is at debug level")
            check(server.log_lines(f"call_sid={result.report['call_sid']}"), f"{name}: the call is in the log")

            fields = call_fields(From=CALLER, To=CALLED)
            token = Twiml(signed_post(server, fields, f"?name={quote(NAME)}")).parameters["token"]
            asyncio.run(refused_streams(server, token))
            wait_until(lambda: len(server.log_lines("stream refused")) == 3, 10, "three refusals in the log")
            check_equal(post_webhook(server, fields, f"/call/incoming?name={quote(NAME)}", "wrong").status_code, 403, f"{name}: a wrong signature is refused")
            server.synthesise(TEST_TEXT)
            requests.post(server.api("/test-synthesis"), params={"text": TEST_TEXT}, timeout=30)
            requests.post(server.api("/test-synthesis"), data='{"text":"Kaleidoscopes', headers={"Content-Type": "application/json"}, timeout=30)

            metrics = requests.get(server.url("/metrics"), timeout=10).text
            pages = requests.get(server.api("/test"), timeout=10).text + requests.get(server.api("/connections"), timeout=10).text
            server.signal()
            server.await_log("draining")
            log = server.log()
            check_nothing_in(log, f"the log ({name})")
            check_nothing_in(metrics, f"/metrics ({name})")
            check_nothing_in(pages, f"/test and /connections ({name})")
            check(token not in log and token not in metrics, f"{name}: the call's token is in neither")


def a_configuration_that_is_wrong_leaves_no_secret():
    """A refusal of one setting must not print the others."""
    settings = {"ELEVEN_LABS_API_KEY": KEY, "TWILIO_AUTH_TOKEN": AUTH_TOKEN, "LEAD_MS": "soon"}
    with Program([program("mouthpiece"), "serve"], settings) as refused:
        check_equal(refused.await_end(), 2, "a wrong setting: exit status 2")
        check_nothing_in(refused.log(), "what a wrong setting prints")


if __name__ == "__main__":
    run(
        a_whole_call_leaves_no_secret,
        partial(a_whole_call_leaves_no_secret, "bad_key_400"),
        partial(a_whole_call_leaves_no_secret, "schema_422"),
        partial(a_whole_call_leaves_no_secret, "hang_before_headers"),
        a_configuration_that_is_wrong_leaves_no_secret,
        at_once=5,
    )
