"""httpd's error log: every line of warn and above must have been expected by its test."""

import re

LEVELS = ("emerg", "alert", "crit", "error", "warn")
_LINE = re.compile(r"^\[[^]]+\] \[(?P<module>\w*):(?P<level>\w+)\] (?P<rest>.*)$")

# Lines that any test may meet, with the reason.
HARMLESS = {
    r"AH01882": "mod_ssl of Debian was built against another OpenSSL patch level",
    r"AH00045: child process \d+ still did not exit, sending a SIGTERM":
        "a stop while a child finishes its last request",
}


class Line:
    """module, level, text (the whole line as written)."""

    def __init__(self, text):
        found = _LINE.match(text)
        self.text = text
        self.module = found["module"] if found else ""
        self.level = found["level"] if found else ""

    @property
    def is_loud(self):
        return self.level in LEVELS


def lines_of(text):
    return [Line(line) for line in text.splitlines() if line]


class Guard:
    """What a test declares, and the verdict at its end."""

    def __init__(self):
        self._expected, self._tolerated = [], list(HARMLESS)

    def expect(self, pattern):
        """A line of level warn or above that must occur (regular expression)."""
        self._expected.append(pattern)

    def tolerate(self, pattern, reason):
        """One that may occur, because of timing; the reason is for the reader."""
        assert reason
        self._tolerated.append(pattern)

    def verdict(self, text):
        """-> complaints, a list of strings; empty if all is as declared."""
        loud = [line.text for line in lines_of(text) if line.is_loud]
        allowed = self._expected + self._tolerated
        complaints = [f"unexpected: {line[:400]}" for line in loud
                      if not any(re.search(pattern, line) for pattern in allowed)]
        complaints += [f"declared but did not occur: {pattern}" for pattern in self._expected
                       if not any(re.search(pattern, line) for line in loud)]
        return complaints
