"""One core for the server, one for the load, and as little disturbance as the machine allows."""

import contextlib
import fcntl
import os
import platform
import shutil
import socket
import subprocess
import sys

SERVER_CORE, LOAD_CORE = 0, 1


def _may_take_priority():
    return shutil.which("chrt") and subprocess.run(["chrt", "-r", "1", "true"], capture_output=True).returncode == 0


def pinned(core, command):
    """The command on one core, ahead of everything else on the machine when that is allowed."""
    priority = ["chrt", "-r", "1"] if takes_priority else []
    return [*priority, "taskset", "-c", str(core), *command]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def turn(lock_file):
    """Several checkouts on one machine measure in turn, when each is given the same file."""
    if not lock_file:
        yield
        return
    with open(lock_file, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _first_line(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True).stdout.splitlines()[0]
    except (OSError, IndexError):
        return "unknown"


def commit_of(root):
    """Of what is measured: the page that the measurements themselves write does not count."""
    unchanged = subprocess.run(["git", "-C", root, "diff", "--quiet", "HEAD", "--", ".", ":!docs"]).returncode == 0
    return _first_line("git", "-C", root, "describe", "--always") + ("" if unchanged else "-dirty")


def description():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "unknown")
    versions = {
        name: _first_line("dpkg-query", "-W", "-f", "${Version}", name)
        for name in ("python3-fastapi", "python3-uvicorn", "python3-uvloop", "python3-httpx", "python3-websockets", "libssl3")
    }
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "priority": "SCHED_RR" if takes_priority else "none: other programs may disturb",
        "versions": versions | {"node": _first_line("node", "--version")},
    }


def check():
    if (os.cpu_count() or 1) < 2:
        sys.exit("bench: two cores are needed, one for the server and one for the load")


takes_priority = _may_take_priority()
