"""The simulator as a test drives it: started as the process it is, controlled by its API.

It has what harness.httpd.Httpd wants of a CA.
"""

import json
import pathlib

import requests
from harness.processes import Service
from harness.wait import until

_COMMAND = pathlib.Path(__file__).resolve().parents[1] / "jprs_sim"


class Sim:
    """arguments: of the command.  Files of its own go to `directory`."""

    def __init__(self, directory, *arguments):
        self._output = pathlib.Path(directory) / "jprs_sim.out"
        self._service = Service("jprs_sim", [_COMMAND, "--json", *arguments], self._output)
        self.state = None

    def start(self):
        self._service.start(lambda: self._output.read_text().endswith("}\n"))
        self.state = json.loads(self._output.read_text().splitlines()[-1])
        (eab,) = self.get("/eab")
        self.kid, self.hmac = eab["kid"], eab["hmac"]
        self.directory_url = self.state["directory"]
        self.http_port = self.state["http_port"]
        self.anchor_file = pathlib.Path(self.state["anchor_file"])
        self.roots_pem = pathlib.Path(self.state["roots_file"]).read_text()
        return self

    def stop(self):
        self._service.stop()

    def get(self, path, **query):
        return self._call("GET", path, params=query)

    def post(self, path, **members):
        return self._call("POST", path, json=members)

    def delete(self, path):
        return self._call("DELETE", path)

    def rule(self, **members):
        """rule(kind="newOrder", row="E25", times=1) -> its id.  `as_` is the member `as`."""
        if "as_" in members:
            members["as"] = members.pop("as_")
        return self.post("/rules", **members)["id"]

    def used(self, number):
        """How often that rule was used."""
        return next(rule["hits"] for rule in self.get("/rules") if rule["id"] == number)

    def reset(self):
        """No rules, no log in memory, and a service for all names without delay and limit."""
        self.delete("/rules")
        self.delete("/requests")
        self.post("/settings", registered=None, ocsp_delay_s=0, ocsp_status=None,
                  rate_limit=None)

    def requests(self, **query):
        """The log; see GET /requests."""
        return self.get("/requests", **query)

    def count(self, kind):
        return len(self.requests(kind=kind))

    def wait(self, kind, times=1, timeout=20.0):
        """Until so many requests of that kind were answered."""
        until(lambda: sum(entry["ms"] is not None for entry in self.requests(kind=kind)) >= times,
              f"{times} requests of kind {kind}", timeout)

    def _call(self, method, path, **options):
        reply = requests.request(method, self.state["control"] + path, timeout=10, **options)
        if not reply.ok:
            raise ValueError(f"{method} {path}: {reply.status_code} {reply.text}")
        return reply.json() if reply.content else None
