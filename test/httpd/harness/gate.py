"""A gate on the CA's way to the challenge answer.

It listens on another loopback address at the CA's validation port.  A name that resolves to
that address is validated through the gate: requests wait there until it opens, then are
handed on to httpd.  Meanwhile the test knows the pending token and can look at it itself.
"""

import socket
import threading

from .wait import until


class Gate:
    """Stands between pebble and httpd for the names that Ca.resolve() sends to `address`."""

    def __init__(self, port, address="127.0.0.2"):
        self.address, self.port = address, port
        self.paths = []                     # request paths seen, in order
        self._open = threading.Event()
        self._stopped = False
        self._socket = socket.create_server((address, port), backlog=64)

    def start(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def stop(self):
        self._stopped = True
        self._open.set()
        self._socket.shutdown(socket.SHUT_RDWR)     # wakes accept(), which holds the port otherwise
        self._socket.close()

    def open(self):
        self._open.set()

    def token(self, timeout=20.0):
        """The token of the first challenge that the CA came to check."""
        until(lambda: self.paths, "a validation request at the gate", timeout)
        return self.paths[0].rsplit("/", 1)[-1]

    def _accept(self):
        while not self._stopped:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._pass, args=(client,), daemon=True).start()

    def _pass(self, client):
        with client:
            client.settimeout(30)
            try:
                request = _read_head(client)
                self.paths.append(request.split(b" ", 2)[1].decode())
                self._open.wait()
                if not self._stopped:
                    client.sendall(_exchange(("127.0.0.1", self.port), request))
            except (OSError, IndexError):
                pass                        # the CA gave up, or httpd is just restarting


def _read_head(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            break
        data += more
    return data


def _exchange(address, request):
    with socket.create_connection(address, timeout=30) as upstream:
        upstream.sendall(request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
        reply = b""
        while more := upstream.recv(65536):
            reply += more
    return reply
