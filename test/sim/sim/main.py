"""The command: options, start, what is printed, stop."""

import argparse
import asyncio
import contextlib
import datetime
import functools
import json
import os
import signal
import sys

from harness.ports import free_port

from . import listeners, tables
from .control import Control
from .eab import UTC, Eabs, read_date
from .kinds import DIRECTORY_PATH
from .pebble import OwnPebble, RunningPebble, validity_s
from .rows import ROWS
from .rules import Rule
from .settings import Settings
from .simulator import Simulator
from .upstream import Upstream

_SIGNALS = (signal.SIGINT, signal.SIGTERM)

_ABOUT = """\
A JPRS ACME service on this machine: starts pebble and pebble-challtestsrv, puts a server before
them that behaves as the JPRS manuals say, and lets anything go wrong on demand.

It validates by http-01 at --http-port of 127.0.0.1, whatever the name: let the web server listen
there.  Runs until Ctrl-C.  docs/simulator.md tells more."""
_EXAMPLE = """\
examples:
  jprs_sim                                     all ports chosen and shown
  jprs_sim --http-port 8080 --ocsp-delay 600   the web server has 8080, OCSP is as slow as JPRS's
  jprs_sim --answer newOrder=E25               every order is refused with row E25
  jprs_sim --eab-issued 2026-01-01             the EAB at hand has expired"""


def _answer_option(text):
    """KIND=ROW or KIND=FAULT -> the members of a rule."""
    kind, _, what = text.partition("=")
    members = {"kind": kind, "row" if what in ROWS else "fault": what}
    try:
        Rule(members)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return members


def _date_option(text):
    try:
        return read_date(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date YYYY-MM-DD") from None


def _parser():
    parser = argparse.ArgumentParser(
        prog="jprs_sim", description=_ABOUT, epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--port", type=int, default=0, help="of the ACME service (default: a free one)")
    add("--control-port", type=int, default=0, help="of the control API (default: a free one)")
    add("--ocsp-port", type=int, default=0, help="of the OCSP responder (default: a free one)")
    add("--http-port", type=int, help="where the CA comes to validate (default: a free one)")
    add("--registered", metavar="NAME", nargs="+", action="extend",
        help="issue for these names only, else E25 (default: for all)")
    add("--eab-issued", metavar="DATE", type=_date_option,
        help="date of the first EAB, which dies 14 days later (default: now)")
    add("--ocsp-delay", metavar="S", type=float, default=0,
        help="seconds until the OCSP responder knows a certificate (JPRS: up to 600; default: 0)")
    add("--validity", metavar="S", type=int, help="lifetime of the certificates in seconds "
        "(default: to the end of the JST day 90 days ahead, see docs/simulator.md)")
    add("--answer", metavar="KIND=WHAT", type=_answer_option, action="append", default=[],
        help="answer every request of that kind with this row or fault")
    add("--log", metavar="FILE", help="append the log there (default: in the directory shown)")
    add("--pebble-config", metavar="FILE", help="use the pebble that runs with this configuration")
    add("--pebble-trust", metavar="FILE", help="... and the PEM file that its TLS hangs on")
    add("--json", action="store_true", help="print the addresses as one line of JSON")
    add("--tables", action="store_true", help="print all kinds, rows and faults, and end")
    return parser


class Running:
    """Everything that was started, and where it is."""

    def __init__(self, options):
        self.options = options
        self.ocsp_port = options.ocsp_port or free_port()
        if options.pebble_config:
            self.pebble = RunningPebble(options.pebble_config, options.pebble_trust)
        else:
            validity = options.validity or validity_s(datetime.datetime.now(UTC))
            self.pebble = OwnPebble(f"http://{listeners.ADDRESS}:{self.ocsp_port}/ocsp",
                                    validity, options.http_port)
        self.eabs = Eabs(self.pebble.eab_keys)
        self.eab = self.eabs.issue(options.eab_issued or datetime.datetime.now(UTC))
        self.log_file = options.log or self.pebble.dir / "requests.jsonl"
        self.urls = {}

    async def start(self):
        pebble, anchor = self.pebble, self.pebble.upstream_anchor_file
        admin = Upstream(pebble.admin_port, anchor)
        sim = Simulator(Upstream(pebble.acme_port, anchor), admin, self.eabs,
                        Settings(self.options.registered, self.options.ocsp_delay),
                        self.log_file)
        for members in self.options.answer:
            sim.rules.add(members)
        await sim.responder.start()
        roots = await admin.ask("GET", "/roots/0", {})
        (pebble.dir / "roots.pem").write_bytes(roots.body)
        eab_file = pebble.dir / "eab"
        eab_file.touch(mode=0o600)
        eab_file.write_text(f"{self.eab.kid}\n{self.eab.hmac}\n" if self.eab else "")
        await self._listen(sim)

    async def _listen(self, sim):
        tls = listeners.tls_context(self.pebble.identity)
        _, port = await listeners.listen(sim.answer, self.options.port, tls)
        self.urls["directory"] = f"https://{listeners.ADDRESS}:{port}{DIRECTORY_PATH}"
        await listeners.listen(sim.answer, self.ocsp_port)
        self.urls["ocsp"] = f"http://{listeners.ADDRESS}:{self.ocsp_port}/ocsp"
        control = Control(sim, self.state)
        _, port = await listeners.listen(control.answer, self.options.control_port)
        self.urls["control"] = f"http://{listeners.ADDRESS}:{port}"

    def state(self):
        """What --json prints and GET /state begins with."""
        return {**self.urls, "http_port": self.pebble.http_port,
                "anchor_file": str(self.pebble.anchor_file),
                "roots_file": str(self.pebble.dir / "roots.pem"),
                "eab_file": str(self.pebble.dir / "eab"), "log_file": str(self.log_file),
                "dns_admin_port": getattr(self.pebble, "dns_admin_port", None), "pid": os.getpid()}


def _welcome(state):
    return f"""\
The simulated JPRS ACME service is at   {state["directory"]}
It validates at 127.0.0.1 port          {state["http_port"]}

For httpd.conf:
    Listen                            127.0.0.1:{state["http_port"]}
    ManagedDomainCA                   {state["directory"]}
    ManagedDomainCACertificateFile    "{state["anchor_file"]}"
    ManagedDomainExternalAccount      file:{state["eab_file"]}

The root of its certificates is         {state["roots_file"]}
Every request is logged in              {state["log_file"]}
It is controlled at                     {state["control"]}

    curl {state["control"]}/
    curl -d '{{"kind":"newOrder","row":"E25"}}' {state["control"]}/rules
    curl -X DELETE {state["control"]}/rules

Ctrl-C ends it and removes its directory."""


class _Ending:
    """What SIGINT and SIGTERM do: the first one ends the service, as soon as it is up; another one
    must not end the cleaning up. Nothing is raised where it may happen to be: half of what was being
    started would be left."""

    def __init__(self):
        self._is_asked, self._cancel = False, None
        for number in _SIGNALS:
            signal.signal(number, self._on_signal)

    def cancels(self, loop, task):
        self._cancel = functools.partial(loop.call_soon_threadsafe, task.cancel)
        if self._is_asked:
            self._cancel()

    def _on_signal(self, *_):
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        self._is_asked = True
        if self._cancel:
            self._cancel()


async def _serve(running, as_json, ending):
    ending.cancels(asyncio.get_running_loop(), asyncio.current_task())
    await running.start()
    state = running.state()
    print(json.dumps(state) if as_json else _welcome(state), flush=True)
    while True:
        # A signal that comes just before the loop begins to wait is seen at its next event only.
        await asyncio.sleep(0.2)


def main(arguments):
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.tables:
        print(tables.markdown(), end="")
        return 0
    if bool(options.pebble_config) != bool(options.pebble_trust):
        parser.error("--pebble-config and --pebble-trust belong together")
    ending = _Ending()
    try:
        running = Running(options)
        with contextlib.ExitStack() as stack:
            stack.callback(running.pebble.stop)
            running.pebble.start()
            asyncio.run(_serve(running, options.json, ending))
    except asyncio.CancelledError:
        pass
    except (ValueError, RuntimeError, OSError) as error:
        print(f"jprs_sim: {error}", file=sys.stderr)
        return 1
    return 0
