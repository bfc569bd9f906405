"""Visitors that never stop: whatever happens to one of them is counted.

They do what browsers do.  A connection that is idle may be closed by the server at any moment (RFC
9112 9.3.1): whoever has got nothing at all of the reply asks again on a new one, once.
"""

import contextlib
import socket
import ssl
import threading
import time


def _read(tls, most=65536):
    """Nothing if the connection has ended, however it did."""
    try:
        return tls.recv(most)
    except (ConnectionError, ssl.SSLEOFError):
        return b""


class Load:
    """Three visitors of https://NAME/ on 127.0.0.1:PORT, as a context:

        with Load(port, name, "/big") as load: ...
        assert not load.failures

    keep-alive requests on one connection, a new handshake for each request, and slow downloads of
    `big`, each of which takes about `seconds`.
    """

    def __init__(self, port, name, big, size, seconds=8):
        self.port, self.name, self.big = port, name, big
        self.size, self.seconds = size, seconds
        self.failures = []                  # in words
        self.done = {"kept": 0, "fresh": 0, "downloads": 0, "reopened": 0}
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._guard, args=(work,))
                         for work in (self._keep_alive, self._fresh, self._download)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stopped.set()
        for thread in self._threads:
            thread.join(30)

    def _guard(self, work):
        try:
            work()
        except Exception as error:          # a visitor that dies would be one that never fails
            self.failures.append(f"{work.__name__}: {error!r}")

    def _connect(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        return context.wrap_socket(plain, server_hostname=self.name)

    def _ask(self, tls, path, connection):
        tls.sendall(f"GET {path} HTTP/1.1\r\nHost: {self.name}\r\nConnection: {connection}\r\n\r\n"
                    .encode())

    def _reply(self, tls, read=_read):
        """-> (status, length of the body); None if the connection ended before the first byte."""
        data = b""
        while b"\r\n\r\n" not in data:
            more = read(tls)
            if not more:
                assert not data, f"a reply that ends in its head: {data!r}"
                return None
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        wanted = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        got = len(body)
        while got < wanted:
            more = read(tls)
            assert more, f"a reply that ends after {got} of {wanted} bytes"
            got += len(more)
        return int(head.split()[1]), got

    def _ask_again(self, tls):
        """The reply, or None if the connection has been closed while it was idle."""
        with contextlib.suppress(ConnectionError, ssl.SSLEOFError):
            self._ask(tls, "/", "keep-alive")
            return self._reply(tls)
        return None

    def _keep_alive(self):
        tls = None
        while not self._stopped.is_set():
            reply = self._ask_again(tls) if tls else None
            if reply is None:
                self.done["reopened"] += 1 if tls else 0
                tls = self._connect()
                self._ask(tls, "/", "keep-alive")
                reply = self._reply(tls)
            assert reply and reply[0] == 200, f"keep-alive: {reply}"
            self.done["kept"] += 1
            time.sleep(0.01)

    def _fresh(self):
        while not self._stopped.is_set():
            with self._connect() as tls:
                self._ask(tls, "/", "close")
                reply = self._reply(tls)
            assert reply and reply[0] == 200, f"new connection: {reply}"
            self.done["fresh"] += 1

    def _download(self):
        piece = 16384
        pause = self.seconds * piece / self.size

        def slowly(tls):
            time.sleep(pause)
            return _read(tls, piece)
        while not self._stopped.is_set():
            with self._connect() as tls:
                self._ask(tls, self.big, "close")
                assert self._reply(tls, slowly) == (200, self.size), "a download was cut"
            self.done["downloads"] += 1
