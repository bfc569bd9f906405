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

NAME = "www.example.jp"


class Demo:
    def __init__(self):
        self.begin = time.monotonic()
        self.ca = self.httpd = None

    def say(self, text):
        print(f"\n[{time.monotonic() - self.begin:5.1f} s] {text}", flush=True)

    @staticmethod
    def show(title, text):
        print(f"    --- {title}")
        for line in text.rstrip().splitlines():
            print(f"    {line}")
        sys.stdout.flush()

    def command(self, *argv, feed=None):
        """Run it and show it with its output, so that it can be repeated by hand."""
        argv = [str(arg) for arg in argv]
        done = subprocess.run(argv, input=feed, stdin=None if feed else subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=30)
        self.show(f"$ {shlex.join(argv)}", done.stdout + done.stderr)
        return done

    def run(self):
        self.say("Starting a local CA (pebble, wants an EAB) and its DNS (pebble-challtestsrv)")
        self.ca = Ca().start()
        self.show("its directory", self.ca.directory_url)

        self.httpd = Httpd(self.ca)
        self.httpd.manage(NAME).serve(NAME)
        self.say(f"Starting httpd with mod_jprs_acme, in {self.httpd.root}")
        self.httpd.start()
        self.show("conf/acme.conf: all that was configured", self.httpd.acme)

        self.say(f"Waiting for {NAME}: account by EAB, order, http-01, certificate")
        self.httpd.wait_staged(NAME, timeout=60)
        self.say("Staged. apachectl graceful lets it go live")
        self.httpd.graceful()

        cert = self.httpd.served(NAME)      # verified: chain, name, dates
        self.say(f"https://{NAME} is served with a certificate of the CA")
        self.show_certificate()
        assert self.ca.certificate_status(cert)["Status"] == "Valid"
        self.show_status()

    def show_certificate(self):
        roots = self.httpd.root / "ca-roots.pem"
        roots.write_text(self.ca.roots_pem)
        port = self.httpd.https_port
        done = self.command("curl", "-sS", "--noproxy", "*", "--cacert", roots, "--resolve",
                            f"{NAME}:{port}:127.0.0.1", f"https://{NAME}:{port}/")
        if done.returncode:
            raise RuntimeError("curl does not accept the certificate")
        chain = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", NAME],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30).stdout
        self.command("openssl", "x509", "-noout", "-subject", "-issuer", "-dates", "-ext",
                     "subjectAltName", feed=chain)

    def show_status(self):
        self.say(f"Status page: http://127.0.0.1:{self.httpd.http_port}/server-status")
        self.command(paths.cli(), "--store", self.httpd.store.path, "status")

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
        if self.httpd:
            self.httpd.stop()
            if not keep:
                self.httpd.remove()
        if self.ca:
            self.ca.stop()


def main(arguments):
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    demo, failed = Demo(), False
    try:
        demo.run()
        if "--once" not in arguments:
            demo.say("Running until Ctrl-C. Have a look around.")
            signal.pause()
    except KeyboardInterrupt:
        print("\nStopping.")
    except Exception as error:              # pylint: disable=broad-except
        failed = True
        demo.explain(error)
    finally:
        demo.clean(keep=failed)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
