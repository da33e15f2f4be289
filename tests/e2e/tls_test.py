#!/usr/bin/env python3
"""TLS in the process: clients nobody here wrote are served, old ones are not, and a new certificate cuts nobody off."""

import asyncio
import json
import os
import signal
import socket
import ssl
import subprocess
import time
from contextlib import contextmanager
from functools import partial

import requests
import websockets

from certificates import Authority, replace
from checks import check, check_equal, run
from programs import PREFIX, PlacedCalls, Program, Server, place_call, program, wait_until
from tls_client import common_name_shown, s_client
from twilio import Twiml, call_fields, post_webhook, signature

AUTH_TOKEN = "5ecre7a07h70ken5ecre7a07h70ken00"
GREETING = "This line is private. Nobody on the way can listen to it."
LONG_GREETING = " ".join([GREETING] * 3)
AUTHORITY = Authority()


@contextmanager
def tls_server(pair, **settings):
    """Its greeting is in the cache: a gap in a call is then not the voice's."""
    settings = {"GREETING": GREETING, "AFTER_SPEECH": "hangup"} | settings
    with Server(settings, pair=pair, ca_file=AUTHORITY.file) as server:
        server.synthesise(settings["GREETING"]).raise_for_status()
        yield server


def check_flawless(server, what):
    result = place_call(server, "--ca-file", AUTHORITY.file)
    check(result.report["flawless"], what, result.report)


# ---- clients of others


def whole_calls_are_spoken_over_tls():
    with tls_server(AUTHORITY.issue(), TWILIO_AUTH_TOKEN=AUTH_TOKEN) as server:
        result = place_call(server, "--auth-token", AUTH_TOKEN, "--ca-file", AUTHORITY.file)
        check(result.report["flawless"] and result.stream["heard_ms"] > 1500, "a signed call over https and wss is heard", result.report)
        result = place_call(server, "--auth-token", AUTH_TOKEN, "--insecure")
        check(result.report["flawless"], "--insecure: believed without the authority", result.report)
        result = place_call(server, "--auth-token", AUTH_TOKEN)
        check_equal(result.report["outcome"], "application error", "an authority that nobody knows is not believed")


def the_public_name_may_differ_from_the_address():
    public = "https://phone.example.org"
    with tls_server(AUTHORITY.issue(), TWILIO_AUTH_TOKEN=AUTH_TOKEN, WEBHOOK_BASE_URL=public) as server:
        result = place_call(server, "--auth-token", AUTH_TOKEN, "--ca-file", AUTHORITY.file, "--public-url", public)
        check(result.report["flawless"], "signed for the public name, reached at another", result.report)


async def websockets_hears_media(server):
    async with websockets.connect(
        server.stream_url(), ssl=ssl.create_default_context(cafile=AUTHORITY.file), extra_headers={"User-Agent": "somebody else"}
    ) as stream:
        await stream.send(json.dumps({"event": "start", "start": {"callSid": "CA" + "0" * 32, "streamSid": "MZ1"}}))
        return json.loads(await asyncio.wait_for(stream.recv(), 20))["event"]


def other_clients_are_served():
    with tls_server(AUTHORITY.issue()) as server:
        check_equal(asyncio.run(websockets_hears_media(server)), "media", "python3-websockets hears speech over wss")
        curl = subprocess.run(
            ["curl", "-sS", "--cacert", AUTHORITY.file, "--http2", "-w", "%{http_version} %{ssl_verify_result}", "-o", "/dev/null", server.api("/test")],
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        check_equal(curl.stdout, "1.1 0", "curl, which asks for HTTP/2 as well, gets HTTP/1.1 and believes the certificate")
        check_equal(requests.get(server.api("/test"), verify=AUTHORITY.file, timeout=20).status_code, 200, "python3-requests is answered")
        twiml = Twiml(post_webhook(server, call_fields()))
        check_equal(twiml.stream_url, server.stream_url(), "without a public address TwiML names the one that was asked, by wss")


# ---- what is negotiated


OFFERS = [
    (True, "TLS 1.3", ["-tls1_3"]),
    (True, "TLS 1.2", ["-tls1_2"]),
    (True, "AES 128 GCM", ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"]),
    (True, "ChaCha20", ["-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"]),
    (True, "ALPN http/1.1", ["-alpn", "h2,http/1.1"]),
    (False, "TLS 1.1", ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]),
    (False, "TLS 1.0", ["-tls1", "-cipher", "ALL:@SECLEVEL=0"]),
    (False, "CBC", ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA"]),
    (False, "a key without forward secrecy", ["-tls1_2", "-cipher", "AES128-GCM-SHA256:AES256-GCM-SHA384"]),
    (False, "ALPN with h2 alone", ["-alpn", "h2"]),
]


def only_modern_tls_is_spoken():
    with tls_server(AUTHORITY.issue()) as server:
        for accepted, what, options in OFFERS:
            status, told = s_client(server, AUTHORITY.file, *options)
            check_equal(status == 0 and "Verify return code: 0" in told, accepted, f"{what} is {'spoken' if accepted else 'refused'}")
        _, told = s_client(server, AUTHORITY.file, "-tls1_2")
        check("Secure Renegotiation IS supported" in told and "Compression: NONE" in told, "no compression, secure renegotiation")
        _, told = s_client(server, AUTHORITY.file, "-tls1_2", text=b"R\n")  # asks to negotiate anew
        check("RENEGOTIATING" in told and "no renegotiation" in told, "a client's wish to renegotiate is refused", told[-400:])


def a_session_can_be_resumed():
    with tls_server(AUTHORITY.issue()) as server:
        context = ssl.create_default_context(cafile=AUTHORITY.file)

        def handshake(session):
            with socket.create_connection(("127.0.0.1", server.port), 20) as plain:
                with context.wrap_socket(plain, server_hostname="127.0.0.1", session=session) as secure:
                    secure.sendall(f"GET {PREFIX}/test HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
                    secure.recv(65536)
                    return secure.session, secure.session_reused

        first, reused = handshake(None)
        check(not reused, "a first handshake is a full one")
        check(handshake(first)[1], "a client that returns resumes its session")


def strangers_on_the_port_do_no_harm():
    with tls_server(AUTHORITY.issue()) as server:
        for what, sent in (("plain HTTP", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"), ("garbage", os.urandom(4096)), ("nothing", b"")):
            with socket.create_connection(("127.0.0.1", server.port), 20) as stranger:
                answer = b""
                try:
                    stranger.sendall(sent)
                    stranger.shutdown(socket.SHUT_WR)
                    while piece := stranger.recv(4096):
                        answer += piece
                except OSError:  # the server may close before everything has been sent
                    pass
                check(not answer.startswith(b"HTTP"), f"{what} instead of TLS is not answered")
        check_flawless(server, "and a call afterwards is served")


# ---- renewal


def a_new_certificate_is_shown_and_nobody_is_cut_off(by_signal):
    how = "SIGHUP" if by_signal else "the files alone"
    old, new = AUTHORITY.issue(common_name="old"), AUTHORITY.issue(common_name="new", key_type=("rsa", "rsa_keygen_bits:2048"), days=20)
    with tls_server(old, GREETING=LONG_GREETING) as server:
        check_equal(common_name_shown(server, AUTHORITY.file), "old", f"{how}: before, the old certificate is shown")
        before = server.metric("mouthpiece_tls_certificate_expiry_timestamp_seconds")
        days = (before - time.time()) / 86400
        check(9.9 < days <= 10, f"{how}: the metric tells that ten days are left", days)
        with PlacedCalls(server.api("/call/incoming"), "--ca-file", AUTHORITY.file) as calls:
            wait_until(lambda: [c for c in server.connections() if c["stream_sid"]], 20, "the stream is open")
            new.put_in_place_of(old)
            if by_signal:
                server.signal(signal.SIGHUP)
            wait_until(lambda: common_name_shown(server, AUTHORITY.file) == "new", 20, "the new certificate is shown")
            check(calls.process.poll() is None, f"{how}: the call is still going on")
            result = calls.result()
        check(result.report["flawless"], f"{how}: the call that began with the old one is heard without a gap", result.report)
        check(server.metric("mouthpiece_tls_certificate_expiry_timestamp_seconds") > before, f"{how}: the metric tells the new one's time")
        check_equal(len(server.log_lines("certificate renewed", "expires=")), 1, f"{how}: the log tells it once")
        check_flawless(server, f"{how}: a call with the new one is heard")


def a_broken_pair_leaves_the_old_one_in_use():
    pair, other = AUTHORITY.issue(common_name="good"), AUTHORITY.issue(common_name="other")
    with tls_server(pair) as server:

        with open(other.key, "rb") as file:
            wrong_key = file.read()
        with open(pair.key, "rb") as file:
            right_key = file.read()
        for what, content, reason in (
            ("another certificate's key", wrong_key, "does not belong"),
            ("a key cut off in the middle", right_key[: len(right_key) // 2], "cannot use"),
        ):
            replace(pair.key, content)
            wait_until(lambda: server.log_lines("certificate refused", reason), 20, f"{what}: the log tells of it")
            check_equal(common_name_shown(server, AUTHORITY.file), "good", f"{what}: the old certificate is still shown")
        server.signal(signal.SIGHUP)
        server.await_log("reloading")
        check_flawless(server, "a call meanwhile is served")
        check_equal(len(server.log_lines("certificate refused")), 2, "each is in the log once, however often it was looked at")
        check_equal(server.metric('mouthpiece_tls_certificate_reads_total{result="refused"}'), 2, "and counted once")
        replace(pair.key, right_key)
        wait_until(lambda: server.log_lines("certificate restored"), 20, "the log tells that all is well again")
        other.put_in_place_of(pair)
        wait_until(lambda: common_name_shown(server, AUTHORITY.file) == "other", 20, "another pair is taken")


# ---- the start


def refusal_of(settings):
    with Program([program("mouthpiece"), "serve"], {"PORT": 0, "HOST": "127.0.0.1"} | settings) as server:
        return server.await_end(), server.log().strip()


def a_wrong_setting_stops_the_start():
    pair, other = AUTHORITY.issue(), AUTHORITY.issue()
    locked = pair.key + ".locked"
    subprocess.run(["openssl", "ec", "-in", pair.key, "-out", locked, "-aes256", "-passout", "pass:secret"], check=True, capture_output=True, timeout=60)
    for what, settings, says in (
        ("a certificate without a key", {"TLS_CERT_FILE": pair.certificate}, "TLS_KEY_FILE is not"),
        ("a key without a certificate", {"TLS_KEY_FILE": pair.key}, "TLS_CERT_FILE is not"),
        ("a file that is not there", pair.settings() | {"TLS_CERT_FILE": "/nowhere.pem"}, "'/nowhere.pem': No such file"),
        ("the key of another certificate", pair.settings() | {"TLS_KEY_FILE": other.key}, "does not belong to the certificate"),
        ("a key with a passphrase", pair.settings() | {"TLS_KEY_FILE": locked}, "without a passphrase"),
        ("a key in the place of the certificate", pair.settings() | {"TLS_CERT_FILE": pair.key}, "as a certificate in PEM form"),
    ):
        status, said = refusal_of(settings)
        check(status == 2 and says in said and len(said.splitlines()) == 1, f"{what}: the start is refused with one sentence", (status, said))


if __name__ == "__main__":
    run(
        whole_calls_are_spoken_over_tls,
        the_public_name_may_differ_from_the_address,
        other_clients_are_served,
        only_modern_tls_is_spoken,
        a_session_can_be_resumed,
        strangers_on_the_port_do_no_harm,
        partial(a_new_certificate_is_shown_and_nobody_is_cut_off, True),
        partial(a_new_certificate_is_shown_and_nobody_is_cut_off, False),
        a_broken_pair_leaves_the_old_one_in_use,
        a_wrong_setting_stops_the_start,
        at_once=4,
    )
