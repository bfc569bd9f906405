"""The error table of the JPRS manuals, where the module meets it: what it says, what it does next,
and that the other domains go on.

Rows E2, E6 and E21 are about revocation: test_revoke.py.
"""

import datetime
import json
import shutil
import time

import pytest

from harness import cli
from harness.wait import never, until

GOOD = "good.example.jp"

# row, the kind of request that is answered with it, message id, retry class, who acts, words of the
# sentence for the operator
DOMAIN_ROWS = [
    ("E3", "finalize", "JA0402", "slow", "operator", "ManagedDomainKeys"),
    ("E4", "newOrder", "JA0403", "ca", "nobody", "nonce"),
    ("E8", "finalize", "JA0406", "slow", "dns", "jprs.jp"),
    ("E9", "authz", "JA0407", "fresh", "operator", "Port 80"),
    ("E12", "newOrder", "JA0411", "slow", "operator", "malformed"),
    ("E16", "newOrder", "JA0429", "slow", "operator", "FQDN"),
    ("E17", "finalize", "JA0509", "anew", "nobody", "order has expired"),
    ("E18", "finalize", "JA0510", "anew", "nobody", "order is in another"),
    ("E19", "challenge", "JA0511", "anew", "nobody", "authorization of a name has expired"),
    ("E20", "challenge", "JA0512", "anew", "nobody", "authorization of a name is"),
    ("E22", "newOrder", "JA0426", "slow", "operator", "HTTP method"),
    ("E23", "newOrder", "JA0427", "slow", "operator", "content type"),
    ("E24", "finalize", "JA0412", "later", "nobody", "not ready"),
    ("E25", "newOrder", "JA0414", "slow", "reseller", "registered with the reseller"),
    ("E26", "newOrder", "JA0415", "ca", "nobody", "problem of its own"),
    ("E29", "newOrder", "JA0418", "slow", "operator", "kind of name"),
]
VALUED = {"E9", "E16", "E22", "E23"}    # those with [%s]
REGISTRATION_ROWS = [
    ("E5", "JA0404", "hold", "operator", "account key"),
    ("E7", "JA0423", "hold", "operator", "algorithm"),
    ("E10", "JA0408", "hold", "operator", "ManagedDomainExternalAccount"),
    ("E11", "JA0410", "slow", "operator", "ManagedDomainContact"),
    ("E13", "JA0409", "hold", "reseller", "14 days"),
    ("E14", "JA0424", "slow", "operator", "1 to 6"),
    ("E15", "JA0428", "slow", "operator", "ManagedDomainAgreement"),
    ("E28", "JA0410", "slow", "operator", "ManagedDomainContact"),
]
# Retry class -> how often it is tried at once, seconds until the next try after the last of these.
NEXT = {"later": (1, 30, 36), "fresh": (1, 30, 36), "ca": (1, 30, 36), "anew": (2, 60, 72),
        "slow": (1, 6 * 3600, 7.2 * 3600), "hold": (1, 24 * 3600, 24 * 3600)}
# How a row is said, and with which status instead of the manual's.
WAYS = [("both", None), ("en", 500), ("en", 404), ("ja", None), ("sjis", None), ("hostile", 403)]


@pytest.fixture
def httpd(sim_httpd):
    return sim_httpd


def name_of(row):
    return f"{row.lower()}.example.jp"


def domains(httpd):
    return {one["name"]: one for one in cli.status(httpd)["domains"]}


def accounts(httpd):
    return cli.status(httpd)["accounts"]


def catalogue(httpd, message):
    (entry,) = json.loads(cli.run(httpd, "errors", message, "--json").stdout)["errors"]
    return entry


def seconds(text):
    return datetime.datetime.fromisoformat(text).timestamp()


def wait_failed(httpd, name, times):
    """Until it has failed so often in a row -> what is reported of it."""
    return until(lambda: (one := domains(httpd)[name])["attempts"] == times and one,
                 f"{times} failures of {name}; the error log ends:\n{httpd.error_log()[-2000:]}",
                 60)


def assert_told(httpd, subject, error, row, message, retry, actor, words):
    """The error's class, and the sentence in both languages, in the log in English."""
    assert (error["id"], error["retry"], error["actor"]) == (message, retry, actor), row
    known = catalogue(httpd, message)
    assert row in known["jprs"]
    assert error["advice"] == {"en": known["en"], "ja": known["ja"]} and words in known["en"]
    line = httpd.wait_log(rf"^.* {subject}: {message}: .*$").group()
    assert known["en"] in line, row


def assert_next(at, error, retry):
    _, least, most = NEXT[retry]
    assert least - 2 <= seconds(at) - seconds(error["at"]) <= most + 2, (retry, at, error["at"])


def assert_account_untouched(sim, httpd):
    (account,) = accounts(httpd)
    assert "error" not in account and not account["held"] and account["url"]
    assert sim.count("newAccount") == 1


@pytest.mark.parametrize("language, status", WAYS)
def test_each_row_of_an_order_is_that_domain_s_alone(sim, httpd, language, status):
    # "sjis" is bytes and can't stand inside an object; in it words can't tell E12 and E16 apart,
    # nor E17 and E19 from E18 and E20.
    rows = [row for row in DOMAIN_ROWS
            if language != "sjis" or row[0] not in ("E9", "E16", "E17", "E19")]
    for row, kind, *_ in rows:
        more = {"as_": "object"} if kind == "authz" else {"status": status} if status else {}
        sim.rule(kind=kind, row=row, name=name_of(row), language=language, value="a value", **more)
    httpd.manage(GOOD, *(name_of(row[0]) for row in rows))
    for name in (GOOD, *(name_of(row[0]) for row in rows)):
        httpd.serve(name)
    httpd.guard.tolerate(r"e\d+\.example\.jp: JA0[45]\d\d: ", "one of them for each row")
    httpd.start()
    httpd.wait_staged(GOOD)
    for row, kind, message, retry, actor, words in rows:
        name, times = name_of(row), NEXT[retry][0]
        seen = wait_failed(httpd, name, times)
        assert_told(httpd, name, seen["error"], row, message, retry, actor, words)
        assert seen["error"].get("value") == ("a value" if row in VALUED else None), row
        assert seen["next"]["action"] == "retry"
        assert_next(seen["next"]["at"], seen["error"], retry)
        # A nonce that is refused as RFC 8555 6.5 says is replaced five times.
        tries = 6 if row == "E4" and not status else times
        assert sum(entry["kind"] == "newOrder" for entry in sim.requests(name=name)) == tries, row
    assert "error" not in domains(httpd)[GOOD]
    assert_account_untouched(sim, httpd)
    lines = [line for line in httpd.error_log().splitlines() if "jprs_acme:" in line]
    assert not [line for line in lines if "\\x" in line], "ASCII only, nothing for httpd to escape"
    page = httpd.get("/server-status")[2]
    assert b"<b>" not in page.replace(b"<b>Total", b"") or b"<b>\x1b" not in page


@pytest.mark.parametrize("row, message", [("E17", "JA0509"), ("E18", "JA0510")])
def test_order_that_has_become_invalid_is_replaced_at_once(sim, httpd, row, message):
    sim.rule(kind="order", row=row, as_="object", times=1)
    httpd.manage(GOOD).serve(GOOD)
    httpd.guard.tolerate(f"{GOOD}: {message}: ", "not all of them are warnings")
    httpd.start()
    httpd.wait_log(f"{GOOD}: {message}: ")
    httpd.wait_staged(GOOD, timeout=10)
    assert sim.count("newOrder") == 2
    assert_account_untouched(sim, httpd)


@pytest.mark.parametrize("kind, message", [("order", "JA0509"), ("authz", "JA0511")])
def test_what_is_invalid_by_its_age_alone_is_replaced_at_once(sim, httpd, kind, message):
    sim.rule(kind=kind, edit={"status": "invalid", "expires": "2026-11-26T00:00:00Z"}, times=1)
    httpd.manage(GOOD).serve(GOOD)
    httpd.start()
    httpd.wait_log(f"{GOOD}: {message}: ")
    httpd.wait_staged(GOOD, timeout=10)
    assert sim.count("newOrder") == 2
    assert_account_untouched(sim, httpd)


def test_each_name_s_own_problem_is_told_by_itself(sim, httpd):
    shop, blog = "shop.example.jp", "blog.example.jp"
    sim.rule(kind="newOrder", name=shop, problem={
        "type": "compound", "status": 403, "detail": "Some of the names", "subproblems": [
            {"type": "urn:ietf:params:acme:error:rejectedIdentifier", "detail": "Not ours: [x.jp]",
             "identifier": {"type": "dns", "value": shop}},
            {"type": "urn:ietf:params:acme:error:caa", "detail": "<script>\x1b[2J不可",
             "identifier": {"type": "dns", "value": blog}}]})
    httpd.manage((shop, blog)).serve(shop, blog)
    httpd.guard.expect(f"{shop}: JA0414: ")
    httpd.start()
    error = wait_failed(httpd, shop, 1)["error"]
    assert error["subproblems"] == [
        {"name": shop, "type": "rejectedIdentifier", "detail": "Not ours: [x.jp]", "value": "x.jp"},
        {"name": blog, "type": "caa", "detail": "<script>\x1b[2J不可"}]
    text = cli.run(httpd, "status", shop).stdout
    assert f"{shop}: rejectedIdentifier: Not ours: [x.jp]\n" in text and "\x1b" not in text
    page = httpd.get("/server-status")[2]
    assert b"blog.example.jp: caa: &lt;script&gt; [2J&#19981;&#21487;" in page
    assert b"<script>" not in page


@pytest.mark.parametrize("row, message, retry, actor, words", REGISTRATION_ROWS)
def test_row_of_the_registration_is_said_of_the_account(sim, httpd, row, message, retry, actor,
                                                        words):
    rule = sim.rule(kind="newAccount", row=row, value="a value")
    httpd.manage(GOOD).serve(GOOD)
    httpd.guard.expect(f"{message}: ")
    httpd.start()
    until(lambda: accounts(httpd)[0].get("error"), "the account's error")
    (account,) = accounts(httpd)
    assert_told(httpd, account["id"], account["error"], row, message, retry, actor, words)
    assert_next(account["next"], account["error"], retry)
    assert account["held"] == (retry == "hold") and "url" not in account
    used = sim.used(rule)
    httpd.restart()
    httpd.wait_log("resuming normal operations")
    assert sim.used(rule) == used == 1, "a restart registers nothing"
    assert sim.count("newOrder") == 0


@pytest.mark.parametrize("language, status", WAYS)
def test_row_of_the_registration_however_it_is_said(sim, httpd, language, status):
    httpd.manage(GOOD).serve(GOOD)
    httpd.guard.tolerate("JA04[0-9][0-9]: ", "one of them for each row")
    for row, message, retry, *_ in REGISTRATION_ROWS:
        rule = sim.rule(kind="newAccount", row=row, language=language, value="a value",
                        **({"status": status} if status else {}))
        httpd.start()
        until(lambda: accounts(httpd)[0].get("error"), f"the error of {row}")
        (account,) = accounts(httpd)
        assert (account["error"]["id"], account["error"]["retry"]) == (message, retry), row
        assert account["held"] == (retry == "hold") and "url" not in account, row
        assert sim.used(rule) == 1 and sim.count("newOrder") == 0, row
        httpd.stop()
        sim.delete(f"/rules/{rule}")
        shutil.rmtree(httpd.store.path / "accounts")
    assert not [line for line in httpd.error_log().splitlines()
                if "jprs_acme:" in line and "\\x" in line]


@pytest.mark.parametrize("language, status", WAYS)
@pytest.mark.parametrize("row, message", [("E1", "JA0400"), ("E27", "JA0416")])
def test_row_of_the_account_holds_it_up_and_never_loses_it(sim, httpd, row, message, language,
                                                           status):
    httpd.manage(GOOD).serve(GOOD).start()
    httpd.wait_staged(GOOD)
    url = httpd.store.account()["url"]
    sim.rule(kind="newOrder", row=row, language=language, **({"status": status} if status else {}))
    registered = sim.count("newAccount")
    httpd.manage(GOOD, name_of(row)).serve(name_of(row))
    httpd.guard.expect(f"{message}: ")
    httpd.restart()
    httpd.wait_log(f"{message}: ")
    assert httpd.store.account()["url"] == url == accounts(httpd)[0]["url"]
    assert sim.count("newAccount") <= registered + 1, "looked for at most, never registered"


# -- an account that waits for somebody

def registrations(sim):
    """newAccount requests that were answered so far."""
    return sum(entry["ms"] is not None for entry in sim.requests(kind="newAccount"))


def test_refused_eab_waits_for_register_or_another_eab(sim, httpd):
    rule = sim.rule(kind="newAccount", row="E13")
    httpd.manage(GOOD).serve(GOOD)
    httpd.guard.expect("JA0409: ")
    httpd.start()
    until(lambda: accounts(httpd)[0]["held"], "the account to be held")
    httpd.graceful()
    httpd.restart()
    assert registrations(sim) == 1, "not by itself"

    done = cli.run(httpd, "register")
    assert done.returncode == 1 and "JA0409" in done.stderr and "14 days" in done.stderr
    assert registrations(sim) == 3, "looked for, and registered once"

    sim.delete(f"/rules/{rule}")
    never(lambda: registrations(sim) > 3, "another try", during=1)
    eab = sim.post("/eab")
    httpd.write_private(httpd.eab_file, f"{eab['kid']}\n{eab['hmac']}\n")
    httpd.graceful()
    httpd.wait_staged(GOOD)
    assert not accounts(httpd)[0]["held"] and "error" not in accounts(httpd)[0]


def test_missing_eab_waits_for_one(sim, httpd):
    httpd.manage(GOOD, ExternalAccount=None).serve(GOOD)
    httpd.guard.expect("JA0408: ")
    httpd.start()
    until(lambda: accounts(httpd)[0]["held"], "the account to be held")
    httpd.restart()
    assert registrations(sim) == 1
    httpd.manage(GOOD)
    httpd.graceful()
    httpd.wait_staged(GOOD)


def test_account_that_the_ca_calls_invalid_waits_and_is_never_replaced(sim, httpd):
    httpd.manage(GOOD).serve(GOOD).start()
    httpd.wait_staged(GOOD)
    url = httpd.store.account()["url"]
    sim.rule(kind=["newOrder", "account"], row="E27")
    held = "held.example.jp"
    httpd.manage(GOOD, held, "other.example.jp").serve(held).serve("other.example.jp")
    httpd.guard.expect("JA0416: ")
    httpd.restart()
    until(lambda: accounts(httpd)[0]["held"], "the account to be held")
    httpd.restart()
    orders = sim.count("newOrder")
    assert orders <= 3, "one of each domain at most, then none"
    sim.delete("/rules")
    assert registrations(sim) == 1
    never(lambda: sim.count("newOrder") > orders, "an order", during=1)

    done = cli.run(httpd, "register")
    assert done.returncode == 0 and url in done.stdout
    httpd.wait_staged(held, "other.example.jp", timeout=15)     # less than their back-off
    assert registrations(sim) == 1 and httpd.store.account()["url"] == url


def test_register_says_so_if_the_ca_could_not_be_asked(sim, httpd):
    httpd.manage(GOOD).serve(GOOD).start()
    httpd.wait_staged(GOOD)
    url = httpd.store.account()["url"]
    rule = sim.rule(kind="account", row="E26")
    httpd.guard.expect("JA0415: ")
    done = cli.run(httpd, "register")
    assert done.returncode == 1 and "JA0415" in done.stderr and "-> " in done.stderr
    sim.delete(f"/rules/{rule}")
    done = cli.run(httpd, "register")
    assert done.returncode == 0 and url in done.stdout and not done.stderr


def test_account_that_is_gone_for_good_can_be_put_aside(sim, httpd):
    """The way that JA0416 and docs/operations.md show."""
    httpd.manage(GOOD).serve(GOOD).start()
    httpd.wait_staged(GOOD)
    url = httpd.store.account()["url"]
    rule = sim.rule(kind=["newOrder", "account"], row="E27")
    httpd.manage(GOOD, "next.example.jp").serve("next.example.jp")
    httpd.guard.expect("JA0416: ")
    httpd.graceful()
    until(lambda: accounts(httpd)[0]["held"], "the account to be held")
    (domain,) = [one for one in domains(httpd).values() if one["name"] == "next.example.jp"]
    assert domain["next"]["action"] == "account" and domain["state"] == "error"
    text = cli.run(httpd, "status").stdout
    assert "wait until the account is put right (see the advice); the CA is asked again, in 23" in text
    assert "-> The CA does not accept the account" in text
    sim.delete(f"/rules/{rule}")

    (ca_id,) = [path.name for path in (httpd.store.path / "accounts").iterdir()]
    (httpd.store.path / "accounts" / ca_id).rename(httpd.root / "old-account")
    eab = sim.post("/eab")
    httpd.write_private(httpd.eab_file, f"{eab['kid']}\n{eab['hmac']}\n")
    httpd.graceful()
    httpd.wait_staged("next.example.jp", timeout=20)
    assert httpd.store.account()["url"] != url
    assert url in (httpd.root / "old-account/account.json").read_text()
    assert registrations(sim) == 2


# -- Retry-After

@pytest.mark.parametrize("form, refusal", [
    ("4", {"problem": {"type": "rateLimited", "status": 429, "detail": "less"}}),
    ("date:4", {"fault": "html"})])
def test_retry_after_holds_for_all_domains_and_across_a_restart(sim, httpd, form, refusal):
    later = "later.example.jp"
    sim.rule(kind="newOrder", times=1, retry_after=form, **refusal)
    httpd.manage(GOOD).serve(GOOD)
    httpd.guard.expect(f"{GOOD}: JA04")
    httpd.start()
    wait_failed(httpd, GOOD, 1)
    (refused,) = sim.requests(kind="newOrder")
    httpd.manage(GOOD, later).serve(later)
    httpd.restart()
    httpd.wait_staged(later)
    first = sim.requests(kind="newOrder")[1]
    waited = seconds(first["at"]) - seconds(refused["at"])
    assert 3 <= waited < 10, "a date has no fractions of seconds"
    assert first["names"] == [later], "the other one has its back-off"
    assert time.time() < seconds(domains(httpd)[GOOD]["next"]["at"])


def test_who_has_no_place_when_the_ca_asks_to_wait_says_so(sim, httpd):
    names = [f"n{i}.example.jp" for i in range(12)]
    sim.rule(kind="newOrder", times=1, retry_after=3000, delay_ms=300,
             problem={"type": "rateLimited", "status": 429, "detail": "less"})
    httpd.manage(*names, Concurrency=2)
    for name in names:
        httpd.serve(name)
    httpd.guard.expect(r"n\d+\.example\.jp: JA0413: ")
    httpd.start()
    httpd.wait_log(r"JA0021: orders wait: .* GMT: the CA has asked to wait \(Retry-After\)")
    until(lambda: sum(one["state"] == "staged" for one in domains(httpd).values()) == 1,
          "the other one that had a place", 20)
    never(lambda: sim.count("newOrder") > 2, "another order", during=1)
    seen = [domains(httpd)[name] for name in names]
    waiting = [one for one in seen if one["state"] == "issuing"]
    assert len(waiting) == 10
    for one in waiting:
        assert (one["next"]["action"], one["next"]["for"]) == ("wait", "retry-after")
        assert 2900 < seconds(one["next"]["at"]) - time.time() <= 3001
    text = cli.run(httpd, "status").stdout
    assert text.count("(Retry-After) is over, in 49 minutes") == 11, "the refused one, too"
    assert b"(Retry-After) is over" in httpd.get("/server-status")[2]
