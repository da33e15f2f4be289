#!/usr/bin/env python3
"""Plays Twilio's webhook against a running server, and asks its other addresses.

    python3 examples/test_twilio_webhook.py

Needs python3-requests, and a server without TWILIO_AUTH_TOKEN (with one, only Twilio gets in). PORT: its port, if not 8001.
"""

import os
import sys
import xml.etree.ElementTree as ElementTree

import requests

PORT = os.environ.get("PORT", "8001")
BASE_URL = f"http://localhost:{PORT}/api/v1/elevenlabs-twilio"


def test_incoming_call():
    call = {"CallSid": "test_call_sid", "From": "+14155550100", "To": "+14155550199", "CallStatus": "ringing"}
    answer = requests.post(f"{BASE_URL}/call/incoming", data=call, timeout=10)
    print(f"POST /call/incoming: {answer.status_code} {answer.headers['Content-Type']}\n  {answer.text}")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/xml")
    stream = ElementTree.fromstring(answer.content).find("Connect/Stream")
    assert stream is not None, "the answer opens no stream"
    assert stream.get("url").startswith("wss://") and stream.get("url").endswith("/call/connection")


def test_health():
    answer = requests.get(f"{BASE_URL}/test", timeout=10)
    print(f"GET /test: {answer.status_code} {answer.text}")
    assert answer.status_code == 200
    assert answer.json()["status"] == "healthy"
    assert {"message", "elevenlabs_configured", "active_connections"} <= answer.json().keys()


def test_connections():
    answer = requests.get(f"{BASE_URL}/connections", timeout=10)
    print(f"GET /connections: {answer.status_code} {answer.text}")
    assert answer.status_code == 200
    assert answer.json()["active_connections"] == len(answer.json()["connections"])


def test_synthesis():
    answer = requests.post(f"{BASE_URL}/test-synthesis", json={"text": "Hello, this is a test."}, timeout=30)
    print(
        f"POST /test-synthesis: {answer.status_code} {answer.headers['Content-Type']}, {len(answer.content)} bytes, "
        f"first audio after {answer.headers.get('X-First-Audio-Ms')} ms"
    )
    assert answer.status_code == 200
    assert answer.content.startswith(b"RIFF") and len(answer.content) > 8000


if __name__ == "__main__":
    failed = 0
    for test in (test_incoming_call, test_health, test_connections, test_synthesis):
        try:
            test()
        except (AssertionError, requests.RequestException) as failure:
            failed += 1
            print(f"{test.__name__} failed: {failure or 'see its answer above'}")
    sys.exit(1 if failed else 0)
