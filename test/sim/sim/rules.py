"""Rules: which requests are answered otherwise than the CA would, how often, and how."""

import dataclasses
import itertools

from .faults import FAULTS
from .kinds import KINDS
from .rows import LANGUAGES, ROWS

ALWAYS = "always"
_WHAT = ("row", "problem", "fault", "edit")     # at most one of them
_OBJECTS = ("newOrder", "order", "finalize", "authz", "challenge")


def _is_count(value):
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_kind(value):
    kinds = value if isinstance(value, list) else [value]
    return bool(kinds) and all(one == "*" or one in KINDS for one in kinds)


@dataclasses.dataclass(frozen=True)
class Member:
    """What a rule may have: is_right(value) -> bool; about: for people, also when it is wrong."""

    is_right: callable
    about: str


MEMBERS = {
    "kind": Member(_is_kind, "a kind of request, a list of them, or * for all"),
    "name": Member(lambda v: isinstance(v, str), "only requests about this domain name"),
    "skip": Member(_is_count, "let so many fitting requests pass first"),
    "times": Member(lambda v: v == ALWAYS or _is_count(v) and v,
                    "a number of requests, or always (which is the default)"),
    "row": Member(lambda v: v in ROWS, "answer with this row of the error table, E1 to E29"),
    "problem": Member(lambda v: isinstance(v, dict), "answer with this problem document"),
    "fault": Member(lambda v: v in FAULTS, "do this to the answer: " + ", ".join(FAULTS)),
    "edit": Member(lambda v: isinstance(v, dict),
                   "merge this into the JSON of the real answer (RFC 7396)"),
    "status": Member(lambda v: _is_count(v) and 200 <= v <= 599, "another HTTP status"),
    "language": Member(lambda v: v in LANGUAGES, "of a row's text: " + ", ".join(LANGUAGES)),
    "value": Member(lambda v: isinstance(v, str), "what stands for [%s] in a row's text"),
    "as": Member(lambda v: v in ("answer", "object"),
                 "answer (the default), or object: the order, authorization or challenge is sent "
                 "as invalid, with the row or problem as its error"),
    "act": Member(lambda v: isinstance(v, bool),
                  "true: the CA carries the request out, only its answer is lost"),
    "nonce": Member(lambda v: isinstance(v, bool), "false: an error comes without Replay-Nonce"),
    "retry_after": Member(lambda v: _is_count(v) or isinstance(v, str) and v.isprintable(),
                          "Retry-After: a number of seconds, date:N for the HTTP date in N "
                          "seconds, or any other text of one line as it is"),
    "delay_ms": Member(_is_count, "wait so long before the answer"),
}


class Rule:
    """One rule.  members: as the control API takes them; ValueError says what is wrong."""

    def __init__(self, members):
        _check(members)
        self.members = members
        self.skip = members.get("skip", 0)
        self.left = members.get("times", ALWAYS)
        self.hits = 0
        self.id = 0                         # given by Rules
        kinds = members["kind"]
        self.kinds = kinds if isinstance(kinds, list) else [kinds]

    def get(self, member, default=None):
        return self.members.get(member, default)

    @property
    def fault(self):
        """The Fault or None."""
        return FAULTS.get(self.get("fault"))

    @property
    def is_object(self):
        return self.get("as") == "object"

    @property
    def needs_real(self):
        """Whether pebble has to be asked."""
        if self.get("act") or self.is_object:
            return True
        if self.fault:
            return self.fault.needs_real
        return not (self.get("row") or "problem" in self.members)

    def fits(self, kind, names, is_post):
        if not ({"*", kind} & set(self.kinds)) or self.left == 0:
            return False
        if self.fault and self.fault.posts_only and not is_post:
            return False
        return "name" not in self.members or self.members["name"] in names

    def take(self):
        """Count a fitting request -> whether the rule is for it."""
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.left != ALWAYS:
            self.left -= 1
        self.hits += 1
        return True

    def show(self):
        return {"id": self.id, **self.members, "left": self.left, "hits": self.hits}


class Rules:
    """In the order in which they were made: the first one that fits is used."""

    def __init__(self):
        self._rules = []
        self._ids = itertools.count(1)

    def add(self, members):
        rule = Rule(members)
        rule.id = next(self._ids)
        self._rules.append(rule)
        return rule

    def all(self):
        return list(self._rules)

    def find(self, number):
        return next((rule for rule in self._rules if rule.id == number), None)

    def remove(self, rule):
        self._rules.remove(rule)

    def clear(self):
        self._rules.clear()

    def take(self, kind, names, is_post):
        """The rule for that request, counted; or None."""
        for rule in self._rules:
            if rule.fits(kind, names, is_post) and rule.take():
                return rule
        return None


def _check(members):
    if not isinstance(members, dict) or "kind" not in members:
        raise ValueError("a rule is an object and has a kind: " + ", ".join(KINDS))
    settings = FAULTS[members["fault"]].settings if members.get("fault") in FAULTS else {}
    for name, value in members.items():
        if name in MEMBERS:
            if not _is_right(MEMBERS[name], value):
                raise ValueError(f"{name}: {MEMBERS[name].about}")
        elif name in settings:
            if not _is_like(settings[name], value, FAULTS[members["fault"]].least):
                raise ValueError(f"{name}: like {settings[name]!r}")
        else:
            raise ValueError(f"{name}: not known; a rule has {', '.join([*MEMBERS, *settings])}")
    _check_together(members)


def _is_like(default, value, least):
    """Of its type; no number below `least`, no text of several lines."""
    if type(value) is not type(default):
        return False
    return value.isprintable() if isinstance(value, str) else value >= least


def _is_right(member, value):
    try:
        return bool(member.is_right(value))
    except TypeError:                       # a list or object where a word belongs
        return False


def _check_together(members):
    what = [name for name in _WHAT if name in members]
    if len(what) > 1:
        raise ValueError("one of " + ", ".join(_WHAT) + ", not " + " and ".join(what))
    if not what and not {"delay_ms", "status", "retry_after"} & set(members):
        raise ValueError("a rule does something: " + ", ".join(_WHAT) + ", delay_ms, ...")
    if members.get("as") == "object":
        kinds = members["kind"] if isinstance(members["kind"], list) else [members["kind"]]
        if not {"row", "problem"} & set(members) or not set(kinds) <= set(_OBJECTS):
            raise ValueError("as object: a row or problem, and kind of " + ", ".join(_OBJECTS))
        if members.get("language") == "sjis":
            raise ValueError("as object: not in sjis, the object would be no JSON")
