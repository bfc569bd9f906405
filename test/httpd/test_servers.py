"""The same job under every MPM, and beside other modules."""

import subprocess

import pytest

from harness import cli, conf, paths, tlsclient
from harness.ports import is_listening
from harness.wait import until

NAME, OTHER = "www.example.jp", "other.example.jp"


@pytest.mark.parametrize("mpm", ["event", "worker", "prefork"])
def test_certificate_is_obtained_under_every_mpm(make_httpd, ca, mpm):
    httpd = make_httpd(ca, mpm=mpm)
    httpd.manage(NAME, Keys="p256 rsa2048").serve(NAME)
    httpd.obtain(NAME)
    assert httpd.served(NAME, only="rsa") and httpd.served(NAME, only="ec")
    httpd.graceful()
    httpd.restart()
    assert httpd.served(NAME)


def test_works_beside_mod_md(make_httpd, ca):
    """mod_md has domains of its own, from the same CA; neither gets in the other's way."""
    theirs = "theirs.example.jp"
    httpd = make_httpd(ca, modules=["md"])
    httpd.manage(NAME).serve(NAME)
    httpd.sites += f"""\
MDCertificateAuthority {ca.directory_url}
MDCACertificateFile "{ca.anchor_file}"
MDExternalAccountBinding {ca.kid} {ca.hmac}
MDCertificateAgreement accepted
MDContactEmail admin@example.jp
MDStoreDir "{httpd.root}/md"
MDPrivateKeys secp256r1
MDStapling off
MDPortMap 80:{httpd.http_port}
MDomain {theirs}
"""
    httpd.serve(theirs)
    httpd.guard.tolerate("AH10085", "mod_md's site has no certificate at first")
    httpd.guard.tolerate(r"\[md:warn\]", "mod_md's own remarks")
    httpd.start()
    httpd.wait_staged(NAME)
    httpd.wait_log(r"md.*has been (setup|renewed)|AH10059")
    httpd.graceful()
    assert tlsclient.names_of(httpd.served(NAME)) == [NAME]
    assert tlsclient.names_of(httpd.served(theirs)) == [theirs]


@pytest.mark.parametrize("options", [["-X"], ["-DONE_PROCESS", "-DFOREGROUND"]])
def test_one_process_mode_starts(httpd, options):
    """It never runs the monitor hook; it must still start, serve, stop, and say so."""
    httpd.manage(NAME).serve(NAME).write()
    process = subprocess.Popen([paths.APACHE, "-d", httpd.root, "-f",
                                httpd.root / "conf/httpd.conf", *options],
                               stdin=subprocess.DEVNULL)
    try:
        until(lambda: is_listening(httpd.http_port), "httpd -X")
        assert httpd.get("/")[0] == 200
        httpd.wait_log("new certificates go live at the next start only")
    finally:
        process.terminate()
        process.wait(20)


def test_module_without_mod_ssl_answers_challenges(make_httpd, ca, monkeypatch):
    monkeypatch.setattr(conf, "BASE_MODULES",
                        tuple(m for m in conf.BASE_MODULES if m != "ssl"))
    httpd = make_httpd(ca)
    httpd.manage(NAME, Renew="always")
    httpd.sites = conf.vhost(httpd.http_port, NAME)
    httpd.start()
    httpd.wait_staged(NAME)


def test_a_level_that_the_certificate_in_use_is_below_does_not_end_the_server(httpd):
    """mod_ssl would end it, with all its other sites."""
    httpd.manage(NAME, OTHER, Activation=None, Keys="rsa2048").serve(NAME).serve(OTHER)
    first, _ = httpd.obtain(NAME, OTHER)
    good = httpd.sites
    httpd.sites = good.replace("SSLEngine on", "SSLEngine on\nSSLCipherSuite HIGH:@SECLEVEL=3", 1)
    httpd.guard.expect("www.example.jp: JA0215: while giving mod_ssl the certificate to be served: "
                       ".*live/www.example.jp/fullchain.pem, at security level 3: .*key too small")
    httpd.guard.tolerate("www.example.jp: JA0213: ", "what is served instead is noticed, too")
    for again in (httpd.graceful, httpd.restart):
        again()
        assert httpd.https(OTHER)[0] == 200 and httpd.https(NAME)[0] == 503
    # Nothing is lost by it.
    httpd.sites = good
    httpd.graceful()
    assert httpd.https(NAME)[0] == 200 and httpd.served(NAME).serial_number == first.serial_number


@pytest.mark.parametrize("activation", ["hot", "manual"])
def test_a_certificate_that_mod_ssl_would_refuse_is_not_used(httpd, ca, activation):
    """A virtual host of a higher security level: with such a certificate httpd does not start."""
    httpd.manage(NAME, Activation=activation, Keys="rsa2048").serve(NAME)
    httpd.sites = httpd.sites.replace("SSLEngine on",
                                      "SSLEngine on\nSSLCipherSuite HIGH:@SECLEVEL=3")
    httpd.guard.expect("www.example.jp: JA0215: .* too small.* Next try at ")
    httpd.start()
    httpd.wait_log("JA0215: while staging the certificates: the virtual host www.example.jp of .*:"
                   r"\d+: .* too small\. .*httpd would not start with it")
    (domain,) = cli.status(httpd)["domains"]
    assert domain["error"]["id"] == "JA0215"
    assert not httpd.store.is_staged(NAME)
    httpd.graceful()
    assert httpd.https(NAME)[0] == 503
    # The certificate is kept: once the level has been lowered, it goes live without another order.
    httpd.sites = httpd.sites.replace("@SECLEVEL=3", "@SECLEVEL=2")
    orders = ca.count("newOrder")
    httpd.graceful()
    httpd.wait_log("JA0006: staged: ")
    if activation == "manual":
        httpd.graceful()
    until(lambda: httpd.served(NAME), "the certificate", 20)
    assert ca.count("newOrder") == orders
