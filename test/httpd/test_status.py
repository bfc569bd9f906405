"""What people are told: server-status, and the command line program."""

import json
import re
import subprocess

import pytest

from harness import cli, paths

NAME, OTHER = "www.example.jp", "mail.example.jp"
FAILING = "broken.example.jp"


@pytest.fixture(scope="module")
def running(make_shared_httpd, ca):
    """Three domains: one served, one staged, one whose validation fails."""
    httpd = make_shared_httpd(ca)
    httpd.manage(NAME).serve(NAME)
    httpd.obtain(NAME)
    ca.resolve(FAILING, "127.0.0.9")
    httpd.guard.expect(FAILING)
    since = httpd.mark()
    httpd.manage(NAME, OTHER, FAILING).serve(OTHER).serve(FAILING)
    httpd.graceful()
    httpd.wait_staged(OTHER)
    httpd.wait_log(rf"jprs_acme:(warn|error).*{FAILING}", since)
    yield httpd
    ca.resolve_normally(FAILING)


def test_server_status_has_a_section_with_every_domain(running):
    status, _, body = running.get("/server-status")
    page = body.decode("latin-1")
    assert status == 200
    for name in (NAME, OTHER, FAILING):
        assert name in page
    assert "127.0.0.9" in page or "connect" in page, "the last error is shown"


def test_server_status_auto_has_keys(running):
    body = running.get("/server-status?auto")[2].decode("latin-1")
    keys = dict(re.findall(r"^(JprsAcme\w*): (.*)$", body, re.M))
    assert keys, body
    assert not re.search(r"<\w+", "".join(keys.values())), "no HTML in ?auto"


def test_cli_status_names_state_validity_and_last_error(running):
    done = cli.run(running, "status")
    assert done.returncode == 1, "a problem is found: one domain fails"
    for name in (NAME, OTHER, FAILING):
        assert name in done.stdout
    assert done.stderr == ""


def test_cli_status_of_one_domain(running):
    done = cli.run(running, "status", NAME)
    assert done.returncode == 0 and NAME in done.stdout and FAILING not in done.stdout
    assert cli.run(running, "status", FAILING).returncode == 1
    assert cli.run(running, "status", "unknown.example.jp").returncode != 0


def test_cli_status_json(running):
    report = cli.status(running)
    domains = {domain["name"]: domain for domain in report["domains"]}
    assert set(domains) == {NAME, OTHER, FAILING}
    assert NAME in domains[NAME]["names"]
    states = [domains[name]["state"] for name in (NAME, OTHER, FAILING)]
    assert len(set(states)) == 3, states
    assert "error" in json.dumps(domains[FAILING])


def test_cli_status_works_while_the_server_is_stopped(running):
    running.stop()
    assert NAME in cli.run(running, "status").stdout
    running.start()


def test_cli_speaks_japanese(running):
    text = cli.run(running, "status", env={"LC_ALL": "ja_JP.UTF-8"}).stdout
    assert re.search("[\u3040-\u30ff\u4e00-\u9fff]", text)
    assert not re.search("[\u3040-\u30ff\u4e00-\u9fff]", cli.run(running, "status").stdout)


def test_cli_version_and_help(running):
    assert re.search(r"\d+\.\d+\.\d+", cli.run(running, "version").stdout)
    text = cli.run(running, "--help")
    assert text.returncode == 0
    for command in ("status", "errors", "version"):
        assert command in text.stdout


def test_cli_errors_is_a_catalogue(running):
    done = cli.run(running, "errors")
    assert done.returncode == 0 and "rejectedIdentifier" in done.stdout
    assert json.loads(cli.run(running, "errors", "--json").stdout)
    for word, text in (("JA0013", "waits: for the OCSP responder"), ("JA0110", "EAB's file"),
                       ("compound", "about several names"), ("orders wait", "Retry-After")):
        done = cli.run(running, "errors", word)
        assert done.returncode == 0 and text in done.stdout, word
    assert cli.run(running, "errors", "JA0999").returncode == 1


@pytest.mark.parametrize("arguments", [["nonsense"], ["status", "--nonsense"], []])
def test_cli_usage_errors_exit_with_2(running, arguments):
    done = cli.run(running, *arguments)
    assert done.returncode == 2 and done.stderr


def test_cli_without_a_store_says_so(running):
    done = subprocess.run([paths.cli(), "--store", "/nonexistent", "status"],
                          capture_output=True, text=True, timeout=20)
    assert done.returncode == 1 and "/nonexistent" in done.stderr
