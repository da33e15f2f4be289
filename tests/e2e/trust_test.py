#!/usr/bin/env python3
"""With an auth token set nobody but Twilio gets in, by neither door, and nothing is spent on those who try."""

import asyncio
from functools import partial

import requests
import websockets

from checks import check, check_equal, run
from programs import PREFIX, Server, place_call
from twilio import (
    ACCOUNT,
    Stream,
    Twiml,
    bare_start,
    call_fields,
    new_call_sid,
    post_webhook,
    signature,
    start_message,
)

AUTH_TOKEN = "5ecre7a07h70ken5ecre7a07h70ken00"
KEY = "sk_secret_of_elevenlabs_0000000000"
PUBLIC = "https://phone.example.org"
WEBHOOK_URL = f"{PUBLIC}{PREFIX}/call/incoming"
STREAM_URL = f"wss://phone.example.org{PREFIX}/call/connection"
GREETING = "You have been let in by the right door."
OTHER_ACCOUNT = "AC" + "f" * 32


def trusting_server(**settings):
    return Server(
        {"TWILIO_AUTH_TOKEN": AUTH_TOKEN, "WEBHOOK_BASE_URL": PUBLIC, "GREETING": GREETING, "LOG_LEVEL": "debug"} | settings
    )


def signed(url=STREAM_URL, token=AUTH_TOKEN):
    return {"X-Twilio-Signature": signature(token, url)}


def answered(server, fields=None, url=WEBHOOK_URL):
    """The TwiML for a call that is signed as it should be."""
    fields = fields or call_fields()
    answer = post_webhook(server, fields, sign=signature(AUTH_TOKEN, url, fields))
    answer.raise_for_status()
    return Twiml(answer)


def check_refused(answer, what):
    is_json = answer.headers.get("Content-Type", "").startswith("application/json")
    check(
        answer.status_code == 403 and is_json and answer.json().get("detail"), f"{what} is refused with 403 and a detail",
        (answer.status_code, answer.text[:200]),
    )  # fmt: skip


# ---- the webhook


def a_webhook_needs_twilios_signature():
    with trusting_server() as server:
        fields = call_fields()
        right = signature(AUTH_TOKEN, WEBHOOK_URL, fields)
        check_refused(post_webhook(server, fields), "an unsigned webhook")
        check_refused(post_webhook(server, fields, sign=""), "a webhook with an empty signature")
        check_refused(post_webhook(server, fields, sign=signature("another token", WEBHOOK_URL, fields)), "a webhook signed with another token")
        check_refused(post_webhook(server, fields | {"From": "+15559999999"}, sign=right), "a webhook with a field changed")
        check_refused(post_webhook(server, fields | {"More": "1"}, sign=right), "a webhook with a field added")
        other_url = f"https://other.example.org{PREFIX}/call/incoming"
        check_refused(post_webhook(server, fields, sign=signature(AUTH_TOKEN, other_url, fields)), "a webhook signed for another host")
        check_refused(post_webhook(server, fields, path="/call/incoming?voice_id=abc", sign=right), "a query that was not signed")
        check_refused(post_webhook(server, fields, path="/call/ended"), "an unsigned /call/ended")
        check_refused(requests.get(server.api("/call/incoming"), params=fields, timeout=10), "an unsigned GET")
        check_equal(server.metric("mouthpiece_synthesis_requests_total") or 0, 0, "nothing was synthesised for them")

        refusal = server.log_lines("signature refused", "request=webhook")[0]
        check("reason=no_signature" in refusal, "the log tells that there was no signature", refusal)
        check(server.log_lines("signature refused", "request=webhook", "reason=wrong_signature"), "or that it was wrong")
        check(WEBHOOK_URL in refusal, "and the URL that was expected to be signed", refusal)

        check_equal(post_webhook(server, fields, sign=right).status_code, 200, "the right signature opens")
        with_port = f"https://phone.example.org:443{PREFIX}/call/incoming"
        fields = call_fields()
        answer = post_webhook(server, fields, sign=signature(AUTH_TOKEN, with_port, fields))
        check_equal(answer.status_code, 200, "so does the form with the port in it")
        query = f"/call/incoming?CallSid={new_call_sid()}&From=%2B1&AccountSid={ACCOUNT}"
        by_get = requests.get(server.api(query), headers={"X-Twilio-Signature": signature(AUTH_TOKEN, PUBLIC + PREFIX + query)}, timeout=10)
        check_equal(by_get.status_code, 200, "and a signed GET")
        check(AUTH_TOKEN not in server.log(), "the auth token is not in the log")


def a_webhook_sent_twice_is_one_call():
    with trusting_server() as server:
        fields = call_fields()
        first, second = answered(server, fields), answered(server, fields)
        check_equal(second.parameters["token"], first.parameters["token"], "Twilio's retry gets the same ticket")
        check_equal(server.metric("mouthpiece_synthesis_requests_total"), 1, "and costs one synthesis")
        check(server.log_lines("call answered", "repeated=true"), "the log tells that it was a repetition")


def calls_of_another_account_are_not_taken():
    with trusting_server(TWILIO_ACCOUNT_SID=ACCOUNT) as server:
        fields = call_fields(AccountSid=OTHER_ACCOUNT)
        check_refused(post_webhook(server, fields, sign=signature(AUTH_TOKEN, WEBHOOK_URL, fields)), "another account's webhook")
        check_equal(server.metric("mouthpiece_synthesis_requests_total") or 0, 0, "and costs no synthesis")
        fields = call_fields()
        check_equal(post_webhook(server, fields, sign=signature(AUTH_TOKEN, WEBHOOK_URL, fields)).status_code, 200, "our own is taken")


# ---- the stream


async def upgrade_status(server, headers):
    try:
        async with Stream(server, headers):
            return 101
    except websockets.InvalidStatusCode as refused:
        return refused.status_code


def the_upgrade_needs_twilios_signature():
    with trusting_server() as server:

        def status(headers):
            return asyncio.run(upgrade_status(server, headers))

        check_equal(status(None), 403, "an unsigned upgrade is refused")
        check_equal(status(signed(token="another token")), 403, "an upgrade signed with another token is refused")
        check_equal(status(signed(STREAM_URL.replace("wss", "https"))), 403, "an upgrade signed for https:// is refused")
        check_equal(status(signed(f"wss://other.example.org{PREFIX}/call/connection")), 403, "an upgrade signed for another host is refused")
        check_equal(status(signed()), 101, "the right signature opens")
        check_equal(status(signed(STREAM_URL + "/")), 101, "so does Twilio's form with a slash at the end")
        refusal = server.log_lines("signature refused", "request=stream_upgrade")[0]
        check(STREAM_URL in refusal, "the log tells the URL that was expected to be signed", refusal)
        check(AUTH_TOKEN not in server.log(), "the auth token is not in the log")


async def outcome_of(server, start):
    """'media' when the stream is spoken on, else the close code."""
    async with Stream(server, signed()) as stream:
        await stream.send({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        await stream.send(start)
        try:
            await stream.receive_media()
            return "media"
        except websockets.ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else "no close frame"


def a_stream_needs_the_ticket_of_its_call():
    with trusting_server(TWILIO_ACCOUNT_SID=ACCOUNT) as server:

        def outcome(start):
            return asyncio.run(outcome_of(server, start))

        call, other_call = new_call_sid(), new_call_sid()
        twiml = answered(server, call_fields(call))
        ticket, other_ticket = twiml.parameters, answered(server, call_fields(other_call)).parameters
        check_equal(twiml.stream_url, STREAM_URL, "the TwiML names the public address")
        check(len(ticket["token"]) >= 22 and ticket["token"] != other_ticket["token"], "every call has a long token of its own")

        check_equal(outcome(start_message(call)), 1008, "a stream without a token is refused")
        check_equal(outcome(bare_start(call)), 1008, "the bare start of the specification is refused as well")
        check_equal(outcome(start_message(call, parameters=ticket | {"token": "A" * 24})), 1008, "a guessed token is refused")
        check_equal(outcome(start_message(call, parameters=other_ticket)), 1008, "the token of another call is refused")
        check_equal(outcome(start_message(new_call_sid(), parameters=ticket)), 1008, "a call that was never announced is refused")
        check_equal(outcome(start_message(call, account=OTHER_ACCOUNT, parameters=ticket)), 1008, "the right token in another account is refused")
        check_equal(outcome(start_message(call, parameters=ticket)), "media", "after all of that the right one is spoken to")
        check_equal(outcome(start_message(call, parameters=ticket)), 1008, "the same token a second time is refused")
        check_equal(outcome(start_message(other_call, "MZ2", parameters=other_ticket)), "media", "the other call is not harmed")

        reasons = {line.rsplit("reason=", 1)[1] for line in server.log_lines("stream refused")}
        check_equal(reasons, {"no_token", "wrong_token", "wrong_account"}, "the log tells the reasons")
        for secret in (AUTH_TOKEN, ticket["token"], other_ticket["token"], "A" * 24):
            check(secret not in server.log(), "and no token")
        check_equal(server.metric('mouthpiece_calls_total{outcome="refused"}'), 7, "refused streams are counted")


# ---- whole calls


def a_whole_call(options, opened, what):
    with trusting_server(ELEVEN_LABS_API_KEY=KEY, ELEVENLABS_BASE_URL="http://127.0.0.1:9") as server:
        result = place_call(server, "--public-url", PUBLIC, "--account-sid", ACCOUNT, *options)
        if opened:
            check(result.report["flawless"] and result.stream["heard_ms"] > 1500, f"{what}: heard", result.report)
        else:
            ends = {stream["end"] for stream in result.report["streams"]}
            check_equal(ends, {"not opened"}, f"{what}: no stream is opened")
            check_equal(result.report["spoken"], [GREETING], f"{what}: the caller hears the text from Twilio's voice instead")
        check(AUTH_TOKEN not in server.log() and KEY not in server.log(), f"{what}: no secret in the log")


def a_webhook_with_a_wrong_token_gets_no_twiml():
    with trusting_server() as server:
        result = place_call(server, "--public-url", PUBLIC, "--auth-token", "wrong")
        check_equal(result.report["outcome"], "application error", "signed with another token: no TwiML at all")
        check(result.status != 0, "and the simulated caller says that this is a failure")


if __name__ == "__main__":
    run(
        a_webhook_needs_twilios_signature,
        a_webhook_sent_twice_is_one_call,
        calls_of_another_account_are_not_taken,
        the_upgrade_needs_twilios_signature,
        a_stream_needs_the_ticket_of_its_call,
        partial(a_whole_call, ["--auth-token", AUTH_TOKEN], True, "a signed call"),
        partial(a_whole_call, ["--auth-token", AUTH_TOKEN, "--signature", "slash"], True, "a stream signed with a slash"),
        partial(a_whole_call, ["--auth-token", AUTH_TOKEN, "--signature", "wrong"], False, "a wrongly signed stream"),
        partial(a_whole_call, ["--auth-token", AUTH_TOKEN, "--signature", "absent"], False, "an unsigned stream"),
        a_webhook_with_a_wrong_token_gets_no_twiml,
        at_once=5,
    )
