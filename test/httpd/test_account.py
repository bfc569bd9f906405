"""The account: registered once, early and durably, and never thrown away."""

import json

from harness import cli, conf
from harness.wait import never

NAME = "www.example.jp"


def test_account_is_registered_without_a_due_domain(httpd, ca):
    httpd.manage(NAME, Renew="manual").serve(NAME)
    since = ca.mark()
    httpd.start()
    httpd.wait_registered()
    assert ca.count("newAccount", since) == 1 and ca.count("newOrder", since) == 0


def test_account_key_is_on_disk_before_the_ca_is_asked(httpd, front):
    httpd.front = front
    hold = front.hold("newAccount")
    httpd.manage(NAME).serve(NAME).start()
    hold.wait()
    (key_file,) = httpd.store.account_files("key.json")
    assert json.loads(key_file.read_text())["kty"] == "EC"
    assert not httpd.store.is_registered()
    hold.release()
    httpd.wait_registered()


def test_reply_to_the_registration_lost_by_a_crash_finds_the_same_account(httpd, front):
    httpd.front = front
    hold = front.hold("newAccount", after_reply=True)
    httpd.manage(NAME).serve(NAME).start()
    hold.wait()
    (key_file,) = httpd.store.account_files("key.json")
    key = key_file.read_bytes()
    httpd.kill()
    hold.release()
    httpd.start()
    httpd.wait_staged(NAME)
    assert httpd.store.account_files("key.json") == [key_file] and key_file.read_bytes() == key


def test_account_is_used_again_after_a_restart(httpd, ca):
    httpd.manage(NAME).serve(NAME)
    httpd.obtain(NAME)
    account = httpd.store.account()
    since = ca.mark()
    httpd.manage(NAME, Keys="p384")
    httpd.restart()
    httpd.wait_staged(NAME)
    assert ca.count("newAccount", since) == 0
    assert httpd.store.account() == account


def test_lost_account_url_is_found_again_by_the_key(httpd, ca):
    httpd.manage(NAME).serve(NAME)
    httpd.obtain(NAME)
    account = httpd.store.account()
    httpd.stop()
    for path in httpd.store.account_files("account.json"):
        path.unlink()
    since = ca.mark()
    # Without an EAB: the CA would refuse a new registration.
    httpd.manage(NAME, Keys="p384", ExternalAccount=None)
    httpd.start()
    httpd.wait_staged(NAME)
    assert ca.count("newAccount", since) == 1
    assert _url_of(httpd.store.account()) == _url_of(account)


def _url_of(account):
    (url,) = [value for value in account.values()
              if isinstance(value, str) and "/my-account/" in value]
    return url


def test_eab_is_needed_once_only(httpd, ca):
    httpd.manage(NAME).serve(NAME)
    httpd.obtain(NAME)
    httpd.eab_file.unlink()
    httpd.manage(NAME, Keys="p384", ExternalAccount=None)
    httpd.restart()
    httpd.wait_staged(NAME)


def test_file_of_a_used_eab_may_go_while_the_directive_stays(httpd):
    httpd.manage(NAME).serve(NAME)
    httpd.start()
    httpd.wait_registered()
    httpd.eab_file.unlink()
    done = httpd.test_config()
    assert done.returncode == 0, done.stdout
    assert "JA0111" in done.stdout and "remove the directive" in done.stdout
    httpd.guard.expect("JA0111")
    httpd.restart()


def test_changed_contact_updates_the_account(httpd, front):
    httpd.front = front
    updates = []
    front.edit("account", lambda *reply: updates.append(json.loads(reply[2])) or reply)
    httpd.manage(NAME).serve(NAME)
    httpd.obtain(NAME)
    assert updates == []
    httpd.manage(NAME, Contact="new@example.jp second@example.jp")
    httpd.graceful()
    httpd.wait_log("JA0002")
    assert updates[-1]["contact"] == ["mailto:new@example.jp", "mailto:second@example.jp"]
    count = len(updates)
    httpd.graceful()
    never(lambda: len(updates) > count, "a second update", during=2)
    assert front.count("newAccount") == 1


def test_refused_eab_is_named_and_not_retried_in_a_loop(httpd, ca):
    other = "bm90IHRoZSBrZXkgdGhhdCB0aGUgQ0Ega25vd3MhISE"
    httpd.write_private(httpd.eab_file, f"{ca.kid}\n{other}\n")
    httpd.guard.expect("JA0409|EAB")
    since = ca.mark()
    httpd.manage(NAME).serve(NAME).start()
    httpd.wait_log("JA0409|EAB", timeout=20)
    never(lambda: ca.count("newAccount", since) > 1, "a second try", during=3)
    assert ca.count("newOrder", since) == 0
    assert cli.run(httpd, "status").returncode == 1


def test_missing_eab_is_named(httpd):
    httpd.manage(NAME, ExternalAccount=None).serve(NAME)
    httpd.guard.expect("JA0408|ManagedDomainExternalAccount")
    httpd.start()
    httpd.wait_log("JA0408|ManagedDomainExternalAccount")


def test_eab_may_stand_in_the_configuration(httpd, ca):
    httpd.manage(NAME, ExternalAccount=f"{ca.kid} {ca.hmac}").serve(NAME)
    httpd.obtain(NAME)


def test_eab_file_forms(make_httpd, ca):
    forms = [f"kid: {ca.kid}\nhmac: {ca.hmac}\n", json.dumps({"kid": ca.kid, "hmac": ca.hmac})]
    for form in forms:
        httpd = make_httpd(ca)
        httpd.write_private(httpd.eab_file, form)
        httpd.manage(NAME).serve(NAME).start()
        httpd.wait_registered()
        httpd.stop()


def test_one_account_serves_all_domains(httpd, ca):
    httpd.manage("a.example.jp", "b.example.jp").serve("a.example.jp").serve("b.example.jp")
    since = ca.mark()
    httpd.obtain("a.example.jp", "b.example.jp")
    assert ca.count("newAccount", since) == 1
    assert len(httpd.store.account_files()) == 1


def test_second_ca_gets_an_account_of_its_own(httpd, start_ca):
    other = start_ca(http_port=httpd.http_port)
    eab = httpd.root / "conf/other-eab"
    httpd.write_private(eab, f"{other.kid}\n{other.hmac}\n")
    httpd.manage(NAME, conf.domain("other.example.jp", CA=other.directory_url,
                                   CACertificateFile=f'"{other.anchor_file}"',
                                   ExternalAccount=f"file:{eab}"))
    httpd.serve(NAME).serve("other.example.jp").start()
    httpd.wait_staged(NAME, "other.example.jp")
    assert len(httpd.store.account_files()) == 2
