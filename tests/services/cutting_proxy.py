"""A TCP proxy in front of a server, which cuts a connection after so many bytes of either way."""

import selectors
import socket
import threading


class CuttingProxy:
    """Listens until `end`. `cut_up`, `cut_down`: bytes to the server, to the client, after which the first connection
    that gets there is cut, once; None: never. Bytes up to that are passed on. `sent` counts those of all connections
    to the server; `recorded` has them where `record` is true."""

    def __init__(self, port, record=False):
        self._to = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.cut_up = self.cut_down = None
        self.cuts = self.connections = 0
        self.sent = {"up": 0, "down": 0}
        self.recorded = [] if record else None
        self._lock = threading.Lock()
        self._open = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        try:
            server = socket.create_connection(self._to)
        except OSError:
            client.close()
            return
        for one in (client, server):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self.connections += 1
            self._open |= {client, server}
        passed = {"up": 0, "down": 0}
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(client, selectors.EVENT_READ, ("up", server))
                selector.register(server, selectors.EVENT_READ, ("down", client))
                while True:
                    for key, _ in selector.select():
                        way, to = key.data
                        data = key.fileobj.recv(65536)
                        if not data:
                            return
                        left = self._left(way, passed[way], len(data))
                        to.sendall(data[:left])
                        passed[way] += left
                        with self._lock:
                            self.sent[way] += left
                            if way == "up" and self.recorded is not None:
                                self.recorded.append(data[:left])
                        if left < len(data):
                            return
        except OSError:
            pass
        finally:
            with self._lock:
                self._open -= {client, server}
            client.close()
            server.close()

    def _left(self, way, passed, size):
        """How many of these bytes go on. Fewer than all: this connection is the one that is cut."""
        with self._lock:
            limit = self.cut_up if way == "up" else self.cut_down
            if limit is None or passed + size <= limit:
                return size
            self.cut_up = self.cut_down = None
            self.cuts += 1
            return max(limit - passed, 0)

    def end(self):
        self._listener.close()
        with self._lock:
            for one in self._open:
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
