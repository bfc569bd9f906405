"""jprs-acme revoke: the CA revokes certificates, and rows E2, E6 and E21 of the error table of the
JPRS manuals, which are about that."""

import json
import re
import subprocess

import pytest
from cryptography.hazmat.primitives import hashes, serialization

from harness import cli, paths, testcerts
from harness.wait import until

NAME, OTHER = "www.example.jp", "other.example.jp"

# httpd calls its monitor hook every ten seconds; the runner looks at requests/ every five, and waits
# for half a minute before it orders again.
HOT, LOOK, REST = 12, 6, 36

JAPANESE = {"LC_ALL": "ja_JP.UTF-8"}

# row, message id, words of the sentence for the operator, exit status
ROWS = [
    ("E2", "JA0401", "revoked already", 0),
    ("E6", "JA0405", "0, 1, 3, 4 and 5", 1),
    ("E21", "JA0425", "does not know the certificate", 1),
]
WAYS = [("both", None), ("en", 500), ("en", 404), ("ja", None), ("sjis", None), ("hostile", 403)]


@pytest.fixture
def httpd(sim_httpd):
    return sim_httpd.manage(NAME, OTHER).serve(NAME).serve(OTHER)


def serial(cert):
    """Without the zero that may stand before it."""
    return f"{cert.serial_number:x}"


def revocations(sim):
    return sim.requests(kind="revoke")


def revoked(httpd, *arguments, status=0):
    """The command's JSON, and its exit status is as expected."""
    done = cli.run(httpd, "revoke", *arguments, "--json")
    assert done.returncode == status, done.stdout + done.stderr
    return json.loads(done.stdout)


def write(httpd, file, cert):
    path = httpd.root / file
    path.write_bytes(cert.public_bytes(serialization.Encoding.PEM))
    return path


def test_certificate_in_use_is_revoked_and_replaced_by_itself(httpd, sim):
    httpd.manage(NAME, OTHER, Activation=None).start()
    until(lambda: httpd.https(NAME)[0] == 200, "the certificate to be served", 20 + HOT)
    until(lambda: httpd.https(OTHER)[0] == 200, "the other one to be served", HOT)
    first, other = httpd.served(NAME), httpd.served(OTHER)
    pids = set(httpd.pids())
    httpd.guard.expect(f"{NAME}: JA0515: .*the certificate in use is revoked")
    done = cli.run(httpd, "revoke", NAME, "--reason", "superseded")
    assert done.returncode == 0, done.stderr
    assert re.search(f"{NAME}: the certificate with serial number 0?{serial(first)} is revoked "
                     r"\(superseded\)", done.stdout)
    assert "orders another one within a minute" in done.stdout
    assert not cli.status(httpd)["accounts"][0]["held"]
    httpd.wait_log(f"{NAME}: JA0515: .* Next try at", timeout=LOOK + 2)
    assert httpd.https(NAME)[0] == 200 and httpd.served(NAME).serial_number == first.serial_number
    until(lambda: httpd.served(NAME).serial_number != first.serial_number,
          "another one to be served", REST + HOT + 10)
    assert pids <= set(httpd.pids())
    assert httpd.served(OTHER).serial_number == other.serial_number
    assert sim.count("newOrder") == 3 and len(revocations(sim)) == 1
    until(lambda: cli.run(httpd, "status").returncode == 0, "the status to be fine", 10)
    assert httpd.error_log().count("JA0515") == 1


def test_revoking_needs_no_httpd(httpd, sim):
    httpd.obtain(NAME, OTHER)
    cert = httpd.served(NAME)
    httpd.stop()
    answer = revoked(httpd, NAME)
    assert answer["done"] and answer["in_use"] and answer["reason"] == "unspecified"
    (one,) = answer["certificates"]
    assert int(one.pop("serial"), 16) == cert.serial_number
    assert one == {"names": [NAME], "revoked": True, "revoked_before": False}
    again = cli.run(httpd, "revoke", NAME, env=JAPANESE)
    assert again.returncode == 0 and "既に失効しています" in again.stdout
    assert len(revocations(sim)) == 2
    httpd.guard.expect(f"{NAME}: JA0515: ")
    httpd.start()
    httpd.wait_log(f"{NAME}: JA0515: .* Next try at")
    httpd.wait_staged(NAME, timeout=REST + 10)


def test_every_key_type_of_a_domain_is_revoked(httpd, sim):
    httpd.manage(NAME, OTHER, Keys="p256 rsa2048").obtain(NAME, OTHER)
    certs = revoked(httpd, NAME, "--reason", "4")["certificates"]
    assert len({one["serial"] for one in certs}) == 2 and all(one["revoked"] for one in certs)
    assert len(revocations(sim)) == 2
    httpd.guard.tolerate(f"{NAME}: JA0515: ", "it may come to that before the end")


def test_certificate_in_a_file_is_revoked(httpd, sim):
    httpd.obtain(NAME, OTHER)
    before = httpd.served(NAME)
    file = write(httpd, "before.pem", before)
    httpd.manage(NAME, OTHER, Keys="rsa2048").graceful()
    httpd.wait_staged(NAME, OTHER)
    httpd.graceful()
    answer = revoked(httpd, "--cert", file, "--reason", "5")
    assert answer["done"] and not answer["in_use"]
    assert int(answer["certificates"][0]["serial"], 16) == before.serial_number
    fake, _ = testcerts.make_cert([NAME])
    done = cli.run(httpd, "revoke", "--cert", write(httpd, "fake.pem", fake))
    assert done.returncode == 1 and "JA0425" in done.stderr and serial(fake) in done.stderr
    (httpd.root / "no.pem").write_text("nothing")
    for path in (httpd.root / "no.pem", httpd.root / "missing.pem", httpd.root):
        done = cli.run(httpd, "revoke", "--cert", path)
        assert done.returncode == 1 and str(path) in done.stderr, done.stderr
    assert len(revocations(sim)) == 2


@pytest.mark.parametrize("arguments, words", [
    ((), "either NAME or --cert FILE"),
    ((NAME, "--cert", "x.pem"), "either NAME or --cert FILE"),
    ((NAME, "--reason", "7"), "--reason 7 is not one of these: unspecified (0)"),
    ((NAME, "--reason", "because"), "keyCompromise (1)"),
    ((NAME, OTHER), "one word too many"),
])
def test_wrong_use_is_refused_before_anything_is_asked(httpd, sim, arguments, words):
    done = cli.run(httpd, "revoke", *arguments)
    assert done.returncode == 2 and words in done.stderr
    assert not sim.requests()


def test_what_can_t_be_done_is_said(httpd, sim):
    httpd.start()
    httpd.wait_staged(NAME, OTHER)
    done = cli.run(httpd, "revoke", "foreign.example.jp")
    assert done.returncode == 1 and "no managed domain has the name foreign" in done.stderr
    done = cli.run(httpd, "revoke", NAME)
    assert done.returncode == 1 and "uses no certificate that could be revoked" in done.stderr
    nobody = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                             paths.cli(), "--store", httpd.store.path, "revoke", NAME],
                            capture_output=True, text=True, timeout=30)
    assert nobody.returncode == 1 and "only root" in nobody.stderr
    assert not revocations(sim)


def test_ca_that_is_down_revokes_nothing(httpd, sim):
    httpd.obtain(NAME, OTHER)
    sim.rule(kind="directory", fault="html")
    done = cli.run(httpd, "revoke", NAME)
    assert done.returncode == 1 and "JA0415" in done.stderr, done.stderr
    assert not list((httpd.store.path / "requests").glob("revoked-*"))


@pytest.mark.parametrize("language, status", WAYS)
def test_rows_of_revocation(httpd, sim, language, status):
    httpd.obtain(NAME, OTHER)
    served = httpd.served(NAME)
    # Not the one in use: nothing is to follow from it.
    old, _ = testcerts.make_cert([NAME])
    file = write(httpd, "old.pem", old)
    for row, message, words, exit_status in ROWS:
        rule = sim.rule(kind="revoke", row=row, language=language, value="a value",
                        **({"status": status} if status else {}))
        answer = revoked(httpd, "--cert", file, status=exit_status)
        (one,) = answer["certificates"]
        assert one["error"] == message, row
        assert one["revoked"] == one["revoked_before"] == (row == "E2"), row
        assert sim.used(rule) == 1, "asked once"
        known = json.loads(cli.run(httpd, "errors", message, "--json").stdout)["errors"][0]
        assert row in known["jprs"] and words in known["en"] and known["retry"] == "asked"
        for env, sentence in (({}, known["en"]), (JAPANESE, known["ja"])):
            done = cli.run(httpd, "revoke", "--cert", file, env=env)
            assert done.returncode == exit_status
            assert row == "E2" or message in done.stderr and f"-> {sentence}" in done.stderr
            assert "\x1b" not in done.stdout + done.stderr
        sim.delete(f"/rules/{rule}")
    assert httpd.served(NAME).serial_number == served.serial_number
    (account,) = cli.status(httpd)["accounts"]
    assert "error" not in account and not account["held"] and sim.count("newAccount") == 1
    assert sim.count("newOrder") == 2, "nothing is ordered because of it"
    assert cli.run(httpd, "status").returncode == 0


def test_mark_is_of_the_revoked_certificate(httpd):
    httpd.obtain(NAME, OTHER)
    cert = httpd.served(NAME)
    httpd.stop()
    revoked(httpd, NAME, "--reason", "keyCompromise")
    digest = cert.fingerprint(hashes.SHA256()).hex()
    (mark,) = (httpd.store.path / "requests").glob("revoked-*")
    assert mark.name == f"revoked-{digest}.json"
    assert json.loads(mark.read_text())["reason"] == "keyCompromise"
