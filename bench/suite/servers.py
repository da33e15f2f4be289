"""The servers under test: how each is started, on a free port, on its core, and how it is known to be ready."""

import os
import signal
import socket
import subprocess
import time

from machine import SERVER_CORE, free_port, pinned

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, "build", "bench")
PEERS = os.path.join(ROOT, "bench", "peers")
HOST_NAME = "phone.example.org"
TOKEN = "0123456789abcdef0123456789abcdef"

ONE_GREETING = "Hello to you, whoever calls."
# One sentence that differs from call to call, so that no cache knows it.
OWN_GREETING = "Hello to you, caller {call_sid}."


def program(name):
    return os.path.join(BUILD, name)


def certificate():
    """Of a key as live servers have it (P-256); made once."""
    certificate_file, key_file = os.path.join(BUILD, "certificate.pem"), os.path.join(BUILD, "key.pem")
    if not os.path.exists(certificate_file):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
             "-subj", f"/CN={HOST_NAME}", "-keyout", key_file, "-out", certificate_file],
            check=True, capture_output=True,
        )  # fmt: skip
    return certificate_file, key_file


def mouthpiece_knows(setting):
    """Whether this build has the setting; figures of older builds can be taken too."""
    text = subprocess.run([program("mouthpiece"), "serve", "--help"], capture_output=True, text=True).stdout
    return setting in text


def clean_environment():
    """Without any setting of a server. HOST is one of Mouthpiece's, and part of the name by which valgrind's tools find a process."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ} | {"HOST": "127.0.0.1"}


class Server:
    """A running server. A context manager: it is gone at the end, and the next one starts on a quiet machine."""

    def __init__(self, command, settings, port, wrapper=()):
        self.port = port
        self._log = open(os.path.join(BUILD, "server.log"), "wb")
        self.process = subprocess.Popen(
            pinned(SERVER_CORE, [*wrapper, *command]), stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT,
            env=clean_environment() | {name: str(value) for name, value in settings.items()}, cwd=BUILD,
        )  # fmt: skip
        self.pid = self.process.pid

    def await_ready(self, seconds=30):
        deadline = time.monotonic() + seconds
        while True:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with status {self.process.returncode}: see {self._log.name}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            if time.monotonic() > deadline:
                raise TimeoutError("the server does not listen")
            time.sleep(0.02)

    def __enter__(self):
        return self.await_ready()

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self._log.close()


def _mouthpiece(port, upstream_port, tls, options):
    settings = {
        "PORT": port, "THREADS": 1, "LOG_LEVEL": "error", "GREETING": ONE_GREETING,
        "ELEVEN_LABS_API_KEY": "sk_0123456789abcdef0123456789", "ELEVENLABS_BASE_URL": f"http://127.0.0.1:{upstream_port}",
        "BASE_URL": f"https://{HOST_NAME}",
    }  # fmt: skip
    if tls:
        settings["TLS_CERT_FILE"], settings["TLS_KEY_FILE"] = certificate()
    return [program("mouthpiece"), "serve"], settings | options


def _bare(port, _upstream_port, tls, options):
    command = [program("bare-media-server"), "--port", str(port)]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    if tls:
        certificate_file, key_file = certificate()
        command += ["--cert", certificate_file, "--key", key_file]
    return command, {}


def _peer(*command):
    def start(port, upstream_port, tls, options):
        settings = {"PORT": port, "ELEVENLABS_BASE_URL": f"http://127.0.0.1:{upstream_port}", "HOST_NAME": HOST_NAME}
        if tls:
            settings["TLS_CERT_FILE"], settings["TLS_KEY_FILE"] = certificate()
        return list(command), settings | options

    return start


_fastapi = _peer("/usr/bin/python3", os.path.join(PEERS, "fastapi_server.py"))
_node = _peer("node", os.path.join(PEERS, "node_server.mjs"))

# name: (how to start it, its options, what it is called in a table)
KINDS = {
    "mouthpiece": (_mouthpiece, {}, "Mouthpiece, greeting from the cache"),
    "mouthpiece-own": (_mouthpiece, {"GREETING": OWN_GREETING}, "Mouthpiece, every greeting new"),
    # Nothing is held back for the lead, so that what is measured is the server and not its plan.
    "mouthpiece-at-once": (_mouthpiece, {"GREETING": OWN_GREETING, "LEAD_MS": 30_000}, "Mouthpiece"),
    "mouthpiece-listening": (_mouthpiece, {"CALLER_AUDIO": "level"}, "Mouthpiece, caller's level measured"),
    "bare": (_bare, {}, "bare epoll, 20 ms frames"),
    "bare-messages": (_bare, {"says": "messages"}, "bare epoll, our messages"),
    "bare-silent": (_bare, {"says": "nothing"}, "bare epoll, silent"),
    "bare-listening": (_bare, {"caller-audio": "level"}, "bare epoll, caller's level measured"),
    "fastapi": (_fastapi, {}, "FastAPI, uvloop, httpx"),
    "node": (_node, {}, "Node, ws, official SDK"),
}


def title(kind):
    return KINDS[kind][2]


def signed(kind):
    return {} if kind.startswith("bare") else {"TWILIO_AUTH_TOKEN": TOKEN}


def start(kind, upstream_port, tls=False, more=None, wrapper=()):
    how, options, _ = KINDS[kind]
    port = free_port()
    command, settings = how(port, upstream_port, tls, options | (more or {}))
    return Server(command, settings, port, wrapper)
