"""The faults of test_ca_faults where the account is concerned: its registration, its contacts."""

import pytest

from harness import cli
from harness.faults import FAULTS, HANGING, HARMLESS, assert_quick_graceful
from harness.wait import until

FIRST = "first.example.jp"
REQUESTS_MAX = 40       # while the fault lasts; 5 more for each refused nonce


def settle_account(httpd, sim, kind, fault):
    """Until the fault has been met, and has been told, is of no harm, or hangs."""

    def is_settled():
        (account,) = cli.status(httpd)["accounts"]
        return sim.count(kind) and (fault in HANGING or fault in HARMLESS or account.get("error"))

    until(is_settled, f"the fault at {kind} to be met", every=0.1)


def use_contact(httpd, contact):
    """Another contact is another try: no back-off holds it up."""
    httpd.manage(FIRST, Contact=contact)
    httpd.graceful()


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_at_the_account_is_survived(sim, sim_httpd, fault):
    """At its registration, then at an update of its contacts: there is one account in the end."""
    httpd = sim_httpd
    members, *_ = FAULTS[fault]
    httpd.guard.tolerate("JA0(204|[345])", "what these faults are called")

    sim.rule(kind="newAccount", **members)
    httpd.manage(FIRST).serve(FIRST).start()
    settle_account(httpd, sim, "newAccount", fault)
    assert_quick_graceful(httpd)
    assert len(sim.requests()) <= REQUESTS_MAX
    assert sim.count("newOrder") == 0 or fault in HARMLESS
    sim.delete("/rules")
    use_contact(httpd, "second@example.jp")
    httpd.wait_staged(FIRST)
    url = httpd.store.account()["url"]

    sim.rule(kind="account", **members)
    use_contact(httpd, "third@example.jp")
    settle_account(httpd, sim, "account", fault)
    assert_quick_graceful(httpd)
    assert len(sim.requests()) <= 3 * REQUESTS_MAX
    sim.delete("/rules")
    use_contact(httpd, "fourth@example.jp")
    until(lambda: httpd.store.account()["contacts"] == ["fourth@example.jp"], "the last contact")
    assert httpd.store.account()["url"] == url and "exit signal" not in httpd.error_log()
