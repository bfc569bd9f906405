"""What a CA, or whatever stands before it, may do instead of answering; and what must hold then."""

import os
import signal
import time

from .processes import is_alive
from .wait import until

BEGIN = ["directory", "newNonce"]
STEPS = ["newOrder", "authz", "challenge", "order", "finalize", "certificate"]

# As members of a rule; where it is met.
FAULTS = {
    "delay": ({"delay_ms": 30000}, BEGIN, STEPS),
    "cut": ({"fault": "cut"}, BEGIN, STEPS),
    "reset": ({"fault": "reset"}, BEGIN, STEPS),
    "html-503": ({"fault": "html"}, BEGIN, STEPS),
    "empty": ({"fault": "empty"}, BEGIN, STEPS),
    "wrong-type": ({"fault": "wrongType"}, BEGIN, STEPS),
    "no-nonce": ({"fault": "noNonce"}, BEGIN, STEPS),
    "bad-nonce-storm": ({"fault": "badNonce"}, "newOrder", STEPS),      # signed requests only
    "redirect": ({"fault": "redirect"}, BEGIN, STEPS),
    # It takes the simulator more than a second to send one.
    "10-mb": ({"fault": "big"}, BEGIN, ["newOrder", "certificate"]),
    "drip": ({"fault": "drip"}, BEGIN, STEPS),
}
HANGING = ("delay", "drip")
HARMLESS = ("empty", "wrong-type", "no-nonce")  # at the account: its URL is in the header
# Until the old children are gone; 0.7 of it are granted to a newOrder. Sanitizers take their time.
GRACEFUL_S = 4.0 if "JA_PRELOAD" in os.environ else 1.0


def assert_quick_graceful(httpd):
    old, generation = httpd.children(), httpd.generation()
    begin = time.monotonic()
    os.kill(httpd.pid(), signal.SIGUSR1)
    until(lambda: httpd.generation() > generation and not any(map(is_alive, old)),
          "the new children to serve and the old ones to end")
    assert time.monotonic() - begin < GRACEFUL_S
