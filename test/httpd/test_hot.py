"""New certificates go live without a restart: ManagedDomainActivation hot, the default."""

import ssl

import pytest

from harness import cli, conf, testcerts, tlsclient
from harness.load import Download, Handshakes, Requests, at_once
from harness.wait import until

NAME = "www.example.jp"

# httpd calls its monitor hook every ten seconds.
HOT = 12

# With RenewBefore 99% a certificate is due when a hundredth of its lifetime is over: 10 s here.
LIFETIME = 1000
DUE = 10


@pytest.mark.parametrize("mpm", ["event", "prefork"])
def test_first_certificate_ends_the_503_by_itself(make_httpd, ca, mpm):
    httpd = make_httpd(ca, mpm=mpm)
    httpd.manage(NAME, Activation=None).serve(NAME).start()
    pids = sorted(httpd.pids())
    assert httpd.https(NAME)[0] == 503
    httpd.wait_log("JA0006: staged: .* by itself")
    until(lambda: httpd.served(NAME), "the certificate to be served", HOT)
    assert httpd.https(NAME)[0] == 200
    assert sorted(httpd.pids()) == pids
    assert httpd.store.live(NAME) and not httpd.store.is_staged(NAME)
    httpd.wait_log("JA0012: verified: ")
    (domain,) = cli.status(httpd)["domains"]
    assert domain["served"]["verdict"] == "verified"
    assert "Served" in cli.run(httpd, "status", NAME).stdout


# How clients may look like that handshake without rest.
CLIENTS = {
    "TLS 1.3": dict(version=ssl.TLSVersion.TLSv1_3),
    "TLS 1.2, EC": dict(version=ssl.TLSVersion.TLSv1_2, ciphers=tlsclient.ONLY["ec"]),
    "TLS 1.2, RSA": dict(version=ssl.TLSVersion.TLSv1_2, ciphers=tlsclient.ONLY["rsa"]),
    "HTTP/2": dict(alpn=["h2", "http/1.1"]),
}


def _waiting(clients):
    """Those that have been served one certificate only, with what they met; for a message."""
    waiting = {what: (one.count, one.failures[-1:]) for what, one in clients.items()
               if len(one.seen) < 2}
    assert not waiting, waiting
    return waiting


# With less an event MPM closes idle connections, and both end and start children, as the load goes.
THREADS = "ThreadsPerChild 32\nMaxRequestWorkers 64\nServerLimit 2\n"


@pytest.mark.parametrize("mpm", ["event", "worker", "prefork"])
def test_renewal_under_load_disturbs_nobody(make_httpd, start_ca, mpm):
    """Keep-alive requests, a long download and clients that handshake without rest; two names."""
    ca = start_ca(validity_s=LIFETIME)
    httpd = make_httpd(ca, mpm=mpm, modules=["http2"] if mpm != "prefork" else [])
    httpd.manage((NAME, "other.example.jp"), Activation=None, RenewBefore="99%",
                 Keys="p256 rsa2048").serve(NAME, "other.example.jp")
    httpd.sites += THREADS + "Protocols h2 http/1.1\n" if mpm != "prefork" else ""
    large = httpd.root / "htdocs/large"
    large.write_bytes(b"x" * 20_000_000)
    httpd.start()
    # Until a child has adopted the first set, it has the temporary certificate, which is EC.
    until(lambda: all(httpd.served(NAME, only="rsa") for _ in range(40)), "the first set", 60)
    pids = sorted(httpd.pids())
    clients = {what: Handshakes(httpd.https_port, NAME, **how) for what, how in CLIENTS.items()}
    clients["another name"] = Handshakes(httpd.https_port, "other.example.jp")
    requests = Requests(httpd.https_port, NAME)
    download = Download(httpd.https_port, NAME, "/large", seconds=DUE + HOT)
    everybody = [*clients.values(), requests, download]
    for one in everybody:
        one.start()
    until(lambda: not _waiting(clients), "another certificate for everybody", DUE + 3 * HOT + 30)
    download.join(60)
    for one in (*clients.values(), requests):
        one.stop()
    for what, one in clients.items():
        assert one.failures == [] and one.count > 100, what
    assert requests.failures == []
    # An event MPM closes idle connections as it likes while all threads of a child are busy.
    assert requests.reopened == [] or mpm == "event"
    assert download.failure is None and len(download.body) == large.stat().st_size
    assert sorted(httpd.pids()) == pids or mpm == "prefork" and httpd.pids()[0] == pids[0]
    assert httpd.generation() == 1


def test_children_are_the_same_and_serve_alike(make_httpd, start_ca):
    ca = start_ca(validity_s=LIFETIME)
    httpd = make_httpd(ca)
    httpd.manage(NAME, Activation=None, RenewBefore="99%").serve(NAME).start()
    first = until(lambda: httpd.served(NAME), "the first certificate", 30)
    pids = sorted(httpd.pids())
    until(lambda: httpd.served(NAME) != first, "another one", DUE + 3 * HOT + 30)
    new = httpd.served(NAME)
    # Each child adopts it with its next handshake: nobody serves the old one any more.
    served = {httpd.served(NAME).serial_number for _ in range(40)}
    assert first.serial_number not in served and new.serial_number in served
    assert sorted(httpd.pids()) == pids


@pytest.mark.parametrize("mpm", ["event", "prefork"])
def test_a_new_child_serves_the_newest_from_its_first_handshakes_on(make_httpd, ca, mpm):
    """All that wait for it at once; what the server started with is a temporary certificate, EC."""
    httpd = make_httpd(ca, mpm=mpm)
    httpd.manage(NAME, Activation=None, Keys="p256 rsa2048").serve(NAME).start()
    until(lambda: httpd.served(NAME), "the certificate", 30)
    for _ in range(3):
        httpd.kill_children()
        # They queue at the listener, and the next children find all of them there.
        failures = at_once(32, lambda: httpd.served(NAME, only="rsa"))
        assert failures == []


def test_sessions_of_before_are_resumed(make_httpd, start_ca):
    ca = start_ca(validity_s=LIFETIME)
    httpd = make_httpd(ca)
    httpd.manage(NAME, Activation=None, RenewBefore="99%").serve(NAME).start()
    first = until(lambda: httpd.served(NAME), "the first certificate", 30)
    session = tlsclient.session_of(httpd.https_port, NAME)
    until(lambda: httpd.served(NAME) != first, "another one", DUE + 3 * HOT + 30)
    assert tlsclient.resume(httpd.https_port, NAME, session) == (True, 200)


def test_a_session_is_resumed_by_a_new_child(httpd):
    """It asks for no certificate, and the 503 of the temporary one is over all the same."""
    httpd.manage(NAME, Activation=None).serve(NAME).start()
    until(lambda: httpd.served(NAME), "the certificate", 30)
    session = tlsclient.session_of(httpd.https_port, NAME)
    httpd.kill_children()
    assert tlsclient.resume(httpd.https_port, NAME, session) == (True, 200)


def test_a_renegotiation_keeps_the_certificate_of_its_connection(make_httpd, start_ca):
    """Browsers end a connection whose server turns into another one (TLS 1.2, SSLVerifyClient)."""
    ca = start_ca(validity_s=LIFETIME)
    httpd = make_httpd(ca)
    httpd.manage(NAME, Activation=None, RenewBefore="99%")
    httpd.serve(NAME, extra="<Location /private>\nSSLVerifyClient optional_no_ca\n</Location>")
    httpd.sites += "KeepAliveTimeout 300\n"
    (httpd.root / "htdocs/private").write_text("for some only\n")
    httpd.start()
    first = until(lambda: httpd.served(NAME), "the first certificate", 30)
    with tlsclient.connect(httpd.https_port, NAME, ssl.TLSVersion.TLSv1_2) as tls:
        before = tls.getpeercert(binary_form=True)
        until(lambda: httpd.served(NAME) != first, "another one", DUE + 3 * HOT + 30)
        assert tlsclient.get(tls, NAME, "/private")[0] == 200
        assert tls.getpeercert(binary_form=True) == before


def test_what_is_live_is_what_a_restart_serves(httpd):
    httpd.manage(NAME, Activation=None).serve(NAME).start()
    cert = until(lambda: httpd.served(NAME), "the certificate", 30)
    httpd.restart()
    assert httpd.served(NAME) == cert
    httpd.graceful()
    assert httpd.served(NAME) == cert


def test_keys_stay_out_of_reach_of_the_children(httpd):
    httpd.manage(NAME, Activation=None).serve(NAME).start()
    until(lambda: httpd.served(NAME), "the certificate", 30)
    for path in httpd.store.private_keys():
        mode, owner = path.stat().st_mode & 0o777, path.stat().st_uid
        assert mode == 0o600 and (owner == 0 or "accounts" in path.parts or "/staging/" in str(path))
    live = httpd.store.live(NAME) / "privkey.pem"
    assert live.stat().st_uid == 0


def test_a_domain_of_its_own_file_is_left_alone(make_httpd, ca, tmp_path):
    """A virtual host with SSLCertificateFile serves that, whatever goes live beside it."""
    cert, key = testcerts.make_cert(["static.example.jp"])
    (tmp_path / "cert.pem").write_bytes(testcerts.cert_pem(cert))
    (tmp_path / "key.pem").write_bytes(testcerts.key_pem(key))
    httpd = make_httpd(ca)
    httpd.manage(NAME, "static.example.jp", Activation=None).serve(NAME)
    httpd.sites += conf.vhost(httpd.http_port, "static.example.jp")
    httpd.sites += conf.vhost(httpd.https_port, "static.example.jp", ssl=True, extra=f"""
        SSLCertificateFile {tmp_path}/cert.pem
        SSLCertificateKeyFile {tmp_path}/key.pem""")
    httpd.guard.expect("static.example.jp: JA0601: ")
    httpd.start()
    until(lambda: httpd.served(NAME), "the certificate", 30)
    httpd.wait_log("static.example.jp: JA0601: ", timeout=30)
    served = httpd.served("static.example.jp", verify=False)
    assert tlsclient.common_name(served) == "static.example.jp"
    domain = {one["name"]: one for one in cli.status(httpd)["domains"]}["static.example.jp"]
    assert domain["bad"] and domain["served"]["id"] == "JA0601"
