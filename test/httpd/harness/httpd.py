"""A real httpd: root parent, www-data children, everything of its own in a fresh directory."""

import contextlib
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import tempfile

from . import conf, errorlog, leaks, paths, rawhttp, tlsclient
from .ports import free_port, is_listening
from .processes import adopt_orphans, descendants, gone, is_alive, uid_of
from .store import Store
from .wait import until

WWW_DATA = pwd.getpwnam("www-data").pw_uid


class Httpd:
    """One server.  `acme` and `sites` are its configuration texts; start() writes them.

    ca:       what the default ManagedDomain directives point to, a Ca (see ca.py)
    front:    a Front before that CA, to be talked to instead
    modules:  Debian's modules to load besides the usual ones, by short name
    """

    def __init__(self, ca=None, front=None, mpm="event", modules=(), with_module=True,
                 http_port=None):
        self.ca, self.front, self.mpm = ca, front, mpm
        self.modules, self.with_module = tuple(modules), with_module
        self.http_port = http_port or (ca.http_port if ca else free_port())
        self.https_port = free_port()
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="jprs-acme-httpd-"))
        self.root.chmod(0o755)              # www-data has to reach the store
        for folder in ("conf", "run", "logs", "htdocs"):
            (self.root / folder).mkdir()
        (self.root / "conf/mime.types").write_text("text/html html\ntext/plain txt\n")
        (self.root / "htdocs/index.html").write_text("it works\n")
        self.store = Store(self.root / "store")
        self.eab_file = self.root / "conf/eab"
        if ca:
            self.write_private(self.eab_file, f"{ca.kid}\n{ca.hmac}\n")
        self.acme, self.sites = "", ""
        self.guard, self.watch = errorlog.Guard(), leaks.Watch()
        self.console = ""                   # what the apache2 command printed so far

    # -- configuration

    @staticmethod
    def write_private(path, text):
        path.write_text(text)
        path.chmod(0o600)

    def manage(self, *domains, **values):
        """Set `acme`: the usual directives, changed by values, and these domains.

        A domain is a name, a tuple of names, or text made by conf.domain().
        p256 keys unless told otherwise: RSA keys cost up to 0.2 s each. New sets wait for a restart
        unless told otherwise, so that a test decides when they go live; Activation=None leaves that
        to the module, which is what an operator gets.
        """
        usual = dict(Agreement="accepted", Contact="admin@example.jp", Keys="p256",
                     Activation="manual",
                     Store=f'"{self.store.path}"', ExternalAccount=f"file:{self.eab_file}")
        if self.ca:
            usual |= dict(CA=(self.front or self.ca).directory_url,
                          CACertificateFile=f'"{self.ca.anchor_file}"')
        self.acme = conf.directives(**{**usual, **values})
        for entry in domains:
            if isinstance(entry, str) and "ManagedDomain" in entry:
                self.acme += entry
            else:
                self.acme += conf.domain(*([entry] if isinstance(entry, str) else entry))
        return self

    def serve(self, name, *aliases, extra=""):
        """Add a site to `sites`: the same names on the plain and on the TLS port."""
        self.sites += conf.vhost(self.http_port, name, *aliases, extra=extra)
        self.sites += conf.vhost(self.https_port, name, *aliases, ssl=True, extra=extra)
        return self

    def write(self):
        (self.root / "conf/httpd.conf").write_text(conf.main(
            self.root, self.http_port, self.https_port, self.mpm, self.modules,
            self.with_module))
        (self.root / "conf/acme.conf").write_text(self.acme)
        (self.root / "conf/sites.conf").write_text(self.sites)

    # -- the apache2 command

    def apache2(self, *arguments, check=True):
        """Run it on our configuration; its output is kept for the guards."""
        done = subprocess.run(
            [paths.APACHE, "-d", self.root, "-f", self.root / "conf/httpd.conf", *arguments],
            env=paths.server_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=60, text=True, errors="replace")
        self.console += done.stdout
        assert not check or done.returncode == 0, \
            f"apache2 {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}"
        return done

    def test_config(self):
        self.write()
        return self.apache2("-t", check=False)

    def start(self):
        self.write()
        adopt_orphans()
        generation = self.generation()
        self.apache2("-k", "start")
        self._wait_generation(generation)
        return self

    def graceful(self):
        """A graceful restart with the configuration as it is now, until the new one serves."""
        self.write()
        generation = self.generation()
        self.apache2("-k", "graceful")
        self._wait_generation(generation)

    def stop(self):
        pids = self.pids()
        if pids:
            os.kill(pids[0], signal.SIGTERM)
            until(lambda: all(map(gone, pids)), "httpd to stop", 15)

    def restart(self):
        self.stop()
        self.start()

    def kill(self):
        """What a power failure does: no process gets a chance to say good-bye."""
        self.guard.tolerate("AH00098: pid file", "the next start finds the killed one's file")
        pids = self.pids()
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        until(lambda: all(map(gone, pids)), "killed processes to vanish")

    def kill_children(self):
        """As if they had crashed; the parent lives, and starts others."""
        for pid in self.children():
            os.kill(pid, signal.SIGKILL)

    @contextlib.contextmanager
    def frozen_children(self):
        """Those of now do nothing meanwhile; the parent may restart gracefully."""
        children = self.children()
        for pid in children:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in children:
                os.kill(pid, signal.SIGCONT)

    def pid(self):
        """The parent's, or None."""
        try:
            pid = int((self.root / "run/httpd.pid").read_text())
        except (FileNotFoundError, ValueError):
            return None
        # A stale file may name a stranger's process by now.
        command = pathlib.Path(f"/proc/{pid}/cmdline")
        ours = is_alive(pid) and str(self.root) in command.read_text()
        return pid if ours else None

    def pids(self):
        """Parent first, then all its children; empty if it does not run."""
        pid = self.pid()
        return [pid, *descendants(pid)] if pid else []

    def children(self):
        """The serving children: those that run as www-data."""
        return [pid for pid in self.pids()[1:] if uid_of(pid) == WWW_DATA]

    def generation(self):
        return self.error_log().count("resuming normal operations")

    def _wait_generation(self, before):
        until(lambda: self.generation() > before and is_listening(self.http_port),
              f"httpd to (re)start; its log ends:\n{self.error_log()[-2000:]}\n{self.console}")

    # -- what it says

    def error_log(self):
        return self._read("logs/error_log")

    def _read(self, name):
        path = self.root / name
        return path.read_text(errors="replace") if path.is_file() else ""

    def mark(self):
        """A position in the error log, to look from."""
        return len(self.error_log())

    def wait_log(self, pattern, since=0, timeout=20.0):
        """Until a line of the error log matches -> the match."""
        return until(lambda: re.search(pattern, self.error_log()[since:], re.M),
                     f"/{pattern}/ in the error log, which ends:\n{self.error_log()[-3000:]}",
                     timeout)

    def get(self, path, host="localhost", method="GET"):
        """Over plain HTTP -> (status, headers, body)."""
        reply = rawhttp.get(self.http_port, host, path, method)
        if reply:
            self.watch.public(f"reply to {method} {path}", reply[2])
        return reply

    def served(self, name, only=None, verify=True):
        """The certificate that a TLS client gets, verified against the CA's root."""
        return tlsclient.served(self.https_port, name,
                                self.ca.roots_pem if verify else None, only)

    def https(self, name, path="/"):
        """GET over TLS without verification -> (status, headers, body)."""
        return tlsclient.https_get(self.https_port, name, path)

    # -- the way to a certificate

    def wait_registered(self, timeout=20.0):
        until(self.store.is_registered, "the account's registration", timeout)

    def wait_staged(self, *names, timeout=30.0):
        for name in names:
            until(lambda: self.store.is_staged(name),
                  f"{name} to be staged; the error log ends:\n{self.error_log()[-3000:]}", timeout)

    def obtain(self, *names):
        """From a configured but stopped server to these domains' certificates being served."""
        self.start()
        self.wait_staged(*names)
        self.graceful()
        return [self.served(name) for name in names]

    # -- the end of a test

    def verdict(self):
        """Stop, and -> all complaints of the guards, a list of strings."""
        self.stop()
        self._collect_secrets()
        self.watch.public("error_log", self.error_log())
        self.watch.public("access_log", self._read("logs/access_log"))
        self.watch.public("output of apache2", self.console)
        readable = ["config.json", "journal.jsonl"]
        readable += [str(path.relative_to(self.store.path))
                     for path in (self.store.path / "jobs").glob("*.json")]
        for name in readable:
            self.watch.public(name, self._read(f"store/{name}"))
        return self.guard.verdict(self.console + self.error_log()) + self.watch.verdict()

    def _collect_secrets(self):
        if self.ca:
            self.watch.secret("the EAB's HMAC", leaks.of_hmac(self.ca.hmac))
        for path in self.store.private_keys():
            self.watch.secret(f"private key {path.name}", leaks.of_private_pem(path.read_bytes()))
        for path in self.store.account_files("key.json"):
            try:
                self.watch.secret("the account key", leaks.of_private_jwk(path.read_text()))
            except ValueError:
                pass                        # a test has damaged it

    def remove(self):
        shutil.rmtree(self.root, ignore_errors=True)
