"""ManagedDomainActivation graceful: the server restarts by itself, and only if it will come up."""

import pytest

from harness import conf
from harness.load import Load
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
    httpd.sites += conf.vhost(httpd.https_port, STATIC, ssl=True,
                              extra=_write_pair(httpd, "static"))
    (httpd.root / "htdocs/big").write_bytes(b"x" * BIG)


@pytest.mark.parametrize("mpm", ["event", "prefork"])
def test_goes_live_by_itself_and_no_visitor_notices(make_httpd, ca, mpm):
    httpd = make_httpd(ca, mpm=mpm)
    httpd.manage(NAME, Activation="graceful").serve(NAME)
    _add_static(httpd)
    httpd.start()
    parent, generation = httpd.pid(), httpd.generation()
    assert httpd.https(NAME)[0] == 503
    with Load(httpd.https_port, STATIC, "/big", BIG) as load:
        until(lambda: httpd.generation() > generation, "the restart", LIVE)
        until(lambda: httpd.served(NAME), "the certificate to be served")
        seen = dict(load.done)
        until(lambda: all(load.done[one] > seen[one] for one in ("kept", "fresh", "downloads")),
              "all visitors to go on", 30)
    assert not load.failures
    assert httpd.https(NAME)[0] == 200
    assert httpd.pid() == parent and httpd.generation() == generation + 1
    assert not httpd.store.is_staged(NAME)
