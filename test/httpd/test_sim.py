"""The simulator of the JPRS service: that it does what its tables and docs/simulator.md say."""

import base64
import datetime
import email.utils
import json
import re
import signal
import subprocess
import sys
import time
import urllib.parse

import pytest
import requests
from cryptography import x509

from harness import paths, testcerts, tlsclient
from harness.wait import until

sys.path.append(str(paths.TOP / "test/sim"))

from sim import tables                      # noqa: E402
from sim.acme import Account                # noqa: E402
from sim.client import Sim                  # noqa: E402
from sim.kinds import KINDS                 # noqa: E402
from sim.pebble import JST, validity_s      # noqa: E402
from sim.rows import ROWS, URN              # noqa: E402

NAME = "www.example.jp"
COMMAND = paths.TOP / "test/sim/jprs_sim"


@pytest.fixture(scope="module")
def account(running_sim):
    """One registered account."""
    eab = running_sim.post("/eab")
    account = Account(running_sim.directory_url, running_sim.anchor_file)
    assert account.register(eab["kid"], eab["hmac"]).status_code == 201
    return account


@pytest.fixture
def stranger(sim):
    """A key without an account."""
    return Account(sim.directory_url, sim.anchor_file)


def fetch(sim, *arguments, url=None):
    """curl -> CompletedProcess; stdout is the body, then the status and the HTTP version."""
    return subprocess.run(
        ["curl", "-sS", "--noproxy", "*", "--max-time", "20", "--cacert", sim.anchor_file,
         "-w", "\n%{http_code} %{http_version}", *arguments, url or sim.directory_url],
        capture_output=True, timeout=30)


def is_row(reply, name, value=None):
    """Whether it is that row of the table, in both languages."""
    row, problem = ROWS[name], reply.json()
    texts = [text if value is None else text.replace("%s", value)
             for text in (row.english, row.japanese)]
    return (reply.status_code == problem["status"] == row.status
            and reply.headers["Content-Type"] == "application/problem+json"
            and problem["type"] == URN + row.type
            and (problem["detail"] == " / ".join(texts) if value is not None or "%s" not in texts[0]
                 else problem["detail"].startswith(texts[0].partition("%s")[0])))


# -- rows

@pytest.mark.parametrize("row", ROWS)
def test_row_is_sent_with_its_type_status_and_both_texts(sim, account, row):
    sim.rule(kind="newOrder", row=row, value="a value", times=1)
    reply = account.order(NAME)
    assert is_row(reply, row, "a value") and reply.headers["Replay-Nonce"]
    assert account.order(NAME).status_code == 201, "it was to happen once"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_request_can_be_answered_with_a_row(sim, kind):
    sim.rule(kind=kind, row="E26")
    start = KINDS[kind].start
    path = start + "x" if start.endswith("/") else start
    base = sim.state["ocsp"].removesuffix("/ocsp") if kind == "ocsp" \
        else sim.directory_url.removesuffix(KINDS["directory"].start)
    reply = requests.get(base + path, verify=str(sim.anchor_file), timeout=10)
    assert is_row(reply, "E26") and sim.count(kind) == 1


def test_row_in_one_language_or_in_bytes_that_are_no_text(sim, account):
    row = ROWS["E16"]
    said = {}
    for language in ("en", "ja", "sjis", "hostile", "nul"):
        sim.rule(kind="newOrder", row="E16", value=NAME, language=language, times=1)
        said[language] = account.order(NAME).content
    assert json.loads(said["en"])["detail"] == row.english.replace("%s", NAME)
    assert json.loads(said["ja"])["detail"] == row.japanese.replace("%s", NAME)
    assert "\u202e\r\n[error]" in json.loads(said["hostile"])["detail"]
    assert "\0" in json.loads(said["nul"])["detail"]
    with pytest.raises(UnicodeDecodeError):
        said["sjis"].decode()
    assert row.japanese.partition(":")[0].encode("cp932") in said["sjis"]


def test_row_with_another_status_and_retry_after(sim, account):
    sim.rule(kind="newOrder", row="E26", status=503, retry_after=120, times=1)
    sim.rule(kind="newOrder", row="E26", retry_after="date:120", times=1)
    sim.rule(kind="newOrder", row="E26", retry_after="soon", nonce=False, times=1)
    first, second, third = (account.order(NAME) for _ in range(3))
    assert first.status_code == first.json()["status"] == 503
    assert first.headers["Retry-After"] == "120"
    at = email.utils.parsedate_to_datetime(second.headers["Retry-After"]).timestamp()
    assert 100 < at - time.time() <= 120
    assert third.headers["Retry-After"] == "soon" and "Replay-Nonce" not in third.headers


def test_problem_of_any_type_with_subproblems(sim, account):
    problem = {"type": "compound", "detail": "several", "status": 403, "subproblems": [
        {"type": URN + "caa", "identifier": {"type": "dns", "value": NAME}}]}
    sim.rule(kind="newOrder", problem=problem)
    reply = account.order(NAME)
    assert reply.status_code == 403
    assert reply.json() == {**problem, "type": URN + "compound"}


def test_object_is_invalid_with_a_row_as_its_error(sim, account):
    order = account.order(NAME, "b.example.jp")
    sim.rule(kind="authz", name=NAME, row="E9", as_="object")
    sim.rule(kind="order", row="E17", as_="object")
    authzs = {one["identifier"]["value"]: one for one in account.authorizations(order)}
    assert authzs["b.example.jp"]["status"] == "pending"
    assert authzs[NAME]["status"] == "invalid"
    failed = {one["type"]: one["error"]["type"] for one in authzs[NAME]["challenges"]
              if one["status"] == "invalid"}
    assert failed == {"http-01": URN + "connection"}
    polled = account.post(order.headers["Location"]).json()
    assert polled["status"] == "invalid" and polled["error"]["type"] == URN + "malformed"


def test_real_answer_can_be_edited(sim, account):
    sim.rule(kind="newOrder", edit={"status": "processing", "expires": None})
    shown = account.order(NAME).json()
    assert shown["status"] == "processing" and "expires" not in shown
    assert shown["identifiers"] == [{"type": "dns", "value": NAME}]


# -- which requests, how often

def test_rule_skips_then_holds_for_so_many_requests_of_one_name(sim, account):
    rule = sim.rule(kind="newOrder", name=NAME, row="E25", skip=1, times=2)
    assert account.order("other.example.jp").status_code == 201
    assert [account.order(NAME).status_code for _ in range(5)] == [201, 400, 400, 201, 201]
    assert sim.used(rule) == 2


def test_first_fitting_rule_is_used_and_can_be_taken_away(sim, account):
    first = sim.rule(kind="*", row="E26")
    sim.rule(kind=["newOrder", "order"], row="E25")
    sim.delete(f"/rules/{first}")
    assert is_row(account.order(NAME), "E25")
    sim.delete("/rules")
    assert account.order(NAME).ok


@pytest.mark.parametrize("members, complaint", [
    ({"row": "E1"}, "kind"), ({"kind": "newOrder"}, "does something"),
    ({"kind": "newOrder", "row": "E30"}, "E1 to E29"), ({"kind": "nothing", "row": "E1"}, "kind"),
    ({"kind": "newOrder", "row": "E1", "fault": "cut"}, "not row and fault"),
    ({"kind": "newOrder", "row": "E1", "bytes": 5}, "bytes: not known"),
    ({"kind": "newOrder", "fault": "cut", "bytes": "5"}, "bytes: like 20"),
    ({"kind": "newOrder", "fault": "cut", "bytes": -1}, "bytes: like 20"),
    ({"kind": "newOrder", "fault": "drip", "bytes": 0}, "bytes: like 1"),
    ({"kind": "newOrder", "row": "E26", "retry_after": "1\r\nX-Evil: 1"}, "one line"),
    ({"kind": "newOrder", "row": "E26", "retry_after": -1}, "Retry-After"),
    ({"kind": "newOrder", "fault": "redirect", "to": "/\r\nX-Evil: 1"}, "to: like ''"),
    ({"kind": "directory", "row": "E1", "as": "object"}, "as object"),
    ({"kind": "newOrder", "row": "E1", "times": 0}, "times")])
def test_wrong_rule_is_refused_with_the_reason(sim, members, complaint):
    with pytest.raises(ValueError, match=complaint):
        sim.post("/rules", **members)
    assert sim.get("/rules") == []


# -- faults, over both versions of HTTP

@pytest.fixture(params=["--http1.1", "--http2"])
def version(request):
    return request.param


def test_version_of_http_is_the_client_s_choice(sim, version):
    done = fetch(sim, version)
    assert done.stdout.endswith(b"200 " + version.removeprefix("--http").encode())
    assert sim.requests()[0]["http"] == {"--http1.1": "h1", "--http2": "h2"}[version]


@pytest.mark.parametrize("fault, settings, exits", [
    ("cut", {"bytes": 10}, {18, 92}), ("reset", {}, {35, 52, 55, 56})])
def test_answer_that_ends_early(sim, version, fault, settings, exits):
    sim.rule(kind="directory", fault=fault, times=1, **settings)
    done = fetch(sim, version)
    assert done.returncode in exits, done
    assert fault == "reset" or done.stdout.startswith(b'{\n   "keyC\n'), done.stdout
    assert fetch(sim, version).returncode == 0


def test_answer_that_comes_late_or_in_drops(sim, version):
    begin = time.monotonic()
    sim.rule(kind="directory", delay_ms=300, times=1)
    assert fetch(sim, version).returncode == 0 and time.monotonic() - begin >= 0.3
    begin = time.monotonic()
    sim.rule(kind="directory", fault="drip", bytes=100, every_ms=100, times=1)
    assert json.loads(fetch(sim, version).stdout.rpartition(b"\n")[0])["newOrder"]
    assert time.monotonic() - begin >= 0.3, "its body has more than 300 bytes"


def test_answer_of_10_mb(sim, version):
    sim.rule(kind="directory", fault="big")
    assert 10 * 2 ** 20 < len(fetch(sim, version).stdout) < 10 * 2 ** 20 + 100


def test_answer_that_is_a_page_empty_or_elsewhere(sim, version):
    sim.rule(kind="directory", fault="html", times=1, retry_after=5)
    sim.rule(kind="directory", fault="html", times=1, status=502)
    sim.rule(kind="directory", fault="empty", times=1)
    sim.rule(kind="directory", fault="redirect", times=1, to="https://127.0.0.1:1/x")
    sim.rule(kind="directory", fault="wrongType", times=1)
    page, gateway, empty, moved, other = (fetch(sim, version, "-i").stdout for _ in range(5))
    assert b" 503" in page and b"<html>" in page and b"etry-" in page
    assert b"\n502" in gateway and b"text/html" in gateway
    assert b"\n200" in empty and b"ontent-" in empty and b"newOrder" not in empty
    assert b"\n302" in moved and b"https://127.0.0.1:1/x" in moved
    assert b"text/html" in other and b"newOrder" in other


def test_nonces_missing_and_never_good_enough(sim, account):
    sim.rule(kind="newOrder", fault="noNonce", times=1)
    assert "Replay-Nonce" not in account.order(NAME).headers
    sim.rule(kind="*", fault="badNonce")
    refused = [account.order(NAME) for _ in range(3)]
    assert all(is_row(reply, "E4") for reply in refused)
    assert len({reply.headers["Replay-Nonce"] for reply in refused}) == 3
    assert account.http.get(sim.directory_url).ok, "signed requests only"


def test_answer_is_lost_after_the_ca_has_acted(sim, stranger):
    eab = sim.post("/eab")
    sim.rule(kind="newAccount", fault="reset", act=True, times=1)
    with pytest.raises(requests.ConnectionError):
        stranger.register(eab["kid"], eab["hmac"])
    found = stranger.register(eab["kid"], eab["hmac"])
    assert found.status_code == 200, "the account of the first request"


# -- what JPRS asks of an account

def test_eab_is_bound_once(sim, stranger, account):
    eab = sim.post("/eab")
    assert stranger.register(eab["kid"], sim.hmac).status_code == 400, "not its HMAC"
    assert stranger.register(eab["kid"], eab["hmac"]).status_code == 201
    other = Account(sim.directory_url, sim.anchor_file)
    assert is_row(other.register(eab["kid"], eab["hmac"]), "E13")
    assert stranger.register().status_code == 200, "the account is found without an EAB"
    assert {one["kid"]: one["state"] for one in sim.get("/eab")}[eab["kid"]] == "used"


def test_eab_with_what_it_does_not_know_is_refused(sim):
    with pytest.raises(ValueError, match="takes issued"):
        sim.post("/eab", isued="2026-11-01")


@pytest.mark.parametrize("age, status", [
    (datetime.timedelta(days=13, hours=23), 201), (datetime.timedelta(days=14), 400)])
def test_eab_lives_14_days(sim, stranger, age, status):
    issued = datetime.datetime.now(datetime.timezone.utc) - age
    eab = sim.post("/eab", issued=issued.isoformat())
    assert stranger.register(eab["kid"], eab["hmac"]).status_code == status


@pytest.mark.parametrize("row, members", [
    ("E10", {}), ("E15", {"termsOfServiceAgreed": False}), ("E14", {"contact": []}),
    ("E14", {"contact": [f"mailto:a{n}@example.jp" for n in range(7)]}),
    ("E14", {"contact": ["mailto:a@example.jp"] * 2}), ("E11", {"contact": ["mailto:nobody"]}),
    ("E28", {"contact": ["tel:+81352158451"]})])
def test_registration_that_jprs_refuses(stranger, row, members):
    assert is_row(stranger.register(**members), row)


def test_contacts_are_checked_when_they_change_too(account):
    six = [f"mailto:a{n}@example.jp" for n in range(6)]
    assert is_row(account.post(account.kid, {"contact": [*six, "mailto:b@example.jp"]}), "E14")
    assert is_row(account.post(account.kid, {"contact": ["tel:+81352158451"]}), "E28")


def test_account_is_found_by_its_new_key_only(sim, stranger):
    eab = sim.post("/eab")
    stranger.register(eab["kid"], eab["hmac"])
    old = stranger.key
    assert stranger.change_key().ok and stranger.order(NAME).ok
    stranger.key, stranger.kid = old, None
    assert is_row(stranger.register(), "E10")


# -- what JPRS asks of an order

def test_only_registered_names_get_orders(sim, account):
    sim.post("/settings", registered=[NAME, "*.example.jp"])
    assert account.order(NAME).ok and account.order("*.example.jp").ok
    assert is_row(account.order(NAME, "shop.example.jp"), "E25")


@pytest.mark.parametrize("name", ["localhost", "a..example.jp", "-a.example.jp", "www.*.jp"])
def test_order_for_what_is_no_fqdn(account, name):
    assert is_row(account.order(name), "E16", name)


def test_authorization_offers_http_and_dns_only(account):
    (authz,) = account.authorizations(account.order(NAME))
    assert {one["type"] for one in authz["challenges"]} == {"http-01", "dns-01"}
    (authz,) = account.authorizations(account.order("*.example.jp"))
    assert {one["type"] for one in authz["challenges"]} == {"dns-01"}


def test_pebble_s_own_errors_have_the_words_of_jprs(sim, account):
    order = account.order(NAME)
    assert is_row(account.post(order.json()["finalize"], {"csr": "AAAA"}), "E24")
    assert is_row(account.post(order.headers["Location"] + "x"), "E12")
    assert is_row(account.http.get(account.urls["newOrder"]), "E22", "GET")
    wrong = account.http.post(account.urls["newOrder"], "{}", headers={"Content-Type": "a/b"})
    assert is_row(wrong, "E23", "a/b")
    nobody = {"kid": account.kid[:-1] + ("0" if account.kid[-1] != "0" else "1")}
    assert is_row(account.post(account.urls["newOrder"], {
        "identifiers": [{"type": "dns", "value": NAME}]}, identity=nobody), "E1")
    assert sim.requests(kind="finalize")[0]["detail"], "pebble's own words are in the log"


def test_rate_limit_is_for_each_account(sim, account, stranger):
    eab = sim.post("/eab")
    stranger.register(eab["kid"], eab["hmac"])
    sim.post("/settings", rate_limit={"requests": 2, "per_s": 3600})
    replies = [account.order(NAME) for _ in range(3)]
    assert [reply.status_code for reply in replies] == [201, 201, 429]
    assert replies[2].json()["type"] == URN + "rateLimited"
    assert 3500 < int(replies[2].headers["Retry-After"]) <= 3600
    assert stranger.order(NAME).status_code == 201
    sim.post("/settings", rate_limit={"requests": 0, "per_s": 60, "form": "date"})
    at = email.utils.parsedate_to_datetime(stranger.order(NAME).headers["Retry-After"])
    assert 40 < at.timestamp() - time.time() <= 60


# -- certificates

def test_certificates_end_with_a_day_in_japan():
    now = datetime.datetime(2026, 1, 20, 16, 0, tzinfo=datetime.timezone.utc)   # the 21st in JST
    last = now + datetime.timedelta(seconds=validity_s(now) - 1)
    assert last == datetime.datetime(2026, 4, 21, 23, 59, 59, tzinfo=JST)


def ocsp(sim, tmp_path, cert, *arguments):
    """What openssl says of the certificate, verified against the root."""
    (tmp_path / "cert.pem").write_bytes(testcerts.cert_pem(cert))
    issuer = requests.get(f"https://127.0.0.1:{admin_port(sim)}/intermediates/0",
                          verify=str(sim.anchor_file), timeout=10).text
    (tmp_path / "issuer.pem").write_text(issuer)
    return subprocess.run(
        ["openssl", "ocsp", "-issuer", tmp_path / "issuer.pem", "-cert", tmp_path / "cert.pem",
         "-CAfile", sim.state["roots_file"], "-url", sim.state["ocsp"], *arguments],
        capture_output=True, text=True, timeout=30)


def admin_port(sim):
    config = json.loads((sim.anchor_file.parent / "pebble.json").read_text())["pebble"]
    return config["managementListenAddress"].rpartition(":")[2]


def test_ocsp_learns_a_certificate_late_and_knows_its_revocation(sim, account, tmp_path):
    cert, _ = account.obtain(NAME, http_port=sim.http_port)
    told = cert.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value[0]
    assert told.access_location.value == sim.state["ocsp"]
    sim.post("/settings", ocsp_delay_s=3600)
    assert "cert.pem: unknown" in ocsp(sim, tmp_path, cert).stdout
    sim.post("/settings", ocsp_delay_s=0)
    good = ocsp(sim, tmp_path, cert, "-reqout", tmp_path / "question")
    assert "cert.pem: good" in good.stdout and "Response verify OK" in good.stderr

    sim.rule(kind="ocsp", name=NAME, fault="html", times=1)
    assert "cert.pem" not in ocsp(sim, tmp_path, cert).stdout
    assert sim.requests(kind="ocsp")[-1]["names"] == [NAME]

    assert is_row(account.revoke(cert, 2), "E6", "2")
    assert account.revoke(cert, 4).ok
    assert is_row(account.revoke(cert, 4), "E2", f"{cert.serial_number:x}")
    revoked = ocsp(sim, tmp_path, cert).stdout
    assert "cert.pem: revoked" in revoked and "Reason: superseded" in revoked


def test_ocsp_by_get_has_the_same_answer(sim, account, tmp_path):
    cert, _ = account.obtain(NAME, http_port=sim.http_port)
    ocsp(sim, tmp_path, cert, "-reqout", tmp_path / "question")
    question = base64.b64encode((tmp_path / "question").read_bytes()).decode()
    encoded = urllib.parse.quote(question, safe="")
    reply = requests.get(f"{sim.state['ocsp']}/{encoded}", timeout=10)
    assert reply.headers["Content-Type"] == "application/ocsp-response"
    (tmp_path / "answer").write_bytes(reply.content)
    shown = subprocess.run(["openssl", "ocsp", "-respin", tmp_path / "answer", "-noverify",
                            "-text"], capture_output=True, text=True, timeout=30).stdout
    assert "Cert Status: good" in shown
    refused = requests.post(sim.state["ocsp"], b"nonsense", timeout=10)
    assert refused.content.hex() == "30030a0101", "malformedRequest"


def test_certificate_that_does_not_exist_cannot_be_revoked(account):
    fake, _ = testcerts.make_cert([NAME])
    assert is_row(account.revoke(fake), "E21", f"{fake.serial_number:x}")


# -- the command

def test_log_file_has_a_line_for_each_request(sim, account):
    account.order(NAME)
    (seen,) = sim.requests(kind="newOrder")
    with open(sim.state["log_file"], encoding="utf-8") as file:
        written = [json.loads(line) for line in file]
    assert seen in written and seen["names"] == [NAME] and seen["account"] == account.kid
    at = datetime.datetime.fromisoformat(seen["at"])
    assert abs(at.timestamp() - time.time()) < 60


def test_help_and_the_page_have_all_tables():
    page = (paths.TOP / "docs/simulator.md").read_text()
    assert tables.markdown() in page, "docs/simulator.md is stale: jprs_sim --tables"
    shown = subprocess.run([COMMAND, "--help"], capture_output=True, text=True, timeout=20)
    assert shown.returncode == 0 and "--http-port" in shown.stdout


def test_rules_shown_on_the_page_are_accepted(sim):
    page = (paths.TOP / "docs/simulator.md").read_text()
    shown = re.findall(r"""^\| `(\{"kind".*?\})` \||-d '(\{"kind".*?\})'""", page, re.M)
    assert len(shown) > 10
    for row, command in shown:
        sim.post("/rules", **json.loads(row or command))


@pytest.mark.parametrize("arguments", [["--answer", "newOrder=E99"], ["--answer", "what=E1"],
                                       ["--eab-issued", "yesterday"], ["--pebble-config", "x"]])
def test_wrong_option_starts_nothing(arguments):
    done = subprocess.run([COMMAND, *arguments], capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and "usage:" in done.stderr


@pytest.mark.parametrize("round", range(5))     # a signal may come at any time
def test_command_shows_how_to_use_it_and_cleans_up(tmp_path, round):
    process = subprocess.Popen([COMMAND, "--answer", "newOrder=E25"], text=True,
                               stdout=subprocess.PIPE)
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("Ctrl-C"):
            break
    values = dict(line.rsplit(maxsplit=1) for line in lines if " /" in line or "http" in line)
    directory = next(value for key, value in values.items() if "log" in key).rpartition("/")[0]
    process.terminate()
    process.send_signal(signal.SIGINT)      # an impatient second one
    assert process.wait(20) == 0
    assert not paths.pathlib.Path(directory).exists()


def test_pebble_that_runs_already_can_be_used(start_ca, tmp_path):
    ca = start_ca()
    sim = Sim(tmp_path, "--pebble-config", ca.dir / "pebble.json",
              "--pebble-trust", ca.anchor_file).start()
    try:
        account = Account(sim.directory_url, sim.anchor_file)
        assert account.register(ca.kid, ca.hmac).status_code == 201
    finally:
        sim.stop()


# -- with the module

def test_module_gets_a_certificate_over_http2(sim, make_httpd):
    httpd = make_httpd(sim)
    httpd.manage(NAME).serve(NAME)
    (cert,) = httpd.obtain(NAME)
    assert tlsclient.names_of(cert) == [NAME]
    assert {entry["http"] for entry in sim.requests() if entry["kind"] != "ocsp"} == {"h2"}
    kinds = [entry["kind"] for entry in sim.requests()]
    assert kinds.index("directory") < kinds.index("newAccount") < kinds.index("newOrder") \
        < kinds.index("finalize") < kinds.index("certificate")
    assert sim.count("newAccount") == sim.count("newOrder") == 1


def test_module_gets_the_other_certificate_when_one_domain_is_refused(sim, make_httpd):
    eab = sim.post("/eab")
    httpd = make_httpd(sim)
    httpd.write_private(httpd.eab_file, f"{eab['kid']}\n{eab['hmac']}\n")
    httpd.manage(NAME, "shop.example.jp").serve(NAME).serve("shop.example.jp")
    httpd.guard.expect("shop.example.jp: JA0414: ")
    sim.rule(kind="newOrder", name="shop.example.jp", row="E25")
    httpd.start()
    httpd.wait_staged(NAME)
    httpd.wait_log("shop.example.jp: JA0414: .*The server will not issue certificates")
    until(lambda: not httpd.store.is_staged("shop.example.jp"), "nothing to be staged for it")
