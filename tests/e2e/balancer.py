"""Real load balancers in front of several servers, with the files of deploy/."""

import os
import re
import socket
import subprocess

from programs import PREFIX, Program, new_directory, wait_until
from proxy import NGINX, ROOT, free_port, nginx_surroundings

PUBLIC = "https://phone.example.org"
HAPROXY = [os.path.join(ROOT, "tools", "debian_program"), "haproxy", "usr/sbin/haproxy"]


class Balancer(Program):
    """The file as it is, but for its addresses, its certificate, and its size, for which this machine may lack descriptors."""

    names = ("a", "b", "c")  # of the servers
    drain_policy = "serve"  # theirs
    file = ""

    def __init__(self, pair, ports):
        """`ports`: {"a": 8001, …}."""
        self.port = free_port()
        directory = new_directory()
        with open(os.path.join(ROOT, "deploy", self.file), encoding="utf-8") as file:
            text = self._fitted(file.read(), pair.in_one_file(), ports, directory)
        path = os.path.join(directory, os.path.basename(self.file))
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        check = subprocess.run(self._command(directory, path, only_check=True), capture_output=True, text=True, timeout=120)
        assert check.returncode == 0, check.stderr
        super().__init__(self._command(directory, path, only_check=False))
        wait_until(self._listens, 20, f"{self.file} listens:\n{self.log()}")

    def _listens(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"it ended:\n{self.log()}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def url(self, path):
        return f"https://127.0.0.1:{self.port}{path}"


def replaced(pattern, by, text, times):
    text, found = re.subn(pattern, by, text)
    assert found == times, f"{pattern!r} is there {found} times, not {times}"
    return text


class Haproxy(Balancer):
    file = "haproxy/haproxy.cfg"

    def _fitted(self, text, pem, ports, directory):
        text = replaced(r"bind :\d+ ssl crt \S+", f"bind 127.0.0.1:{self.port} ssl crt {pem}", text, 1)
        for name, port in ports.items():
            text = replaced(rf"(\n    server {name}) \S+", rf"\1 127.0.0.1:{port}", text, 2)
        return text.replace("maxconn 20000", "maxconn 4000")

    def _command(self, directory, path, only_check):
        return [*HAPROXY, "-c" if only_check else "-db", "-f", path]


class HaproxyOfPods(Haproxy):
    """Without the pods that do not run, whose names would be asked of a name server."""

    names = ("mouthpiece-0", "mouthpiece-1", "mouthpiece-2")
    file = "kubernetes/haproxy.cfg"

    def _fitted(self, text, pem, ports, directory):
        text = super()._fitted(text, pem, ports, directory)
        text = replaced(r"bind :8404", f"bind 127.0.0.1:{free_port()}", text, 1)
        return re.sub(r"\n    server \S+ \S+\.svc\.cluster\.local\S*", "", text)


class Nginx(Balancer):
    file = "nginx/nginx.conf"
    drain_policy = f"{PUBLIC}{PREFIX}/call/incoming"

    def _fitted(self, text, pem, ports, directory):
        for name, port in ports.items():
            address = re.search(rf"upstream {name} {{ server (\S+) ", text)[1]
            text = replaced(re.escape(address), f"127.0.0.1:{port}", text, 3)
        main, places = nginx_surroundings(directory)
        text = replaced(r"listen 443 ", f"listen 127.0.0.1:{self.port} ", text, 1).replace("/etc/nginx/phone.example.org.pem", pem)
        text = text.replace("worker_rlimit_nofile 65536", "worker_rlimit_nofile 8192").replace("worker_connections 20000", "worker_connections 4000")
        return main + replaced(r"http {\n", f"http {{\n{places}\n", text, 1)

    def _command(self, directory, path, only_check):
        return [*NGINX, *(["-t"] if only_check else []), "-e", "stderr", "-p", directory, "-c", path]
