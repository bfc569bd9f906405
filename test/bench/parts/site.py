"""An httpd with many TLS virtual hosts, in the foreground, so that one pid is its parent."""

import pathlib
import shutil
import signal
import ssl
import socket
import tempfile

from harness import paths
from harness.ports import free_port
from harness.processes import Service, descendants, is_alive
from harness.rawhttp import get
from harness.wait import until

MODULES = ("authz_core", "alias", "ssl")
MARKER_PATH = "/bench-generation"

# Debian's own figures, and a server of one process, so that it is known who does something.
MPM = {
    "event": ("event", """\
StartServers 2
MinSpareThreads 25
MaxSpareThreads 75
ThreadLimit 64
ThreadsPerChild 25
MaxRequestWorkers 150
"""),
    "prefork": ("prefork", """\
StartServers 5
MinSpareServers 5
MaxSpareServers 10
MaxRequestWorkers 150
"""),
    "single": ("prefork", """\
StartServers 1
MinSpareServers 1
MaxSpareServers 1
MaxRequestWorkers 1
"""),
}


class Site:
    """One server root.  Each configuration of it replaces the one before.

    Plain HTTP on http_port for the challenges, TLS on tls_port.
    mpm: a key of MPM, for the next configuration
    """

    def __init__(self):
        # The children run as www-data and must get through to the store below.
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="jprs-acme-bench-"))
        self.dir.chmod(0o755)
        (self.dir / "htdocs").mkdir()
        self.http_port, self.tls_port = free_port(), free_port()
        self.error_log_file = self.dir / "error.log"
        self.last_name = None
        self.mpm = "event"
        self.mark(0)
        self.run_under()

    def run_under(self, *wrapper):
        """From the next start on httpd is run by this command, such as valgrind's."""
        self.service = Service("apache2", [
            *wrapper, paths.APACHE, "-d", self.dir, "-f", self.dir / "httpd.conf", "-DFOREGROUND"],
            self.dir / "console.log")

    def configure(self, domains, modules=(), load_lines=(), directives=(), files_of=None):
        """One virtual host per domain; domains are lists of names.

        files_of(name) -> (certificate file, key file) for static certificates, None without.
        """
        self.last_name = domains[-1][0]
        mpm, mpm_lines = MPM[self.mpm]
        lines = [f"ServerRoot {self.dir}", f"PidFile {self.dir}/httpd.pid",
                 f"ErrorLog {self.error_log_file}", "LogLevel notice",
                 f"Listen 127.0.0.1:{self.http_port}", f"Listen 127.0.0.1:{self.tls_port} https",
                 "ServerName bench.example.jp", f"DocumentRoot {self.dir}/htdocs",
                 "User www-data", "Group www-data"]
        lines += [f"LoadModule {name}_module {paths.APACHE_MODULES}/mod_{name}.so"
                  for name in (f"mpm_{mpm}", *MODULES, *modules)]
        lines += [*load_lines, mpm_lines, f"Include {self.dir}/marker.conf", *directives]
        for names in domains:
            lines += self._virtual_host(names, files_of(names[0]) if files_of else None)
        (self.dir / "httpd.conf").write_text("\n".join(lines) + "\n")

    def _virtual_host(self, names, files):
        lines = [f"<VirtualHost 127.0.0.1:{self.tls_port}>", f"ServerName {names[0]}",
                 *[f"ServerAlias {name}" for name in names[1:]], "SSLEngine on"]
        if files:
            lines += [f"SSLCertificateFile {files[0]}", f"SSLCertificateKeyFile {files[1]}"]
        return lines + ["</VirtualHost>"]

    # ------------------------------------------------------------------ its life

    @property
    def pid(self):
        return self.service.process.pid

    def children(self):
        return [pid for pid in descendants(self.pid) if is_alive(pid)]

    def start(self, timeout=120):
        """Until it listens."""
        self.error_log_file.unlink(missing_ok=True)
        self.service.start(lambda: "resuming normal operations" in self.error_log(), timeout)
        return self

    def start_until_handshake(self):
        """Until the last virtual host has completed a TLS handshake."""
        self.error_log_file.unlink(missing_ok=True)
        self.service.start(self._handshake)
        return self

    def graceful(self, generation):
        """Until a new generation answers, known by the marker of its configuration."""
        self.mark(generation)
        self.service.process.send_signal(signal.SIGUSR1)
        until(lambda: self._generation() == generation, "the new generation", timeout=120,
              every=0.005)

    def stop(self):
        self.service.stop()

    def remove(self):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def error_log(self):
        return (self.error_log_file.read_text(errors="replace")
                if self.error_log_file.exists() else "")

    # ------------------------------------------------------------------ looking at it

    def mark(self, generation):
        (self.dir / "marker.conf").write_text(
            f"RedirectTemp {MARKER_PATH} http://127.0.0.1/{generation}\n")

    def _generation(self):
        reply = get(self.http_port, self.last_name, MARKER_PATH)
        location = reply[1].get("location", "") if reply else ""
        return int(location.rpartition("/")[2]) if location else None

    def _handshake(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", self.tls_port), timeout=120) as plain:
            with context.wrap_socket(plain, server_hostname=self.last_name):
                return True
