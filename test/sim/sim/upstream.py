"""The way to pebble: requests are handed on as they came, over a few connections kept open."""

import asyncio
import concurrent.futures
import http.client
import ssl
import threading

from .kinds import PEBBLE_NONCE_PATH
from .message import Answer

CONNECTIONS = 8
TIMEOUT_S = 60

# Of one connection only, or set anew by whoever sends.
_DROPPED = {"connection", "keep-alive", "transfer-encoding", "content-length", "upgrade", "te",
            "accept-encoding"}


class Upstream:
    """One pebble.  http.client blocks, so each request takes a thread with its own connection."""

    def __init__(self, port, anchor_file):
        self.port = port
        self._tls = ssl.create_default_context(cafile=str(anchor_file))
        self._threads = concurrent.futures.ThreadPoolExecutor(CONNECTIONS)
        self._mine = threading.local()

    async def ask(self, method, path, headers, body=b""):
        """-> Answer; a pebble that cannot be reached is an Answer with status 502."""
        loop = asyncio.get_running_loop()
        kept = {name: value for name, value in headers.items() if name.lower() not in _DROPPED}
        return await loop.run_in_executor(self._threads, self._ask, method, path, kept, body)

    async def nonce(self):
        """A fresh one of pebble's."""
        answer = await self.ask("HEAD", PEBBLE_NONCE_PATH, {})
        return answer.get("Replay-Nonce") or ""

    def close(self):
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _ask(self, method, path, headers, body):
        """Twice if need be: pebble was restarted, or had closed a connection that was idle."""
        for is_last in (False, True):
            try:
                return self._exchange(method, path, headers, body)
            except (OSError, http.client.HTTPException) as error:
                self._mine.connection = None
                if is_last:
                    return _unreachable(error)

    def _exchange(self, method, path, headers, body):
        if not getattr(self._mine, "connection", None):
            self._mine.connection = http.client.HTTPSConnection(
                "127.0.0.1", self.port, context=self._tls, timeout=TIMEOUT_S)
        self._mine.connection.request(method, path, body or None, headers)
        reply = self._mine.connection.getresponse()
        kept = [(name, value) for name, value in reply.getheaders()
                if name.lower() not in _DROPPED and name.lower() != "date"]
        return Answer(reply.status, kept, reply.read())


def _unreachable(error):
    return Answer(502, [("Content-Type", "text/plain")],
                  f"jprs_sim: pebble does not answer: {error}\n".encode(), by="simulator")
