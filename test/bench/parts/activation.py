"""What it costs when a new certificate goes live by itself, and how soon it does.

A set is renewed because its domain gets another name at a start, and goes live at a known moment
because of ManagedDomainActivationDelay.
"""

import datetime
import json
import math
import random
import re
import socket
import ssl
import statistics
import threading
import time

from harness import conf
from harness.wait import until

from . import measure
from .clients import JprsAcme
from .farca import Broken
from .scenarios import domain_names

ROLLOUT_DOMAINS = 6
ROLLOUT_CLIENTS = 4
VISIT_EVERY_S = 0.1
WINDOW_S = 15               # longer than the monitor hook's interval
AT_ONCE = 200               # domains that switch in one go
MANY_DELAY_S = 40           # longer than it takes to stage them
ROUND_S = 2                 # mod_jprs_acme/monitor.c ends a round then
SETTLE_S = 12               # after a start of many domains
PARENT_S = 60               # how long the parent's system calls are counted

SERVED_WITHIN_S = 12        # of the gate's opening


# ---------------------------------------------------------------------- parts of configurations

def configure(site, far_ca, client, domains, keys=None, delays=None, static=None, more=()):
    """Virtual hosts for domains, lists of names.

    keys:    first name -> key type; p256 without
    delays:  first name -> seconds that a new set of it waits
    static:  first name -> (certificate file, key file): not a managed domain
    """
    sections = [conf.domain(*names, Keys=(keys or {}).get(names[0], "p256"),
                            ActivationDelay=f"{(delays or {}).get(names[0], 1):d}s")
                for names in domains if names[0] not in (static or {})]
    site.configure(domains, client.modules, client.load_lines(),
                   client.directives(far_ca, [], None) + sections + list(more),
                   (static or {}).get)


def with_alias(names, number):
    """The same domain with one more name: its certificate is renewed at once."""
    return names + [f"new{number}.{names[0]}"]


def wait_live(client, names, timeout=90):
    until(lambda: all(client.is_live(name) for name in names), f"{names} to be live", timeout)


def staged_at(client, name):
    """When the staged set was made, in seconds since the epoch; waits for it."""
    path = client.store / "staging" / name / "set.json"
    until(path.is_file, f"{name} to be staged", 60)
    return datetime.datetime.fromisoformat(json.loads(path.read_text())["created_at"]).timestamp()


def _told_at(error_log, message_id):
    """name -> when the error log says it, in seconds since the epoch (the last time counts)."""
    lines = re.findall(rf"^\[\w+ (\w+ +\d+ [\d:.]+ \d+)\].*?(\S+): {message_id}: ", error_log, re.M)
    return {name: datetime.datetime.strptime(date, "%b %d %H:%M:%S.%f %Y").timestamp()
            for date, name in lines}


def _all_told(site, message_id, names):
    """name -> when it was told, once it has been of all."""
    told = _told_at(site.error_log(), message_id)
    return set(names) <= set(told) and told


def wait_switched(site, names):
    """Until new sets of all names are live and proved to be served -> name -> when it went live."""
    def switched():
        live, verified = (_told_at(site.error_log(), id) for id in ("JA0007", "JA0012"))
        return all(verified.get(name, 0) > live.get(name, math.inf) for name in names) and live

    return until(switched, "JA0007 and then JA0012 of all", 120, every=0.2)


def new_context(version=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if version:
        context.minimum_version = context.maximum_version = version
    return context


# ---------------------------------------------------------------------- from the gate to all children

def _visit(port, name, tls_context):
    """One request in a connection of its own; the reply is of no interest."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as plain:
        with tls_context.wrap_socket(plain, server_hostname=name) as tls:
            tls.sendall(f"GET / HTTP/1.0\r\nHost: {name}\r\n\r\n".encode())
            while tls.recv(4096):
                pass


class _Visitors:
    """Clients that never rest: requests in new connections to random names, until stopped.

    every_s: the pause after each
    """

    def __init__(self, port, names, count, every_s=0.0):
        self._port, self._names, self._every_s = port, names, every_s
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(count)]
        self.failures = []

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join(30)

    def _run(self):
        tls_context = new_context()
        while not self._over.is_set():
            name = random.choice(self._names)
            try:
                _visit(self._port, name, tls_context)
            except OSError as error:
                self.failures.append(repr(error))
            self._over.wait(self._every_s)


def rollout(bench, client_name):
    """How long it takes from the gate's opening until each child serves the new set."""
    if client_name != JprsAcme.name:
        return
    domains = domain_names(ROLLOUT_DOMAINS)
    with bench.world(client_name, delay_ms=0) as (site, far_ca, client):
        configure(site, far_ca, client, domains)
        site.start()
        wait_live(client, [names[0] for names in domains])
        for number, mpm in enumerate(("event", "prefork")):
            site.stop()
            domains = [with_alias(names, number) for names in domains]
            site.mpm = mpm
            log = _roll_out(site, far_ca, client, domains)
            _report_rollout(bench, client_name, mpm, log)


def _roll_out(site, far_ca, client, domains):
    """Let the domains' gates open one after the other -> a _Rollout of each."""
    delays = {names[0]: 5 + 3 * i for i, names in enumerate(domains)}
    log = site.dir / "served.log"
    log.unlink(missing_ok=True)
    configure(site, far_ca, client, domains, delays=delays, more=[
        'LogFormat "%{usec}t %P %v %{SSL_SERVER_M_SERIAL}x" served', f"CustomLog {log} served"])
    site.start()
    opened = {name: staged_at(client, name) + delay for name, delay in delays.items()}
    with _Visitors(site.tls_port, list(delays), ROLLOUT_CLIENTS) as visitors:
        taken = wait_switched(site, delays)
    if visitors.failures:
        raise Broken(f"{len(visitors.failures)} requests failed: {visitors.failures[0]}")
    served = _served(log.read_text())
    return [_Rollout(opened[name], taken[name], served[name]) for name in delays]


def _served(log):
    """name -> pid of a child -> [(time, serial number of the certificate), ...]"""
    served = {}
    for when, pid, name, serial in map(str.split, log.splitlines()):
        if serial != "-":                     # the parent's dummy connections, or plain HTTP
            served.setdefault(name, {}).setdefault(pid, []).append((int(when) / 1e6, serial))
    return served


class _Rollout:
    """One domain's: when its gate opened, when the parent took the set over, what children served.

    children:    how many served both certificates
    all_new_at:  when each of them had served the new one
    last_old_at: when one of them last served the old one
    """

    def __init__(self, opened_at, taken_at, served):
        self.opened_at, self.taken_at = opened_at, taken_at
        new = max(max(seen) for seen in served.values())[1]
        both = [seen for seen in served.values() if {serial for _, serial in seen} > {new}]
        self.children = len(both)
        self.all_new_at = max(min(at for at, serial in seen if serial == new) for seen in both)
        self.last_old_at = max(at for seen in both for at, serial in seen if serial != new)


def _report_rollout(bench, client_name, mpm, rollouts):
    fewest = min(rollout.children for rollout in rollouts)
    if fewest < 2:
        raise Broken(f"{mpm}: the clients met {fewest} children that served both certificates")
    whole, own, old = ([f(r) for r in rollouts] for f in (
        lambda r: r.all_new_at - r.opened_at, lambda r: r.all_new_at - r.taken_at,
        lambda r: r.last_old_at - r.taken_at))
    bench.report.add(client_name, f"{mpm}: gate opens to served by all children, longest of "
                     f"{len(rollouts)}", "s", max(whole), SERVED_WITHIN_S,
                     note=f"median {statistics.median(whole):.1f} s; from the takeover on at most "
                          f"{max(own) * 1000:.0f} ms, the old one served until "
                          f"{max(old) * 1000:.0f} ms after it; at least {fewest} children")


# ---------------------------------------------------------------------- one and many of many

def switch(bench, client_name, site, far_ca, client, domains):
    """One of many domains switches, then many at once: what it costs parent and children."""
    if client_name != JprsAcme.name:
        return
    one = [with_alias(domains[0], 1)] + domains[1:]
    _switch_one(bench, client_name, site, far_ca, client, one)
    at_once = min(AT_ONCE, len(one))
    _switch_many(bench, client_name, site, far_ca, client,
                 [with_alias(names, 2) for names in one[:at_once]] + one[at_once:], at_once)


def _switch_one(bench, client_name, site, far_ca, client, domains):
    """Children's CPU and memory in a time with a switch against one without."""
    name = domains[0][0]
    delay_s = SETTLE_S + WINDOW_S + 3
    configure(site, far_ca, client, domains, delays={name: delay_s})
    site.start()
    opens_at = staged_at(client, name) + delay_s
    visited = [name, domains[-1][0]]
    with _Visitors(site.tls_port, visited, ROLLOUT_CLIENTS):
        _sleep_until(opens_at - WINDOW_S - 3)             # each thread has its memory by then
    with _Visitors(site.tls_port, visited, 1, VISIT_EVERY_S):
        _sleep_until(opens_at - WINDOW_S - 1)
        idle = _watch(site)
        busy = _watch(site)
    switched_at = _told_at(site.error_log(), "JA0007").get(name, 0)
    site.stop()
    if not opens_at < switched_at < opens_at + WINDOW_S - 2:
        raise Broken(f"{name} did not switch while it was watched")
    label = f"one of {len(domains)} domains switches:"
    add = bench.report.add
    add(client_name, f"{label} all children's CPU in {WINDOW_S} s, more than without", "ms",
        (busy["cpu_s"] - idle["cpu_s"]) * 1000,
        note=f"{busy['cpu_s'] * 1000:.1f} ms against {idle['cpu_s'] * 1000:.1f} ms, visits "
             "included")
    add(client_name, f"{label} all children's own memory, more than without", "KiB",
        busy["kib"] - idle["kib"], note=f"{busy['kib']} KiB against {idle['kib']} KiB in "
        f"{idle['children']} children")
    add(client_name, f"{label} parent's CPU in {WINDOW_S} s, more than without", "ms",
        (busy["parent_s"] - idle["parent_s"]) * 1000,
        note=f"{busy['parent_s'] * 1000:.1f} ms against {idle['parent_s'] * 1000:.1f} ms")


def _sleep_until(at):
    """Until a moment that the configuration has set: nothing that one could wait for otherwise."""
    time.sleep(max(0.0, at - time.time()))


def _watch(site):
    """What parent and children use in the next WINDOW_S seconds."""
    children = site.children()

    def look():
        return {"cpu_s": sum(map(measure.cpu_clock_s, children)),
                "kib": sum(map(measure.private_kib, children)),
                "parent_s": measure.cpu_clock_s(site.pid)}

    before = look()
    time.sleep(WINDOW_S)                      # the length of the measurement, not a wait
    return {key: value - before[key] for key, value in look().items()} | {"children": len(children)}


def _switch_many(bench, client_name, site, far_ca, client, domains, at_once):
    """The parent's rounds, from what it says about each domain."""
    delays = {names[0]: MANY_DELAY_S for names in domains[:at_once]}
    configure(site, far_ca, client, domains, delays=delays)
    site.start()
    before = measure.cpu_clock_s(site.pid)
    taken = until(lambda: _all_told(site, "JA0007", delays), "JA0007 of all", 180, every=0.5)
    used_s = measure.cpu_clock_s(site.pid) - before
    site.stop()
    rounds = _rounds(sorted(taken.values()))
    longest = max(rounds, key=lambda times: times[-1] - times[0])
    bench.report.add(client_name, f"{at_once} of {len(domains)} domains switch: parent's longest "
                     "round", "s", longest[-1] - longest[0], ROUND_S,
                     note=f"sets in each round: {', '.join(str(len(times)) for times in rounds)}; "
                          f"{used_s * 1000 / at_once:.1f} ms of the parent's CPU for each set")


def _rounds(times):
    """Split where the parent did something else for half a second."""
    rounds = [[times[0]]]
    for before, at in zip(times, times[1:]):
        if at - before > 0.5:
            rounds.append([])
        rounds[-1].append(at)
    return rounds


def parent_idle(bench, client_name, site, far_ca, client, domains):
    """The parent's system calls while nothing is due, against a server without the module."""
    if client_name != JprsAcme.name or not measure.has_strace():
        return
    configure(site, far_ca, client, domains)
    managed = _parent_calls(site)
    files = client.live_files(domains[0][0])
    site.configure(domains, files_of=lambda _name: files)
    plain = _parent_calls(site)
    bench.report.add(client_name, f"{len(domains)} domains: parent's system calls in {PARENT_S} s "
                     "idle, more than without the module", "", managed - plain, 0,
                     note=f"{managed} against {plain}")


def _parent_calls(site):
    site.start()
    time.sleep(SETTLE_S)                      # whatever the start leaves to be done
    calls = measure.system_calls([site.pid], PARENT_S, site.dir)[site.pid]
    site.stop()
    return calls
