"""How the service behaves when nothing goes wrong; changed while it runs."""

from .policy import CHALLENGES
from .ratelimit import RateLimit


class Settings:
    """registered:   a set of lower-case names, or None: certificates for all names
    ocsp_delay_s:    from the issue of a certificate until the responder knows it
    ocsp_status:     what the responder says of every certificate, or None: the truth
    rate_limit:      a RateLimit, or None
    challenges:      the types that authorizations offer
    """

    def __init__(self, registered=None, ocsp_delay_s=0):
        self.registered = None
        self.ocsp_delay_s = 0
        self.ocsp_status = None
        self.rate_limit = None
        self.challenges = list(CHALLENGES)
        self.change({"registered": registered, "ocsp_delay_s": ocsp_delay_s})

    def change(self, members):
        """All or nothing; ValueError says what is wrong."""
        readers = {"registered": _read_names, "ocsp_delay_s": _read_seconds,
                   "ocsp_status": _read_status,
                   "rate_limit": _read_limit, "challenges": _read_challenges}
        if not isinstance(members, dict) or not set(members) <= set(readers):
            raise ValueError("settings are an object with some of " + ", ".join(readers))
        read = {name: readers[name](value) for name, value in members.items()}
        for name, value in read.items():
            setattr(self, name, value)

    def show(self):
        return {"registered": None if self.registered is None else sorted(self.registered),
                "ocsp_delay_s": self.ocsp_delay_s,
                "ocsp_status": self.ocsp_status,
                "rate_limit": self.rate_limit.show() if self.rate_limit else None,
                "challenges": self.challenges}


def _read_names(value):
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError("registered: a list of names, or null for all")
    return {one.lower() for one in value}


def _read_seconds(value):
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise ValueError("ocsp_delay_s: seconds from 0")
    return value


def _read_status(value):
    if value not in (None, "good", "unknown", "revoked"):
        raise ValueError("ocsp_status: good, unknown, revoked, or null for the truth")
    return value


def _read_limit(value):
    if value is None:
        return None
    try:
        return RateLimit(**value)
    except TypeError:
        raise ValueError("rate_limit: null, or an object with requests, per_s, and if need be "
                         "kinds and form") from None


def _read_challenges(value):
    if not isinstance(value, list) or not set(value) <= set(CHALLENGES):
        raise ValueError("challenges: a list of " + ", ".join(CHALLENGES))
    return value
