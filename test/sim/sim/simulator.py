"""The way of a request: the log, its rule, the policy of JPRS, pebble, what changes the answer.

The only file that knows all parts.
"""

import dataclasses
import datetime
import time

from . import effects, jose, kinds, ocsp, policy, translate
from .eab import UTC
from .journal import Journal
from .memory import Memory
from .message import json_answer
from .rows import ROWS, URN, problem_answer, row_answer
from .rules import Rules


@dataclasses.dataclass
class Seen:
    """What is known of a request before it is answered."""

    kind: str
    request: object
    jws: object                             # Jws or None
    names: tuple
    entry: object                           # of the journal


class Simulator:
    """pebble, admin: Upstreams to pebble's two ports."""

    def __init__(self, pebble, admin, eabs, settings, log_file=None):
        self.pebble, self.eabs, self.settings = pebble, eabs, settings
        self.responder = ocsp.Responder(admin)
        self.rules, self.memory, self.journal = Rules(), Memory(), Journal(log_file)

    async def answer(self, request):
        """Of the CA and of the OCSP responder alike."""
        kind = kinds.kind_of(request.path)
        entry = self.journal.begin(kind, request)
        answer = None                       # if the client leaves before there is one
        try:
            answer = await self._answer(self._look(kind, request, entry))
            return answer
        finally:
            self.journal.end(entry, answer)

    def _look(self, kind, request, entry):
        jws = jose.read(request.body) if request.method == "POST" and kind != "ocsp" else None
        names = self.memory.names(kind, request, jws)
        if kind == "ocsp":
            question = ocsp.read(request)
            names = self.memory.names_of_serial(question.serial_number) if question else ()
        entry.shown.update(names=list(names), account=jws.kid if jws else "")
        return Seen(kind, request, jws, names, entry)

    async def _answer(self, seen):
        real = None
        if seen.kind == "authz" and not seen.names:
            # Only pebble's answer tells which of the order's names this authorization is for.
            real = await self._real(seen)
            seen.names = self.memory.names(seen.kind, seen.request, seen.jws)
            seen.entry.shown["names"] = list(seen.names)
        rule = self.rules.take(seen.kind, seen.names, seen.jws is not None)
        if real is None and (rule is None or rule.needs_real):
            real = await self._real(seen)
        return real if rule is None else await self._ruled(rule, real, seen)

    async def _ruled(self, rule, real, seen):
        seen.entry.shown["rule"] = rule.id
        value = seen.names[0] if seen.names else seen.kind
        answer = effects.apply(rule, real, value, seen.request.host)
        if seen.jws and not answer.get("Replay-Nonce") and effects.wants_nonce(rule) \
                and not (rule.fault and rule.fault.needs_real):
            nonce = real.get("Replay-Nonce") if real else None
            answer.set("Replay-Nonce", nonce or await self.pebble.nonce())
        return answer

    # -- the service as it is when nothing is wrong

    async def _real(self, seen):
        if seen.kind == "ocsp":
            return await self.responder.answer(seen.request, self.settings)
        if seen.kind == kinds.OTHER:
            return json_answer({"type": "about:blank", "status": 404,
                                "detail": f"nothing is at {seen.request.path}"}, 404,
                               "application/problem+json")
        refusal = self._refusal(seen)
        if refusal:
            refusal.set("Replay-Nonce", await self.pebble.nonce())
            return refusal
        return await self._from_pebble(seen)

    def _refusal(self, seen):
        """JPRS's own, before pebble sees the request."""
        wait_s = None
        if seen.jws and self.settings.rate_limit:
            wait_s = self.settings.rate_limit.wait_s(seen.kind, seen.jws.kid, time.monotonic())
        if wait_s is not None:
            return _limited(wait_s, self.settings.rate_limit.form)
        found = policy.objection(seen.kind, seen.jws, self.eabs, self.settings.registered,
                                 datetime.datetime.now(UTC))
        return row_answer(ROWS[found[0]], found[1]) if found else None

    async def _from_pebble(self, seen):
        request, path = seen.request, seen.request.path
        if seen.kind == "directory":
            path = kinds.PEBBLE_DIRECTORY_PATH
        answer = await self.pebble.ask(request.method, path, request.headers, request.body)
        self._learn(seen, answer)
        answer, seen.entry.shown["detail"] = translate.translate(
            seen.kind, request, seen.jws, answer, self.settings.challenges)
        return answer

    def _learn(self, seen, answer):
        self.memory.learn(seen.kind, seen.request, answer)
        if not seen.jws:
            return
        if seen.kind == "newAccount" and answer.status == 201:
            self.eabs.bind(policy.bound_kid(seen.jws.payload), seen.jws.thumbprint)
        elif seen.kind == "keyChange" and answer.status == 200:
            inner = jose.read(seen.jws.payload)
            self.eabs.drop_key(jose.thumbprint(inner.payload.get("oldKey")))
            self.eabs.add_key(inner.thumbprint)


def _limited(wait_s, form):
    problem = {"type": URN + "rateLimited", "status": 429,
               "detail": "Too many requests for this account / このアカウントの申請数が上限を超えました"}
    answer = problem_answer(problem, 429, "rateLimit")
    wanted = wait_s if form == "seconds" else f"date:{wait_s}"
    answer.set("Retry-After", effects.retry_after(wanted, time.time()))
    return answer
