"""So many requests of some kinds in so many seconds, for each account by itself."""

import collections
import math

from .kinds import KINDS

DEFAULT_KINDS = ["newOrder"]


class RateLimit:
    """A sliding window: what a request costs is given back after `per_s` seconds."""

    def __init__(self, requests, per_s, kinds=None, form="seconds"):
        """form: of Retry-After, "seconds" or "date".  ValueError if a value cannot be."""
        kinds = DEFAULT_KINDS if kinds is None else kinds
        if not (isinstance(requests, int) and requests >= 0):
            raise ValueError("requests: a number from 0")
        if not (isinstance(per_s, (int, float)) and per_s > 0):
            raise ValueError("per_s: seconds, more than 0")
        if not isinstance(kinds, list) or not set(kinds) <= set(KINDS):
            raise ValueError(f"kinds: a list of {', '.join(KINDS)}")
        if form not in ("seconds", "date"):
            raise ValueError("form: seconds or date")
        self.requests, self.per_s, self.kinds, self.form = requests, per_s, kinds, form
        self._seen = collections.defaultdict(collections.deque)     # account -> times

    def wait_s(self, kind, account, now):
        """None and the request counts, or whole seconds until the next one may come.

        now: any clock in seconds.
        """
        if kind not in self.kinds or not account:
            return None
        seen = self._seen[account]
        while seen and seen[0] <= now - self.per_s:
            seen.popleft()
        if len(seen) < self.requests:
            seen.append(now)
            return None
        oldest = seen[0] if seen else now
        return max(1, math.ceil(oldest + self.per_s - now))

    def show(self):
        return {"requests": self.requests, "per_s": self.per_s, "kinds": self.kinds,
                "form": self.form}
