"""From a configured server to its first certificates."""

import json
import re
import stat

import pytest

from harness import conf, testcerts, tlsclient
from harness.httpd import WWW_DATA
from harness.store import mode_of, owner_of, public_bytes
from harness.wait import until

NAME = "www.example.jp"


def test_one_name_is_issued_staged_committed_and_served(httpd, ca):
    httpd.manage(NAME).serve(NAME)
    since = ca.mark()
    (cert,) = httpd.obtain(NAME)
    assert tlsclient.names_of(cert) == [NAME]
    assert tlsclient.common_name(cert) == NAME
    assert ca.certificate_status(cert)["Status"] == "Valid"
    assert ca.count("newOrder", since) == 1
    assert httpd.https(NAME)[0] == 200
    assert not httpd.store.is_staged(NAME)


def test_all_names_of_a_domain_are_in_one_certificate(httpd):
    names = [NAME, "example.jp", "mail.example.jp"]
    httpd.manage(tuple(names)).serve(NAME, *names[1:])
    (cert,) = httpd.obtain(NAME)
    assert tlsclient.names_of(cert) == sorted(names)
    assert tlsclient.common_name(cert) == NAME
    assert all(httpd.served(name) == cert for name in names)


def test_name_too_long_for_a_common_name_is_issued(httpd):
    long = "a" * 40 + "." + "b" * 40 + ".example.jp"
    httpd.manage(long).serve(long)
    (cert,) = httpd.obtain(long)
    # The CA chooses a common name of its own; what the CSR has is for the unit tests.
    assert tlsclient.names_of(cert) == [long]


def test_two_key_types_make_two_certificates_that_are_both_served(httpd):
    httpd.manage(NAME, Keys="p256 rsa2048").serve(NAME)
    httpd.obtain(NAME)
    assert httpd.served(NAME, only="ec").public_key().curve.name == "secp256r1"
    assert httpd.served(NAME, only="rsa").public_key().key_size == 2048


@pytest.mark.parametrize("spec, only, size", [
    ("rsa2048", "rsa", 2048), ("rsa3072", "rsa", 3072), ("rsa4096", "rsa", 4096),
    ("p256", "ec", 256), ("p384", "ec", 384)])
def test_each_key_type_is_issued(httpd, spec, only, size):
    httpd.manage(NAME, Keys=spec).serve(NAME)
    httpd.obtain(NAME)
    assert httpd.served(NAME, only=only).public_key().key_size == size


def test_many_domains_are_worked_on_at_once(httpd, ca):
    names = [f"host{n}.example.jp" for n in range(12)]
    httpd.manage(*names)
    for name in names:
        httpd.serve(name)
    since = ca.mark()
    httpd.obtain(*names)
    assert ca.count("newOrder", since) == len(names)
    assert ca.count("newAccount", since) == 1 and ca.count("directory", since) == 1
    kinds = [kind for kind, _ in ca.requests(since)]
    assert kinds.index("finalize") > kinds.index("newOrder") + 1, "one after another"


def test_slow_answers_for_some_domains_hold_up_no_other(httpd, front):
    names = [f"host{n}.example.jp" for n in range(10)]
    httpd.front = front
    hold = front.hold("challenge", first=8)
    httpd.manage(*names)
    for name in names:
        httpd.serve(name)
    httpd.start()
    hold.wait(arrivals=8)
    until(lambda: sum(map(httpd.store.is_staged, names)) == 2, "the other two to be staged")


def test_temporary_certificate_and_503_until_the_first_real_one(httpd, ca):
    httpd.manage(NAME).serve(NAME)
    ca.pebble.pause()
    try:
        httpd.start()
        temporary = httpd.served(NAME, verify=False)
        assert temporary.issuer == temporary.subject and tlsclient.names_of(temporary) == [NAME]
        status, headers, _ = httpd.https(NAME)
        assert status == 503 and int(headers["retry-after"]) > 0
        assert httpd.get("/", NAME)[0] == 200, "plain HTTP has nothing to wait for"
    finally:
        ca.pebble.resume()
    httpd.wait_staged(NAME)
    httpd.graceful()
    assert httpd.served(NAME) != temporary
    assert httpd.https(NAME)[0] == 200


def test_virtual_host_with_its_own_certificate_is_left_alone(httpd, ca):
    cert, key = testcerts.make_cert([NAME])
    (httpd.root / "conf/own.pem").write_bytes(testcerts.cert_pem(cert) + testcerts.key_pem(key))
    httpd.manage(NAME)
    httpd.sites = conf.vhost(httpd.https_port, NAME, ssl=True,
                             extra="SSLCertificateFile conf/own.pem")
    httpd.guard.tolerate("own|SSLCertificateFile", "being told so is welcome")
    httpd.start()
    assert httpd.served(NAME, verify=False) == cert
    assert httpd.https(NAME)[0] == 200


def test_who_owns_what_in_the_store(httpd):
    httpd.manage(NAME).serve(NAME)
    httpd.start()
    httpd.wait_staged(NAME)
    store = httpd.store
    for path in [store.staging(NAME), *store.staging(NAME).iterdir(), store.job_file(NAME),
                 *store.account_files("account.json"), *store.account_files("key.json")]:
        assert owner_of(path) == WWW_DATA, path
    for path in [*store.account_files("key.json"), *store.private_keys()]:
        assert mode_of(path) == 0o600, path

    httpd.graceful()
    until(lambda: store.cert(NAME), "the commit")
    assert store.live(NAME).is_symlink()
    assert store.live(NAME).resolve().parent == (store.path / "archive" / NAME).resolve()
    for path in [store.path / "live", store.live(NAME), *store.live(NAME).iterdir(),
                 store.path / "archive", store.path / "archive" / NAME,
                 store.path / "config.json"]:
        assert owner_of(path) == 0, path
        assert not mode_of(path) & (stat.S_IWGRP | stat.S_IWOTH), path
    for path in store.live(NAME).glob("privkey*"):
        assert mode_of(path) == 0o600, path


def test_live_directory_has_the_files_people_know(httpd, ca):
    httpd.manage(NAME).serve(NAME)
    (cert,) = httpd.obtain(NAME)
    live = httpd.store.live(NAME)
    assert httpd.store.cert(NAME) == cert
    assert httpd.store.cert(NAME, "fullchain.pem") == cert
    assert (live / "fullchain.pem").read_bytes() == \
        (live / "cert.pem").read_bytes() + (live / "chain.pem").read_bytes()
    assert public_bytes(httpd.store.key(NAME)) == public_bytes(cert)


def test_refused_nonces_are_retried_with_the_nonce_of_the_reply(start_ca, make_httpd):
    ca = start_ca(nonce_reject=40)
    httpd = make_httpd(ca)
    httpd.manage(NAME).serve(NAME)
    # Five in a row at 40 % happens; the attempt then ends and another one follows.
    httpd.guard.tolerate("JA0403|badNonce", "a long enough row of refusals ends an attempt")
    since = ca.mark()
    httpd.start()
    httpd.wait_staged(NAME, timeout=60)
    assert ca.count("newNonce", since) <= 3, "the refusal itself brings a nonce"


def test_valid_authorization_of_an_earlier_order_is_used(start_ca, make_httpd):
    ca = start_ca(authz_reuse=100)
    httpd = make_httpd(ca)
    httpd.manage(NAME).serve(NAME)
    httpd.obtain(NAME)
    since = ca.mark()
    httpd.manage(NAME, Keys="p256 p384")
    httpd.graceful()
    httpd.wait_staged(NAME)
    assert ca.count("challenge", since) == 0


def test_finished_token_is_answered_no_more(httpd, front):
    """After the issue the table is empty again."""
    httpd.front = front
    httpd.manage(NAME).serve(NAME).start()
    httpd.wait_staged(NAME)
    path = "/.well-known/acme-challenge/" + front.http01_tokens()[NAME]
    until(lambda: httpd.get(path, NAME)[0] == 404, "the answer to be withdrawn")


def test_log_lines_begin_with_the_domain_and_have_a_message_id(httpd):
    httpd.manage(NAME).serve(NAME)
    httpd.obtain(NAME)
    lines = [line for line in httpd.error_log().splitlines()
             if re.search(r"\[jprs_acme:(notice|info|warn|error)\]", line) and NAME in line]
    assert lines
    for line in lines:
        assert re.search(rf"\] {re.escape(NAME)}: JA\d{{4}}: ", line), line
        assert line.isascii()
    assert any("issued" in line for line in lines) and any("staged" in line for line in lines)


def test_config_json_describes_the_running_server(httpd):
    httpd.manage((NAME, "example.jp")).serve(NAME, "example.jp").start()
    config = (httpd.store.path / "config.json").read_text()
    assert json.loads(config)
    assert NAME in config and "example.jp" in config and httpd.ca.directory_url in config
