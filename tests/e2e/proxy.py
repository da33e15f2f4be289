"""A real nginx in front of a server, with the lines the README shows."""

import os
import re
import signal
import socket
import subprocess

from programs import Program, new_directory, wait_until

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
NGINX = [os.path.join(ROOT, "tools", "debian_program"), "nginx", "usr/sbin/nginx"]


def readme_location():
    """The location block of the README, word by word."""
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        return re.search(r"```nginx\n(location .*?\n)```", file.read(), re.DOTALL).group(1)


def nginx_surroundings(directory):
    """What nginx needs to run without being installed: lines for the file's beginning, and for its http block."""
    as_root = "user root;" if os.geteuid() == 0 else ""
    places = "".join(f"{kind}_temp_path {directory}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    return f"{as_root} daemon off; pid {directory}/pid;", places


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Proxy(Program):
    """nginx with TLS in front of the servers on `ports`. `changes` replaces lines of the README's location. With `instances`,
    names like "a", each server is found under /a/ as well."""

    def __init__(self, pair, ports, changes=(), instances=()):
        self.port = free_port()
        location = readme_location()
        for old, new in changes:
            assert old in location, f"{old!r} is not in the README's lines"
            location = location.replace(old, new)
        locations = location.replace("http://127.0.0.1:8001", "http://mouthpiece")
        for name, port in zip(instances, ports):
            own = location.replace("location /api/v1/elevenlabs-twilio/ {", f"location /{name}/ {{")
            locations += own.replace("http://127.0.0.1:8001", f"http://127.0.0.1:{port}/")
        directory = new_directory()
        self._path, self._write = os.path.join(directory, "nginx.conf"), lambda down: self._configuration(pair, ports, down, locations, directory)
        self._configure()
        check = subprocess.run([*NGINX, "-t", "-e", "stderr", "-p", directory, "-c", self._path], capture_output=True, text=True, timeout=120)
        assert check.returncode == 0, check.stderr
        super().__init__([*NGINX, "-e", "stderr", "-p", directory, "-c", self._path])
        wait_until(self._listens, 20, f"nginx listens:\n{self.log()}")

    def leave_out(self, *ports):
        """New calls go to the other servers; what is under way goes on."""
        self._configure(ports)
        self.signal(signal.SIGHUP)

    def _configure(self, down=()):
        with open(self._path, "w", encoding="utf-8") as file:
            file.write(self._write(down))

    def _configuration(self, pair, ports, down, locations, directory):
        servers = "".join(f"server 127.0.0.1:{port} {'down' if port in down else 'max_fails=0'};" for port in ports)
        main, places = nginx_surroundings(directory)
        return f"""{main} worker_processes 1; worker_rlimit_nofile 8192;
events {{ worker_connections 4096; }}
http {{
    {places}
    access_log off;
    upstream mouthpiece {{ {servers} }}
    server {{
        listen 127.0.0.1:{self.port} ssl;
        ssl_certificate {pair.certificate};
        ssl_certificate_key {pair.key};
        {locations}
    }}
}}
"""

    def _listens(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"nginx ended:\n{self.log()}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def url(self, path):
        return f"https://127.0.0.1:{self.port}{path}"
