"""The CA of the measurements: pebble behind delay_proxy, as if it were far away."""

import json
import pathlib

import requests

from harness.ca import Ca
from harness.processes import Service

PROXY = pathlib.Path(__file__).resolve().parents[1] / "delay_proxy"
WARM_UP_REQUESTS = 400      # node compiles what runs often; not in the measured time


class Broken(Exception):
    """A measurement that means nothing: a part of the bench itself has failed."""


class FarCa:
    """pebble, challtestsrv and the proxy.

    http_port: where validation requests go
    h1_only:   the proxy offers no HTTP/2
    """

    def __init__(self, http_port, h1_only=False, nonce_reject=0):
        self.ca = Ca(http_port=http_port, nonce_reject=nonce_reject)
        argv = [PROXY, "--upstream", f"127.0.0.1:{self.ca.acme_port}",
                "--upstream-ca", self.ca.anchor_file,
                "--cert", self.ca.identity.cert_file, "--key", self.ca.identity.key_file]
        self.proxy = Service("delay_proxy", argv + (["--h1-only"] if h1_only else []),
                             self.ca.dir / "proxy.log")
        self._control = requests.Session()

    def start(self, delay_ms):
        self.ca.start()
        self.proxy.start(lambda: "}" in self.proxy.output())
        ports = json.loads(self.proxy.output().splitlines()[0])
        self.port, self._control_port = ports["proxy"], ports["control"]
        self._warm_up()
        self.set_delay(delay_ms)
        self.reset()
        return self

    def stop(self):
        self.proxy.stop()
        self.ca.stop()

    @property
    def directory_url(self):
        return f"https://127.0.0.1:{self.port}/dir"

    def counters(self):
        """What the proxy counted; raises if an answer bypassed or failed in the proxy."""
        counted = self._call("GET", "counters")
        if counted["leaks"] or counted["failures"]:
            raise Broken(f"proxy: {counted['leaks']} answers named pebble's own address, "
                         f"{counted['failures']} requests got no answer")
        return counted

    def reset(self):
        self._call("POST", "reset")

    def set_delay(self, delay_ms):
        self._call("POST", f"delay?ms={delay_ms}")

    def _call(self, method, what):
        reply = self._control.request(method, f"http://127.0.0.1:{self._control_port}/{what}",
                                      timeout=10)
        reply.raise_for_status()
        return reply.json()

    def _warm_up(self):
        self.set_delay(0)
        with requests.Session() as session:
            for _ in range(WARM_UP_REQUESTS):
                session.get(self.directory_url, verify=str(self.ca.anchor_file), timeout=10)
