"""When a certificate is replaced, and when not."""

from harness import tlsclient
from harness.store import public_bytes
from harness.testcerts import cert_pem
from harness.wait import never

NAME = "www.example.jp"

def test_certificate_is_renewed_when_it_is_due(start_ca, make_httpd):
    # The first hundredth of the lifetime is never the time to renew: 3 s here.
    ca = start_ca(validity_s=300)
    httpd = make_httpd(ca)
    httpd.manage(NAME, RenewBefore="99%").serve(NAME)
    since = ca.mark()
    (first,) = httpd.obtain(NAME)
    httpd.wait_staged(NAME)
    httpd.graceful()
    second = httpd.served(NAME)
    assert second.serial_number != first.serial_number
    assert public_bytes(second) != public_bytes(first), "a new key"
    assert ca.count("newAccount", since) == 1


def test_valid_certificate_costs_no_request_after_a_restart(httpd, ca):
    httpd.manage(NAME).serve(NAME)
    (cert,) = httpd.obtain(NAME)
    since = ca.mark()
    httpd.restart()
    httpd.graceful()
    never(lambda: ca.count("newOrder", since), "an order", during=3)
    assert httpd.served(NAME) == cert


def test_added_name_is_renewed_at_once(httpd):
    httpd.manage(NAME).serve(NAME)
    httpd.obtain(NAME)
    httpd.manage((NAME, "new.example.jp"))
    httpd.sites = ""
    httpd.serve(NAME, "new.example.jp")
    httpd.graceful()
    httpd.wait_staged(NAME)
    httpd.graceful()
    assert tlsclient.names_of(httpd.served("new.example.jp")) == ["new.example.jp", NAME]


def test_removed_name_needs_no_new_certificate(httpd, ca):
    httpd.manage((NAME, "old.example.jp")).serve(NAME, "old.example.jp")
    (cert,) = httpd.obtain(NAME)
    since = ca.mark()
    httpd.manage(NAME)
    httpd.sites = ""
    httpd.serve(NAME)
    httpd.graceful()
    never(lambda: ca.count("newOrder", since), "an order", during=3)
    assert httpd.served(NAME) == cert


def test_removed_first_name_needs_no_new_certificate(httpd, ca):
    httpd.manage((NAME, "second.example.jp")).serve(NAME, "second.example.jp")
    (cert,) = httpd.obtain(NAME)
    since = ca.mark()
    httpd.manage("second.example.jp")
    httpd.sites = ""
    httpd.serve("second.example.jp")
    httpd.graceful()
    assert httpd.served("second.example.jp") == cert
    assert httpd.https("second.example.jp")[0] == 200
    never(lambda: ca.count("newOrder", since), "an order", during=3)
    assert f"the certificate of {NAME} is in use" in httpd.error_log()


def test_new_first_name_leaves_the_others_served(httpd):
    httpd.manage(NAME).serve(NAME)
    (cert,) = httpd.obtain(NAME)
    httpd.guard.expect("AH01909: first.example.jp")     # true, until the new one is served
    httpd.manage(("first.example.jp", NAME))
    httpd.sites = ""
    httpd.serve("first.example.jp", NAME)
    httpd.restart()
    assert httpd.served(NAME) == cert
    assert httpd.https(NAME)[0] == 200
    httpd.wait_staged("first.example.jp")
    httpd.graceful()
    assert tlsclient.names_of(httpd.served(NAME)) == ["first.example.jp", NAME]


def test_added_key_type_is_issued_at_once(httpd):
    httpd.manage(NAME).serve(NAME)
    httpd.obtain(NAME)
    httpd.manage(NAME, Keys="p256 rsa2048")
    httpd.graceful()
    httpd.wait_staged(NAME)
    httpd.graceful()
    assert httpd.served(NAME, only="rsa") and httpd.served(NAME, only="ec")


def test_changed_key_type_replaces_the_certificate(httpd):
    httpd.manage(NAME).serve(NAME)
    httpd.obtain(NAME)
    httpd.manage(NAME, Keys="rsa2048")
    httpd.graceful()
    httpd.wait_staged(NAME)
    httpd.graceful()
    assert httpd.served(NAME, only="rsa").public_key().key_size == 2048


def test_manual_renewal_places_no_order(httpd, ca):
    httpd.manage(NAME, Renew="manual").serve(NAME)
    since = ca.mark()
    httpd.start()
    httpd.wait_registered()
    never(lambda: ca.count("newOrder", since), "an order", during=2)


def test_auto_renewal_leaves_out_a_domain_that_no_virtual_host_uses(httpd, ca):
    httpd.manage(NAME, "unused.example.jp").serve(NAME)
    since = ca.mark()
    httpd.obtain(NAME)
    assert ca.count("newOrder", since) == 1
    assert not httpd.store.is_staged("unused.example.jp")


def test_always_renews_a_domain_that_no_virtual_host_uses(httpd):
    httpd.manage("unused.example.jp", Renew="always").start()
    httpd.wait_staged("unused.example.jp")


def test_staged_set_waits_for_a_restart_of_whatever_cause(httpd):
    httpd.manage(NAME).serve(NAME).start()
    httpd.wait_staged(NAME)
    httpd.restart()
    assert httpd.served(NAME)
    assert not httpd.store.is_staged(NAME)


def test_earlier_sets_are_kept_in_the_archive(httpd):
    httpd.manage(NAME).serve(NAME)
    (first,) = httpd.obtain(NAME)
    httpd.manage(NAME, Keys="p384")
    httpd.graceful()
    httpd.wait_staged(NAME)
    httpd.graceful()
    kept = [path.read_bytes() for path in httpd.store.path.glob(f"archive/{NAME}/*/cert.pem")]
    assert len(kept) == 2
    assert cert_pem(first) in kept
