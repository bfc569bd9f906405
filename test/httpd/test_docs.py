"""The examples in the documents: each of them is a configuration that httpd takes."""

import re

import pytest

from harness import paths

DIRECTIVES = paths.TOP / "docs/directives.md"


def examples():
    return re.findall(r"^```apache\n(.*?)^```", DIRECTIVES.read_text(), re.M | re.S)


def test_there_is_an_example_for_every_directive():
    text = DIRECTIVES.read_text()
    sections = re.findall(r"^### (ManagedDomain\w+)$", text, re.M)
    assert len(sections) >= 12
    for name in sections:
        assert any(re.search(rf"^{name}\b", example, re.M) for example in examples()), name


@pytest.mark.parametrize("example", examples(), ids=lambda text: text.split()[0])
def test_example_is_taken(make_httpd, ca, example):
    httpd = make_httpd(ca)
    (httpd.root / "conf/private-ca.pem").write_text(ca.anchor_file.read_text())
    httpd.acme = example.replace("/etc/jprs-acme/eab", str(httpd.eab_file))
    if "VirtualHost" in example:
        httpd.acme = httpd.acme.replace("*:443", f"*:{httpd.https_port}")
    done = httpd.test_config()
    assert done.returncode == 0, done.stdout
    assert "Syntax OK" in done.stdout
