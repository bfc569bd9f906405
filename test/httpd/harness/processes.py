"""Child processes that are started, watched and ended by their own pid."""

import ctypes
import os
import pathlib
import signal
import subprocess

from .wait import until


class Service:
    """A program in the foreground of its own process group, its output in one log file."""

    def __init__(self, name, argv, log, env=None, cwd=None):
        self.name, self.argv, self.log = name, [str(arg) for arg in argv], pathlib.Path(log)
        self.env, self.cwd = env or {}, cwd
        self.process = None

    def start(self, ready, timeout=20.0):
        """Start and wait until ready() is true; raises with the log's tail otherwise."""
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                env={**os.environ, **self.env}, cwd=self.cwd, start_new_session=True)

        def up():
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended with {self.process.returncode}:\n"
                                   f"{self.output()[-3000:]}")
            return ready()
        until(up, f"{self.name} to come up", timeout)
        return self

    def output(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def pause(self):
        """Freeze it: connections are accepted by the kernel, nothing is answered."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.resume()
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None


_PR_SET_CHILD_SUBREAPER = 36             # <linux/prctl.h>


def adopt_orphans():
    """Daemons started from here become our children, so that gone() can reap them.

    Otherwise they are left to init; in a container that may be a program that reaps nobody,
    and httpd takes the zombie named in its pid file for a running server.
    """
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def gone(pid):
    """Whether the process has ended; reaps it if it is ours."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass
    return not is_alive(pid)


def stat_of(pid):
    """Fields of /proc/PID/stat after the command name, or None if there is no such process."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text[text.rindex(")") + 2:].split()


def is_alive(pid):
    """Running, that is neither gone nor a zombie."""
    fields = stat_of(pid)
    return bool(fields) and fields[0] not in "ZX"


def descendants(pid):
    """The pids of all children and children's children."""
    parents = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := stat_of(entry.name)):
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found, ahead = [], [pid]
    while ahead:
        ahead.extend(parents.get(ahead.pop(0), []))
        found = found + [p for p in ahead if p not in found]
    return found


def uid_of(pid):
    """None if it has ended."""
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except FileNotFoundError:
        return None
