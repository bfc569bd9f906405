"""The EABs that a reseller hands out: each is bound once and lives 14 days."""

import dataclasses
import datetime

LIFETIME = datetime.timedelta(days=14)
UTC = datetime.timezone.utc


@dataclasses.dataclass
class Eab:
    """issued: None until it is handed out.  account: the thumbprint of the key it was bound to."""

    kid: str
    hmac: str
    issued: datetime.datetime = None
    account: str = ""

    @property
    def expires(self):
        return self.issued + LIFETIME

    def state(self, now):
        if self.account:
            return "used"
        return "expired" if now >= self.expires else "unused"

    def show(self, now):
        return {"kid": self.kid, "hmac": self.hmac, "issued": self.issued.isoformat(),
                "expires": self.expires.isoformat(), "state": self.state(now)}


class Eabs:
    """All that pebble knows; it cannot learn new ones, so the spare ones are made beforehand."""

    def __init__(self, keys):
        """keys: kid -> HMAC key in base64url."""
        self._all = {kid: Eab(kid, hmac) for kid, hmac in keys.items()}
        self._accounts = set()              # thumbprints of the keys of all accounts

    def issue(self, issued):
        """Hand out the next one, as issued at that time; None if all are given away."""
        for eab in self._all.values():
            if eab.issued is None:
                eab.issued = issued
                return eab
        return None

    def issued(self):
        return [eab for eab in self._all.values() if eab.issued]

    def may_bind(self, kid, now):
        eab = self._all.get(kid)
        return bool(eab and eab.issued and eab.state(now) == "unused")

    def bind(self, kid, thumbprint):
        """The CA has made an account of it."""
        if kid in self._all:
            self._all[kid].account = thumbprint
        self._accounts.add(thumbprint)

    def is_account(self, thumbprint):
        return thumbprint in self._accounts

    def add_key(self, thumbprint):
        """An account has changed its key to this one."""
        self._accounts.add(thumbprint)

    def drop_key(self, thumbprint):
        self._accounts.discard(thumbprint)


def read_date(text):
    """YYYY-MM-DD (midnight in UTC) or a full ISO 8601 time -> datetime; ValueError otherwise."""
    found = datetime.datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
