"""A front for the CA that can hold a chosen request, change a reply, or refuse.

    module --- TLS ---> front --- TLS ---> pebble

pebble builds its URLs from the Host header, which is handed on, so everything it names leads
back through the front.  With a hold the flow stands still in one known state for as long as
a test needs.  Speaks HTTP/1.1 only; a faster one that speaks HTTP/2 belongs to the bench.
"""

import http.client
import http.server
import json
import select
import ssl
import sys
import threading

from .ca import kind_of
from .ports import free_port
from .wait import until

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date"}


class Hold:
    """Requests of one kind stop here until release(); a new arrival counts once more."""

    def __init__(self, kind, after_reply, first):
        self.kind, self.after_reply, self.first = kind, after_reply, first
        self.arrivals = 0
        self._open = threading.Event()

    def wait(self, arrivals=1, timeout=20.0):
        """Until so many requests have arrived in all (a resumed flow arrives again)."""
        until(lambda: self.arrivals >= arrivals,
              f"request number {arrivals} of kind {self.kind} to be held", timeout)

    def release(self):
        self._open.set()

    def pass_through(self, connection):
        """-> whether the client is still there when the hold ends."""
        self.arrivals += 1
        if self.first and self.arrivals > self.first:
            return True
        while not self._open.wait(0.02):
            if _has_gone(connection):
                return False
        return not _has_gone(connection)


def _has_gone(connection):
    poll = select.poll()
    poll.register(connection, select.POLLRDHUP)
    return bool(poll.poll(0))


class Front:
    """The kinds are those of ca.kind_of(), but a poll of the order is "orderReady" before
    the finalize request of that order and "orderIssued" after it."""

    def __init__(self, ca):
        self.ca = ca
        self.port = free_port()
        self.log = []                       # (kind, path) of all requests, in order
        self.replies = []                   # (kind, body) of all the CA's replies, in order
        self._holds = {}
        self._edits = {}
        self._stand_ins = {}
        self._finalized = set()
        self._server = _Server(("127.0.0.1", self.port), _Handler)
        self._server.front = self
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(ca.identity.cert_file, ca.identity.key_file)
        self.upstream_tls = ssl.create_default_context(cafile=str(ca.anchor_file))

    @property
    def directory_url(self):
        return f"https://127.0.0.1:{self.port}/dir"

    def start(self):
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self):
        for hold in self._holds.values():
            hold.release()
        self._server.shutdown()
        self._server.server_close()

    def hold(self, kind, after_reply=False, first=None):
        """Hold every request of that kind; after_reply: the CA has acted, the reply waits.

        first: only so many of them, later ones pass.
        """
        self._holds[kind] = Hold(kind, after_reply, first)
        return self._holds[kind]

    def answer_instead(self, kind, make_body):
        """Requests of that kind never reach the CA: 200 with make_body(URL of the request)."""
        self._stand_ins[kind] = make_body

    def edit(self, kind, change):
        """change(status, headers, body) -> the same three, for every reply of that kind.

        headers is a list of (name, value); None ends the changing.
        """
        self._edits[kind] = change

    def count(self, kind):
        return sum(1 for seen, _ in self.log if seen == kind)

    def http01_tokens(self):
        """name -> token of the http-01 challenges that the CA has handed out, newest wins."""
        found = {}
        for kind, body in self.replies:
            if kind == "authz":
                authz = json.loads(body)
                for challenge in authz.get("challenges", ()):
                    if challenge["type"] == "http-01":
                        found[authz["identifier"]["value"]] = challenge["token"]
        return found

    def challenge(self, url):
        """The challenge of that URL, as the CA has handed it out."""
        for kind, body in self.replies:
            if kind == "authz":
                for challenge in json.loads(body).get("challenges", ()):
                    if challenge["url"] == url:
                        return challenge
        raise KeyError(url)

    def wrap(self, connection):
        """TLS for an accepted connection; done in its own thread."""
        return self._tls.wrap_socket(connection, server_side=True)

    def classify(self, path):
        kind, last = kind_of(path), path.rsplit("/", 1)[-1]
        if kind == "finalize":
            self._finalized.add(last)
        if kind == "order":
            return "orderIssued" if last in self._finalized else "orderReady"
        return kind

    def serve(self, handler, body):
        """One request: log, hold, forward, edit.  -> (status, headers, body) or None: gone."""
        kind = self.classify(handler.path)
        self.log.append((kind, handler.path))
        hold = self._holds.get(kind)
        if hold and not hold.after_reply and not hold.pass_through(handler.connection):
            return None
        reply = self._answer(kind, handler, body)
        self.replies.append((kind, reply[2]))
        if hold and hold.after_reply and not hold.pass_through(handler.connection):
            return None
        change = self._edits.get(kind)
        return change(*reply) if change else reply

    def _answer(self, kind, handler, body):
        stand_in = self._stand_ins.get(kind)
        if not stand_in:
            return self._forward(handler.command, handler.path, body, handler.headers)
        _, fresh, _ = self._forward("HEAD", "/nonce-plz", b"", {"Host": handler.headers["Host"]})
        content = stand_in(f"https://{handler.headers['Host']}{handler.path}")
        kept = [(name, value) for name, value in fresh if name.lower() == "replay-nonce"]
        return 200, kept + [("Content-Type", "application/json")], json.dumps(content).encode()

    def _forward(self, method, path, body, sent):
        upstream = http.client.HTTPSConnection("127.0.0.1", self.ca.acme_port,
                                               context=self.upstream_tls, timeout=60)
        try:
            headers = {name: value for name, value in sent.items()
                       if name.lower() not in _HOP_BY_HOP}
            upstream.request(method, path, body or None, headers)
            reply = upstream.getresponse()
            kept = [(name, value) for name, value in reply.getheaders()
                    if name.lower() not in _HOP_BY_HOP]
            return reply.status, kept, reply.read()
        finally:
            upstream.close()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that goes away in mid-handshake or mid-request is nothing to report."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        self.request = self.server.front.wrap(self.request)
        super().setup()

    def _any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        reply = self.server.front.serve(self, body)
        if reply is None:
            self.close_connection = True
            return
        status, headers, content = reply
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = _any

    def log_message(self, *_):
        pass
