"""What www-data can write is hostile input to the root parent; what is broken stops nobody.

Each test starts from a copy of one prepared store: www.example.jp is live, and a new set for
it (with one name more) is staged.  The CA is frozen meanwhile, so that nothing else happens.
"""

import json
import os
import shutil
import subprocess

import pytest

from harness import conf, testcerts, tlsclient
from harness.httpd import WWW_DATA, Httpd
from harness.wait import until

NAME, ADDED = "www.example.jp", "added.example.jp"
KEY, CHAIN = "privkey-p256.pem", "fullchain-p256.pem"


def _configure(httpd):
    httpd.manage((NAME, ADDED))
    httpd.sites = ""
    return httpd.serve(NAME, ADDED)


@pytest.fixture(scope="module")
def prepared(ca):
    """A stopped server with one set live and a second one staged, and the live certificate."""
    httpd = Httpd(ca)
    httpd.manage(NAME).serve(NAME)
    (httpd.cert,) = httpd.obtain(NAME)
    _configure(httpd).graceful()
    httpd.wait_staged(NAME)
    httpd.stop()
    yield httpd
    httpd.remove()


@pytest.fixture
def victim(prepared, httpd, ca):
    """A stopped server with a copy of the prepared store; `cert` is the live certificate."""
    subprocess.run(["cp", "-a", prepared.store.path, httpd.store.path], check=True)
    httpd.cert = prepared.cert
    _configure(httpd)
    ca.pebble.pause()
    yield httpd
    httpd.stop()
    ca.pebble.resume()


def _own(path):
    os.chown(path, WWW_DATA, WWW_DATA, follow_symlinks=False)


def _replace(path, content, mode=0o600):
    path.unlink()
    path.write_bytes(content)
    path.chmod(mode)
    _own(path)


def wrong_owner(staged):
    os.chown(staged / KEY, 65534, 65534)


def root_s_own_file(staged):
    """A hard link could make one of root's files appear there."""
    os.chown(staged / CHAIN, 0, 0)


def hard_link(staged):
    os.link(staged / KEY, staged.parent.parent / "jobs/second-name")


def link_to_shadow(staged):
    (staged / KEY).unlink()
    (staged / KEY).symlink_to("/etc/shadow")
    _own(staged / KEY)


def link_to_a_good_file(staged):
    (staged / KEY).rename(staged.parent / "elsewhere")
    (staged / KEY).symlink_to(staged.parent / "elsewhere")
    _own(staged / KEY)


def directory_is_a_link(staged):
    staged.rename(staged.parent / "elsewhere")
    staged.symlink_to(staged.parent / "elsewhere")
    _own(staged)


def fifo(staged):
    """open() without O_NONBLOCK would hang the parent for ever."""
    (staged / CHAIN).unlink()
    os.mkfifo(staged / CHAIN)
    _own(staged / CHAIN)


def device(staged):
    (staged / CHAIN).unlink()
    os.mknod(staged / CHAIN, 0o20600, os.makedev(1, 5))
    _own(staged / CHAIN)


def directory_in_place_of_a_file(staged):
    (staged / CHAIN).unlink()
    (staged / CHAIN).mkdir()
    _own(staged / CHAIN)


def key_of_another_certificate(staged):
    _replace(staged / KEY, testcerts.key_pem(testcerts.make_key()))


def certificate_for_another_name(staged):
    key = testcerts.make_key()
    cert, _ = testcerts.make_cert(["evil.example.jp"], key)
    _replace(staged / KEY, testcerts.key_pem(key))
    _replace(staged / CHAIN, testcerts.cert_pem(cert))


def expired_certificate(staged):
    key = testcerts.make_key()
    cert, _ = testcerts.make_cert([NAME, ADDED], key, days=0)
    _replace(staged / KEY, testcerts.key_pem(key))
    _replace(staged / CHAIN, testcerts.cert_pem(cert))


def garbage(staged):
    _replace(staged / CHAIN, os.urandom(2000))


def empty(staged):
    _replace(staged / CHAIN, b"")


def huge(staged):
    os.truncate(staged / CHAIN, 1 << 30)


def truncated_key(staged):
    _replace(staged / KEY, (staged / KEY).read_bytes()[:100])


def missing_key(staged):
    (staged / KEY).unlink()


def set_json_garbage(staged):
    _replace(staged / "set.json", b"{\"certs\": [[[[")


def set_json_of_another_domain(staged):
    text = (staged / "set.json").read_text().replace(f'"name": "{NAME}"', '"name": "../../conf"')
    _replace(staged / "set.json", text.encode())


def set_json_nested_deeply(staged):
    _replace(staged / "set.json", b"[" * 100000)


def thousand_files(staged):
    for number in range(1000):
        path = staged / f"privkey-{number}.pem"
        path.touch()
        _own(path)


@pytest.mark.parametrize("tamper", [
    wrong_owner, root_s_own_file, hard_link, link_to_shadow, link_to_a_good_file,
    directory_is_a_link, fifo, device, directory_in_place_of_a_file, key_of_another_certificate,
    certificate_for_another_name, expired_certificate, garbage, empty, huge, truncated_key,
    missing_key, set_json_garbage, set_json_of_another_domain, set_json_nested_deeply])
def test_staged_set_is_refused_with_one_error_and_the_old_one_serves(victim, tamper):
    tamper(victim.store.staging(NAME))
    victim.guard.expect(rf"{NAME}.*")
    victim.start()
    assert victim.served(NAME) == victim.cert
    errors = [line for line in victim.error_log().splitlines() if "jprs_acme:error" in line]
    assert len(errors) == 1, "\n".join(errors)
    assert NAME in errors[0]


def test_path_in_a_staged_set_leads_nowhere(victim):
    """Which files there are is known without it; refusing the set would be right as well."""
    staged = victim.store.staging(NAME)
    text = (staged / "set.json").read_text()
    assert KEY in text and CHAIN in text
    text = text.replace(KEY, "../../../conf/eab").replace(CHAIN, "../../accounts")
    _replace(staged / "set.json", text.encode())
    victim.guard.tolerate(NAME, "saying so is right")
    victim.start()
    assert victim.served(NAME)
    live = victim.store.live(NAME)
    assert {path.parent.resolve() for path in live.iterdir()} == {live.resolve()}
    assert not any(victim.ca.kid.encode() in path.read_bytes() for path in live.iterdir())


def test_good_staged_set_of_the_same_store_is_taken(victim):
    """The counter-check: what the tests above refuse is refused for its damage only."""
    victim.start()
    assert tlsclient.names_of(victim.served(ADDED)) == [ADDED, NAME]


def test_many_foreign_files_do_no_harm(victim):
    thousand_files(victim.store.staging(NAME))
    victim.guard.tolerate(NAME, "refusing it is right too")
    victim.start()
    assert victim.served(NAME)


def test_running_server_refuses_at_a_graceful_too(victim, prepared):
    staged = victim.store.staging(NAME)
    aside = victim.root / "aside"
    staged.rename(aside)
    victim.start()
    victim.guard.expect(NAME)
    with victim.frozen_children():          # or the runner finds the garbage first, and removes it
        shutil.copytree(aside, staged)
        for path in [staged, *staged.iterdir()]:
            _own(path)
        garbage(staged)
        victim.graceful()
    assert victim.served(NAME) == victim.cert


# -- damage by a bad disk or a bad day: httpd starts and serves whatever there is

def _cut(path):
    path.write_bytes(path.read_bytes()[:len(path.read_bytes()) // 2])


def _noise(path):
    path.write_bytes(os.urandom(500))


def _clear(path):
    path.write_bytes(b"")


def _folder(path):
    path.unlink()
    path.mkdir()


DAMAGE = {"cut": _cut, "noise": _noise, "empty": _clear, "a folder": _folder}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
@pytest.mark.parametrize("file", ["accounts/*/account.json", "accounts/*/key.json",
                                  f"jobs/{NAME}.json", "config.json"])
def test_httpd_starts_and_serves_with_a_damaged(victim, file, damage):
    paths = list(victim.store.path.glob(file))
    assert paths
    for path in paths:
        damage(path)
    victim.guard.tolerate("jprs_acme:(warn|error)", "saying so is right")
    victim.start()
    assert tlsclient.names_of(victim.served(ADDED)) == [ADDED, NAME]
    victim.graceful()
    assert victim.served(NAME)


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
@pytest.mark.parametrize("file", ["privkey.pem", "fullchain.pem", "set.json"])
def test_httpd_starts_with_a_damaged_live(victim, file, damage):
    """Another site must not suffer, and the site itself gets a temporary certificate."""
    shutil.rmtree(victim.store.staging(NAME))
    damage(victim.store.live(NAME) / file)
    victim.guard.tolerate(f"jprs_acme:(warn|error).*{NAME}", "saying so is right")
    victim.manage((NAME, ADDED), "other.example.jp").serve("other.example.jp")
    victim.start()
    assert victim.served("other.example.jp", verify=False)
    assert NAME in tlsclient.names_of(victim.served(NAME, verify=False))


def test_live_key_of_another_certificate_does_not_stop_httpd(victim):
    shutil.rmtree(victim.store.staging(NAME))
    key = victim.store.live(NAME) / "privkey.pem"
    key.write_bytes(testcerts.key_pem(testcerts.make_key()))
    victim.guard.tolerate(f"jprs_acme:(warn|error).*{NAME}", "saying so is right")
    victim.start()
    assert victim.get("/")[0] == 200


def test_dangling_live_link_does_not_stop_httpd(victim):
    shutil.rmtree(victim.store.staging(NAME))
    shutil.rmtree(victim.store.path / "archive" / NAME)
    victim.guard.tolerate(f"jprs_acme:(warn|error).*{NAME}", "saying so is right")
    victim.start()
    assert victim.served(NAME, verify=False)


def test_damaged_live_set_is_issued_anew(victim, ca):
    shutil.rmtree(victim.store.staging(NAME))
    _noise(victim.store.live(NAME) / "fullchain.pem")
    victim.guard.tolerate(f"jprs_acme:(warn|error).*{NAME}", "saying so is right")
    ca.pebble.resume()
    victim.start()
    victim.wait_staged(NAME)
    victim.graceful()
    assert victim.served(NAME)


def test_damaged_live_key_brings_the_earlier_set_back(httpd):
    httpd.manage(NAME).serve(NAME)
    (first,) = httpd.obtain(NAME)
    httpd.manage(NAME, Keys="p384")
    httpd.graceful()
    httpd.wait_staged(NAME)
    httpd.graceful()
    assert httpd.served(NAME) != first
    (httpd.store.live(NAME) / "privkey.pem").write_bytes(testcerts.key_pem(testcerts.make_key()))
    httpd.guard.expect(f"{NAME}: JA0508")
    httpd.graceful()
    assert httpd.served(NAME) == first
    httpd.wait_staged(NAME)             # of the configured key type


def test_damaged_live_key_is_replaced_by_a_new_certificate(httpd):
    httpd.manage(NAME).serve(NAME)
    (first,) = httpd.obtain(NAME)
    _noise(httpd.store.live(NAME) / "privkey.pem")
    httpd.guard.expect(f"{NAME}: JA0508")
    httpd.restart()
    httpd.wait_staged(NAME)
    httpd.graceful()
    assert httpd.served(NAME) != first


def test_job_file_with_hostile_numbers_does_not_stop_httpd(victim):
    job = victim.store.job_file(NAME)
    content = json.loads(job.read_text()) if job.exists() else {}
    for member in list(content) or ["attempts", "next_at"]:
        content[member] = -2 ** 63
    job.write_text(json.dumps(content))
    _own(job)
    victim.guard.tolerate("jprs_acme:(warn|error)", "saying so is right")
    victim.start()
    victim.graceful()
    assert victim.served(NAME)


def test_store_that_cannot_be_made_does_not_stop_httpd(make_httpd, ca):
    """The path leads through a file: nothing can be kept, but the other sites live."""
    httpd = make_httpd(ca)
    blocker = httpd.root / "blocker"
    blocker.write_text("")
    httpd.guard.expect("blocker")
    httpd.manage(NAME, Store=f'"{blocker}/store"')
    cert, key = testcerts.make_cert(["static.example.jp"])
    (httpd.root / "conf/own.pem").write_bytes(testcerts.cert_pem(cert) + testcerts.key_pem(key))
    httpd.sites = conf.vhost(httpd.https_port, "static.example.jp", ssl=True,
                             extra="SSLCertificateFile conf/own.pem")
    httpd.start()
    until(lambda: httpd.served("static.example.jp", verify=False) == cert, "the other site")
