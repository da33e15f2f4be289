"""A real HAProxy with deploy/haproxy/haproxy.cfg in front of several servers."""

import os
import re
import socket
import subprocess

from programs import Program, new_directory, wait_until
from proxy import ROOT, free_port

HAPROXY = [os.path.join(ROOT, "tools", "debian_program"), "haproxy", "usr/sbin/haproxy"]
CONFIGURATION = os.path.join(ROOT, "deploy", "haproxy", "haproxy.cfg")


class Balancer(Program):
    """The file as it is, but for its addresses, its certificate, and its size, for which this machine may lack descriptors. `ports`: {"a": 8001, …}."""

    def __init__(self, pair, ports):
        self.port = free_port()
        directory = new_directory()
        with open(CONFIGURATION, encoding="utf-8") as file:
            text = file.read()
        text, bound = re.subn(r"bind :443 ssl crt \S+", f"bind 127.0.0.1:{self.port} ssl crt {pair.in_one_file()}", text)
        for name, port in ports.items():
            text, found = re.subn(rf"(\n    server {name}) \S+", rf"\1 127.0.0.1:{port}", text)
            assert found == 2, f"server {name} is in both backends"
        assert bound == 1
        text = text.replace("maxconn 20000", "maxconn 4000")
        path = os.path.join(directory, "haproxy.cfg")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        check = subprocess.run([*HAPROXY, "-c", "-f", path], capture_output=True, text=True, timeout=120)
        assert check.returncode == 0, check.stderr
        super().__init__([*HAPROXY, "-db", "-f", path])
        wait_until(self._listens, 20, f"HAProxy listens:\n{self.log()}")

    def _listens(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"HAProxy ended:\n{self.log()}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def url(self, path):
        return f"https://127.0.0.1:{self.port}{path}"
