"""What a CA, or whatever stands before it, may do instead of answering.

Each fault is met where the runner begins and at each step of an order.  It crashes nothing, makes
no loop, does not hold up a graceful restart, and once it is gone the certificates are there.
"""

import pytest

from harness import cli, conf
from harness.faults import FAULTS, HANGING, assert_quick_graceful
from harness.wait import until

FIRST = "first.example.jp"
REQUESTS_MAX = 20       # about one domain; 7 if all is well, 5 more for each refused nonce


@pytest.fixture(scope="module")
def httpd(running_sim, make_shared_httpd):
    """With an account and one certificate."""
    httpd = make_shared_httpd(running_sim)
    httpd.guard.tolerate("JA0(204|[345])", "what these faults are called")
    httpd.manage(FIRST).serve(FIRST).start()
    httpd.wait_staged(FIRST)
    return httpd


@pytest.fixture
def sim(sim):
    yield sim
    sim.delete("/rules")


def states(httpd):
    return {one["name"]: one for one in cli.status(httpd)["domains"]}


def configure(httpd, names, keys):
    """Another kind of key is another need: no back-off holds it up."""
    httpd.manage(FIRST, *(conf.domain(name, Keys=keys) for name in names))
    httpd.sites = ""
    for name in (FIRST, *names):
        httpd.serve(name)
    httpd.graceful()


def settle(httpd, sim, names, fault):
    """Until the fault has been met, and each of the domains has come to an end, or hangs in it."""
    is_met = any if fault == "reset" else all   # it ends all requests of its connection

    def is_settled():
        seen = states(httpd)
        return is_met(rule["hits"] for rule in sim.get("/rules")) and all(
            seen[name]["state"] in ("staged", "valid", "error")
            or (fault in HANGING and seen[name].get("activity")) for name in names)

    until(is_settled, f"{names} to settle; the error log ends:\n{httpd.error_log()[-3000:]}", 30,
          every=0.1)


def assert_bounded(httpd, sim, names):
    counts = {name: len(sim.requests(name=name)) for name in names}
    assert max(counts.values()) <= REQUESTS_MAX, counts
    assert len(sim.requests()) <= REQUESTS_MAX * (len(names) + 1)
    assert sim.count("newAccount") == 0


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_of_the_ca_is_survived(sim, httpd, fault):
    members, at_beginning, steps = FAULTS[fault]
    beginning = f"{fault}.example.jp"
    names = {kind: f"{fault}-{kind.lower()}.example.jp" for kind in steps}

    # Where the runner begins. One domain: if three found the CA dead, all would wait.
    sim.rule(kind=at_beginning, **members)
    configure(httpd, [beginning], "p256")
    settle(httpd, sim, [beginning], fault)
    assert_quick_graceful(httpd)
    assert_bounded(httpd, sim, [beginning])
    sim.delete("/rules")

    for kind, name in names.items():
        sim.rule(kind=kind, name=name, **members)
    configure(httpd, [beginning, *names.values()], "p384")
    settle(httpd, sim, names.values(), fault)
    assert_quick_graceful(httpd)
    assert_bounded(httpd, sim, [beginning, *names.values()])
    sim.delete("/rules")

    configure(httpd, [beginning, *names.values()], "p256")
    until(lambda: {one["state"] for one in states(httpd).values()} <= {"staged", "valid"},
          f"all certificates; the error log ends:\n{httpd.error_log()[-3000:]}", 60, every=0.1)
    assert "exit signal" not in httpd.error_log()
