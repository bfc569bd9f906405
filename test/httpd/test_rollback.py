"""jprs-acme rollback: the previous certificate is put back into use."""

import json
import os
import subprocess

import pytest

from harness import cli, paths
from harness.wait import never, until

NAME = "www.example.jp"

# httpd calls its monitor hook every ten seconds.
HOT = 12

JAPANESE = {"LC_ALL": "ja_JP.UTF-8"}


def two_generations(httpd, **values):
    """A certificate with a P-256 key, replaced by another, whose key is RSA -> both."""
    httpd.manage(NAME, **values).serve(NAME)
    (first,) = httpd.obtain(NAME)
    httpd.manage(NAME, **values, Keys="rsa2048")
    httpd.graceful()
    httpd.wait_staged(NAME)
    httpd.graceful()
    second = httpd.served(NAME)
    assert second.serial_number != first.serial_number
    return first, second


def hexadecimal(cert):
    return f"{cert.serial_number:x}"


def is_served(httpd, cert):
    return httpd.served(NAME).serial_number == cert.serial_number


def next_action(httpd):
    return cli.status(httpd)["domains"][0]["next"]["action"]


def test_previous_certificate_is_served_without_a_restart(httpd, ca):
    first, second = two_generations(httpd)
    httpd.manage(NAME, Keys="rsa2048", Activation=None)
    httpd.restart()                     # no child of an earlier generation is left
    assert is_served(httpd, second)
    pids, generation, since = set(httpd.pids()), httpd.generation(), ca.mark()
    done = cli.run(httpd, "rollback", NAME)
    assert done.returncode == 0, done.stderr
    assert f"{NAME}: the previous certificate is in use again" in done.stdout
    assert hexadecimal(first) in done.stdout.lower().replace(":", "")
    assert is_served(httpd, first)
    assert httpd.https(NAME)[0] == 200
    assert pids <= set(httpd.pids()) and httpd.generation() == generation
    httpd.wait_log(f"{NAME}: JA0016: rolled back: ")
    # It lacks the key type of the configuration, and is left alone all the same: also by the next
    # runner, after a restart.
    until(lambda: next_action(httpd) == "held", "the status to say so", 10)
    never(lambda: ca.count("newOrder", since), "an order", during=7)
    httpd.restart()
    assert is_served(httpd, first)
    httpd.graceful()
    never(lambda: ca.count("newOrder", since), "an order", during=3)
    assert is_served(httpd, first)


def test_nothing_to_go_back_to_leaves_what_is_served(httpd):
    httpd.manage(NAME, Activation=None).serve(NAME)
    httpd.start()
    until(lambda: httpd.served(NAME), "the certificate to be served", 20 + HOT)
    cert = httpd.served(NAME)
    httpd.guard.expect("JA0516: while putting the previous certificate back")
    done = cli.run(httpd, "rollback", NAME, env=JAPANESE)
    assert done.returncode == 1
    assert "JA0516" in done.stderr and "切り戻せる以前の証明書がない" in done.stderr
    assert is_served(httpd, cert)


def test_second_rollback_goes_one_further_back(httpd):
    first, second = two_generations(httpd, Activation=None)
    httpd.manage(NAME, Keys="p384", Activation=None)
    httpd.graceful()
    httpd.wait_log("JA0007: activated", since=httpd.mark(), timeout=40)
    third = httpd.served(NAME)
    assert cli.run(httpd, "rollback", NAME).returncode == 0
    assert is_served(httpd, second)
    done = cli.run(httpd, "rollback", "--json", NAME)
    said = json.loads(done.stdout)
    assert done.returncode == 0 and said["done"] and not said["needs_restart"]
    assert said["name"] == NAME and len(said["live"]) == 1
    assert is_served(httpd, first)
    assert third.serial_number not in (first.serial_number, second.serial_number)


def test_request_to_a_stopped_server_is_carried_out_at_its_start(httpd):
    first, _ = two_generations(httpd)
    httpd.stop()
    with subprocess.Popen([paths.cli(), "--store", httpd.store.path, "rollback", "--json", NAME],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as asking:
        until((httpd.store.path / f"requests/rollback-{NAME}.json").exists, "the request")
        httpd.start()
        said = json.loads(asking.communicate(timeout=40)[0])
    assert asking.returncode == 0 and said["done"]
    assert is_served(httpd, first)
    httpd.restart()
    assert is_served(httpd, first)


def test_manual_activation_waits_for_the_restart(httpd):
    first, second = two_generations(httpd)
    done = cli.run(httpd, "rollback", NAME, env=JAPANESE)
    assert done.returncode == 0
    assert "apachectl graceful" in done.stdout and "切り戻しました" in done.stdout
    assert is_served(httpd, second)
    httpd.graceful()
    assert is_served(httpd, first)


def test_without_httpd_it_says_what_comes(httpd):
    two_generations(httpd)
    httpd.stop()
    done = subprocess.run([paths.cli(), "--store", httpd.store.path, "rollback", NAME],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "is put back when it starts" in done.stderr


@pytest.mark.parametrize("words", [(), (NAME, NAME), (NAME, "--dance")])
def test_usage(httpd, words):
    done = cli.run(httpd, "rollback", *words)
    assert done.returncode == 2
    assert "rollback" in done.stderr


def test_who_may_ask_and_for_what(httpd):
    two_generations(httpd)
    done = cli.run(httpd, "rollback", "unknown.example.jp")
    assert done.returncode == 1
    assert "no managed domain has the name unknown.example.jp" in done.stderr

    def become_www_data():
        os.setgid(33)
        os.setuid(33)
    done = subprocess.run([paths.cli(), "--store", httpd.store.path, "rollback", NAME],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=10,
                          preexec_fn=become_www_data)
    assert done.returncode == 1
    assert "only root" in done.stderr
    assert not list((httpd.store.path / "requests").glob("rollback-*"))
