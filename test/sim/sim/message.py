"""Requests and answers as values, whichever version of HTTP carried them."""

import dataclasses
import json
from urllib.parse import urlsplit


@dataclasses.dataclass
class Request:
    """headers: a dict with lower-case names; path: with query, as it was sent."""

    method: str
    path: str
    headers: dict
    body: bytes
    protocol: str                           # "h1" or "h2"

    @property
    def host(self):
        return self.headers.get("host", "localhost")


@dataclasses.dataclass
class Answer:
    """What is sent, and how.

    headers:      a list of (name, value) without Content-Length, which the sender adds
    delay_ms:     wait so long before the first byte
    cut_after:    None, or end the connection (HTTP/2: the stream) after so many bytes of the body
    drip:         None, or (bytes, milliseconds): so many bytes of the body, then a pause, and so on
    is_reset:     send nothing at all but a TCP reset
    by:           for the log: who made the answer
    """

    status: int = 200
    headers: list = dataclasses.field(default_factory=list)
    body: bytes = b""
    delay_ms: int = 0
    cut_after: int = None
    drip: tuple = None
    is_reset: bool = False
    by: str = "pebble"

    def get(self, name):
        for seen, value in self.headers:
            if seen.lower() == name.lower():
                return value
        return None

    def drop(self, name):
        self.headers = [row for row in self.headers if row[0].lower() != name.lower()]

    def set(self, name, value):
        self.drop(name)
        self.headers.append((name, value))

    @property
    def is_problem(self):
        return (self.get("content-type") or "").startswith("application/problem+json")

    def json(self):
        """The body as a dict; {} if it is none."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def set_json(self, content):
        self.body = json_bytes(content)


def json_bytes(content):
    """As a person likes to read it: indented, Japanese as itself."""
    return json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n"


def json_answer(content, status=200, content_type="application/json", by="simulator"):
    return Answer(status, [("Content-Type", content_type)], json_bytes(content), by=by)


def path_of(url):
    """The path of an absolute URL; a path is left as it is.  No query."""
    return urlsplit(url).path
