"""A real ACME server: Debian's pebble, with pebble-challtestsrv as the DNS it asks.

It wants an external account binding like the JPRS service does.  Validation requests go to
the address that challtestsrv gives for the name (127.0.0.1 unless told otherwise) and to
`http_port`, which is one port for all names: the httpd under test listens there.
"""

import base64
import json
import os
import pathlib
import re
import secrets
import shutil
import tempfile

import requests

from . import paths
from .ports import free_port, is_listening
from .processes import Service
from .testcerts import ServerIdentity

# pebble's own path for each kind of request (its log names the path of every request).
REQUEST_KINDS = {
    "directory": r"/dir",
    "newNonce": r"/nonce-plz",
    "newAccount": r"/sign-me-up",
    "account": r"/my-account/",
    "newOrder": r"/order-plz",
    "order": r"/my-order/",
    "authz": r"/authZ/",
    "challenge": r"/chalZ/",
    "finalize": r"/finalize-order/",
    "certificate": r"/certZ/",
}
_REQUEST = re.compile(r"(?:GET|HEAD|POST) (/\S*) -> calling handler")


def kind_of(path):
    """Which kind of ACME request goes to that path of pebble, or "other"."""
    for kind, start in REQUEST_KINDS.items():
        if path.startswith(start):
            return kind
    return "other"


class Ca:
    """pebble + challtestsrv.

    validity_s:    lifetime of the certificates it issues
    nonce_reject:  percent of good nonces that it refuses with badNonce
    authz_reuse:   percent of new orders that get an already valid authorization
    eab:           whether newAccount needs an external account binding
    """

    def __init__(self, validity_s=90 * 86400, nonce_reject=0, authz_reuse=0, eab=True,
                 http_port=None):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="jprs-acme-ca-"))
        self.dir.chmod(0o755)               # the module's child reads the trust anchor
        self.http_port = http_port or free_port()
        self.acme_port, self.admin_port = free_port(), free_port()
        self.dns_port, self.dns_admin_port = free_port(), free_port()
        self.identity = ServerIdentity(self.dir)
        self.kid = "kid-" + secrets.token_hex(4)
        self.hmac = base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
        config = {"pebble": {
            "listenAddress": f"127.0.0.1:{self.acme_port}",
            "managementListenAddress": f"127.0.0.1:{self.admin_port}",
            "certificate": str(self.identity.cert_file),
            "privateKey": str(self.identity.key_file),
            "httpPort": self.http_port,
            "tlsPort": free_port(),
            "ocspResponderURL": "",
            "certificateValidityPeriod": validity_s,
            "externalAccountBindingRequired": eab,
            "externalAccountMACKeys": {self.kid: self.hmac},
        }}
        config_file = self.dir / "pebble.json"
        config_file.write_text(json.dumps(config, indent=2))
        self.dns = Service("challtestsrv", [
            paths.CHALLTESTSRV, "-dns01", f"127.0.0.1:{self.dns_port}",
            "-management", f"127.0.0.1:{self.dns_admin_port}", "-defaultIPv6", "",
            "-http01", "", "-https01", "", "-tlsalpn01", ""], self.dir / "dns.log")
        self.pebble = Service("pebble", [
            paths.PEBBLE, "-config", config_file, "-dnsserver", f"127.0.0.1:{self.dns_port}"],
            self.dir / "pebble.log", env={
                "PEBBLE_VA_NOSLEEP": "1",
                "PEBBLE_WFE_NONCEREJECT": str(nonce_reject),
                "PEBBLE_AUTHZREUSE": str(authz_reuse)})

    def start(self):
        self.dns.start(lambda: is_listening(self.dns_admin_port))
        self.pebble.start(lambda: is_listening(self.acme_port) and is_listening(self.admin_port))
        self.roots_pem = self._admin("/roots/0").text
        return self

    def stop(self):
        self.pebble.stop()
        self.dns.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    @property
    def directory_url(self):
        return f"https://127.0.0.1:{self.acme_port}/dir"

    @property
    def anchor_file(self):
        """The trust anchor for talking to the CA; not the one of its certificates."""
        return self.identity.anchor_file

    def resolve(self, name, address):
        """From now on validation requests for name go to that address."""
        self._dns_admin("/add-a", {"host": name, "addresses": [address]})

    def resolve_normally(self, name):
        self._dns_admin("/clear-a", {"host": name})

    def mark(self):
        """A position in the CA's log, to count from."""
        return len(self.pebble.output())

    def requests(self, since=0):
        """The requests received since that mark: a list of (kind, path)."""
        found = _REQUEST.findall(self.pebble.output()[since:])
        return [(kind_of(path), path) for path in found]

    def count(self, kind, since=0):
        return sum(1 for seen, _ in self.requests(since) if seen == kind)

    def certificate_status(self, cert):
        """What the CA says of a certificate it issued: a dict with Status, or None."""
        reply = self._admin(f"/cert-status-by-serial/{cert.serial_number:x}", check=False)
        return reply.json() if reply.ok else None

    def _admin(self, path, check=True):
        reply = requests.get(f"https://127.0.0.1:{self.admin_port}{path}",
                             verify=str(self.anchor_file), timeout=10)
        if check:
            reply.raise_for_status()
        return reply

    def _dns_admin(self, path, body):
        requests.post(f"http://127.0.0.1:{self.dns_admin_port}{path}",
                      data=json.dumps(body), timeout=10).raise_for_status()


# A proxy in the environment must not come between the tests and loopback.
os.environ.setdefault("NO_PROXY", "127.0.0.1,localhost")
