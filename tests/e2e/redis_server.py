"""A real redis-server that keeps nothing on disk, to be killed, frozen and started again on its port."""

import signal
import subprocess

from programs import Program, wait_until
from proxy import free_port


class Redis(Program):
    def __init__(self, *options, port=None):
        self.port = port or free_port()
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
