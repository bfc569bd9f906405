"""Looking at processes from outside: CPU time, connections, system calls, latency."""

import multiprocessing
import os
import re
import shutil
import socket
import subprocess
import time

from harness.processes import descendants, stat_of

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_ESTABLISHED = "01"
_CPUCLOCK_SCHED = 2                        # <linux/posix-timers.h>: clock_getcpuclockid(3)


def cpu_s(pid):
    """User and system time that the process has used, its ended threads included."""
    fields = stat_of(pid)
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S if fields else 0.0


def cpu_clock_s(pid):
    """The same to the nanosecond, of a process that lives."""
    return time.clock_gettime(~pid << 3 | _CPUCLOCK_SCHED)


def private_kib(pid):
    """Memory that the process shares with nobody: what it has written to since it was forked."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as lines:
        return sum(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty:"))


def connected_child(parent, port):
    """The child of parent that holds a connection to 127.0.0.1:port, or None."""
    sockets = _sockets_to(port)
    if not sockets:
        return None
    for pid in descendants(parent):
        if sockets & _sockets_of(pid):
            return pid
    return None


def _sockets_to(port):
    remote = f":{port:04X}"
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table, encoding="ascii") as lines:
            for fields in (line.split() for line in lines if remote in line):
                if fields[2].endswith(remote) and fields[3] == _ESTABLISHED:
                    found.add(f"socket:[{fields[9]}]")
    return found


def _sockets_of(pid):
    found = set()
    try:
        for fd in os.scandir(f"/proc/{pid}/fd"):
            try:
                found.add(os.readlink(fd.path))
            except FileNotFoundError:
                pass                          # closed since
    except FileNotFoundError:
        pass                                  # ended since
    return found


def has_strace():
    return shutil.which("strace") is not None


def system_calls(pids, during_s, out_dir):
    """Count the system calls of each process, all threads -> {pid: count}."""
    tracers = {}
    for pid in pids:
        out = out_dir / f"strace.{pid}"
        tracers[pid] = (out, subprocess.Popen(
            ["strace", "-c", "-f", "-q", "-p", str(pid), "-o", str(out)],
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    time.sleep(during_s)                      # the length of the measurement, not a wait
    counts = {}
    for pid, (out, tracer) in tracers.items():
        tracer.send_signal(2)                 # SIGINT: detach and write the summary
        tracer.wait(20)
        counts[pid] = _strace_total(out.read_text())
    return counts


def _strace_total(summary):
    """The calls column of strace's total line: the first whole number after the seconds."""
    total = re.search(r"^\s*100[.,]00\s+[\d.,]+\s+(?:\d+\s+)?(\d+)\s+(?:\d+\s+)?total$", summary, re.M)
    return int(total.group(1)) if total else 0


class LatencyProbe:
    """Asks for one URL every 10 ms from a process of its own and keeps each answer's time."""

    EVERY_S = 0.010

    def __init__(self, port, host, path):
        self._parent_end, child_end = multiprocessing.Pipe()
        self._process = multiprocessing.Process(
            target=self._run, args=(child_end, port, host, path), daemon=True)

    def start(self):
        self._process.start()
        return self

    def stop(self):
        """-> the times in milliseconds, sorted; an unanswered request counts as infinite."""
        self._parent_end.send("stop")
        times_ms = self._parent_end.recv()
        self._process.join(10)
        return sorted(times_ms)

    @classmethod
    def _run(cls, pipe, port, host, path):
        request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
        times_ms, due = [], time.monotonic()
        while not pipe.poll(max(0.0, due - time.monotonic())):
            begun = time.monotonic()
            answered = _ask(port, request)
            times_ms.append((time.monotonic() - begun) * 1000 if answered else float("inf"))
            due = max(due + cls.EVERY_S, time.monotonic())
        pipe.send(times_ms)


def _ask(port, request):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(request)
            return connection.recv(64).startswith(b"HTTP/1.1 ")
    except OSError:
        return False
