"""ManagedDomainActivation graceful: the server restarts by itself, and only if it will come up."""

import datetime
import re
import socket

import pytest

from harness import cli, conf
from harness.load import Download, Handshakes, Requests
from harness.testcerts import cert_pem, key_pem, make_cert
from harness.wait import until

NAME = "www.example.jp"
STATIC = "static.example.jp"

BIG = 4 << 20

# httpd calls its monitor hook every ten seconds; a set is offered, seen, checked and live after two
# of them, and a second for the check.
LIVE = 35


def _write_pair(httpd, stem, matching=True):
    """A certificate of the administrator's own, in files -> their part of a virtual host."""
    cert, key = make_cert([STATIC])
    other = key if matching else make_cert([STATIC])[1]
    cert_file, key_file = (httpd.root / "conf" / f"{stem}.{end}" for end in ("pem", "key"))
    cert_file.write_bytes(cert_pem(cert))
    key_file.write_bytes(key_pem(other))
    return f'SSLCertificateFile "{cert_file}"\nSSLCertificateKeyFile "{key_file}"'


def _add_static(httpd):
    """A site with a certificate that is not managed."""
    httpd.sites += conf.vhost(httpd.https_port, STATIC, ssl=True,
                              extra=_write_pair(httpd, "static"))
    (httpd.root / "htdocs/big").write_bytes(b"x" * BIG)


@pytest.mark.parametrize("mpm", ["event", "prefork"])
def test_goes_live_by_itself_and_no_visitor_notices(make_httpd, ca, mpm):
    httpd = make_httpd(ca, mpm=mpm)
    _add_static(httpd)                      # the first one, since visitors tell no name (SNI)
    httpd.manage(NAME, Activation="graceful").serve(NAME).start()
    parent, generation = httpd.pid(), httpd.generation()
    assert httpd.https(NAME)[0] == 503
    visitors = [Handshakes(httpd.https_port, STATIC), Requests(httpd.https_port, STATIC)]
    download = Download(httpd.https_port, STATIC, "/big", seconds=LIVE)
    for thread in (*visitors, download):
        thread.start()
    until(lambda: httpd.generation() > generation, "the restart", LIVE)
    assert download.is_alive(), "it was to last longer than the restart takes to come"
    until(lambda: httpd.served(NAME), "the certificate to be served")
    download.join(2 * LIVE)
    for visitor in visitors:
        visitor.stop()
        assert visitor.count > 100 and not visitor.failures
    assert not download.failure and len(download.body) == BIG
    assert httpd.https(NAME)[0] == 200
    assert httpd.pid() == parent and httpd.generation() == generation + 1
    assert not httpd.store.is_staged(NAME)


def _refused(httpd, pattern):
    """Wait for the next refusal -> what status says of it."""
    httpd.wait_log(rf"JA0214: .*{pattern}", timeout=LIVE)
    return cli.status(httpd)["restart"]


def test_refused_as_long_as_the_server_would_not_come_up(httpd):
    httpd.manage(NAME, Activation="graceful").serve(NAME)
    _add_static(httpd)
    httpd.start()
    parent, generation = httpd.pid(), httpd.generation()
    good, sites = httpd.sites, httpd.root / "conf/sites.conf"
    httpd.guard.expect("JA0214")

    sites.write_text(good + "Nonsense on\n")
    told = _refused(httpd, "Syntax error on line .*sites.conf: Invalid command 'Nonsense'")
    assert told["state"] == "refused" and told["bad"] and "Nonsense" in told["reason"]
    assert "Automatic restart  refused" in cli.run(httpd, "status").stdout

    _write_pair(httpd, "static", matching=False)
    sites.write_text(good)
    told = _refused(httpd, "the key in .* is not that of the certificate in ")
    assert "static.key" in told["reason"]

    _write_pair(httpd, "static")
    sites.write_text("SSLCipherSuite NONSENSE\n" + good)
    told = _refused(httpd, "sites.conf:1: SSLCipherSuite NONSENSE: .*no cipher match")
    sites.write_text("SSLCipherSuite HIGH:@SECLEVEL=5\n" + good)
    told = _refused(httpd, "sites.conf:1: .*static.pem, at security level 5: .*key too small")
    assert "static.pem" in told["reason"]

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        sites.write_text(good + f"Listen 127.0.0.1:{port}\n")
        told = _refused(httpd, f"Listen 127.0.0.1:{port}: Address already in use")
    assert f":{port}" in told["reason"]

    assert (httpd.pid(), httpd.generation()) == (parent, generation)
    assert httpd.https(STATIC)[0] == 200 and httpd.https(NAME)[0] == 503
    assert httpd.error_log().count("JA0214") == 5, "each reason is told once"

    sites.write_text(good)
    until(lambda: httpd.generation() > generation, "the restart", LIVE)
    until(lambda: httpd.served(NAME), "the certificate to be served")
    assert httpd.pid() == parent
    httpd.wait_log("JA0008: recovered: the server has been restarted")
    assert cli.status(httpd)["restart"]["state"] == "restarted"
    assert "Automatic restart" not in cli.run(httpd, "status").stdout


def _restarts(httpd):
    """When the server has ordered a restart, by its log."""
    found = re.findall(r"^\[([^]]+)\] .*the server restarts gracefully", httpd.error_log(), re.M)
    return [datetime.datetime.strptime(at, "%a %b %d %H:%M:%S.%f %Y") for at in found]


def test_restarts_are_shared_and_a_minute_apart(httpd):
    names = NAME, "www.example.com"
    for name in names:
        httpd.serve(name)
    httpd.manage(*names, Activation="graceful").start()
    until(lambda: _restarts(httpd), "the first restart", LIVE)
    first = [until(lambda name=name: httpd.served(name), f"{name} to be served") for name in names]
    assert len(_restarts(httpd)) == 1
    httpd.manage(*names, Activation="graceful", Keys="p384")    # other certificates are ordered
    httpd.graceful()
    until(lambda: len(_restarts(httpd)) > 1, "the next restart", 60 + LIVE)
    second = [until(lambda name=name, old=old: httpd.served(name) != old, f"a new {name}")
              for name, old in zip(names, first)]
    one, two = _restarts(httpd)
    assert all(second) and 60 <= (two - one).total_seconds() < 60 + LIVE
