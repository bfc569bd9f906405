"""Waiting for conditions.  Nothing here or in a test sleeps for a fixed time and hopes."""

import time


class Timeout(AssertionError):
    """A condition did not come true; the message says which, and what was seen last."""


def until(condition, what, timeout=20.0, every=0.02):
    """Call condition() until it returns something true, and return that.

    what: for the message: what was waited for.  An AssertionError or OSError inside
    condition() counts as "not yet"; the last one is named when time runs out.
    """
    deadline = time.monotonic() + timeout
    last = None
    while True:
        try:
            seen = condition()
            if seen:
                return seen
            last = f"last seen: {seen!r}"
        except (AssertionError, OSError) as error:
            last = f"last error: {error!r}"
        if time.monotonic() >= deadline:
            raise Timeout(f"waited {timeout:g} s for {what}; {last}")
        time.sleep(every)


def never(condition, what, during):
    """For `during` seconds condition() must stay false: the proof that nothing happens."""
    deadline = time.monotonic() + during
    while time.monotonic() < deadline:
        seen = condition()
        assert not seen, f"{what} happened: {seen!r}"
        time.sleep(0.05)
