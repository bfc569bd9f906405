"""The way of http-01: pending tokens are answered before everything else, others never.

All sites of one server have a pending token each: the front keeps the requests from the CA that
would tell it to come, so the tokens stay pending for as long as this file needs.
"""

import json
import subprocess
from types import SimpleNamespace

import pytest

from harness import conf, jwk, rawhttp, tlsclient
from harness.wait import until

# name -> what its virtual host does with every request
HOSTS = {
    "plain.example.jp": "",
    "redirect.example.jp": "Redirect permanent / https://elsewhere.example.jp/",
    "rewrite.example.jp": "RewriteEngine on\nRewriteRule ^ https://elsewhere.example.jp/ [R=301,L]",
    "forbid.example.jp": "RewriteEngine on\nRewriteRule ^ - [F]",
    "gone.example.jp": "Redirect gone /",
    "proxy.example.jp": "ProxyPass / http://127.0.0.1:1/",
    "denied.example.jp": '<Location "/">\nRequire all denied\n</Location>',
    "auth.example.jp": '<Location "/">\nAuthType Basic\nAuthName closed\nAuthBasicProvider file\n'
                       'AuthUserFile /dev/null\nRequire valid-user\n</Location>',
    "alias.example.jp": "Alias /.well-known/acme-challenge/ /nonexistent/",
    "handler.example.jp": '<Location "/">\nSetHandler server-status\n</Location>',
}
# Managed, but with no virtual host of its own on the plain port.
ONLY_TLS = "only-tls.example.jp"
PREFIX = "/.well-known/acme-challenge/"


@pytest.fixture(scope="module")
def pending(make_shared_httpd, shared_front, ca):
    """A server whose sites all wait for their validation; see the names below."""
    httpd = make_shared_httpd(ca, front=shared_front, modules=(
        "proxy", "proxy_http", "http2", "auth_basic", "authn_core", "authn_file", "authz_user"))
    shared_front.answer_instead(
        "challenge", lambda url: {**shared_front.challenge(url), "status": "processing"})
    names = [*HOSTS, ONLY_TLS]
    httpd.manage(*names)
    httpd.sites = "Protocols h2c http/1.1\n"
    for name, rules in HOSTS.items():
        httpd.serve(name, extra=rules)
    httpd.sites += conf.vhost(httpd.https_port, ONLY_TLS, ssl=True)
    folder = httpd.root / "htdocs/.well-known/acme-challenge"
    folder.mkdir(parents=True)
    (folder / "of-another-client").write_text("another answer")
    httpd.guard.tolerate(r"\[(proxy|proxy_http|authz_core|auth_basic|authn_file|rewrite|alias|"
                         r"core|access_compat|http2):(warn|error)\]",
                         "requests that the sites' own rules refuse")
    httpd.start()
    until(lambda: set(shared_front.http01_tokens()) == set(names)
          and shared_front.count("challenge") >= len(names), "all challenges to be presented")
    (key_file,) = httpd.store.account_files("key.json")
    key = json.loads(key_file.read_text())
    tokens = shared_front.http01_tokens()
    answers = {name: jwk.key_authorization(token, key).encode() for name, token in tokens.items()}
    yield SimpleNamespace(httpd=httpd, port=httpd.http_port, tokens=tokens, answers=answers,
                          children=httpd.children())
    assert "exit signal" not in httpd.error_log(), "a child has crashed"


@pytest.mark.parametrize("name", HOSTS)
def test_pending_token_is_answered_before_the_site_s_own_rules(pending, name):
    status, headers, body = rawhttp.get(pending.port, name, PREFIX + pending.tokens[name])
    assert (status, body) == (200, pending.answers[name])
    assert headers["content-type"] == "application/octet-stream"


def test_rules_of_the_sites_are_in_force_otherwise(pending):
    def status(name):
        return rawhttp.get(pending.port, name, "/")[0]
    assert status("redirect.example.jp") == 301 and status("rewrite.example.jp") == 301
    assert status("forbid.example.jp") == 403 and status("denied.example.jp") == 403
    assert status("gone.example.jp") == 410 and status("auth.example.jp") == 401
    assert status("proxy.example.jp") == 503


def test_head_has_the_length_and_no_body(pending):
    name = "plain.example.jp"
    status, headers, body = rawhttp.get(pending.port, name, PREFIX + pending.tokens[name], "HEAD")
    assert (status, body) == (200, b"")
    assert headers["content-length"] == str(len(pending.answers[name]))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "BREW"])
def test_other_methods_get_no_key_authorization(pending, method):
    name = "plain.example.jp"
    reply = rawhttp.send(pending.port, f"{method} {PREFIX}{pending.tokens[name]} HTTP/1.1\r\n"
                         f"Host: {name}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    assert reply and pending.answers[name] not in reply[2]


def test_name_without_a_virtual_host_on_this_port_is_answered(pending):
    reply = rawhttp.get(pending.port, ONLY_TLS, PREFIX + pending.tokens[ONLY_TLS])
    assert (reply[0], reply[2]) == (200, pending.answers[ONLY_TLS])


def test_answered_over_tls_too_while_the_rest_is_503(pending):
    """A plain-HTTP redirect of another server in front may lead here."""
    name = "redirect.example.jp"
    port = pending.httpd.https_port
    reply = tlsclient.https_get(port, name, PREFIX + pending.tokens[name])
    assert (reply[0], reply[2]) == (200, pending.answers[name])
    assert tlsclient.https_get(port, name)[0] == 503


@pytest.mark.parametrize("name", ["plain.example.jp", "redirect.example.jp", "denied.example.jp"])
def test_answered_over_http2_without_tls(pending, name):
    url = f"http://{name}:{pending.port}{PREFIX}{pending.tokens[name]}"
    done = subprocess.run(["curl", "-sS", "--http2-prior-knowledge", "-w", "\n%{http_version}",
                           "--noproxy", "*", "--resolve", f"{name}:{pending.port}:127.0.0.1", url],
                          capture_output=True, timeout=20)
    assert done.stdout == pending.answers[name] + b"\n2", done.stderr


@pytest.mark.parametrize("host", ["redirect.example.jp", "internal.example.jp", "127.0.0.1"])
def test_host_does_not_matter(pending, host):
    """A load balancer may have changed it; the token itself is what nobody can guess."""
    name = "plain.example.jp"
    reply = rawhttp.get(pending.port, host, PREFIX + pending.tokens[name])
    assert (reply[0], reply[2]) == (200, pending.answers[name])


@pytest.mark.parametrize("host", ["PLAIN.Example.JP", "plain.example.jp:{port}",
                                  "plain.example.jp:80"])
def test_host_is_compared_as_dns_does(pending, host):
    name = "plain.example.jp"
    reply = rawhttp.get(pending.port, host.format(port=pending.port),
                        PREFIX + pending.tokens[name])
    assert (reply[0], reply[2]) == (200, pending.answers[name])


def test_absolute_form_uri_is_answered(pending):
    name = "plain.example.jp"
    reply = rawhttp.send(pending.port, f"GET http://{name}{PREFIX}{pending.tokens[name]} HTTP/1.1"
                         f"\r\nHost: {name}\r\nConnection: close\r\n\r\n")
    assert (reply[0], reply[2]) == (200, pending.answers[name])


def test_http_1_0_without_host_is_answered(pending):
    name = "plain.example.jp"
    reply = rawhttp.send(pending.port, f"GET {PREFIX}{pending.tokens[name]} HTTP/1.0\r\n\r\n")
    assert (reply[0], reply[2]) == (200, pending.answers[name])


def test_http_0_9_is_no_crash(pending):
    assert rawhttp.send(pending.port,
                        f"GET {PREFIX}{pending.tokens['plain.example.jp']}\r\n\r\n")


ODD = {
    "no token": "",
    "sub-path": "{token}/more",
    "trailing slash": "{token}/",
    "one character more": "{token}x",
    "one character less": "{cut}",
    "10 KiB token": "a" * 10240,
    "just below the request line limit": "a" * 7000,
    "129 characters": "a" * 129,
    "dot segments": "../acme-challenge/x",
    "encoded slash": "a%2Fb",
    "encoded zero": "{token}%00",
    "bytes above 127": "\xe3\x81\x82",
    "other alphabet": "{token}+/=",
}


@pytest.mark.parametrize("path", ODD.values(), ids=ODD.keys())
def test_odd_token_gets_a_defined_answer_and_no_key_authorization(pending, path):
    name = "plain.example.jp"
    token = pending.tokens[name]
    path = path.format(token=token, cut=token[:-1])
    status, _, body = rawhttp.get(pending.port, name, PREFIX + path)
    assert status in (400, 403, 404, 414)
    assert not any(answer in body for answer in pending.answers.values())


def test_query_string_does_not_matter(pending):
    name = "plain.example.jp"
    reply = rawhttp.get(pending.port, name, f"{PREFIX}{pending.tokens[name]}?a=b")
    assert reply[0] == 200 and reply[2] == pending.answers[name]


def test_keep_alive_connection_goes_on_or_is_closed_openly(pending):
    """Two requests in one connection: two answers, or an announced close after the first."""
    name = "plain.example.jp"
    path = PREFIX + pending.tokens[name]
    request = f"GET {path} HTTP/1.1\r\nHost: {name}\r\n"
    _, headers, rest = rawhttp.send(
        pending.port, f"{request}\r\n{request}Connection: close\r\n\r\n")
    assert headers.get("connection") == "close" or rest.count(pending.answers[name]) == 2


def test_unknown_token_is_left_to_the_rest_of_the_configuration(pending):
    reply = rawhttp.get(pending.port, "plain.example.jp", PREFIX + "of-another-client")
    assert (reply[0], reply[2]) == (200, b"another answer")
    assert rawhttp.get(pending.port, "plain.example.jp", PREFIX + "unknown")[0] == 404
    assert rawhttp.get(pending.port, "redirect.example.jp", PREFIX + "unknown")[0] == 301


def test_no_request_of_this_file_has_ended_a_child(pending):
    assert set(pending.children) <= set(pending.httpd.children())
