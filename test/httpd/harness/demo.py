"""The quickstart's second half: a local CA, a server, a certificate, all of it shown.

Run by ./quickstart as root: python3 -m harness.demo [--once]
"""

import shlex
import signal
import subprocess
import sys
import time

from . import paths
from .ca import Ca
from .httpd import Httpd
from .wait import until

NAME = "www.example.jp"


class Demo:
    def __init__(self):
        self.begin = time.monotonic()
        self.ca = self.httpd = None
        self.is_shown = False

    def say(self, text):
        print(f"\n[{time.monotonic() - self.begin:5.1f} s] {text}", flush=True)

    @staticmethod
    def show(title, text):
        print(f"    --- {title}")
        for line in text.rstrip().splitlines():
            print(f"    {line}")
        sys.stdout.flush()

    def command(self, line):
        """Run it and show it with its output, so that it can be repeated by hand."""
        done = subprocess.run(line, shell=True, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=30)
        self.show(f"$ {line}", done.stdout + done.stderr)
        if done.returncode:
            raise RuntimeError(f"exit status {done.returncode} of: {line}")

    def run(self):
        self.say("Starting a local CA (pebble, wants an EAB) and its DNS (pebble-challtestsrv)")
        self.ca = Ca().start()
        self.show("its directory", self.ca.directory_url)

        self.httpd = Httpd(self.ca)
        self.httpd.manage(NAME, Activation=None).serve(NAME)
        self.say(f"Starting httpd with mod_jprs_acme, in {self.httpd.root}")
        self.httpd.start()
        pids = self.httpd.pids()
        self.show("conf/acme.conf: what the module was told", self.httpd.acme)
        self.show("conf/sites.conf: the site", self.httpd.sites)

        self.say(f"Waiting for {NAME}: account by EAB, order, http-01, certificate")
        self.httpd.wait_log("JA0006: staged", timeout=60)
        self.say("Staged by www-data. It goes live by itself: root's parent looks every 10 s")
        until(self.is_served, "the certificate to be served", 30)
        self.say(f"https://{NAME} is served with a certificate of the CA")
        self.show("processes of httpd", f"at the start  {pids}\nnow           {self.httpd.pids()}")
        self.show_certificate()

        self.say("Waiting until the module has found out as a client that it is served")
        self.httpd.wait_log("JA0012: verified", timeout=60)
        self.show("logs/error_log: what the module said", "\n".join(self.events()))
        self.command(shlex.join([str(paths.cli()), "--store", str(self.httpd.store.path),
                                 "status"]))
        self.show("status page, section Managed Domains", self.status_page())
        self.is_shown = True

    def is_served(self):
        """By a chain, a name and dates that a client accepts; and the CA knows it."""
        cert = self.httpd.served(NAME)
        return cert and self.ca.certificate_status(cert)["Status"] == "Valid"

    def events(self):
        """The module's lines of the error log, without the time and process."""
        return [line.partition("] [jprs_acme:")[2].replace("] [", " ", 1).partition("] ")[2]
                for line in self.httpd.error_log().splitlines()
                if "[jprs_acme:" in line and "[jprs_acme:debug]" not in line]

    def status_page(self):
        return f"http://127.0.0.1:{self.httpd.http_port}/server-status"

    def show_certificate(self):
        roots = self.httpd.root / "ca-roots.pem"
        roots.write_text(self.ca.roots_pem)
        port = self.httpd.https_port
        self.command(f"curl -sS --noproxy '*' --cacert {roots} "
                     f"--resolve {NAME}:{port}:127.0.0.1 https://{NAME}:{port}/")
        self.command(f"openssl s_client -connect 127.0.0.1:{port} -servername {NAME} "
                     "</dev/null 2>/dev/null |\n      openssl x509 -noout -subject -issuer -dates "
                     "-ext subjectAltName")

    def explain(self, error):
        """What was said last, for whoever has to find out why."""
        print(f"\nFAILED: {error}", file=sys.stderr)
        if self.httpd:
            self.show("apache2's output", self.httpd.console)
            self.show(f"end of {self.httpd.root}/logs/error_log",
                      "\n".join(self.httpd.error_log().splitlines()[-40:]))
        if self.ca:
            self.show("end of pebble's log",
                      "\n".join(self.ca.pebble.output().splitlines()[-20:]))

    def clean(self, keep):
        signal.signal(signal.SIGINT, signal.SIG_IGN)    # a second Ctrl-C would leave half of it
        if self.httpd:
            self.httpd.stop()
            if not keep:
                self.httpd.remove()
        if self.ca:
            self.ca.stop()


def main(arguments):
    """-> exit status: 0 shown, 1 failed, 130 interrupted before that."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    demo, failed = Demo(), False
    try:
        demo.run()
        if "--once" not in arguments:
            demo.say(f"Running until Ctrl-C. Have a look around: {demo.status_page()}\n"
                     f"          logs, configuration and store are in {demo.httpd.root}")
            signal.pause()
    except KeyboardInterrupt:
        print("\nStopping.")
    except Exception as error:              # pylint: disable=broad-except
        failed = True
        demo.explain(error)
    finally:
        demo.clean(keep=failed)
    return 1 if failed else 0 if demo.is_shown else 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
