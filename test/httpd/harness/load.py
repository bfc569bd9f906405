"""Clients that never rest: what they see while certificates change."""

import http.client
import socket
import ssl
import threading
import time

from cryptography import x509


def _context(version=None, ciphers=None, alpn=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if version:
        context.minimum_version = context.maximum_version = version
    if ciphers:
        context.set_ciphers(ciphers)
    if alpn:
        context.set_alpn_protocols(alpn)
    return context


class _Worker(threading.Thread):
    """Calls step() until stopped; what it raises is a failure, kept as text."""

    def __init__(self):
        super().__init__(daemon=True)
        self.count, self.failures = 0, []
        self._over = threading.Event()

    def run(self):
        while not self._over.is_set():
            try:
                self.step()
                self.count += 1
            except Exception as error:      # whatever a client could meet counts
                self.failures.append(f"{time.time():.3f} {error!r}")

    def stop(self):
        self._over.set()
        self.join(30)


def at_once(count, action):
    """Call it in `count` threads, none of which waits for another -> what they raised, as text."""
    failures = []

    def one():
        try:
            action()
        except Exception as error:          # whatever a client could meet counts
            failures.append(repr(error))

    threads = [threading.Thread(target=one, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    return failures


class Handshakes(_Worker):
    """Full handshakes, one after the other, without resumption.

    seen: the serial numbers served, in the order of their first appearance, each with the time.
    """

    def __init__(self, port, name, version=None, ciphers=None, alpn=None):
        super().__init__()
        self._port, self._name = port, name
        self._args = version, ciphers, alpn
        self.seen = {}

    def step(self):
        context = _context(*self._args)
        with socket.create_connection(("127.0.0.1", self._port), timeout=10) as plain:
            with context.wrap_socket(plain, server_hostname=self._name) as tls:
                der = tls.getpeercert(binary_form=True)
        serial = x509.load_der_x509_certificate(der).serial_number
        self.seen.setdefault(serial, time.time())


class Requests(_Worker):
    """Requests over one connection that is kept alive; one that was idle is made anew, as browsers
    do (RFC 9112 9.3.1).

    reopened: each time that it had to be, with what was met.
    """

    def __init__(self, port, name, path="/index.html"):
        super().__init__()
        self._port, self._name, self._path = port, name, path
        self._connection = None
        self.reopened = []

    def _open(self):
        self._connection = http.client.HTTPSConnection("127.0.0.1", self._port, timeout=10,
                                                       context=_context())

    def step(self):
        if self._connection is None:
            self._open()
        was_open = self._connection.sock is not None
        try:
            self._ask()
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError) as error:
            if not was_open:
                raise
            self.reopened.append(f"{time.time():.3f} {error!r}")
            self._open()                    # it was idle: asked again once
            self._ask()
        time.sleep(0.01)

    def _ask(self):
        self._connection.request("GET", self._path, headers={"Host": self._name})
        reply = self._connection.getresponse()
        body = reply.read()
        if reply.status != 200 or not body:
            raise AssertionError(f"status {reply.status}, {len(body)} bytes")


class Download(threading.Thread):
    """One large file, read slowly; `body` has what came."""

    def __init__(self, port, name, path, seconds):
        super().__init__(daemon=True)
        self._port, self._name, self._path, self._seconds = port, name, path, seconds
        self.body, self.failure = b"", None

    def run(self):
        try:
            connection = http.client.HTTPSConnection("127.0.0.1", self._port, timeout=30,
                                                     context=_context())
            connection.request("GET", self._path, headers={"Host": self._name})
            reply = connection.getresponse()
            size = int(reply.headers["Content-Length"])
            parts = 100
            for _ in range(parts):
                self.body += reply.read(size // parts)
                time.sleep(self._seconds / parts)
            self.body += reply.read()
        except Exception as error:          # whatever a client could meet counts
            self.failure = repr(error)
