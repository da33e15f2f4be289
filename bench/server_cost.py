"""What both cost programs need: a server and a load of calls with a core each, and the processor time the server takes."""

import os
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "tests", "e2e"))
from programs import PREFIX, Server, program  # noqa: E402

SERVER_CORE, LOAD_CORE = 0, 1


def processor_seconds(pid):
    """Of all its threads, to the nanosecond, which /proc/PID/stat is not."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
            total += int(file.read().split()[0])
    return total / 1e9


def share_of_core(pid, seconds):
    """Measured over so many seconds from now."""
    before, began = processor_seconds(pid), time.monotonic()
    time.sleep(seconds)
    return (processor_seconds(pid) - before) / (time.monotonic() - began)


def resident_bytes(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class LoadedServer:
    """A server on one core, on the other a load that calls it and is ElevenLabs to it. Calls end and begin all the time, evenly once
    they have all come up."""

    def __init__(self, calls, call_seconds, settings=None):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._upstream = free.getsockname()[1]
        self._calls, self._call_seconds = calls, call_seconds
        self._settings = {
            "THREADS": 1, "HOST": "127.0.0.1", "GREETING": "Hello to you, whoever calls.",
            "ELEVEN_LABS_API_KEY": "any", "ELEVENLABS_BASE_URL": f"http://127.0.0.1:{self._upstream}",
        } | (settings or {})  # fmt: skip

    def __enter__(self):
        self.server = Server(self._settings).__enter__()
        self.pid = self.server.process.pid
        os.sched_setaffinity(0, {LOAD_CORE})
        for task in os.listdir(f"/proc/{self.pid}/task"):
            os.sched_setaffinity(int(task), {SERVER_CORE})
        self._load = subprocess.Popen(
            [program("twilio-load"), "--port", str(self.server.port), "--webhook", PREFIX + "/call/incoming", "--upstream-port", str(self._upstream),
             "--calls", str(self._calls), "--call-seconds", str(self._call_seconds), "--seconds", "3600"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(self._call_seconds + 5)
        return self

    def __exit__(self, *gone):
        self._load.kill()
        self._load.wait()
        self.server.__exit__(*gone)

    def open_calls(self):
        return self.server.metric("mouthpiece_websocket_connections_active")
