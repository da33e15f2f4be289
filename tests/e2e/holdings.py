"""What a process holds: what should be there again when the calls are over."""

import os
import re

import requests


class Holdings:
    """Of a server, at this moment."""

    def __init__(self, server):
        folder = f"/proc/{server.process.pid}"
        self.sockets = sum(
            os.path.realpath(f"{folder}/fd/{fd}").split("/")[-1].startswith("socket:")
            for fd in os.listdir(f"{folder}/fd")
        )
        self.files = len(os.listdir(f"{folder}/fd"))
        self.threads = len(os.listdir(f"{folder}/task"))
        with open(f"{folder}/status", encoding="ascii") as status:
            self.resident_kib = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
        self.gauges = active_gauges(server)

    def __str__(self):
        return (f"{self.sockets} sockets, {self.files} descriptors, {self.threads} threads, "
                f"{self.resident_kib // 1024} MiB, active {self.gauges}")  # fmt: skip


def active_gauges(server):
    """Calls and requests on their way: zero when nothing goes on."""
    page = requests.get(server.url("/metrics"), timeout=10, verify=server.ca_file).text
    names = {line.split()[2] for line in page.splitlines() if line.startswith("# TYPE") and line.endswith(" gauge")}
    samples = (line.rpartition(" ") for line in page.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in samples if name.split("{")[0] in names and re.search("active|waiting", name)}
