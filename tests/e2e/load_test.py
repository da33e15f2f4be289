#!/usr/bin/env python3
"""The measuring programs of bench/: what they say of a good server, and that they see the faults of a bad one."""

import json
import signal
import subprocess
import tempfile

from checks import check, check_equal, run
from programs import Program, program, wait_until


class BareServer(Program):
    def __init__(self, *options):
        super().__init__([program("bare-media-server"), *options])
        self.port = int(wait_until(lambda: self.log().strip(), 20, "the port"))


def certificate(folder):
    files = [f"{folder}/certificate.pem", f"{folder}/key.pem"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-out", files[0], "-keyout", files[1]],
        check=True, capture_output=True,
    )  # fmt: skip
    return files


def load(server, *options, call_seconds=8, stalled=0.0):
    """The report about 20 calls; the server is stopped for `stalled` seconds of the time that is measured."""
    command = [program("twilio-load"), "--port", str(server.port), "--calls", "20", "--call-seconds", str(call_seconds), "--ramp-seconds", "0.5",
               "--seconds", "2", *options]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        check_equal(running.stderr.readline(), "measuring\n", "the load says when all calls are up")
        if stalled:
            server.signal(signal.SIGSTOP)
            try:
                running.wait(stalled)
            except subprocess.TimeoutExpired:
                server.signal(signal.SIGCONT)
        report, _ = running.communicate(timeout=60)
    return json.loads(report)


def callers_of_a_good_server_hear_everything():
    with tempfile.TemporaryDirectory() as folder:
        cert, key = certificate(folder)
        for name, server_options, load_options in (("plain", [], []), ("TLS", ["--cert", cert, "--key", key], ["--tls"])):
            with BareServer("--says", "messages", *server_options) as server:
                report = load(server, *load_options)
            check_equal((report["refused"], report["lost"], report["too_short"]), (0, 0, 0), f"{name}: no call failed")
            check_equal(report["calls_with_underruns"], 0, f"{name}: nobody heard a gap, two seconds ahead")
            check_equal(report["finished"], 20, f"{name}: every call was ended in order")
            check(report["audio_seconds"] > 20 * 4, f"{name}: all heard speech", report["audio_seconds"])
            check(report["marks_received"] >= 20 * 2, f"{name}: and marks", report["marks_received"])


def a_stalled_server_is_found_out():
    with BareServer("--says", "frames") as server:
        report = load(server, stalled=0.8)
    check_equal(report["calls_with_underruns"], 20, "with a lead of 0.2 s, a stall of 0.8 s is heard by all")
    check(400 < report["longest_underrun_ms"] < 3_000, "as long as it was", report["longest_underrun_ms"])
    with BareServer("--says", "echo") as server:
        report = load(server, "--echo", stalled=0.8)
    check(report["latency_ms"]["max"] > 600, "and the echo is late", report["latency_ms"]["max"])
    check(report["latency_ms"]["count"] > 1_000, "every echoed frame is timed", report["latency_ms"]["count"])


def a_call_that_gets_too_little_fails():
    with BareServer("--says", "frames", "--clip-ms", "300") as server:
        report = load(server, "--expect-ms", "400", call_seconds=2)
    check(report["too_short"] >= 20, "300 ms where 400 were expected", report["too_short"])


if __name__ == "__main__":
    run(callers_of_a_good_server_hear_everything, a_stalled_server_is_found_out, a_call_that_gets_too_little_fails)
