"""A server that dies over what it is asked."""

import socket
import struct
import threading


class DyingServer:
    """It says that it is well, and reads everything else without an answer, until it dies: then its connections are reset and its port is closed."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = self._listener.getsockname()[1]
        self.asked = []
        self._connections = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.die()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection):
        head = b""
        while b"\r\n\r\n" not in head:
            more = connection.recv(65_536)
            if not more:
                return connection.close()
            head += more
        path = head.split()[1].decode()
        if path.endswith(("/ready", "/test")):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return connection.close()
        self._connections.append(connection)
        return self.asked.append(path)

    def die(self):
        try:
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes who waits in accept()
        except OSError:
            return  # dead already
        self._listener.close()
        for connection in self._connections:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
