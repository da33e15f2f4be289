#!/usr/bin/env python3
"""The API against its own description: every operation of /openapi.json is called as the document says, every answer
must be one it describes, and every answer it describes must be seen."""

import asyncio
import json
import os
import subprocess
from urllib.parse import quote

import jsonschema
import requests

from checks import check, check_equal, run
from programs import PREFIX, Server, StandIn, TwilioStandIn, new_directory, place_call, program
from twilio import Stream, bare_start, new_call_sid

ASSET = os.path.join(os.path.dirname(__file__), "..", "..", "assets", "openapi.json")
METHODS = ("get", "post", "put", "patch", "delete")

# Answers that cannot be had from a healthy server in this test; the test named does get them.
SEEN_ELSEWHERE = {
    ("get", "/ready", "503"): "shutdown_test.py",
    ("post", PREFIX + "/test-synthesis", "502"): "faults_test.py",
    ("get", PREFIX + "/call/connection", "101"): "stream_test.py",
    ("get", PREFIX + "/call/connection", "426"): "refusals_test.py",
    ("get", PREFIX + "/softphone/connection", "101"): "console_test.py",
    ("get", PREFIX + "/softphone/connection", "426"): "console_test.py",
    ("post", PREFIX + "/softphone/calls", "503"): "console_test.py",
    ("get", PREFIX + "/live", "429"): "console_test.py",
    ("get", PREFIX + "/instances", "503"): "register_test.py",
    ("get", PREFIX + "/calls/{sid}", "503"): "register_test.py",
    ("get", PREFIX + "/calls/{sid}", "504"): "register_test.py",
    ("post", PREFIX + "/calls", "409"): "outbound_test.py",
    ("post", PREFIX + "/calls", "502"): "outbound_test.py",
    ("post", PREFIX + "/calls", "504"): "outbound_test.py",
} | {
    ("post", PREFIX + "/calls/{sid}/" + what, status): "register_test.py"
    for what in ("say", "clear", "mark", "hangup") for status in ("503", "504")
}  # fmt: skip


class Document:
    def __init__(self, text):
        self.root = json.loads(text)

    def resolved(self, node):
        while "$ref" in node:
            target = self.root
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            node = target
        return node

    def operations(self):
        for path, item in self.root["paths"].items():
            for method in METHODS:
                if method in item:
                    shared = item.get("parameters", [])
                    yield Operation(self, method, path, item[method], shared + item[method].get("parameters", []))

    def complaint(self, schema, value):
        """What is wrong with the value, or None. Schemas see the whole document, for their references."""
        whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "components": self.root["components"]} | schema
        error = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(whole).iter_errors(value))
        return error and f"{error.json_path}: {error.message}"


class Operation:
    def __init__(self, document, method, path, node, parameters):
        self.document, self.method, self.path, self.node = document, method, path, node
        self.parameters = [document.resolved(parameter) for parameter in parameters]
        self.name = f"{method.upper()} {path.removeprefix(PREFIX)}"

    def body(self):
        """(content type, example) of the request's body."""
        content = self.document.resolved(self.node.get("requestBody", {})).get("content", {})
        for content_type, described in content.items():
            return content_type, described["example"]
        return None, None

    def url(self, server, sid):
        query = {p["name"]: p["example"] for p in self.parameters if p["in"] == "query" and "example" in p}
        path = self.path.replace("{sid}", quote(sid, safe=""))
        if "{name}" in path:
            listed = requests.get(server.api("/recordings"), timeout=30).json()["recordings"]
            path = path.replace("{name}", next((r["name"] for r in listed if r["state"] == "whole"), "none"))
        for parameter in self.parameters:
            if parameter["in"] == "path" and "example" in parameter:
                path = path.replace("{%s}" % parameter["name"], parameter["example"])
        return requests.Request(self.method, server.url(path), params=query).prepare().url

    def call(self, server, sid, **changes):
        content_type, example = self.body()
        content_type = changes.get("content_type", content_type)
        value = changes.get("body", example)
        headers = {"Content-Type": content_type} if content_type else {}
        data = json.dumps(value) if content_type == "application/json" and not isinstance(value, str) else value
        url = changes.get("url") or self.url(server, sid)
        headers |= changes.get("headers", {})
        endless = any("text/event-stream" in told.get("content", {}) for told in self.node["responses"].values())
        with requests.request(self.method, url, data=data, headers=headers, timeout=30, stream=endless) as answer:
            if not endless or not answer.ok:
                answer.content  # reads it
            return answer

    def complaint(self, answer):
        """What of the answer the document does not describe."""
        described = self.node["responses"].get(str(answer.status_code))
        if described is None:
            return f"status {answer.status_code} is not in the document: {answer.text[:200]}"
        described = self.document.resolved(described)
        for name in described.get("headers", {}):
            if name not in answer.headers:
                return f"the header {name} is missing"
        content = described.get("content", {})
        if "text/event-stream" in content:
            return None  # it has no end; console_test.py reads it
        if not content:
            return f"a body that is not described: {answer.text[:200]}" if answer.content else None
        content_type = answer.headers.get("Content-Type", "").partition(";")[0]
        if content_type not in content:
            return f"{content_type!r} is not among {list(content)}"
        schema = content[content_type].get("schema")
        return self.document.complaint(schema, answer.json()) if schema else None


class Walk:
    """Calls operations and keeps which of their described answers were seen."""

    def __init__(self, server, document, sid):
        self.server, self.document, self.sid = server, document, sid
        self.seen = set()

    def expect(self, operation, status, why, **changes):
        answer = operation.call(self.server, changes.pop("sid", self.sid), **changes)
        complaint = operation.complaint(answer)
        check(complaint is None, f"{operation.name}, {why}: an answer as described", complaint)
        check_equal(answer.status_code, status, f"{operation.name}, {why}: {status}")
        self.seen.add((operation.method, operation.path, str(answer.status_code)))
        return answer

    def is_control(self, operation):
        return operation.method == "post" and "{sid}" in operation.path

    def everything(self, ended_sid):
        operations = sorted(self.document.operations(), key=lambda operation: operation.path.endswith("/hangup"))
        for operation in operations:
            self.refusals(operation, ended_sid)
        for operation in operations:
            if operation.path.endswith("/connection"):
                origin = {"Origin": self.server.url("")}
                self.expect(operation, 400, "without an upgrade", headers=origin)
            elif operation.node["operationId"] != "placeCall":
                success = min(int(status) for status in operation.node["responses"] if status != "101")
                self.expect(operation, success, "as in its example")

    def refusals(self, operation, ended_sid):
        statuses = operation.node["responses"]
        content_type, _ = operation.body()
        if "401" in statuses:
            self.expect(operation, 401, "through a proxy, without a key", headers={"X-Forwarded-For": "198.51.100.7"})
            self.expect(operation, 403, "from a page elsewhere", headers={"Origin": "https://attacker.example"})
        if "{sid}" in operation.path:
            self.expect(operation, 404, "of an unknown call", sid="CA-unknown")
        if self.is_control(operation):
            self.expect(operation, 409, "of an ended call", sid=ended_sid)
            self.expect(operation, 422, "with a bad Idempotency-Key", headers={"Idempotency-Key": "x" * 256})
        if content_type == "application/json":
            self.wrong_bodies(operation)
        if "304" in statuses:
            tag = operation.call(self.server, self.sid).headers["ETag"]
            self.expect(operation, 304, "of who has it", headers={"If-None-Match": tag})
        if operation.path == "/console/{file}":
            self.expect(operation, 404, "of a file there is not", url=self.server.url("/console/none.js"))
        if operation.path.endswith("/softphone/connection"):
            self.expect(operation, 403, "from a page elsewhere", headers={"Origin": "https://attacker.example"})
        if operation.path.endswith("/recordings"):
            self.expect(operation, 422, "limit=many", url=self.server.api("/recordings?limit=many"))
        if operation.path.endswith("/recordings/{name}"):
            self.recordings(operation)
        if operation.path.endswith("/voices/{id}"):
            self.expect(operation, 422, "of an id that is none", url=self.server.api("/voices/not%20one"))
        if (operation.method, operation.path) == ("post", PREFIX + "/calls"):
            self.expect(operation, 503, "without an account at Twilio", body=operation.body()[1] | {"from": "+14155550100"})
        if (operation.method, operation.path) == ("get", PREFIX + "/calls"):
            for query in ("state=gone", "limit=0", "limit=1001", "limit=many"):
                self.expect(operation, 422, query, url=self.server.api("/calls?" + query))
        if "400" in statuses and operation.body()[0]:
            self.expect(operation, 400, "without a CallSid", body={"From": "+1"})
            self.expect(operation, 415, "without a form", content_type="text/plain", body="CallSid=CA1")
        elif "/call/" in operation.path and not operation.path.endswith("/connection"):
            self.expect(operation, 400, "without a CallSid", url=self.server.url(operation.path))

    def recordings(self, operation):
        self.expect(operation, 404, "of a name that is none", url=self.server.api("/recordings/none"))
        if operation.method == "get":
            self.expect(operation, 206, "a part", headers={"Range": "bytes=0-3"})
            self.expect(operation, 416, "a part that it has not", headers={"Range": "bytes=999999999-"})
        else:
            listed = requests.get(self.server.api("/recordings"), timeout=30).json()["recordings"]
            running = next(recording["name"] for recording in listed if recording["state"] == "being_written")
            self.expect(operation, 409, "of a running call", url=self.server.api(f"/recordings/{running}"))

    def wrong_bodies(self, operation):
        schema = self.document.resolved(operation.node["requestBody"]["content"]["application/json"]["schema"])
        _, example = operation.body()
        self.expect(operation, 415, "with a body that is not JSON", content_type="text/plain", body="hello")
        self.expect(operation, 422, "with a broken body", body="{")
        for name in schema["required"]:
            self.expect(operation, 422, f"without {name}", body={key: example[key] for key in example if key != name})
        for name, described in schema["properties"].items():
            described = self.document.resolved(described)
            for wrong in (17, [], "\u0000 not this"):
                whole = example | {name: wrong}
                if self.document.complaint(schema, whole) is None:
                    continue  # the document allows it
                if isinstance(wrong, str) and "enum" not in described and "pattern" not in described:
                    continue
                self.expect(operation, 422, f"with {name} = {wrong!r}", body=whole)

    def full_queue(self):
        for operation in self.document.operations():
            if "429" not in operation.node["responses"] or not self.is_control(operation):
                continue
            _, example = operation.body()
            queued = {name: value for name, value in example.items() if name != "mode"}
            for _ in range(40):
                if operation.call(self.server, self.sid, body=queued).status_code == 429:
                    break
            self.expect(operation, 429, "of a call with a full queue", body=queued)

    def unseen(self):
        described = {
            (operation.method, operation.path, status)
            for operation in self.document.operations()
            for status in operation.node["responses"]
        }
        return described - self.seen - SEEN_ELSEWHERE.keys()


def the_document_is_the_file_in_assets():
    with Server() as server, open(ASSET, "rb") as asset:
        served = requests.get(server.api("/openapi.json"), timeout=10)
        check_equal(served.content, asset.read(), "the server serves assets/openapi.json byte for byte")
        version = subprocess.run([program("mouthpiece"), "--version"], capture_output=True, text=True).stdout.split()[-1]
        check_equal(served.json()["info"]["version"], version, "it states the program's version")


def every_operation_behaves_as_described():
    async def scenario(server, ended_sid):
        document = Document(requests.get(server.api("/openapi.json"), timeout=10).text)
        sid = new_call_sid()
        async with Stream(server) as stream:
            await stream.send(bare_start(sid))
            await stream.receive_media()
            walk = Walk(server, document, sid)
            await asyncio.to_thread(walk.full_queue)
            await asyncio.to_thread(requests.post, server.api(f"/calls/{sid}/clear"))
            await asyncio.to_thread(walk.everything, ended_sid)
        return walk

    settings = {"GREETING": "Hello.", "TWILIO_AUTH_TOKEN": "", "RECORD": "true", "RECORDINGS_DIR": os.path.join(new_directory(), "r")}
    with StandIn() as standin, Server(settings | standin.settings()) as server:
        ended = place_call(server).report["call_sid"]
        walk = asyncio.run(scenario(server, ended))
    with TwilioStandIn() as twilio, Server(twilio.settings()) as server:
        walk.server = server
        for operation in walk.document.operations():
            if operation.node["operationId"] == "placeCall":
                walk.expect(operation, 201, "as in its example")
            if "403" in operation.node["responses"] and "twilio" in operation.node["tags"]:
                walk.expect(operation, 403, "unsigned")
    check_equal(walk.unseen(), set(), "every answer in the document was seen")


if __name__ == "__main__":
    run(the_document_is_the_file_in_assets, every_operation_behaves_as_described)
