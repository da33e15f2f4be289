"""A real redis-server that keeps nothing on disk, to be killed, frozen and started again on its port."""

import random
import signal
import socket
import subprocess

from programs import Program, wait_until


def port_to_come_back_to():
    """A free one, below those that the system gives away: nobody else gets it while the server is down."""
    while True:
        port = random.randrange(10_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


class Redis(Program):
    def __init__(self, *options, port=None):
        self.port = port or port_to_come_back_to()
        self._options = options
        super().__init__(["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", *options])
        try:
            wait_until(lambda: self.ask("PING").startswith(("PONG", "NOAUTH")), 20, f"redis-server answers:\n{self.log()}")
        except BaseException:
            self.__exit__()
            raise

    def ask(self, *words):
        """What redis-cli prints."""
        return subprocess.run(["redis-cli", "-p", str(self.port), *words], capture_output=True, text=True, timeout=20).stdout.strip()

    def settings(self):
        return {"REDIS_URL": f"redis://127.0.0.1:{self.port}"}

    def die(self):
        self.signal(signal.SIGKILL)
        self.await_end()

    def freeze(self):
        self.signal(signal.SIGSTOP)

    def thaw(self):
        self.signal(signal.SIGCONT)

    def again(self):
        """Another one in its place, with nothing in it."""
        return Redis(*self._options, port=self.port)
