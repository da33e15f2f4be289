#!/usr/bin/env python3
"""Behind nginx, set up as the README says: calls with signatures go through, and nobody speaks in the proxy's name."""

import requests
from requests.adapters import HTTPAdapter

from certificates import Authority
from checks import check, check_equal, run
from programs import PREFIX, PlacedCalls, Server
from proxy import Proxy
from twilio import Twiml, call_fields, signature

AUTH_TOKEN = "5ecre7a07h70ken5ecre7a07h70ken00"
PUBLIC = "https://phone.example.org"
GREETING = "This call has come by way of a proxy."
AUTHORITY = Authority()
PAIR = AUTHORITY.issue()
CLIENT, STRANGER = "127.0.0.2", "127.0.0.3"  # the proxy itself comes from 127.0.0.1


def server_behind(**settings):
    return Server({"TWILIO_AUTH_TOKEN": AUTH_TOKEN, "GREETING": GREETING, "AFTER_SPEECH": "hangup"} | settings)


def post_from(address, url, fields, headers):
    """A webhook from another address of this machine."""

    class FromThere(HTTPAdapter):
        def init_poolmanager(self, *args, **kwargs):
            super().init_poolmanager(*args, source_address=(address, 0), **kwargs)

    with requests.Session() as session:
        for scheme in ("http://", "https://"):
            session.mount(scheme, FromThere())
        return session.post(url, data=fields, headers=headers, timeout=20, verify=AUTHORITY.file)


def webhook_through(proxy, fields, signed_url, address=CLIENT, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    headers |= {"Host": "phone.example.org", "X-Twilio-Signature": signature(AUTH_TOKEN, signed_url, fields)}
    return post_from(address, proxy.url(PREFIX + "/call/incoming"), fields, headers)


def check_heard(proxy, server, what):
    options = ("--auth-token", AUTH_TOKEN, "--ca-file", AUTHORITY.file, "--public-url", PUBLIC)
    with PlacedCalls(proxy.url(PREFIX + "/call/incoming"), *options) as calls:
        result = calls.result()
    heard = result.report["outcome"] == "completed" and result.report["heard_speech"] and not result.report["notices"]
    check(heard and result.stream["unheard_bytes"] == 0, f"{what}: a signed call is heard to its end", (result.report, server.log()))


def calls_go_through_as_the_readme_says():
    with server_behind(TRUSTED_PROXIES="127.0.0.1") as server, Proxy(PAIR, [server.port]) as proxy:
        check_heard(proxy, server, "the address from the proxy")
    with server_behind(WEBHOOK_BASE_URL=PUBLIC) as server, Proxy(PAIR, [server.port]) as proxy:
        check_heard(proxy, server, "the address from WEBHOOK_BASE_URL")
    with server_behind() as server, Proxy(PAIR, [server.port]) as proxy:
        check_heard(proxy, server, "the address from the Host header")
        check(server.log_lines("forwarded headers ignored", "TRUSTED_PROXIES"), "and the log says that the proxy is not believed")
        check_equal(len(server.log_lines("forwarded headers ignored")), 1, "once")


def the_client_is_known_by_its_own_address():
    url = f"{PUBLIC}{PREFIX}/call/incoming"
    with server_behind(TRUSTED_PROXIES="127.0.0.1") as server, Proxy(PAIR, [server.port]) as proxy:
        fields = call_fields()
        refused = webhook_through(proxy, fields, url + "?wrong")
        check_equal(refused.status_code, 403, "a wrong signature is refused behind a proxy too")
        line = server.log_lines("signature refused", "request=webhook")[-1]
        check(f"peer={CLIENT} " in line, "the log names the client, not the proxy", line)
        check(url in line and "http://phone" not in line, "and the one address that Twilio can have called", line)
        twiml = Twiml(webhook_through(proxy, fields, url))
        check_equal(twiml.stream_url, f"wss://phone.example.org{PREFIX}/call/connection", "the stream is opened at the public address")
        check_equal(twiml.action, f"{PUBLIC}{PREFIX}/call/ended#rc=3&rp=all&rt=4000", "and what follows is asked there, again where nobody answers")


def a_client_cannot_speak_for_the_proxy():
    lies = {"X_Forwarded_For": "198.51.100.9", "X_Forwarded_Host": "evil.example", "X_Forwarded_Proto": "http",
            "Forwarded": "for=198.51.100.9;host=evil.example", "X_Real_IP": "198.51.100.9"}  # fmt: skip
    url = f"{PUBLIC}{PREFIX}/call/incoming"
    appending = [("X-Forwarded-For $remote_addr", "X-Forwarded-For $proxy_add_x_forwarded_for")]
    for changes, how in (([], "as the README says"), (appending, "with a proxy that appends")):
        with server_behind(TRUSTED_PROXIES="127.0.0.1") as server, Proxy(PAIR, [server.port], changes) as proxy:
            webhook_through(proxy, call_fields(), url + "?wrong", **lies)
            line = server.log_lines("signature refused", "request=webhook")[-1]
            check(f"peer={CLIENT} " in line and "evil" not in line, f"{how}: made-up headers change nothing", line)
            twiml = Twiml(webhook_through(proxy, call_fields(), url, **lies))
            check("evil" not in twiml.stream_url + twiml.action, f"{how}: nor the address in the TwiML")


def a_stranger_past_the_proxy_is_not_believed():
    with server_behind(TRUSTED_PROXIES="127.0.0.1,10.0.0.0/8") as server:
        url = server.api("/call/incoming")
        lies = {"X-Forwarded-For": "10.0.0.1", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
        fields = call_fields()
        signed = {"X-Twilio-Signature": signature(AUTH_TOKEN, f"https://evil.example{PREFIX}/call/incoming", fields)}
        check_equal(post_from(STRANGER, url, fields, lies | signed).status_code, 403, "a signature for a made-up host is refused")
        line = server.log_lines("signature refused", "request=webhook")[-1]
        check(f"peer={STRANGER} " in line and "evil" not in line, "the log names the stranger's own address", line)
    with Server({"TRUSTED_PROXIES": "127.0.0.1"}) as server:  # nobody has to sign
        answer = post_from(STRANGER, server.api("/call/incoming"), call_fields(), lies)
        check("evil" not in answer.text, "unsigned as well, the TwiML does not name it", answer.text)


if __name__ == "__main__":
    run(
        calls_go_through_as_the_readme_says,
        the_client_is_known_by_its_own_address,
        a_client_cannot_speak_for_the_proxy,
        a_stranger_past_the_proxy_is_not_believed,
        at_once=2,
    )
