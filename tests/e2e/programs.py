"""Starts and stops the programs under test, on ports that are free, and waits for what they do, never for time to pass."""

import itertools
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

import requests

from audio import mulaw_in_wav

BUILD_DIR = os.path.abspath(
    os.environ.get("BUILD_DIR") or os.path.join(os.path.dirname(__file__), "..", "..", "build", "dev")
)
PREFIX = "/api/v1/elevenlabs-twilio"
DEFAULT_VOICE = "21m00Tcm4TlvDq8ikWAM"
START_SECONDS_MAX = 30  # sanitizers start slowly
END_SECONDS_MAX = 30

_workplace = tempfile.TemporaryDirectory(prefix="mouthpiece-e2e-")
_numbers = itertools.count(1)


def program(name):
    path = os.path.join(BUILD_DIR, name)
    if not os.access(path, os.X_OK):
        sys.exit(f"{path} is missing: build it, or name another build directory in BUILD_DIR")
    return path


def sanitized():
    """Whether the programs carry a sanitizer: they are several times slower then."""
    with open(program("mouthpiece"), "rb") as file:
        content = file.read()
    return b"__tsan_init" in content or b"__asan_init" in content


def new_directory():
    """An empty directory that lives as long as the test."""
    path = os.path.join(_workplace.name, str(next(_numbers)))
    os.mkdir(path)
    return path


def environment_with(settings):
    """This process's environment without any setting of the product, and then `settings`."""
    kept = ("PATH", "HOME", "TMPDIR", "LANG", "ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS")
    clean = {name: os.environ[name] for name in kept if name in os.environ}
    return clean | {name: str(value) for name, value in (settings or {}).items()}


def wait_until(condition, seconds, what):
    """The first true value of `condition`. Asks often; gives up loudly."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {seconds} s still not: {what}")
        time.sleep(0.01)


def results_of(placed, seconds=280):
    """The calls of several PlacedCalls that go on side by side; all of them are over then."""
    try:
        return [call for one in placed for call in one.result(seconds).calls]
    finally:
        for one in placed:
            one.__exit__()


class Program:
    """A running program with its output in a file. A context manager: it is gone at the end, however the test went."""

    def __init__(self, arguments, settings=None, directory=None):
        self.directory = directory or new_directory()
        self._log_path = os.path.join(new_directory(), "log")
        with open(self._log_path, "wb") as log:
            self.process = subprocess.Popen(
                arguments, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                cwd=self.directory, env=environment_with(settings),
            )  # fmt: skip

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def log(self):
        with open(self._log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def log_lines(self, *parts):
        """The whole lines that contain all of `parts`."""
        return [line for line in self.log().splitlines() if all(part in line for part in parts)]

    def await_log(self, pattern, seconds=20):
        def found():
            match = re.search(pattern, self.log())
            if match is None and self.process.poll() is not None:
                raise RuntimeError(f"it ended with status {self.process.returncode} before {pattern!r}:\n{self.log()}")
            return match

        return wait_until(found, seconds, f"{pattern!r} in the log:\n{self.log()}")

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def await_end(self, seconds=END_SECONDS_MAX):
        """The exit status."""
        return self.process.wait(seconds)


class Server(Program):
    """`mouthpiece serve`, ready to take calls."""

    def __init__(self, settings=None, flags=(), directory=None, pair=None, ca_file=True, under=()):
        """With `pair`, a certificate and its key, it speaks TLS, and `ca_file` is believed. `under`: a command that runs it."""
        self._tls, self.ca_file = "s" if pair else "", ca_file
        self.settings = {"PORT": 0, "HOST": "127.0.0.1", "THREADS": 2} | (pair.settings() if pair else {}) | (settings or {})
        super().__init__([*under, program("mouthpiece"), "serve", *flags], self.settings, directory)
        try:
            self.port = int(self.await_log(r"serving\b.*\bport\W+(\d+)", START_SECONDS_MAX).group(1))
            wait_until(self._ready, START_SECONDS_MAX, "GET /ready answers 200")
        except BaseException:
            self.__exit__()
            raise

    def _ready(self):
        try:
            return self.get("/ready", 5).status_code == 200
        except requests.ConnectionError:
            return False

    def url(self, path):
        return f"http{self._tls}://127.0.0.1:{self.port}{path}"

    def get(self, path, timeout=10):
        return requests.get(self.url(path), timeout=timeout, verify=self.ca_file)

    def api(self, path):
        return self.url(PREFIX + path)

    def stream_url(self):
        return f"ws{self._tls}://127.0.0.1:{self.port}{PREFIX}/call/connection"

    def synthesise(self, text, **fields):
        return requests.post(self.api("/test-synthesis"), json={"text": text} | fields, timeout=60, verify=self.ca_file)

    def connections(self):
        return self.get(PREFIX + "/connections").json()["connections"]

    def metric(self, sample):
        """The value of e.g. 'mouthpiece_calls_total{outcome="completed"}'; None when it is not there."""
        for line in self.get("/metrics").text.splitlines():
            name, _, value = line.rpartition(" ")
            if name == sample:
                return float(value)
        return None


class StandIn(Program):
    """`elevenlabs-standin`, listening."""

    def __init__(self, *flags, port=0):
        super().__init__([program("elevenlabs-standin"), "--port", str(port), "--print-port", *flags])
        try:
            self.port = int(self.await_log(r"^(\d+)\n", START_SECONDS_MAX).group(1))
        except BaseException:
            self.__exit__()
            raise
        self.url = f"http://127.0.0.1:{self.port}"

    def settings(self):
        """What a server needs to speak with it."""
        return {"ELEVENLABS_BASE_URL": self.url, "ELEVEN_LABS_API_KEY": "sk_standin_0123456789abcdef"}

    def audio_of(self, text, voice=DEFAULT_VOICE, key="sk_standin_0123456789abcdef"):
        """What it says for this text, asked directly."""
        answer = requests.post(
            f"{self.url}/v1/text-to-speech/{voice}/stream?output_format=ulaw_8000",
            json={"text": text, "model_id": "eleven_flash_v2_5"}, headers={"xi-api-key": key}, timeout=60,
        )  # fmt: skip
        answer.raise_for_status()
        return answer.content

    def arm(self, fault, **fields):
        requests.post(f"{self.url}/standin/faults", json={"fault": fault} | fields, timeout=10).raise_for_status()

    def disarm(self):
        requests.post(f"{self.url}/standin/reset", timeout=10).raise_for_status()

    def log_of_requests(self):
        return requests.get(f"{self.url}/standin/log", timeout=10).json()

    def requests_seen(self):
        return self.log_of_requests()["requests"]


class TwilioStandIn(Program):
    """`twilio-standin`, listening: Twilio's REST side."""

    ACCOUNT = "AC" + "0123456789abcdef" * 2
    TOKEN = "0123456789abcdef" * 2
    NUMBER = "+14155550100"

    def __init__(self, *flags):
        super().__init__([program("twilio-standin"), "--port", "0", "--print-port", *flags])
        try:
            self.port = int(self.await_log(r"^(\d+)\n", START_SECONDS_MAX).group(1))
        except BaseException:
            self.__exit__()
            raise
        self.url = f"http://127.0.0.1:{self.port}"

    def settings(self):
        """What a server needs to place calls through it."""
        return {
            "TWILIO_BASE_URL": self.url, "TWILIO_ACCOUNT_SID": self.ACCOUNT, "TWILIO_AUTH_TOKEN": self.TOKEN,
            "TWILIO_PHONE_NUMBER": self.NUMBER,
        }  # fmt: skip

    def arm(self, **fault):
        requests.post(f"{self.url}/standin/faults", json=fault, timeout=10).raise_for_status()

    def callee(self, **behaviour):
        requests.post(f"{self.url}/standin/callee", json=behaviour, timeout=10).raise_for_status()

    def seen(self):
        return requests.get(f"{self.url}/standin/calls", timeout=10).json()


class PlacedCalls(Program):
    """`mouthpiece call` on its way; result() is what became of it."""

    def __init__(self, webhook_url, *options):
        self._wav_path = os.path.join(new_directory(), "heard-{n}.wav")
        super().__init__(
            [program("mouthpiece"), "call", "--url", webhook_url, "--json", "--wav", self._wav_path, *options]
        )

    def heard_by(self, number):
        """What this caller heard, counted from 1; of many calls at once only the first 100 keep it."""
        with open(self._wav_path.replace("{n}", str(number)), "rb") as file:
            return mulaw_in_wav(file.read())

    def result(self, seconds=120):
        status = self.await_end(seconds)
        reports = [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]
        if not reports:
            raise RuntimeError(f"no report, exit status {status}:\n{self.log()}")
        return CallResult(status, reports[:-1], reports[-1]["summary"], self.heard_by(1))


class CallResult:
    """What the callers told; `heard` is what the first of them heard, gaps as silence."""

    def __init__(self, status, calls, summary, heard):
        self.status, self.calls, self.summary, self.heard = status, calls, summary, heard

    @property
    def report(self):
        return self.calls[0]

    @property
    def stream(self):
        return self.report["streams"][0]

    def silence_seconds(self):
        """In all gaps of the first call together."""
        return sum(gap["length_ms"] for stream in self.report["streams"] for gap in stream["gaps"]) / 1000


def place_call(server, *options, query=""):
    """A whole simulated call through the real webhook and the real stream."""
    with PlacedCalls(server.api("/call/incoming" + query), *options) as calls:
        return calls.result()


def odd_ones(calls):
    """Those that were not heard on one stream, to the end, with nothing for Twilio to complain of."""
    return [
        call for call in calls
        if len(call["streams"]) != 1 or call["streams"][0]["gaps"] or call["streams"][0]["unheard_bytes"]
        or call["notices"] or call["outcome"] != "completed"
    ]  # fmt: skip
