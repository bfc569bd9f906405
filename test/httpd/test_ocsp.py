"""New certificates wait for the CA's OCSP responder, and have its response with them."""

import datetime
import time
import urllib.request

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

from harness import cli, tlsclient
from harness.load import Handshakes
from harness.wait import until

NAME = "www.example.jp"

POLL = 60       # the longest time between two questions to the responder
HOT = 12        # httpd calls its monitor hook every ten seconds


@pytest.fixture
def httpd(sim_httpd):
    return sim_httpd


def next_of(httpd):
    return cli.status(httpd)["domains"][0]["next"]["action"]


def test_no_handshake_sees_a_certificate_before_the_responder_knows_it(httpd, sim):
    sim.post("/settings", ocsp_delay_s=4)
    httpd.manage(NAME, Activation=None, ActivationDelay="ocsp 10min").serve(NAME).start()
    temporary = httpd.served(NAME, verify=False).serial_number
    clients = Handshakes(httpd.https_port, NAME)
    clients.start()
    httpd.wait_log("JA0013: waiting: .* until the CA's OCSP responder knows it, or until")
    assert next_of(httpd) == "ocsp"
    first = until(lambda: tlsclient.stapled(httpd.https_port, NAME, other_than=temporary),
                  "the certificate to be served", POLL + HOT + 10)
    clients.stop()
    assert not clients.failures
    new = httpd.served(NAME).serial_number
    assert list(clients.seen) == [temporary, new]
    answers = sim.requests(kind="ocsp")
    assert len(answers) >= 2, "unknown at first"
    good_at = datetime.datetime.fromisoformat(answers[-1]["at"].replace("Z", "+00:00"))
    assert 0 < clients.seen[new] - good_at.timestamp() < HOT, "after the responder said so"
    assert first == (new, "good"), "a response with the first handshake"
    assert not [line for line in httpd.error_log().splitlines() if ":error]" in line]


def test_a_dead_responder_is_waited_for_until_the_limit(httpd, sim):
    sim.rule(kind="ocsp", fault="html")
    httpd.manage(NAME, Activation=None, ActivationDelay="ocsp 5s").serve(NAME).start()
    httpd.wait_log("JA0013: waiting: ")
    since = time.time()
    until(lambda: httpd.https(NAME)[0] == 200, "the certificate to be served", 5 + HOT)
    assert time.time() - since > 4
    assert tlsclient.staple_of(httpd.https_port, NAME) is None
    assert not [line for line in httpd.error_log().splitlines() if ":error]" in line]


def test_a_revoked_certificate_is_never_served_and_another_one_is_ordered(httpd, sim):
    sim.post("/settings", ocsp_status="revoked")
    httpd.manage(NAME, Activation=None, ActivationDelay="ocsp 10min").serve(NAME).start()
    httpd.guard.expect("www.example.jp: JA0515: .*revoked")
    httpd.wait_log("JA0515: while waiting for the OCSP responder: .* is revoked.* Next try at")
    assert not httpd.store.is_staged(NAME) and not httpd.store.cert(NAME)
    assert httpd.https(NAME)[0] == 503
    sim.post("/settings", ocsp_status=None)
    until(lambda: httpd.https(NAME)[0] == 200, "another certificate to be served", 90)
    assert sim.count("newOrder") == 2
    assert "JA0008: recovered" in httpd.error_log()


def response_for(leaf, issuer):
    """What the responder that is named in a certificate says of it, DER."""
    access = leaf.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    (url,) = [one.access_location.value for one in access
              if one.access_method == AuthorityInformationAccessOID.OCSP]
    builder = ocsp.OCSPRequestBuilder().add_certificate(leaf, issuer, hashes.SHA1())
    question = builder.build().public_bytes(serialization.Encoding.DER)
    request = urllib.request.Request(url, question, {"Content-Type": "application/ocsp-request"})
    return urllib.request.urlopen(request, timeout=10).read()


def hear_now(httpd):
    """The stored response becomes the one that the runner would fetch days later."""
    leaf, issuer = httpd.store.cert(NAME), httpd.store.cert(NAME, "chain.pem")
    stored = httpd.store.path / "ocsp" / f"{leaf.fingerprint(hashes.SHA256()).hex()}.der"
    assert stored.exists()
    stored.write_bytes(response_for(leaf, issuer))


def test_a_live_certificate_that_is_revoked_is_replaced_by_itself(httpd, sim):
    httpd.manage(NAME, Activation=None, ActivationDelay="ocsp 10min").serve(NAME).start()
    until(lambda: httpd.https(NAME)[0] == 200, "the certificate to be served", POLL + HOT)
    first = httpd.served(NAME).serial_number
    httpd.stop()
    sim.post("/settings", ocsp_status="revoked")
    hear_now(httpd)
    sim.post("/settings", ocsp_status=None)
    httpd.guard.expect("www.example.jp: JA0515: .*the certificate in use is revoked")
    since = httpd.mark()
    httpd.start()
    httpd.wait_log("JA0515: while watching the certificate in use: .* Next try at", since)
    assert cli.run(httpd, "status").returncode == 1
    assert cli.status(httpd)["domains"][0]["state"] == "revoked"
    httpd.graceful()
    assert httpd.served(NAME).serial_number == first
    until(lambda: httpd.served(NAME).serial_number != first, "another one to be served",
          36 + POLL + 2 * HOT)
    assert sim.count("newOrder") == 2
    until(lambda: cli.status(httpd)["domains"][0]["state"] == "valid", "the status to say so", 10)
    assert httpd.error_log().count("JA0515") == 1, "once, also over restarts"
    done = cli.run(httpd, "rollback", NAME)
    assert done.returncode == 1 and "not revoked" in done.stderr + done.stdout
    httpd.guard.expect("JA0516")


@pytest.mark.parametrize("activation", ["hot", "manual"])
def test_staples_are_served_without_ssl_use_stapling(httpd, sim, activation):
    httpd.manage(NAME, Activation=activation, Keys="p256 rsa2048").serve(NAME)
    httpd.obtain(NAME)
    until(lambda: tlsclient.staple_of(httpd.https_port, NAME) == "good", "a staple")
    asked = sim.count("ocsp")
    httpd.restart()
    assert tlsclient.staple_of(httpd.https_port, NAME) == "good", "kept over the restart"
    assert sim.count("ocsp") == asked


def test_stapling_can_be_off(httpd, sim):
    httpd.manage(NAME, Stapling="off").serve(NAME)
    httpd.obtain(NAME)
    assert tlsclient.staple_of(httpd.https_port, NAME) is None


def test_a_mod_ssl_without_the_hook_gets_a_restart_and_staples(httpd, sim):
    """What is done then can be seen with a Define; staples go through httpd's own hooks."""
    httpd.manage(NAME, Activation=None).serve(NAME)
    httpd.acme += "Define JPRS_ACME_NOT_HOT\n"
    httpd.start()
    assert "www.example.jp: JA0018: not hot: " in httpd.error_log()
    httpd.wait_log("JA0017: restarting: ", timeout=70)
    until(lambda: httpd.https(NAME)[0] == 200, "the certificate to be served", 20)
    until(lambda: tlsclient.staple_of(httpd.https_port, NAME) == "good", "a staple")
    httpd.restart()
    assert tlsclient.staple_of(httpd.https_port, NAME) == "good", "kept over the restart"


def test_staples_are_ours_also_with_ssl_use_stapling(httpd, sim):
    """mod_ssl's own stapling has nothing to do, and nothing to complain of."""
    httpd.manage(NAME, Activation=None).serve(NAME)
    httpd.sites = ("SSLUseStapling on\n"
                   f"SSLStaplingCache shmcb:{httpd.root}/run/stapling(128000)\n" + httpd.sites)
    httpd.start()
    until(lambda: httpd.https(NAME)[0] == 200, "the certificate to be served", 30)
    assert tlsclient.staple_of(httpd.https_port, NAME) == "good"
    httpd.graceful()
    assert tlsclient.staple_of(httpd.https_port, NAME) == "good"
