"""kill -9, stop and graceful at any moment lose nothing: the same order goes on."""

import json
import time

import pytest

from harness.ports import free_port
from harness.processes import is_alive
from harness.wait import never, until

NAME = "www.example.jp"

# Every exchange of the flow, in which the front holds the request; see Front for the names.
STATES = ["directory", "newNonce", "newAccount", "newOrder", "authz", "challenge", "orderReady",
          "finalize", "orderIssued", "certificate"]
WAYS = ["graceful", "restart", "crash"]


def _still_processing(status, headers, body):
    """A reply to finalize as of a CA that needs some time: the flow has to poll."""
    order = json.loads(body)
    order["status"] = "processing"
    order.pop("certificate", None)
    return status, headers, json.dumps(order).encode()


def _interrupt(httpd, way):
    if way == "crash":
        httpd.kill()
        httpd.start()
    else:
        getattr(httpd, way)()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("state", STATES)
def test_same_order_goes_on_after(httpd, front, ca, state, way):
    httpd.front = front
    hold = front.hold(state)
    front.edit("finalize", _still_processing)
    since = ca.mark()
    httpd.manage(NAME).serve(NAME).start()
    hold.wait()
    _interrupt(httpd, way)
    hold.wait(arrivals=2)
    hold.release()
    httpd.wait_staged(NAME)
    httpd.graceful()
    assert httpd.served(NAME)
    assert ca.count("newOrder", since) == 1, "the order in flight was thrown away"
    assert ca.count("finalize", since) == 1
    assert ca.count("challenge", since) == 1


@pytest.mark.parametrize("way", WAYS)
def test_finalize_whose_reply_was_lost_is_not_repeated_blindly(httpd, front, ca, way):
    """The CA has issued but we did not hear: the order is read again, and is valid."""
    httpd.front = front
    hold = front.hold("finalize", after_reply=True)
    since = ca.mark()
    httpd.manage(NAME).serve(NAME).start()
    hold.wait()
    _interrupt(httpd, way)
    hold.release()
    httpd.wait_staged(NAME)
    httpd.graceful()
    assert httpd.served(NAME)
    assert ca.count("newOrder", since) == 1


@pytest.mark.parametrize("way", WAYS)
def test_challenge_is_presented_again_while_the_ca_validates(httpd, ca, gate, way):
    ca.resolve(NAME, gate.address)
    try:
        since = ca.mark()
        httpd.manage(NAME).serve(NAME).start()
        path = f"/.well-known/acme-challenge/{gate.token()}"
        _interrupt(httpd, way)
        until(lambda: httpd.get(path, NAME)[0] == 200, "the token to be answered again")
        gate.open()
        httpd.wait_staged(NAME)
        assert ca.count("newOrder", since) == 1
    finally:
        ca.resolve_normally(NAME)


@pytest.mark.parametrize("way", WAYS)
def test_second_answer_that_the_ca_refuses_does_not_cost_the_order(httpd, front, ca, gate, way):
    """The reply to the first one was lost, and the CA accepts an answer only once."""
    def refuse(_status, headers, _body):
        problem = {"type": "urn:ietf:params:acme:error:malformed",
                   "detail": "Cannot update challenge with status valid, only status pending"}
        return 400, headers, json.dumps(problem).encode()

    httpd.front = front
    ca.resolve(NAME, gate.address)          # the authorization stays pending while it is shut
    try:
        hold = front.hold("challenge", after_reply=True, first=1)
        since = ca.mark()
        httpd.manage(NAME).serve(NAME).start()
        hold.wait()
        front.edit("challenge", refuse)
        _interrupt(httpd, way)
        until(lambda: sum(1 for kind, _ in front.replies if kind == "authz") >= 2,
              "the authorization to be read again")
        gate.open()
        httpd.wait_staged(NAME)
        assert ca.count("newOrder", since) == 1
    finally:
        ca.resolve_normally(NAME)


@pytest.mark.parametrize("way", ["graceful", "stop"])
def test_runner_ends_within_a_second_of_being_told(httpd, front, way):
    """Although its request to the CA hangs."""
    httpd.front = front
    hold = front.hold("newOrder")
    httpd.manage(NAME).serve(NAME).start()
    hold.wait()
    children = httpd.children()
    begin = time.monotonic()
    getattr(httpd, way)()
    until(lambda: not any(map(is_alive, children)), "the old children to end")
    assert time.monotonic() - begin < 1.5
    hold.release()


def test_many_gracefuls_in_a_row_cost_no_order(httpd, front, ca):
    httpd.front = front
    hold = front.hold("finalize")
    since = ca.mark()
    httpd.manage(NAME).serve(NAME).start()
    hold.wait()
    for _ in range(5):
        httpd.graceful()
    hold.release()
    httpd.wait_staged(NAME)
    assert ca.count("newOrder", since) == 1


def test_crash_between_issue_and_commit_keeps_the_certificate(httpd, ca):
    since = ca.mark()
    httpd.manage(NAME).serve(NAME).start()
    httpd.wait_staged(NAME)
    httpd.kill()
    httpd.start()
    assert httpd.served(NAME)
    assert ca.count("newOrder", since) == 1


def test_back_off_is_kept_across_a_restart(httpd, ca):
    """A name whose validation fails: the next try is not placed at once by a restart."""
    ca.resolve(NAME, "127.0.0.9")           # nobody listens there
    try:
        httpd.guard.expect("JA04")
        since = ca.mark()
        httpd.manage(NAME).serve(NAME).start()
        httpd.wait_log(r"\[jprs_acme:(warn|error)\]")
        assert ca.count("newOrder", since) == 1
        for _ in range(2):
            httpd.restart()
            httpd.graceful()
        never(lambda: ca.count("newOrder", since) > 1, "a second order", during=3)
    finally:
        ca.resolve_normally(NAME)


def test_ca_that_is_down_keeps_nobody_from_serving(httpd, ca):
    httpd.manage(NAME).serve(NAME)
    (cert,) = httpd.obtain(NAME)
    httpd.stop()
    httpd.manage(NAME, Keys="p384", CA=f"https://127.0.0.1:{free_port()}/dir",
                 ExternalAccount=f"file:{httpd.eab_file}")
    httpd.guard.expect("JA0300|connect")
    httpd.start()
    httpd.wait_log("JA0300|connect")
    assert httpd.served(NAME) == cert
