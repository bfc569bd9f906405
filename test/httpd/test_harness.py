"""The guards themselves: a test suite whose guards cannot fail would prove nothing."""

import pytest

from harness import conf, errorlog, leaks, testcerts
from harness.httpd import Httpd, WWW_DATA
from harness.processes import stat_of, uid_of
from harness.wait import Timeout, until

WARNING = "[Sun Nov 22 10:12:08.013508 2026] [core:warn] [pid 5:tid 5] AH00111: something odd"
NOTICE = "[Sun Nov 22 10:12:08.013508 2026] [core:notice] [pid 5:tid 5] all is well"


def test_guard_reports_a_line_nobody_expected():
    assert errorlog.Guard().verdict(f"{NOTICE}\n{WARNING}\n") == [f"unexpected: {WARNING}"]


def test_guard_reports_an_expected_line_that_did_not_occur():
    guard = errorlog.Guard()
    guard.expect("AH00111")
    assert guard.verdict(NOTICE) == ["declared but did not occur: AH00111"]
    assert guard.verdict(WARNING) == []


def test_guard_lets_a_tolerated_line_be_absent():
    guard = errorlog.Guard()
    guard.tolerate("AH00111", "for this test")
    assert guard.verdict(NOTICE) == [] and guard.verdict(WARNING) == []


@pytest.mark.parametrize("leak", [
    "c2VjcmV0LXNlY3JldC1zZWNyZXQ_", "c2VjcmV0LXNlY3JldC1zZWNyZXQ/",
    "7365637265742d7365637265742d7365637265743f", "secret-secret-secret?"])
def test_secret_is_found_in_every_spelling(leak):
    watch = leaks.Watch()
    watch.secret("hmac", leaks.of_hmac("c2VjcmV0LXNlY3JldC1zZWNyZXQ_"))
    watch.public("a log", f"before {leak} after")
    assert watch.verdict() == ["hmac found in a log"]


def test_private_key_is_found_by_any_of_its_lines():
    pem = testcerts.key_pem(testcerts.make_key("rsa2048"))
    watch = leaks.Watch()
    watch.secret("key", leaks.of_private_pem(pem))
    watch.public("clean", "nothing here")
    watch.public("dirty", pem.splitlines()[7])
    assert watch.verdict() == ["key found in dirty"]


@pytest.fixture(params=["event", "worker", "prefork"])
def plain(request):
    """An httpd without the module, with one certificate of its own."""
    httpd = Httpd(with_module=False, mpm=request.param)
    cert, key = testcerts.make_cert(["static.example.jp"])
    (httpd.root / "conf/cert.pem").write_bytes(testcerts.cert_pem(cert))
    (httpd.root / "conf/key.pem").write_bytes(testcerts.key_pem(key))
    httpd.sites = conf.vhost(httpd.https_port, "static.example.jp", ssl=True,
                             extra="SSLCertificateFile conf/cert.pem\n"
                                   "SSLCertificateKeyFile conf/key.pem")
    httpd.cert = cert
    yield httpd
    assert httpd.verdict() == []
    httpd.remove()


def test_server_starts_restarts_and_dies_as_told(plain):
    plain.start()
    parent, children = plain.pid(), plain.children()
    assert uid_of(parent) == 0 and all(uid_of(child) == WWW_DATA for child in children)
    assert plain.served("static.example.jp", verify=False) == plain.cert
    assert plain.get("/")[0] == 200
    plain.graceful()
    assert plain.pid() == parent
    until(lambda: not set(children) & set(plain.children()), "the old generation to leave")
    plain.kill()
    assert plain.pids() == []
    plain.start()
    assert plain.get("/")[0] == 200


def test_wait_names_what_it_waited_for():
    with pytest.raises(Timeout, match="pigs to fly"):
        until(lambda: 0, "pigs to fly", timeout=0.1)


def test_ca_can_be_paused(start_ca):
    ca = start_ca(eab=False)
    ca.pebble.pause()
    until(lambda: stat_of(ca.pebble.process.pid)[0] == "T", "pebble to be frozen")
    ca.pebble.resume()
    until(lambda: stat_of(ca.pebble.process.pid)[0] != "T", "pebble to go on")
