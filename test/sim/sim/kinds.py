"""The kinds of request that are told apart, and the path of each.

pebble checks that a signed URL is the one it was asked for, so all signed requests have pebble's
paths.  The directory is not signed: it has the path of JPRS.
"""

import dataclasses

DIRECTORY_PATH = "/DV/getDirectory"
PEBBLE_DIRECTORY_PATH = "/dir"
PEBBLE_NONCE_PATH = "/nonce-plz"


@dataclasses.dataclass(frozen=True)
class Kind:
    """start: the path, or its beginning if it ends in "/"."""

    name: str
    start: str
    about: str

    def fits(self, path):
        return path.startswith(self.start) if self.start.endswith("/") else path == self.start


KINDS = {kind.name: kind for kind in (
    Kind("directory", DIRECTORY_PATH, "the list of URLs (RFC 8555 7.1.1)"),
    Kind("newNonce", PEBBLE_NONCE_PATH, "a fresh nonce (7.2)"),
    Kind("newAccount", "/sign-me-up", "registration with the EAB, or finding the account (7.3)"),
    Kind("account", "/my-account/", "changing contacts, deactivation (7.3.2, 7.3.6)"),
    Kind("keyChange", "/rollover-account-key", "a new account key (7.3.5)"),
    Kind("newOrder", "/order-plz", "an order (7.4)"),
    Kind("order", "/my-order/", "polling an order (7.4)"),
    Kind("authz", "/authZ/", "an authorization and its challenges (7.5)"),
    Kind("challenge", "/chalZ/", "answering or polling a challenge (7.5.1)"),
    Kind("finalize", "/finalize-order/", "the CSR (7.4)"),
    Kind("certificate", "/certZ/", "downloading the chain (7.4.2)"),
    Kind("revoke", "/revoke-cert", "revocation (7.6)"),
    Kind("ocsp", "/ocsp/", "a question to the OCSP responder (RFC 6960), plain HTTP"),
)}
OTHER = "other"


def kind_of(path):
    """The name of the kind of request that goes to that path, or OTHER."""
    path = path.partition("?")[0]
    for kind in KINDS.values():
        if kind.fits(path):
            return kind.name
    return "ocsp" if path == "/ocsp" else OTHER
