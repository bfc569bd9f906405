"""The server-status section as a person sees it, in a real browser."""

import json
import tempfile

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

NAME = "www.example.jp"


@pytest.fixture
def browser():
    with tempfile.TemporaryDirectory(prefix="jprs-acme-browser-") as profile:
        options = Options()
        options.binary_location = "/usr/bin/chromium"
        # The flags keep it from calling home: there is no way out from here.
        for flag in ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
                     "--no-first-run", "--disable-background-networking",
                     "--disable-component-update", "--disable-sync",
                     f"--user-data-dir={profile}"):
            options.add_argument(flag)
        driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        yield driver
        driver.quit()


def test_section_shows_domain_and_state(httpd, browser):
    httpd.manage(NAME).serve(NAME)
    (cert,) = httpd.obtain(NAME)
    browser.get(f"http://127.0.0.1:{httpd.http_port}/server-status")
    text = browser.find_element(By.TAG_NAME, "body").text
    assert "Apache Server Status" in text
    rows = browser.find_elements(By.XPATH, f"//tr[td[contains(., '{NAME}')]]")
    row = next(row.text for row in rows if cert.not_valid_after.strftime("%Y-%m-%d") in row.text)
    assert "valid" in row.lower() or "good" in row.lower()


def test_text_of_the_ca_cannot_become_html(httpd, front, browser):
    """The problem document is outside data: on a page it is escaped."""
    evil = "<script>alert(1)</script>"

    def refuse(status, headers, body):
        problem = {"type": "urn:ietf:params:acme:error:rejectedIdentifier", "detail": evil}
        kept = [(name, value) for name, value in headers if name.lower() != "content-type"]
        return 400, kept + [("Content-Type", "application/problem+json")], \
            json.dumps(problem).encode()
    httpd.front = front
    front.edit("newOrder", refuse)
    httpd.guard.expect("rejectedIdentifier|JA0414")
    httpd.manage(NAME).serve(NAME).start()
    httpd.wait_log("rejectedIdentifier|JA0414")
    assert evil not in httpd.get("/server-status")[2].decode("latin-1")
    browser.get(f"http://127.0.0.1:{httpd.http_port}/server-status")
    assert evil in browser.find_element(By.TAG_NAME, "body").text
