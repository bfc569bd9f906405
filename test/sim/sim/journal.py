"""The log: one JSON object a line for each request, and the same in memory for whoever asks."""

import datetime
import json
import time


class Entry:
    """One request.  It is listed when it arrives and written when its answer is ready."""

    def __init__(self, number, kind, request):
        self._begin = time.monotonic()
        self.shown = {
            "n": number, "at": _now(), "kind": kind, "method": request.method,
            "path": request.path, "http": request.protocol, "account": "", "names": [],
            "status": None, "by": "", "rule": None, "ms": None, "detail": "",
        }

    def end(self, answer):
        """answer: None if the client did not wait for it."""
        self.shown["ms"] = round((time.monotonic() - self._begin) * 1000)
        if answer:
            self.shown["by"] = answer.by
            self.shown["status"] = None if answer.is_reset else answer.status


class Journal:
    """file: a path, or None."""

    def __init__(self, file=None):
        self._file = open(file, "a", encoding="utf-8") if file else None
        self._entries = []
        self._count = 0

    def begin(self, kind, request):
        self._count += 1
        entry = Entry(self._count, kind, request)
        self._entries.append(entry)
        return entry

    def end(self, entry, answer):
        entry.end(answer)
        if self._file:
            self._file.write(json.dumps(entry.shown, ensure_ascii=False) + "\n")
            self._file.flush()

    def list(self, since=0, kind=None, name=None):
        """Those with a higher number than since, of that kind, about that name."""
        return [entry.shown for entry in self._entries if entry.shown["n"] > since
                and kind in (None, entry.shown["kind"])
                and (name is None or name in entry.shown["names"])]

    def forget(self):
        """The list in memory; numbers go on."""
        self._entries.clear()

    def close(self):
        if self._file:
            self._file.close()


def _now():
    text = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
