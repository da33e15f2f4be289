"""One run each: a server, a load, a report."""

import glob
import json
import os
import re
import subprocess
import time

import machine
import servers
from machine import LOAD_CORE, free_port, pinned

PREFIX = "/api/v1/elevenlabs-twilio/call"
AUDIO_MS = 10_000


def _options(named):
    words = []
    for name, value in named.items():
        words += [f"--{name.replace('_', '-')}"] + ([] if value is True else [str(value)])
    return words


def _report(command, seconds):
    done = subprocess.run(pinned(LOAD_CORE, command), capture_output=True, text=True, timeout=seconds)
    if not done.stdout.startswith("{"):
        raise RuntimeError(f"{command[0]}: {done.stderr}")
    return json.loads(done.stdout)


class Bench:
    """Takes its turn on the machine for each run, and remembers all of them."""

    def __init__(self, lock_file, say):
        self._lock_file, self._say = lock_file, say
        self.runs = []

    def _keep(self, experiment, kind, tls, calls, report):
        self.runs.append({"experiment": experiment, "kind": kind, "tls": tls, "calls": calls, "report": report})
        return report

    def calls(self, experiment, kind, calls, tls=False, webhook=False, call_seconds=12, seconds=8, upstream=None):
        """Calls at one server; every call that is not cut off by the end of the run must get its ten seconds."""
        with machine.turn(self._lock_file):
            upstream_port = free_port()
            with servers.start(kind, upstream_port, tls, servers.signed(kind) if webhook else None) as server:
                load = {"port": server.port, "server_pid": server.pid, "calls": calls, "call_seconds": call_seconds, "seconds": seconds}
                load |= {"upstream_port": upstream_port} | (upstream or {})
                load |= {"expect_ms": AUDIO_MS} if call_seconds > AUDIO_MS / 1000 + 1 else {}
                load |= {"tls": True} if tls else {}
                load |= {"webhook": f"{PREFIX}/incoming", "auth_token": servers.TOKEN} if webhook else {}
                report = _report([servers.program("twilio-load"), *_options(load)], call_seconds + seconds + 60)
        self._say(f"{experiment}: {kind}{' TLS' if tls else ''}, calls {calls}: {report['server_cpu_share']:.2f} of a core, "
                  f"{1000 * report['server_cpu_seconds_per_call_minute']:.1f} ms CPU a call-minute, {report['underruns']} underruns, "
                  f"{failures(report)} failures" + (f", latency p50 {report['latency_ms']['p50']:.2f} ms" if experiment == "latency" else ""))  # fmt: skip
        return self._keep(experiment, kind, tls, calls, report)

    def webhooks(self, kind, tls=False, requests=9_000):
        with machine.turn(self._lock_file):
            upstream_port = free_port()
            with servers.start(kind, upstream_port, tls, servers.signed(kind)) as server:
                load = {"port": server.port, "server_pid": server.pid, "upstream_port": upstream_port}
                load |= {"auth_token": servers.TOKEN, "requests": requests, "settle_ms": 3000} | ({"tls": True} if tls else {})
                report = _report([servers.program("webhook-load"), *_options(load)], 120)
        self._say(f"webhooks: {kind}{' TLS' if tls else ''}: {report['requests_per_cpu_second']:.0f} a CPU-second, {report['wrong']} wrong")
        return self._keep("webhooks", kind, tls, 0, report)

    def instructions(self, kind, calls=20, seconds=15):
        """User instructions for each frame of a caller to whom nothing is said, counted by callgrind: no clock, no noise."""
        with machine.turn(self._lock_file):
            upstream_port = free_port()
            with servers.start(kind, upstream_port, wrapper=CALLGRIND) as server:
                load = {"port": server.port, "calls": calls, "call_seconds": 600, "ramp_seconds": 2, "seconds": seconds + 10}
                # A message as long as the greeting deserves (a shorter one would be said again by another voice), over before the counting begins.
                load |= {"upstream_port": upstream_port, "upstream_audio_ms": 2000, "upstream_first_byte_ms": 20, "upstream_head_ms": 100}
                command = pinned(LOAD_CORE, [servers.program("twilio-load"), *_options(load)])
                with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
                    running.stderr.readline()  # "measuring": all calls are up
                    time.sleep(4)
                    counted, elapsed = _counted_instructions(server.pid, seconds)
                    running.communicate(timeout=60)
        report = {"instructions_per_frame": counted / (calls * 50 * elapsed)}
        self._say(f"instructions: {kind}: {report['instructions_per_frame']:.0f} a frame")
        return self._keep("instructions", kind, False, calls, report)


VGDB = f"--vgdb-prefix={servers.BUILD}/vgdb"
COUNTS = f"{servers.BUILD}/callgrind.out"
CALLGRIND = ["valgrind", "--tool=callgrind", VGDB, f"--callgrind-out-file={COUNTS}"]


def _counted_instructions(pid, seconds):
    """Between two dumps, each of which begins to count anew; and the seconds that passed between them."""
    for old in glob.glob(f"{COUNTS}*"):
        os.remove(old)

    def dump():
        command = ["callgrind_control", VGDB, "--dump", str(pid)]
        subprocess.run(command, check=True, capture_output=True, timeout=60, env=servers.clean_environment())
        return time.monotonic()

    begun = dump()
    time.sleep(seconds)
    ended = dump()
    with open(f"{COUNTS}.2") as counts:
        return int(re.search(r"^summary: (\d+)", counts.read(), re.M)[1]), ended - begun


def failures(report):
    return report["refused"] + report["lost"] + report["too_short"]


def load_kept_up(report):
    """The load itself was on time, so what its callers heard was the server's doing."""
    return report["send_lateness_ms"]["p99"] < 5 and report["load_cpu_share"] < 0.9


HELD_WAIT_MS_MAX = 50
UPSTREAM_FIRST_BYTE_MS = 225  # twilio-load's own default


def perfect(report):
    return report["underruns"] == 0 and failures(report) == 0


def holds_up(kind, report):
    """Perfect, and in time: a server without a moment to spare can let its calls wait instead of letting them break off.
    Where audio passes at once, that is its latency; Mouthpiece sends it when it is needed, and the bare server has it: there
    the wait from `start` counts, without ElevenLabs' part in it."""
    if kind in ("fastapi", "node"):
        wait = report["latency_ms"]["p99"]
    else:
        wait = report["first_media_ms"]["p99"] - (UPSTREAM_FIRST_BYTE_MS if kind == "mouthpiece-own" else 0)
    return perfect(report) and wait <= HELD_WAIT_MS_MAX
