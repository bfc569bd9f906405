"""The pebble behind the simulator: started here, or one that runs already."""

import datetime
import json
import pathlib
import secrets
import shutil
import tempfile

from harness.ca import Ca
from harness.testcerts import ServerIdentity

SPARE_EABS = 200                            # pebble learns no new ones while it runs
LIFETIME_DAYS = 90
JST = datetime.timezone(datetime.timedelta(hours=9), "JST")


def validity_s(now):
    """Seconds from now to the end of the JST day 90 days ahead, as JPRS dates its certificates.

    pebble has one lifetime for all its certificates, counted from the issue of each: one that is
    issued an hour after the start ends an hour after the end of that day.
    """
    day = now.astimezone(JST).date() + datetime.timedelta(days=LIFETIME_DAYS)
    end = datetime.datetime.combine(day, datetime.time(23, 59, 59), JST)
    return int((end - now).total_seconds()) + 1     # both ends count (RFC 5280 4.1.2.5)


class OwnPebble(Ca):
    """The harness's pebble with an OCSP URL in its certificates and EABs to spare."""

    def __init__(self, ocsp_url, validity, http_port=None):
        super().__init__(validity_s=validity, http_port=http_port)
        self.eab_keys = {secrets.token_urlsafe(32): secrets.token_urlsafe(32)
                         for _ in range(SPARE_EABS)}
        config_file = self.dir / "pebble.json"
        config = json.loads(config_file.read_text())
        config["pebble"].update(ocspResponderURL=ocsp_url, externalAccountMACKeys=self.eab_keys)
        config_file.write_text(json.dumps(config, indent=2))
        self.upstream_anchor_file = self.anchor_file


class RunningPebble:
    """One that somebody else has started with that configuration file.

    anchor_file: what its own TLS certificate hangs on.  OCSP and lifetimes are as configured.
    """

    def __init__(self, config_file, anchor_file):
        config = json.loads(pathlib.Path(config_file).read_text())["pebble"]
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="jprs-sim-"))
        self.dir.chmod(0o755)               # the server under test reads the trust anchor
        self.identity = ServerIdentity(self.dir)
        self.anchor_file = self.identity.anchor_file
        self.acme_port = _port_of(config["listenAddress"])
        self.admin_port = _port_of(config["managementListenAddress"])
        self.http_port = config["httpPort"]
        self.eab_keys = config.get("externalAccountMACKeys", {})
        self.upstream_anchor_file = pathlib.Path(anchor_file)

    def start(self):
        return self

    def stop(self):
        """The pebble stays."""
        shutil.rmtree(self.dir, ignore_errors=True)


def _port_of(address):
    return int(address.rpartition(":")[2])
