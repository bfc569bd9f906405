"""Counting instructions in httpd's only child with valgrind."""

import os
import re
import shutil
import signal

from harness.wait import until

SLOW_S = 120                # valgrind is some fifty times slower than the processor


class Callgrind:
    """The site, configured with mpm "single", whose child counts what runs inside `function`.

    What happens outside of it, also in another thread, is not counted.
    """

    def __init__(self, site, function):
        self._site, self._function = site, function
        self._out = site.dir / "callgrind"

    @staticmethod
    def is_installed():
        return shutil.which("valgrind") is not None

    def start(self):
        self._out.mkdir()
        self._out.chmod(0o777)                # the child writes as www-data
        self._site.run_under("valgrind", "--tool=callgrind", f"--toggle-collect={self._function}",
                             f"--callgrind-out-file={self._out}/%p")
        self._site.start()

    def end_child(self):
        """-> the instructions that the child has counted in its life; another one has begun."""
        (child,) = self._site.children()
        os.kill(child, signal.SIGTERM)
        count = until(lambda: self._total(child), "callgrind's count", SLOW_S)
        until(lambda: self._site.children() not in ([], [child]), "another child", SLOW_S)
        return int(count)

    def _total(self, pid):
        file = self._out / str(pid)
        found = file.exists() and re.search(r"^totals: (\d+)$", file.read_text(), re.M)
        return found and found[1]
