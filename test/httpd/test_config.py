"""httpd -t says what is wrong, where, and what is allowed; and leaves no trace."""

import os
import stat

import pytest

from harness import conf

A, B = "www.example.jp", "mail.example.jp"
LONG_LABEL = "a" * 64 + ".example.jp"
LONG_NAME = ".".join(["a" * 60] * 4) + ".example.jp"     # 254 octets
LIMIT_NAME = ".".join(["a" * 60] * 4) + ".example"       # 251
SEVEN = " ".join(f"admin{n}@example.jp" for n in range(7))
HMAC = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldCE"

# What the violation is -> (lines, line number of the complaint among them, what it must say).
# The lines follow Store, CA and so on; a directive named here replaces the usual one.
BAD = {
    "name in two domains": (
        [f"ManagedDomain {A} {B}", f"ManagedDomain {B}"], 2, [B]),
    "name in two domains, other case": (
        [f"ManagedDomain {A}", f"ManagedDomain {A.upper()}"], 2, [A]),
    "same name as U-label and as A-label": (
        ["ManagedDomain 日本語.jp", "ManagedDomain xn--wgv71a119e.jp"], 2,
        ["xn--wgv71a119e.jp"]),
    "same name with a final dot": (
        [f"ManagedDomain {A}", f"ManagedDomain {A}."], 2, [A]),
    "domains of one CA that disagree on the account": (
        [f"ManagedDomain {A}", f"<ManagedDomain {B}>", "ManagedDomainContact other@example.jp",
         "</ManagedDomain>"], 2, ["ManagedDomainContact"]),
    "name twice in one domain": ([f"ManagedDomain {A} {A}"], 1, [A]),
    "name twice, other case": ([f"ManagedDomain {A} WWW.Example.JP"], 1, [A]),
    "no name": (["ManagedDomain"], 1, ["ManagedDomain"]),
    "section without a name": (["<ManagedDomain>", "</ManagedDomain>"], 1, ["ManagedDomain"]),
    "unclosed section": ([f"<ManagedDomain {A}>"], None, ["ManagedDomain"]),
    "unknown directive in a section": (
        [f"<ManagedDomain {A}>", "ManagedDomainNonsense on", "</ManagedDomain>"], 2,
        ["ManagedDomainNonsense"]),
    "underscore": (["ManagedDomain a_b.example.jp"], 1, ["a_b.example.jp"]),
    "leading hyphen": (["ManagedDomain -a.example.jp"], 1, ["-a.example.jp"]),
    "trailing hyphen": (["ManagedDomain a-.example.jp"], 1, ["a-.example.jp"]),
    "empty label": (["ManagedDomain a..example.jp"], 1, ["a..example.jp"]),
    "leading dot": (["ManagedDomain .example.jp"], 1, [".example.jp"]),
    "slash": (["ManagedDomain ../example.jp"], 1, ["../example.jp"]),
    "address": (["ManagedDomain 192.0.2.1"], 1, ["192.0.2.1"]),
    "URL": ([f"ManagedDomain https://{A}/"], 1, [f"https://{A}/"]),
    "label of 64 octets": ([f"ManagedDomain {LONG_LABEL}"], 1, ["63"]),
    "name of 254 octets": ([f"ManagedDomain {LONG_NAME}"], 1, ["253"]),
    "asterisk inside": (["ManagedDomain a.*.example.jp"], 1, ["*"]),
    "asterisk as part of a label": (["ManagedDomain a*.example.jp"], 1, ["*"]),
    "wildcard with http-01": (["ManagedDomain *.example.jp"], 1, ["*.example.jp", "dns-01"]),
    "no contact address": (["ManagedDomainContact", f"ManagedDomain {A}"], 1,
                           ["ManagedDomainContact"]),
    "seven contacts": ([f"ManagedDomainContact {SEVEN}", f"ManagedDomain {A}"], 1,
                       ["ManagedDomainContact", "6"]),
    "contact twice": (["ManagedDomainContact a@example.jp A@Example.jp", f"ManagedDomain {A}"], 1,
                      ["ManagedDomainContact"]),
    "contact without @": (["ManagedDomainContact nobody", f"ManagedDomain {A}"], 1, ["nobody"]),
    "agreement not accepted": (["ManagedDomainAgreement yes", f"ManagedDomain {A}"], 1,
                               ["accepted"]),
    "CA over plain http": (["ManagedDomainCA http://ca.example.jp/dir", f"ManagedDomain {A}"], 1,
                           ["ManagedDomainCA", "https"]),
    "CA that is no URL": (["ManagedDomainCA letsencrypt", f"ManagedDomain {A}"], 1,
                          ["ManagedDomainCA", "jprs"]),
    "CA certificates missing": (["ManagedDomainCACertificateFile /nonexistent.pem",
                                 f"ManagedDomain {A}"], 1, ["/nonexistent.pem"]),
    "store not absolute": (["ManagedDomainStore var/lib", f"ManagedDomain {A}"], 1,
                           ["ManagedDomainStore"]),
    "EAB not base64url": (["ManagedDomainExternalAccount kid-1 not+base64url/at=all",
                           f"ManagedDomain {A}"], 1, ["ManagedDomainExternalAccount"]),
    "EAB of 15 bytes": (["ManagedDomainExternalAccount kid-1 c2hvcnQtc2hvcnQtc2hv",
                         f"ManagedDomain {A}"], 1, ["ManagedDomainExternalAccount", "16"]),
    "EAB without HMAC": (["ManagedDomainExternalAccount kid-1", f"ManagedDomain {A}"], 1,
                         ["ManagedDomainExternalAccount"]),
    "EAB file missing": (["ManagedDomainExternalAccount file:/nonexistent/eab",
                          f"ManagedDomain {A}"], 1, ["/nonexistent/eab"]),
    "unknown challenge": (["ManagedDomainChallenges http-02", f"ManagedDomain {A}"], 1,
                          ["http-02", "http-01"]),
    "unknown key type": (["ManagedDomainKeys rsa1024", f"ManagedDomain {A}"], 1,
                         ["rsa1024", "rsa2048"]),
    "key type twice": (["ManagedDomainKeys p256 P256", f"ManagedDomain {A}"], 1, ["p256"]),
    "renew before 0": (["ManagedDomainRenewBefore 0", f"ManagedDomain {A}"], 1,
                       ["ManagedDomainRenewBefore"]),
    "renew before 30, of what?": (["ManagedDomainRenewBefore 30", f"ManagedDomain {A}"], 1,
                                  ["30", "unit", "30d"]),
    "renew before 0 %": (["ManagedDomainRenewBefore 0%", f"ManagedDomain {A}"], 1,
                         ["ManagedDomainRenewBefore"]),
    "renew before 100 %": (["ManagedDomainRenewBefore 100%", f"ManagedDomain {A}"], 1,
                           ["ManagedDomainRenewBefore"]),
    "renew before 133 %": (["ManagedDomainRenewBefore 133%", f"ManagedDomain {A}"], 1,
                           ["ManagedDomainRenewBefore"]),
    "renew before -1d": (["ManagedDomainRenewBefore -1d", f"ManagedDomain {A}"], 1,
                         ["ManagedDomainRenewBefore"]),
    "renew before nonsense": (["ManagedDomainRenewBefore soon", f"ManagedDomain {A}"], 1,
                              ["soon"]),
    "renew mode": (["ManagedDomainRenew never", f"ManagedDomain {A}"], 1, ["never", "auto"]),
    "activation": (["ManagedDomainActivation now", f"ManagedDomain {A}"], 1, ["now", "graceful"]),
    "concurrency 0": (["ManagedDomainConcurrency 0", f"ManagedDomain {A}"], 1,
                      ["ManagedDomainConcurrency"]),
    "concurrency no number": (["ManagedDomainConcurrency many", f"ManagedDomain {A}"], 1,
                              ["many"]),
    "directive twice": (["ManagedDomainKeys p256", "ManagedDomainKeys p384",
                         f"ManagedDomain {A}"], 2, ["ManagedDomainKeys"]),
}


def _place(httpd, lines):
    """Write the usual directives, less those that the lines set, then the lines.

    -> the number of the first of the lines in acme.conf.
    """
    own = {line.split()[0].removeprefix("ManagedDomain") for line in lines
           if line.startswith("ManagedDomain")} - {""}
    httpd.manage(**{name: None for name in own})
    first = httpd.acme.count("\n") + 1
    httpd.acme += "".join(f"{line}\n" for line in lines)
    return first


def _complaint(httpd):
    done = httpd.test_config()
    assert done.returncode != 0, f"accepted:\n{httpd.acme}\n{done.stdout}"
    httpd.guard.tolerate(".*", "this server is never started; its output is what is tested")
    return done.stdout


def _assert_place(output, file, line):
    spots = (f"line {line} of {file}", f"{file}:{line}")
    assert any(spot in output for spot in spots), f"no {spots[1]} in:\n{output}"


@pytest.mark.parametrize("lines, line, says", BAD.values(), ids=BAD.keys())
def test_violation_is_reported_with_file_and_line(httpd, lines, line, says):
    first = _place(httpd, lines)
    output = _complaint(httpd)
    if line:
        _assert_place(output, httpd.root / "conf/acme.conf", first + line - 1)
    for word in says:
        assert word.lower() in output.lower(), output
    assert HMAC not in output


def test_all_violations_are_reported_at_once(httpd):
    first = _place(httpd, [f"ManagedDomain {A}", f"ManagedDomain {A} {B}", f"ManagedDomain {B}"])
    output = _complaint(httpd)
    for line in (1, 2):
        _assert_place(output, httpd.root / "conf/acme.conf", first + line)


@pytest.mark.parametrize("missing", ["Agreement", "Contact"])
def test_missing_directive_is_reported(httpd, missing):
    httpd.manage(A, **{missing: None})
    output = _complaint(httpd)
    assert f"ManagedDomain{missing}" in output and A in output
    assert "acme.conf" in output


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_eab_file_that_others_can_read_is_refused(httpd, mode):
    httpd.manage(A)
    os.chmod(httpd.eab_file, mode)
    output = _complaint(httpd)
    assert str(httpd.eab_file) in output and "600" in output


@pytest.mark.parametrize("content", [
    "", "kid-only\n", "kid\nnot+base64url/=\n", "kid\nc2hvcnQ\n", "{\"kid\": 1}", "x" * 100000])
def test_eab_file_with_other_content_is_refused_without_showing_it(httpd, content):
    httpd.manage(A)
    httpd.write_private(httpd.eab_file, content)
    output = _complaint(httpd)
    assert str(httpd.eab_file) in output
    assert "c2hvcnQ" not in output and "not+base64url" not in output


# How an EAB is spoilt on its way from the reseller's mail -> as words of the directive, as a file,
# and what both complaints must say; None: not possible in that form.
FULL_WIDTH = "ｃ" + HMAC[1:]
SPOILT_EABS = {
    "interchanged": (f"{HMAC} kid-1", f"{HMAC}\nkid-1\n", ["interchanged", "key id first"]),
    "blank in the key id": (f'"kid 1" {HMAC}', f"kid 1\n{HMAC}\n", ["key id has a blank"]),
    "blank in the key": (f'kid-1 "{HMAC[:20]} {HMAC[20:]}"', f"kid-1\n{HMAC[:20]} {HMAC[20:]}\n",
                         ["HMAC key has a blank", "position 21", "without any"]),
    "full-width blank": (f"kid-1 {HMAC}\u3000", f"kid-1\n{HMAC}\u3000\n", ["full-width blank"]),
    "words that fell apart": (f"kid-1 {HMAC[:20]} {HMAC[20:]}", None,
                              ["3 words", "without blanks"]),
    "line break in the key": ("kid-1", f"kid-1\n{HMAC[:20]}\n{HMAC[20:]}\n", ["line"]),
    "byte order mark": (f"\ufeffkid-1 {HMAC}", f"\ufeffkid-1\n{HMAC}\n",
                        ["byte order mark", "BOM"]),
    "full-width characters": (f"kid-1 {FULL_WIDTH}", f"kid-1\n{FULL_WIDTH}\n",
                              ["HMAC key has a full-width character", "half-width"]),
    "full-width key id": (f"ｋid-1 {HMAC}", f"ｋid-1\n{HMAC}\n",
                          ["key id has a full-width character", "position 1"]),
    "standard base64, +": (f"kid-1 {HMAC[:-3]}+CE", f"kid-1\n{HMAC[:-3]}+CE\n",
                           ["standard base64", "base64url", '"-" for "+"']),
    "standard base64, /": (f"kid-1 {HMAC[:-3]}/CE", f"kid-1\n{HMAC[:-3]}/CE\n",
                           ["standard base64", '"_" for "/"']),
    "standard base64, =": (f"kid-1 {HMAC}=", f"kid-1\n{HMAC}=\n",
                           ["standard base64", 'without "="']),
    "typographic dash": (f"kid-1 {HMAC}–", f"kid-1\n{HMAC}–\n", ["typographic dash"]),
}


@pytest.mark.parametrize("words, file, says", SPOILT_EABS.values(), ids=SPOILT_EABS.keys())
def test_spoilt_eab_is_named_with_what_to_write_instead(httpd, words, file, says):
    for form in filter(None, (words, file)):
        value = words
        if form is file:
            httpd.write_private(httpd.eab_file, file)
            value = f"file:{httpd.eab_file}"
        first = _place(httpd, [f"ManagedDomainExternalAccount {value}", f"ManagedDomain {A}"])
        output = _complaint(httpd)
        _assert_place(output, httpd.root / "conf/acme.conf", first)
        for word in says + ([str(httpd.eab_file)] if form is file else []):
            assert word in output, output
        assert HMAC[1:20] not in output


def test_eab_file_in_utf_16_is_named(httpd):
    httpd.manage(A)
    httpd.eab_file.write_bytes(f"kid-1\r\n{HMAC}\r\n".encode("utf-16"))
    output = _complaint(httpd)
    assert "UTF-16" in output and str(httpd.eab_file) in output


def test_hmac_in_the_configuration_is_never_printed(httpd):
    bad = HMAC + "!"
    _place(httpd, [f"ManagedDomainExternalAccount kid-1 {bad}", f"ManagedDomain {A}"])
    assert HMAC not in _complaint(httpd)


def test_misprint_of_the_jprs_directory_is_shown_the_right_one(httpd):
    _place(httpd, ["ManagedDomainCA https://acme.amecert.jp/DV/getDirectory",
                   f"ManagedDomain {A}"])
    assert "https://acme.amecert.jprs.jp/DV/getDirectory" in _complaint(httpd)


def test_name_that_mod_md_manages_too_is_refused(make_httpd, ca):
    httpd = make_httpd(ca, modules=["md"])
    httpd.manage(A)
    httpd.sites = f'MDStoreDir "{httpd.root}/md"\nMDomain {A}\n'
    output = _complaint(httpd)
    assert A in output and "MDomain" in output


def test_other_names_may_be_mod_md_s(make_httpd, ca):
    httpd = make_httpd(ca, modules=["md"])
    httpd.manage(A)
    httpd.sites = f'MDStoreDir "{httpd.root}/md"\nMDomain {B}\n'
    assert httpd.test_config().returncode == 0, httpd.console


def test_virtual_host_whose_names_belong_to_two_domains_is_refused(httpd):
    """It can serve only one certificate for all its names."""
    httpd.manage(A, B)
    httpd.serve(A, B)
    output = _complaint(httpd)
    assert A in output and B in output
    assert "sites.conf" in output


def test_virtual_host_not_fully_covered_is_a_warning_that_names_the_rest(httpd):
    httpd.manage(A).serve(A, "blog.example.jp", "shop.example.jp")
    done = httpd.test_config()
    assert done.returncode == 0
    warning = [line for line in done.stdout.splitlines() if ":warn]" in line]
    assert warning and all(name in " ".join(warning)
                           for name in ("blog.example.jp", "shop.example.jp"))
    httpd.guard.expect("blog.example.jp")


@pytest.mark.parametrize("lines", [
    [f"ManagedDomain {A}, {B} example.jp"],
    [f"<ManagedDomain {A} {B}>", "ManagedDomainKeys p384 rsa3072", "ManagedDomainRenewBefore 20%",
     "</ManagedDomain>"],
    [f"ManagedDomain {LIMIT_NAME}"],
    ["ManagedDomain " + "a" * 63 + ".example.jp"],
    ["ManagedDomain xn--wgv71a119e.jp"],
    ["ManagedDomain 日本語.jp"],
    ["ManagedDomain www.example.jp."],
    [f"ManagedDomainExternalAccount kid-1 {HMAC}", f"ManagedDomain {A}"],
    ["ManagedDomainExternalAccount none", f"ManagedDomain {A}"],
    ["ManagedDomainRenewBefore 30d", f"ManagedDomain {A}"],
    ["ManagedDomainRenewBefore 99%", f"ManagedDomain {A}"],
    ["ManagedDomainCA jprs", f"ManagedDomain {A}"],
    ["ManagedDomainContact a@example.jp b@example.jp c@example.jp d@example.jp "
     "e@example.jp f@example.jp", f"ManagedDomain {A}"],
    ["ManagedDomainConcurrency 1", "ManagedDomainRenew always", "ManagedDomainActivation manual",
     "ManagedDomainChallenges http-01", f"ManagedDomain {A}"],
    [],
])
def test_valid_configuration_is_accepted_in_silence(httpd, lines):
    _place(httpd, lines)
    if not any("ManagedDomainRenew " in line for line in lines):
        httpd.acme = "ManagedDomainRenew always\n" + httpd.acme    # no virtual host uses it
    done = httpd.test_config()
    assert (done.returncode, done.stdout.strip()) == (0, "Syntax OK"), done.stdout


def test_domain_that_no_virtual_host_uses_is_a_notice_that_says_what_to_do(httpd):
    first = _place(httpd, [f"ManagedDomain {A}"])
    done = httpd.test_config()
    (notice,) = [line for line in done.stdout.splitlines() if "jprs_acme:" in line]
    assert "jprs_acme:notice]" in notice and "ManagedDomainRenew" in notice
    _assert_place(notice, httpd.root / "conf/acme.conf", first)
    assert done.returncode == 0


def test_module_without_any_directive_is_silent(make_httpd, ca):
    httpd = make_httpd(ca)
    httpd.start()
    assert httpd.get("/")[0] == 200


def test_dry_run_has_no_side_effects(httpd, ca):
    httpd.manage(A).serve(A)
    since = ca.mark()
    assert httpd.test_config().returncode == 0
    assert not httpd.store.path.exists()
    assert ca.requests(since) == []

    httpd.obtain(A)
    httpd.stop()
    before = httpd.store.snapshot()
    assert httpd.test_config().returncode == 0
    assert httpd.store.snapshot() == before


def test_dry_run_beside_a_running_server_changes_nothing(httpd):
    httpd.manage(A).serve(A).start()
    httpd.wait_staged(A)
    inode = httpd.store.staging(A).stat().st_ino
    assert httpd.test_config().returncode == 0
    assert httpd.store.is_staged(A) and httpd.store.staging(A).stat().st_ino == inode
    assert httpd.store.cert(A) is None


def test_broken_directive_keeps_a_graceful_from_happening(httpd):
    httpd.manage(A).serve(A)
    (cert,) = httpd.obtain(A)
    httpd.manage(A, Keys="nonsense")
    httpd.write()
    assert httpd.apache2("-k", "graceful", check=False).returncode != 0
    assert httpd.served(A) == cert


def test_store_directory_modes_for_the_world(httpd):
    httpd.manage(A).serve(A).start()
    httpd.wait_registered()
    mode = stat.S_IMODE((httpd.store.path / "accounts").stat().st_mode)
    assert mode & 0o077 == 0


def test_section_overrides_the_defaults(httpd):
    httpd.manage(A, conf.domain(B, Keys="rsa2048")).serve(A).serve(B)
    httpd.obtain(A, B)
    assert httpd.served(A, only="ec") and httpd.served(B, only="rsa")
