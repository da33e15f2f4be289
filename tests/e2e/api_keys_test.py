#!/usr/bin/env python3
"""Everything that is not Twilio's wants an API key; keys change while the server runs; no key ever reaches the log."""

import os
import signal

import requests

from checks import check, check_equal, run
from programs import PREFIX, Server, new_directory, place_call, wait_until
from twilio import call_fields, post_webhook

KEY, SECOND_KEY, THIRD_KEY = "key-one-0123456789", "key-two-0123456789", "key-three-0123456789"
GUARDED = [
    ("GET", PREFIX + "/connections"),
    ("GET", PREFIX + "/calls"),
    ("POST", PREFIX + "/test-synthesis?text=hello"),
    ("GET", "/metrics"),
]
CONTRACT_OF_HEALTH = {"status", "message", "elevenlabs_configured", "active_connections"}


def ask(server, method, path, **headers):
    return requests.request(method, server.url(path), headers=headers, timeout=30)


def check_401(answer, what):
    told = answer.headers.get("Content-Type") == "application/json" and isinstance(answer.json().get("detail"), str)
    check(answer.status_code == 401 and told, f"{what}: 401 with a detail", (answer.status_code, answer.text))
    check(answer.headers.get("WWW-Authenticate", "").startswith("Bearer"), f"{what}: and how to do better")


def every_endpoint_of_ours_wants_a_key():
    with Server({"API_KEYS": f"{KEY},{SECOND_KEY}", "GREETING": "Good morning."}) as server:
        for method, path in GUARDED:
            check_401(ask(server, method, path), f"{method} {path} without a key")
            check_401(ask(server, method, path, **{"X-API-Key": KEY[:-1]}), f"{method} {path} with a wrong key")
            check_401(ask(server, method, path, Authorization=f"Bearer {KEY}x"), f"{method} {path} with a wrong bearer")
            by_bearer = ask(server, method, path, Authorization=f"Bearer {KEY}")
            by_header = ask(server, method, path, **{"X-API-Key": SECOND_KEY})
            check_equal((by_bearer.status_code, by_header.status_code), (200, 200), f"{method} {path} with either key")
        metrics = ask(server, "GET", "/metrics", **{"X-API-Key": KEY}).text
        check('refused_total{reason="no_api_key"} 4' in metrics, "who came without a key is counted")
        check('refused_total{reason="wrong_api_key"} 8' in metrics, "who came with a wrong one as well")

        health = requests.get(server.api("/test"), timeout=10).json()
        check_equal(set(health), CONTRACT_OF_HEALTH, "a stranger hears of health what the contract says and no more")
        check_equal(requests.get(server.url("/ready"), timeout=10).json(), {"status": "ready"}, "GET /ready is open")
        known = ask(server, "GET", PREFIX + "/test", **{"X-API-Key": KEY}).json()
        check(set(known) > CONTRACT_OF_HEALTH, "who has a key hears more", known)
        check_equal(post_webhook(server, call_fields()).status_code, 200, "Twilio needs none")
        check_equal(place_call(server).status, 0, "and a call goes through")
        check(KEY[:-1] not in server.log() and SECOND_KEY not in server.log(), "no key, right or wrong, is in the log")


def without_keys_this_machine_alone_is_answered():
    with Server() as server:
        port = server.port
        for method, path in GUARDED:
            check_equal(ask(server, method, path).status_code, 200, f"{method} {path} from this machine")
            check_401(ask(server, method, path, **{"X-Forwarded-For": "198.51.100.7"}), f"{method} {path} through a proxy")
            for guise, headers in {
                "a name that leads here": {"Host": f"attacker.example:{port}"},
                "another page": {"Origin": "https://attacker.example"},
                "another page's image": {"Sec-Fetch-Site": "cross-site"},
            }.items():
                answer = ask(server, method, path, **headers)
                check(answer.status_code == 403 and answer.json()["detail"], f"{method} {path} by {guise}: 403", answer.text)
        health = ask(server, "GET", PREFIX + "/test", Host="attacker.example").json()
        check_equal(set(health), CONTRACT_OF_HEALTH, "such a page learns nothing more of health either")


def accepts(server, key):
    return ask(server, "GET", PREFIX + "/connections", **{"X-API-Key": key}).status_code == 200


def keys_change_while_the_server_runs():
    path = os.path.join(new_directory(), "keys")

    def write(text):
        with open(path + ".new", "w", encoding="ascii") as file:
            file.write(text)
        os.rename(path + ".new", path)

    write(f"# the console's\n{KEY}\n")
    with Server({"API_KEYS_FILE": path}) as server:
        check(accepts(server, KEY) and not accepts(server, SECOND_KEY), "the file's key counts")
        write(f"{KEY}\n{SECOND_KEY}\n")
        wait_until(lambda: accepts(server, SECOND_KEY), 20, "the new key is accepted")
        check(accepts(server, KEY), "the old one still is: time to change over")
        write(f"{SECOND_KEY}\n")
        wait_until(lambda: not accepts(server, KEY), 20, "the old key is refused")
        check(accepts(server, SECOND_KEY), "the new one stays")
        write("short\n")
        server.signal(signal.SIGHUP)
        server.await_log("the API keys stay as they were")
        check(accepts(server, SECOND_KEY), "a file with a mistake changes nothing")
        write(f"{THIRD_KEY}\n")
        server.signal(signal.SIGHUP)
        wait_until(lambda: accepts(server, THIRD_KEY), 20, "SIGHUP reads the file")
        check(not accepts(server, SECOND_KEY), "what is no longer in it is refused")
        check(not any(key in server.log() for key in (KEY, SECOND_KEY, THIRD_KEY)), "no key is in the log")


if __name__ == "__main__":
    run(every_endpoint_of_ours_wants_a_key, without_keys_this_machine_alone_is_answered, keys_change_while_the_server_runs, at_once=3)
