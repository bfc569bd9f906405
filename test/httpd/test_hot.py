"""New certificates go live without a restart: ManagedDomainActivation hot, the default."""

import pytest

from harness.wait import until

NAME = "www.example.jp"

# httpd calls its monitor hook every ten seconds.
HOT = 12


def _all_pids(httpd):
    return sorted(httpd.pids())


@pytest.mark.parametrize("mpm", ["event", "prefork"])
def test_first_certificate_ends_the_503_by_itself(make_httpd, ca, mpm):
    httpd = make_httpd(ca, mpm=mpm)
    httpd.manage(NAME, Activation=None).serve(NAME).start()
    pids = _all_pids(httpd)
    assert httpd.https(NAME)[0] == 503
    httpd.wait_log("JA0006: staged: .* by itself")
    until(lambda: httpd.served(NAME), "the certificate to be served", HOT)
    assert httpd.https(NAME)[0] == 200
    assert _all_pids(httpd) == pids
    assert httpd.store.live(NAME) and not httpd.store.is_staged(NAME)
    httpd.wait_log("JA0012: verified: ")
