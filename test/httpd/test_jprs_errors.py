"""The error table of the JPRS manuals, where the module meets it: what it says, what it does next,
and that the other domains go on.

Rows E2, E6 and E21 are about revocation.
"""

import sys

import pytest

from harness import cli, paths
from harness.wait import until

sys.path.append(str(paths.TOP / "test/sim"))

from sim.client import Sim      # noqa: E402

GOOD = "good.example.jp"

# row, the kind of request that is answered with it, message id, retry class, who acts
DOMAIN_ROWS = [
    ("E3", "finalize", "JA0402", "slow", "operator"),
    ("E4", "newOrder", "JA0403", "later", "nobody"),
    ("E8", "finalize", "JA0406", "slow", "dns"),
    ("E9", "authz", "JA0407", "fresh", "operator"),
    ("E12", "newOrder", "JA0411", "slow", "operator"),
    ("E16", "newOrder", "JA0429", "slow", "operator"),
    ("E17", "finalize", "JA0509", "anew", "nobody"),
    ("E18", "finalize", "JA0510", "anew", "nobody"),
    ("E19", "challenge", "JA0511", "anew", "nobody"),
    ("E20", "challenge", "JA0512", "anew", "nobody"),
    ("E22", "newOrder", "JA0426", "slow", "operator"),
    ("E23", "newOrder", "JA0427", "slow", "operator"),
    ("E24", "finalize", "JA0412", "later", "nobody"),
    ("E25", "newOrder", "JA0414", "slow", "reseller"),
    ("E29", "newOrder", "JA0418", "slow", "operator"),
]
REGISTRATION_ROWS = [
    ("E5", "JA0404", "hold"), ("E7", "JA0423", "hold"), ("E10", "JA0408", "hold"),
    ("E11", "JA0410", "slow"), ("E13", "JA0409", "hold"), ("E14", "JA0424", "slow"),
    ("E15", "JA0428", "slow"), ("E28", "JA0410", "slow"),
]
LANGUAGES = ["both", "en", "ja", "sjis", "hostile"]


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    sim = Sim(tmp_path_factory.mktemp("sim")).start()
    yield sim
    sim.stop()


@pytest.fixture
def sim(running):
    running.reset()
    return running


@pytest.fixture
def httpd(sim, make_httpd):
    """A server of its own account."""
    server = make_httpd(sim)
    eab = sim.post("/eab")
    server.write_private(server.eab_file, f"{eab['kid']}\n{eab['hmac']}\n")
    return server


def name_of(row):
    return f"{row.lower()}.example.jp"


def domains(httpd):
    return {one["name"]: one for one in cli.status(httpd)["domains"]}


def accounts(httpd):
    return cli.status(httpd)["accounts"]


def wait_errors(httpd, names):
    until(lambda: all(domains(httpd)[name].get("error") for name in names),
          f"an error of each domain; the error log ends:\n{httpd.error_log()[-2000:]}", 60)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_row_of_an_order_is_that_domain_s_alone(sim, httpd, language):
    # "sjis" is bytes and can't stand inside an object; in it words can't tell E12 and E16 apart, nor
    # E17 and E19 from E18 and E20.
    rows = [row for row in DOMAIN_ROWS
            if language != "sjis" or row[0] not in ("E9", "E16", "E17", "E19")]
    for row, kind, *_ in rows:
        inside = {"as_": "object"} if kind == "authz" else {}
        sim.rule(kind=kind, row=row, name=name_of(row), language=language, value="a value",
                 **inside)
    names = [name_of(row[0]) for row in rows]
    httpd.manage(GOOD, *names)
    for name in (GOOD, *names):
        httpd.serve(name)
    httpd.guard.tolerate(r"e\d+\.example\.jp: JA0[45]\d\d: ", "one of them for each row")
    httpd.start()
    httpd.wait_staged(GOOD)
    wait_errors(httpd, names)
    seen = domains(httpd)
    for row, _, message, retry, actor in rows:
        httpd.wait_log(f" {name_of(row)}: {message}: ")
        error = seen[name_of(row)]["error"]
        assert (error["id"], error["retry"], error["actor"]) == (message, retry, actor), row
        assert error["advice"]["en"] and error["advice"]["ja"]
        assert seen[name_of(row)]["next"]["at"] or seen[name_of(row)]["activity"], row
    assert "error" not in seen[GOOD]
    lines = [line for line in httpd.error_log().splitlines() if "jprs_acme:" in line]
    assert not [line for line in lines if "\\x" in line], "ASCII only, nothing for httpd to escape"


@pytest.mark.parametrize("row, message, retry", REGISTRATION_ROWS)
def test_row_of_the_registration_is_said_of_the_account(sim, httpd, row, message, retry):
    rule = sim.rule(kind="newAccount", row=row, value="a value")
    httpd.manage(GOOD).serve(GOOD)
    httpd.guard.expect(f"{message}: ")
    httpd.start()
    until(lambda: accounts(httpd)[0].get("error"), "the account's error")
    (account,) = accounts(httpd)
    assert (account["error"]["id"], account["error"]["retry"]) == (message, retry)
    assert account["next"] and "url" not in account
    used = sim.used(rule)
    httpd.restart()
    httpd.wait_log("resuming normal operations")
    assert sim.used(rule) == used, "a restart registers nothing"
    assert sim.count("newOrder") == 0


@pytest.mark.parametrize("row, message", [("E1", "JA0400"), ("E27", "JA0416")])
def test_row_of_the_account_holds_it_up_and_never_loses_it(sim, httpd, row, message):
    httpd.manage(GOOD).serve(GOOD).start()
    httpd.wait_staged(GOOD)
    url = httpd.store.account()["url"]
    sim.rule(kind="newOrder", row=row)
    registered = sim.count("newAccount")
    httpd.manage(GOOD, name_of(row)).serve(name_of(row))
    httpd.guard.expect(f"{message}: ")
    httpd.restart()
    httpd.wait_log(f"{message}: ")
    assert httpd.store.account()["url"] == url == accounts(httpd)[0]["url"]
    assert sim.count("newAccount") <= registered + 1, "looked for at most, never registered"


def test_row_e26_is_tried_again(sim, httpd):
    sim.rule(kind="newOrder", row="E26", retry_after=1, times=1)
    httpd.manage(GOOD).serve(GOOD)
    httpd.guard.expect(f"{GOOD}: JA0415: ")
    httpd.start()
    httpd.wait_log(f"{GOOD}: JA0415: ")
