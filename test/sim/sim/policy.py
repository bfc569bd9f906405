"""What JPRS checks and pebble does not: a pure function of the request and what is known.

Each check -> (row id, value for its [%s]) of the first objection, or None.
"""

import re

from . import jose
from .memory import revoked_cert

CONTACTS_MAX = 6
REASONS = (0, 1, 3, 4, 5)                   # RFC 5280 5.3.1; the others are E6
CHALLENGES = ("http-01", "dns-01")

_MAIL = re.compile(r"[^@\s,?]+@[^@\s,?]+\.[^@\s,?]+")
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)", re.I)


def objection(kind, jws, eabs, registered, now):
    """Of the service to a signed request.

    eabs:        the Eabs
    registered:  a set of lower-case names, or None: all names are
    now:         datetime with a time zone
    """
    if jws is None:
        return None                         # not for us: pebble finds the words
    checks = {
        "newAccount": lambda: _new_account(jws, eabs, now),
        "account": lambda: _contacts(jws.payload) if "contact" in jws.payload else None,
        "newOrder": lambda: _new_order(jws.payload, registered),
        "revoke": lambda: _revoke(jws.payload),
    }
    return checks[kind]() if kind in checks else None


def bound_kid(payload):
    """The key id that a newAccount request is bound to (RFC 8555 7.3.4), "" if there is none."""
    binding = payload.get("externalAccountBinding")
    inner = jose.read(binding) if isinstance(binding, dict) else None
    return inner.kid if inner else ""


def _new_account(jws, eabs, now):
    if jws.payload.get("onlyReturnExisting") or eabs.is_account(jws.thumbprint):
        return None
    if jws.payload.get("termsOfServiceAgreed") is not True:
        return "E15", ""
    wrong = _contacts(jws.payload)
    if wrong:
        return wrong
    if "externalAccountBinding" not in jws.payload:
        return "E10", ""
    return None if eabs.may_bind(bound_kid(jws.payload), now) else ("E13", "")


def _contacts(payload):
    contacts = payload.get("contact", [])
    if not isinstance(contacts, list) or not all(isinstance(one, str) for one in contacts):
        return "E12", ""
    if not 1 <= len(contacts) <= CONTACTS_MAX or len(set(contacts)) < len(contacts):
        return "E14", ""
    for contact in contacts:
        scheme, _, address = contact.partition(":")
        if scheme.lower() != "mailto":
            return "E28", contact
        if not _MAIL.fullmatch(address):
            return "E11", contact
    return None


def _new_order(payload, registered):
    identifiers = payload.get("identifiers")
    if not isinstance(identifiers, list) or not identifiers:
        return "E12", ""
    for one in identifiers:
        if not isinstance(one, dict) or one.get("type") != "dns":
            return "E29", ""
        name = str(one.get("value", "")).lower()
        if not is_fqdn(name):
            return "E16", name
        if registered is not None and name not in registered:
            return "E25", name
    return None


def is_fqdn(name):
    """At least two labels, ASCII; a wildcard only as the whole first one."""
    labels = name.removeprefix("*.").split(".")
    return len(name) <= 253 and len(labels) >= 2 and not labels[-1].isdigit() \
        and all(_LABEL.fullmatch(label) for label in labels)


def _revoke(payload):
    if not revoked_cert(payload):
        return "E12", ""
    reason = payload.get("reason", 0)
    return None if reason in REASONS else ("E6", str(reason))
