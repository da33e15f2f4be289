#!/usr/bin/env python3
"""Every address of the contract: the good answer, and a clear 4xx with a JSON `detail` for everything that is wrong."""

import http.client
import json
import socket
from urllib.parse import urlsplit

import requests

from audio import pcm_in_wav
from checks import check, check_equal, run
from programs import PREFIX, Server
from twilio import Twiml, call_fields, post_webhook

MEGABYTE = 1_000_000
ADDRESSES = {  # what each address takes
    f"{PREFIX}/call/incoming": ("POST", "GET"),
    f"{PREFIX}/call/ended": ("POST", "GET"),
    f"{PREFIX}/call/connection": ("GET",),
    f"{PREFIX}/test": ("GET",),
    f"{PREFIX}/connections": ("GET",),
    f"{PREFIX}/test-synthesis": ("POST",),
    "/metrics": ("GET",),
    "/ready": ("GET",),
}


def detail_of(answer):
    try:
        return answer.json()["detail"] if answer.headers["Content-Type"].startswith("application/json") else None
    except (ValueError, KeyError, TypeError):
        return None


def check_refusal(answer, status, what):
    detail = detail_of(answer)
    good = answer.status_code == status and isinstance(detail, str) and len(detail) > 10
    check(good, f"{what}: {status}, {detail!r}", f"status {answer.status_code}, body {answer.text[:200]!r}")


def good_requests_get_good_answers():
    with Server() as server:
        health = requests.get(server.api("/test"), timeout=10)
        check_equal(health.status_code, 200, "GET /test answers 200")
        told = health.json()
        check(told["status"] == "healthy" and isinstance(told["message"], str), "GET /test tells status and message", told)
        check_equal((told["elevenlabs_configured"], told["active_connections"]), (False, 0), "and keys and connections")
        listed = requests.get(server.api("/connections"), timeout=10).json()
        check_equal(listed, {"active_connections": 0, "connections": []}, "GET /connections lists none")
        check_equal(requests.get(server.url("/ready"), timeout=10).status_code, 200, "GET /ready answers 200")
        metrics = requests.get(server.url("/metrics"), timeout=10)
        check(metrics.headers["Content-Type"].startswith("text/plain; version=0.0.4"), "GET /metrics is Prometheus text")
        check("# TYPE mouthpiece_websocket_connections_active gauge" in metrics.text, "with types")
        head = requests.head(server.api("/test"), timeout=10)
        check((head.status_code, head.content) == (200, b""), "HEAD answers like GET, without a body")

        for answer in (
            post_webhook(server, call_fields()),
            requests.get(server.api("/call/incoming"), params=call_fields(), timeout=10),
        ):
            check_equal(answer.status_code, 200, f"{answer.request.method} /call/incoming answers 200")
            check(answer.headers["Content-Type"].startswith("text/xml"), "with XML", answer.headers["Content-Type"])
            twiml = Twiml(answer)
            check_equal(twiml.stream_url, f"wss://127.0.0.1:{server.port}{PREFIX}/call/connection", "that opens a stream")
            check_equal(urlsplit(twiml.action).path, f"{PREFIX}/call/ended", "and asks again behind it")
        ended = post_webhook(server, call_fields(CallStatus="completed"), "/call/ended")
        check_equal(Twiml(ended).verbs, ["Hangup"], "POST /call/ended of a completed call is answered with <Hangup/>")

        text = "A few words to be heard."
        spoken = server.synthesise(text)
        check(len(pcm_in_wav(spoken.content)) > 8_000, "POST /test-synthesis with JSON gives more than a second of speech")
        by_query = requests.post(server.api("/test-synthesis"), params={"text": text}, timeout=30)
        check_equal(by_query.content, spoken.content, "?text= gives the same")


def an_unknown_path_is_refused():
    with Server() as server:
        for path in (PREFIX, PREFIX + "/", PREFIX + "/call", PREFIX + "/test/", PREFIX + "x/test", "/test", "/%00", "/.env", "//metrics"):
            check_refusal(requests.get(server.url(path), timeout=10), 404, f"GET {path}")


def a_wrong_method_is_refused():
    with Server() as server:
        for path, taken in ADDRESSES.items():
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
                if method in taken:
                    continue
                answer = requests.request(method, server.url(path), timeout=10)
                check_refusal(answer, 405, f"{method} {path}")
                allowed = {name.strip() for name in answer.headers.get("Allow", "").split(",")} - {"HEAD"}
                check_equal(allowed, set(taken), f"{method} {path}: Allow tells what is taken")


def a_body_of_a_megabyte_is_refused():
    with Server() as server:
        for path, taken in ADDRESSES.items():
            method = "POST" if "POST" in taken else "GET"
            answer = requests.request(method, server.url(path), data=b"x" * MEGABYTE, timeout=20,
                                      headers={"Content-Type": "application/x-www-form-urlencoded"})  # fmt: skip
            check_refusal(answer, 413, f"{method} {path} with 1 MB")
        unknown = requests.post(server.url("/nowhere"), data=b"x" * MEGABYTE, timeout=20)
        check(unknown.status_code in (404, 413) and detail_of(unknown), "1 MB to nowhere is refused as well", unknown.text[:100])
        chunked = requests.post(server.api("/test-synthesis"), data=iter([b" " * 100_000] * 10), timeout=20)
        check_refusal(chunked, 413, "1 MB in chunks")
        check_equal(requests.get(server.api("/test"), timeout=10).status_code, 200, "the server lives on")


def wrong_webhooks_are_refused():
    with Server() as server:
        url = server.api("/call/incoming")
        check_refusal(requests.post(url, json=call_fields(), timeout=10), 415, "a webhook in JSON")
        check_refusal(requests.post(url, data="CallSid=CA1", timeout=10), 415, "a webhook without a content type")
        without = call_fields()
        del without["CallSid"]
        check_refusal(requests.post(url, data=without, timeout=10), 400, "a webhook without CallSid")
        check_refusal(post_webhook(server, call_fields("")), 400, "a webhook with an empty CallSid")
        check_refusal(post_webhook(server, call_fields("CA" + "0" * 1000)), 400, "a webhook with an endless CallSid")
        check_refusal(requests.get(url, timeout=10), 400, "a GET without fields")
        check_refusal(requests.post(server.api("/call/ended"), data={"CallStatus": "completed"}, timeout=10), 400, "/call/ended without CallSid")
        many = "&".join(f"n{i}=v" for i in range(20_000))
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = requests.post(url, data=f"CallSid=CA1&{many}"[:60_000], headers=form, timeout=10)
        check(400 <= answer.status_code < 500 and detail_of(answer), "a webhook of thousands of fields is refused", answer.status_code)
        odd = requests.post(url, data=b"CallSid=CA%zz%00\xff&From=%F0%28&=&&&x", headers=form, timeout=10)
        check(odd.status_code in (200, 400), "an oddly encoded form is answered", odd.status_code)
        if odd.status_code == 200:
            check_equal(Twiml(odd).verbs, ["Connect"], "with well-formed TwiML")


def wrong_test_syntheses_are_refused():
    with Server() as server:
        url = server.api("/test-synthesis")
        as_json = {"Content-Type": "application/json"}
        for body in ("{", "", "[]", "null", '"text"', '{"text":1}', '{"text":""}', "{}", '{"text":"a"} x', '{"text":"\\ud800"}', "\xff", "[" * 5_000):
            answer = requests.post(url, data=body.encode("latin-1"), headers=as_json, timeout=10)
            check(
                answer.status_code in (400, 422) and isinstance(detail_of(answer), str),
                f"the body {body[:20]!r}: {answer.status_code}, {detail_of(answer)!r}", answer.text[:200],
            )  # fmt: skip
        check_refusal(requests.post(url, data='{"text":"a"}', timeout=10), 415, "JSON without a content type")
        check_refusal(requests.post(url, data={"text": "a"}, timeout=10), 415, "a form")
        check_refusal(server.synthesise("a " * 5_000), 422, "a text of 10,000 bytes")
        check_refusal(server.synthesise("a", voice_id="../../v1"), 422, "a voice_id that is a path")
        check_refusal(server.synthesise("a", voice_id=7), 422, "a voice_id that is a number")
        check_refusal(server.synthesise("a", voice_settings={"stability": 2}), 422, "a stability of 2")
        check_refusal(server.synthesise("a", voice_settings={"speed": "fast"}), 422, "a speed in words")
        check_refusal(server.synthesise("a", voice_settings=[]), 422, "voice_settings that are a list")
        check_equal(server.synthesise("...").status_code in (200, 502), True, "a text without a word is answered")


def raw(server, request):
    """Status and parsed body of the answer to exactly these bytes; None when there is none."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(request)
        answer = http.client.HTTPResponse(connection)
        try:
            answer.begin()
        except (http.client.HTTPException, ConnectionError):
            return None, None
        body = answer.read()
        return answer.status, json.loads(body) if body[:1] == b"{" else body


def what_is_not_http_is_refused():
    with Server() as server:
        target = f"{PREFIX}/test".encode()
        wrong = {
            "no HTTP at all": b"hello there\r\n\r\n",
            "an endless header": b"GET " + target + b" HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
            "an endless address": b"GET /" + b"y" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
            "two lengths": b"POST " + target + b" HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            "length and chunks at once": b"POST " + target + b" HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "a negative length": b"POST " + target + b" HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
            "no host": b"GET " + target + b" HTTP/1.1\r\n\r\n",
        }
        for what, request in wrong.items():
            try:
                status, body = raw(server, request)
            except ConnectionError:  # it may hang up while we are still sending
                status, body = None, None
            told = status is not None and 400 <= status < 500 and isinstance(body, dict) and body.get("detail")
            check(told, f"{what}: {status}, {body and body.get('detail')!r}" if isinstance(body, dict) else what, (status, body))
        upgrade = requests.get(server.api("/call/connection"), timeout=10)
        check_refusal(upgrade, 400, "GET /call/connection without an upgrade")
        old = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "8", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
        check_refusal(requests.get(server.api("/call/connection"), headers=old, timeout=10), 426, "an upgrade to WebSocket version 8")
        check_equal(requests.get(server.api("/test"), timeout=10).status_code, 200, "the server lives on")


if __name__ == "__main__":
    run(
        good_requests_get_good_answers,
        an_unknown_path_is_refused,
        a_wrong_method_is_refused,
        a_body_of_a_megabyte_is_refused,
        wrong_webhooks_are_refused,
        wrong_test_syntheses_are_refused,
        what_is_not_http_is_refused,
        at_once=4,
    )
