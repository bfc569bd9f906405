"""What can be wrong with an answer besides what it says.

A fault changes the answer it is given.  Most need what pebble has really answered; the others
replace it, and then pebble is not asked unless the rule says "act".
"""

import dataclasses

from .rows import ROWS, row_answer

_PAGE = """\
<!DOCTYPE html>
<html><head><title>{status}</title></head>
<body><h1>Service Unavailable</h1><p>ただいまメンテナンス中です。 <script>alert(1)</script></p></body></html>
"""


@dataclasses.dataclass(frozen=True)
class Fault:
    """needs_real: pebble is asked and `change` gets its answer; else `change` gets an empty one.
    settings: name -> default, of what a rule may set; a value has the type of its default, and
    is at least `least` if it is a number.
    posts_only: fits signed requests only.  has_nonce: it comes with a Replay-Nonce if pebble's
    own answer to the request would.
    """

    name: str
    about: str
    change: callable                        # change(answer, settings, host): in place
    settings: dict = dataclasses.field(default_factory=dict)
    needs_real: bool = False
    posts_only: bool = False
    has_nonce: bool = False
    least: int = 0


def _cut(answer, settings, _host):
    answer.cut_after = settings["bytes"]


def _drip(answer, settings, _host):
    answer.drip = (settings["bytes"], settings["every_ms"])


def _reset(answer, _settings, _host):
    answer.is_reset = True


def _html(answer, _settings, _host):
    answer.status = 503
    answer.set("Content-Type", "text/html; charset=utf-8")
    answer.body = _PAGE.format(status=answer.status).encode()


def _empty(answer, _settings, _host):
    answer.set("Content-Type", "application/json")


def _wrong_type(answer, settings, _host):
    answer.set("Content-Type", settings["type"])


def _no_nonce(answer, _settings, _host):
    answer.drop("Replay-Nonce")


def _bad_nonce(answer, _settings, _host):
    refusal = row_answer(ROWS["E4"])
    answer.status, answer.headers, answer.body = refusal.status, refusal.headers, refusal.body


def _redirect(answer, settings, host):
    answer.status = 302
    answer.set("Location", settings["to"] or f"https://{host}/elsewhere")


def _big(answer, settings, _host):
    answer.set("Content-Type", "application/json")
    answer.body = b'{"padding":"' + b"x" * settings["bytes"] + b'"}'


FAULTS = {fault.name: fault for fault in (
    Fault("cut", "the answer ends after so many bytes of its body; HTTP/2: a reset of the stream",
          _cut, {"bytes": 20}, needs_real=True),
    Fault("drip", "the body comes in drops of so many bytes, with a pause between them",
          _drip, {"bytes": 1, "every_ms": 200}, needs_real=True, least=1),
    Fault("reset", "a TCP reset instead of an answer; HTTP/2: all requests of the connection",
          _reset),
    Fault("html", "503 and a web page, as a proxy or a maintenance window shows it", _html),
    Fault("empty", "200 and no body at all", _empty),
    Fault("wrongType", "the right body with another Content-Type",
          _wrong_type, {"type": "text/html"}, needs_real=True),
    Fault("noNonce", "the right answer without Replay-Nonce", _no_nonce, needs_real=True),
    Fault("badNonce", "E4 with a new nonce, to signed requests; for ever: a storm",
          _bad_nonce, posts_only=True, has_nonce=True),
    Fault("redirect", "302, to nowhere unless told", _redirect, {"to": ""}),
    Fault("big", "200 and a body of so many bytes", _big, {"bytes": 10 * 1024 * 1024}),
)}
