"""What a full TLS handshake costs: with a certificate that the configuration names, with a managed one
of the start, and with one that has come since."""

import contextlib
import shutil
import socket
import ssl
import statistics

from . import measure
from .activation import (configure, new_context, staged_at, wait_live, wait_switched,
                         with_alias)
from .callgrind import Callgrind
from .clients import JprsAcme
from .farca import Broken

KINDS = {"p256": "P-256", "rsa2048": "RSA-2048"}
VERSIONS = {"TLS 1.3": ssl.TLSVersion.TLSv1_3, "TLS 1.2": ssl.TLSVersion.TLSv1_2}

# Who serves a handshake: a virtual host with SSLCertificateFile, a managed one with the set of the
# start, and a managed one with a set that has come since.
SERVED = ("static", "began", "swapped")

SLICE = 10                  # handshakes with one virtual host before it is the next one's turn
SLICES = 100                # of each virtual host, for each key type and version
COUNTED = 40                # handshakes under callgrind, of each
STAGED_FOR_S = 60           # longer than a start under valgrind takes
CPU_LIMIT = 1.03            # of a plain handshake


def _handshakes(port, name, tls_context, count):
    """Full handshakes one after the other; each has also ended at the server when this returns."""
    for _ in range(count):
        with socket.create_connection(("127.0.0.1", port), timeout=60) as plain:
            with tls_context.wrap_socket(plain, server_hostname=name) as tls:
                tls.shutdown(socket.SHUT_WR)
                while tls.recv(4096):
                    pass


def _name(served, kind):
    return f"{served:.>7}".replace(".", "x") + f"-{kind}.example.jp"     # of the same length


def _swapped_names():
    return [_name("swapped", kind) for kind in KINDS]


@contextlib.contextmanager
def _swapped(bench, client_name):
    """A stopped site that serves each name of SERVED as it says, with each key type -> it, its client,
    and a function that configures it for its next start.

    The sets of static and began are the same files; that of swapped comes after the start, because
    the configuration has one more alias of its domain.
    """
    keys = {_name(served, kind): kind for served in SERVED[1:] for kind in KINDS}
    with bench.world(client_name, delay_ms=0) as (site, far_ca, client):
        def put_up(aliases, static=None, delay_s=1):
            """All virtual hosts; those to be swapped with so many aliases, the others with one."""
            domains = [with_alias([name], 1) if "swapped" not in name else
                       [name] + [f"new{i}.{name}" for i in range(aliases)] for name in keys]
            configure(site, far_ca, client, domains + [[name] for name in static or {}], keys,
                      dict.fromkeys(keys, delay_s), static)

        put_up(0)
        site.start()
        wait_live(client, keys)
        site.stop()
        static = _static_copies(site, client)
        yield site, client, lambda aliases, delay_s=1: put_up(aliases, static, delay_s)


def _static_copies(site, client):
    copies = {}
    for kind in KINDS:
        name = _name("static", kind)
        copies[name] = (site.dir / f"{name}.crt", site.dir / f"{name}.key")
        for copy, source in zip(copies[name], client.live_files(_name("began", kind))):
            shutil.copy(source, copy)
    return copies


def cpu(bench, client_name):
    """CPU time of the children for a full handshake, all three virtual hosts in turn."""
    if client_name != JprsAcme.name:
        return
    with _swapped(bench, client_name) as (site, _client, put_up):
        put_up(1)
        site.start()
        wait_switched(site, _swapped_names())
        for kind in KINDS:
            for version in VERSIONS:
                _report_cpu(bench, client_name, kind, version, _cpu_in_turn(site, kind, version))


def _cpu_in_turn(site, kind, version):
    """served -> microseconds of CPU for a handshake, one figure for each slice."""
    children, tls = site.children(), new_context(VERSIONS[version])
    times = {served: [] for served in SERVED}
    for served in SERVED:
        _handshakes(site.tls_port, _name(served, kind), tls, SLICE)      # not measured
    for turn in range(SLICES):
        for i in range(len(SERVED)):
            served = SERVED[(turn + i) % len(SERVED)]
            before = sum(map(measure.cpu_clock_s, children))
            _handshakes(site.tls_port, _name(served, kind), tls, SLICE)
            used = sum(map(measure.cpu_clock_s, children)) - before
            times[served].append(used * 1e6 / SLICE)
    return times


def _middle(figures):
    """The mean of the middle half: what disturbs a slice is in neither of the outer quarters."""
    quarter = len(figures) // 4
    return statistics.mean(sorted(figures)[quarter:len(figures) - quarter])


def _report_cpu(bench, client_name, kind, version, times):
    each = "; ".join(f"{served} {_middle(us):.0f} us ({min(us):.0f} to {max(us):.0f})"
                     for served, us in times.items())
    for served, what in (("began", "before a swap"), ("swapped", "after a swap")):
        ratios = [a / b for a, b in zip(times[served], times["static"])]
        low, _, high = statistics.quantiles(ratios, n=4)
        bench.report.add(client_name, f"{KINDS[kind]}, {version}: CPU of a handshake {what} / plain",
                         "times", _middle(times[served]) / _middle(times["static"]), CPU_LIMIT,
                         note=f"half of the slices' ratios within {low:.2f} to {high:.2f}; {each}")


def instructions(bench, client_name):
    """The same in instructions, which do not depend on what else the machine does."""
    if client_name != JprsAcme.name:
        return
    if not Callgrind.is_installed():
        bench.report.add(client_name, "instructions of a handshake", "", None,
                         note="valgrind is not installed")
        return
    with _swapped(bench, client_name) as (site, client, put_up):
        site.mpm = "single"
        put_up(1, STAGED_FOR_S)
        _stage_only(site, client)
        callgrind = Callgrind(site, "SSL_accept")
        callgrind.start()
        wait_switched(site, _swapped_names())
        if site.error_log().index("JA0007") < site.error_log().index("resuming normal"):
            raise Broken("the start took so long that it took the sets over itself")
        callgrind.end_child()
        for kind in KINDS:
            _report_costs(bench, client_name, kind, *_costs(callgrind, site, kind))
        site.stop()
        site.run_under()


def _stage_only(site, client):
    """New sets, made without valgrind; they go live in the next start's time."""
    site.start()
    for name in _swapped_names():
        staged_at(client, name)
    site.stop()


def _costs(callgrind, site, kind):
    """In instructions -> {served: what a child's first handshake takes more than its second}, and
    {(version, served): what a handshake takes}"""
    once, each = {}, {}
    for served in SERVED:
        name = _name(served, kind)
        first = _count(callgrind, site, name, "TLS 1.3", 1)
        for version in VERSIONS:
            total = _count(callgrind, site, name, version, COUNTED)
            # The version makes no difference to what is done once.
            once.setdefault(served, first - (total - first) / (COUNTED - 1))
            each[version, served] = (total - once[served]) / COUNTED
    return once, each


def _count(callgrind, site, name, version, handshakes):
    """-> instructions of a child that does so many handshakes and nothing else."""
    _handshakes(site.tls_port, name, new_context(VERSIONS[version]), handshakes)
    return callgrind.end_child()


def _report_costs(bench, client_name, kind, once, each):
    for served, what in (("began", "before a swap"), ("swapped", "after a swap")):
        for version in VERSIONS:
            own, plain = each[version, served], each[version, "static"]
            bench.report.add(
                client_name, f"{KINDS[kind]}, {version}: instructions of a handshake {what} / plain",
                "times", own / plain, CPU_LIMIT, note=f"{own:.0f} against {plain:.0f}")
    bench.report.add(client_name, f"{KINDS[kind]}: instructions of adopting a set, once in each child",
                     "millions", (once["swapped"] - once["static"]) / 1e6)
