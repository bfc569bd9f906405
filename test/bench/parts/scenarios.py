"""What is measured.  Each function drives one client once and adds rows to the report."""

import collections
import contextlib
import shutil
import statistics
import time

from harness.wait import Timeout, until

from . import measure
from .clients import CLIENTS
from .farca import Broken, FarCa
from .site import Site

STALLED_S = 180             # no certificate for the next domain, also after another try: given up
LOOK_FOR_RUNNER_S = 0.05
IDLE_FEW = 10               # the other point of the line "system calls over domains"


def domain_names(count, names_each=1):
    """Lists of names: d0001.example.jp, and alias01.d0001.example.jp ... for more than one."""
    return [[f"d{i:04}.example.jp"] + [f"alias{j:02}.d{i:04}.example.jp"
                                       for j in range(1, names_each)]
            for i in range(1, count + 1)]


class Bench:
    """The settings all scenarios share.

    delay_ms:   what the CA's answers are held back
    idle_s:     how long an idle server is watched
    many:       domains in the scenarios about idling and starting
    rounds:     starts and restarts of each kind
    """

    def __init__(self, report, delay_ms=50, idle_s=30, many=1000, rounds=5, nonce_reject=0):
        self.report = report
        self.delay_ms, self.idle_s, self.many = delay_ms, idle_s, many
        self.rounds, self.nonce_reject = rounds, nonce_reject

    @contextlib.contextmanager
    def world(self, client_name, h1_only=False, delay_ms=None):
        """A fresh site, CA and client; all gone afterwards."""
        site = Site()
        far_ca = FarCa(site.http_port, h1_only, self.nonce_reject)
        try:
            far_ca.start(self.delay_ms if delay_ms is None else delay_ms)
            yield site, far_ca, CLIENTS[client_name](site.dir)
        finally:
            site.remove()
            far_ca.stop()
            shutil.rmtree(far_ca.ca.dir, ignore_errors=True)


def configure(site, far_ca, client, domains, keys):
    site.configure(domains, client.modules, client.load_lines(),
                   client.directives(far_ca, domains, keys))


class Batch:
    """Start the server and watch until every domain has a staged certificate.

    The watching shares two cores with what it watches, so it looks at one domain at a time.
    """

    def __init__(self, site, far_ca, client, domains):
        self.site, self.far_ca, self.client = site, far_ca, client
        self.waiting = collections.deque(names[0] for names in domains)
        self.count = len(domains)
        self.runner, self.look_at = None, 0.0

    def start(self):
        """Until the server listens; what it does then goes on by itself."""
        self.begun = self.progress_at = time.monotonic()
        self.site.start()
        return self

    def finish(self):
        self.wait()
        self.seconds = time.monotonic() - self.begun
        self.counted = self.far_ca.counters()
        return self

    def wait(self):
        while not self._all_staged():
            time.sleep(0.01)

    def _all_staged(self):
        now = time.monotonic()
        if self.runner is None and now >= self.look_at:
            self.look_at = now + LOOK_FOR_RUNNER_S
            self.runner = measure.connected_child(self.site.pid, self.far_ca.port)
        while self.waiting and self.client.is_staged(self.waiting[0]):
            self.waiting.popleft()
            self.progress_at = now
        if now - self.progress_at > STALLED_S:
            raise Broken(f"{self.waiting[0]} has no certificate:\n"
                         + self.site.error_log()[-2000:])
        return not self.waiting

    def cpu_ms_each(self, idle_s=3.0):
        """CPU time of the runner's child per certificate; what it uses idling is taken off."""
        if self.runner is None:
            return None
        used, used_at = measure.cpu_s(self.runner), time.monotonic()
        time.sleep(idle_s)                    # the length of the measurement, not a wait
        per_s = (measure.cpu_s(self.runner) - used) / (time.monotonic() - used_at)
        return max(0.0, used - per_s * self.seconds) * 1000 / self.count

    def kinds(self):
        """The requests by kind, per certificate where there are several."""
        parts = [f"{kind} {_short(count / self.count)}"
                 for kind, count in self.counted["requests"].items() if count]
        refused = sum(n for status, n in self.counted["answers"].items() if int(status) >= 400)
        return ", ".join(parts) + (f"; {refused} answers were errors" if refused else "")

    def ca_effort(self):
        counted = self.counted
        return (f"pebble's own time per answer {counted['upstream_ms_sum'] / counted['total']:.1f} "
                f"ms, at most {counted['upstream_ms_max']:.0f} ms; proxy CPU "
                f"{counted['proxy_cpu_s'] / counted['total'] * 1000:.2f} ms per request; "
                f"at most {counted['in_flight_max']} requests at once")


def _short(number):
    return f"{number:.2f}".rstrip("0").rstrip(".")


def batch(bench, client_name, count, h1_only=False):
    """`count` domains with one name and a P-256 key each."""
    domains = domain_names(count)
    with bench.world(client_name, h1_only) as (site, far_ca, client):
        configure(site, far_ca, client, domains, "p256")
        done = Batch(site, far_ca, client, domains).start().finish()
        connections = done.counted["connections"]
        cpu_ms = done.cpu_ms_each()
    label = f"{count} domains" + (", HTTP/1.1" if h1_only else "")
    goal = BATCH_GOALS.get((count, h1_only), {})

    def add(what, unit, value, note=""):
        target, reference = goal.get(what, (None, ""))
        bench.report.add(client_name, f"{label}: {what}", unit, value, target, reference, note)

    add("start to all staged", "s", done.seconds, done.ca_effort())
    add("requests per certificate", "", done.counted["total"] / count, done.kinds())
    add("TLS connections", "", connections["h1"] + connections["h2"],
        f"h2 {connections['h2']}, http/1.1 {connections['h1']}")
    add("CPU per certificate", "ms", cpu_ms)


# (domains, h1 only) -> figure -> (target, reference)
BATCH_GOALS = {
    (50, False): {
        "start to all staged": (3, "mod_md 34, Caddy 41, least-request client 2.9"),
        "requests per certificate": (7.5, "mod_md 12.0, Caddy 9.0"),
        "TLS connections": (2, "Caddy 178"),
        "CPU per certificate": (10, "mod_md 50"),
    },
    (200, False): {
        "start to all staged": (8, "mod_md 135"),
        "requests per certificate": (7.5, "mod_md 12.0"),
        "TLS connections": (2, "mod_md 200"),
        "CPU per certificate": (10, "mod_md 50"),
    },
    (200, True): {
        "requests per certificate": (7.5, ""),
        "TLS connections": (16, "mod_md 200"),
    },
}


def twenty_names(bench, client_name):
    """One certificate for 20 names: how many requests in all."""
    domains = domain_names(1, names_each=20)
    with bench.world(client_name) as (site, far_ca, client):
        configure(site, far_ca, client, domains, "p256")
        done = Batch(site, far_ca, client, domains).start().finish()
    bench.report.add(client_name, "20 names: requests", "", done.counted["total"], 50,
                     "mod_md 69", done.kinds())
    bench.report.add(client_name, "20 names: start to staged", "s", done.seconds)


def rsa(bench, client_name, count=20):
    """RSA-2048 keys: do they hold up challenge answers or the loop?"""
    domains = domain_names(count)
    with bench.world(client_name) as (site, far_ca, client):
        configure(site, far_ca, client, domains, "rsa2048")
        probe = measure.LatencyProbe(site.http_port, domains[0][0],
                                     "/.well-known/acme-challenge/bench-probe")
        done = Batch(site, far_ca, client, domains).start()
        probe.start()
        done.finish()
        times_ms = probe.stop()
        tick_ms = _longest_tick_ms(site, client)
    add = bench.report.add
    add(client_name, f"{count} domains, RSA-2048: start to all staged", "s", done.seconds)
    add(client_name, f"{count} domains, RSA-2048: longest tick of the loop", "ms", tick_ms)
    add(client_name, f"{count} domains, RSA-2048: worst challenge answer", "ms", times_ms[-1],
        note=f"{len(times_ms)} probes, median {statistics.median(times_ms):.1f} ms, "
             f"99 % within {times_ms[len(times_ms) * 99 // 100]:.1f} ms")


def _longest_tick_ms(site, client):
    """From the error log, where it may appear a little after the last staged set."""
    with contextlib.suppress(Timeout):
        return until(lambda: client.longest_tick_ms(site.error_log()), "the longest tick", 5)
    return None


# ---------------------------------------------------------------------- many valid sets

@contextlib.contextmanager
def many_valid(bench, client_name):
    """A stopped site whose client has a live set for each of bench.many domains."""
    domains = domain_names(bench.many)
    with bench.world(client_name, delay_ms=0) as (site, far_ca, client):
        configure(site, far_ca, client, domains, "p256")
        # Not counted: over so many requests pebble fails to answer one now and then, which is tried again.
        Batch(site, far_ca, client, domains).start().wait()
        site.graceful(1)
        until(lambda: all(client.is_live(names[0]) for names in domains),
              f"{bench.many} live sets", timeout=120)
        site.stop()
        far_ca.set_delay(bench.delay_ms)
        yield site, far_ca, client, domains


def idle(bench, client_name, site, far_ca, client, domains):
    """All sets are valid and nothing is due: what does it cost to wait?"""
    many = _watch_idle(bench, site, far_ca, client, domains)
    few = _watch_idle(bench, site, far_ca, client, domains[:IDLE_FEW])
    label = f"{bench.many} valid domains"
    add = bench.report.add
    add(client_name, f"{label}: CA requests after a restart", "", many["requests_at_start"],
        reference="mod_md 1000 per check")
    add(client_name, f"{label}: CA requests in {bench.idle_s} s idle", "", many["requests"], 0)
    if many["calls"] is None:
        add(client_name, f"{label}: system calls per domain", "", None,
            note="strace is not installed")
        return
    per_domain = max(0.0, (many["calls"] - few["calls"]) / (len(domains) - IDLE_FEW))
    add(client_name, f"{label}: system calls per domain", "", round(per_domain, 2), 0.1,
        "mod_md 89 per check",
        f"in {bench.idle_s} s, busiest child: {many['calls']} with {len(domains)} domains, "
        f"{few['calls']} with {IDLE_FEW}")


def _watch_idle(bench, site, far_ca, client, domains):
    configure(site, far_ca, client, domains, "p256")
    far_ca.reset()
    site.start()
    at_start = _settle(far_ca)
    calls = None
    if measure.has_strace():
        calls = max(measure.system_calls(site.children(), bench.idle_s, site.dir).values())
    else:
        time.sleep(bench.idle_s)              # the length of the measurement, not a wait
    requests = far_ca.counters()["total"] - at_start
    site.stop()
    return {"requests_at_start": at_start, "requests": requests, "calls": calls}


def _settle(far_ca, quiet_s=8.0):
    """Until the CA has had no request for a while -> how many it has had."""
    seen, since = far_ca.counters()["total"], time.monotonic()
    while time.monotonic() - since < quiet_s:
        time.sleep(0.2)
        now = far_ca.counters()["total"]
        if now != seen:
            seen, since = now, time.monotonic()
    return seen


def start_and_restart(bench, client_name, site, far_ca, client, domains):
    """Start and graceful restart against the same virtual hosts with static certificates."""
    static_dir = site.dir / "static"
    static_dir.mkdir()
    for (name, *_) in domains:
        for kind, source in zip(("crt", "key"), client.live_files(name)):
            shutil.copy(source, static_dir / f"{name}.{kind}")

    def configure_static():
        site.configure(domains, files_of=lambda name: (static_dir / f"{name}.crt",
                                                       static_dir / f"{name}.key"))

    def configure_managed():
        configure(site, far_ca, client, domains, "p256")

    times = {"managed": [], "static": []}
    for _ in range(bench.rounds):
        for variant, prepare in (("static", configure_static), ("managed", configure_managed)):
            prepare()
            times[variant].append(_time_one(site))
    for i, (what, target, reference) in enumerate(_TIMED):
        managed, static = (statistics.median(run[i] for run in times[v])
                           for v in ("managed", "static"))
        each = "; ".join(f"{variant} " + "/".join(f"{run[i]:.2f}" for run in runs)
                         for variant, runs in times.items())
        bench.report.add(client_name, f"{bench.many} domains: {what} / static", "times",
                         managed / static, target, reference,
                         f"medians {managed:.2f} s and {static:.2f} s; all: {each}")


_TIMED = tuple((what, 1.1, "mod_md 1.24") for what in (
    "start", "start, parent's CPU", "graceful restart", "graceful restart, parent's CPU"))


def _time_one(site):
    """-> seconds for start, parent's CPU of it, graceful restart, parent's CPU of it."""
    site.mark(0)
    begun = time.monotonic()
    site.start_until_handshake()
    start_s, start_cpu_s = time.monotonic() - begun, measure.cpu_s(site.pid)
    until(lambda: "resuming normal operations" in site.error_log(), "the start to be complete")
    cpu_before, begun = measure.cpu_s(site.pid), time.monotonic()
    site.graceful(1)
    graceful_s = time.monotonic() - begun
    graceful_cpu_s = measure.cpu_s(site.pid) - cpu_before
    site.stop()
    return start_s, start_cpu_s, graceful_s, graceful_cpu_s
