"""The command line program, run on one server's store."""

import json
import os
import subprocess

from . import paths


def run(httpd, *arguments, env=None):
    """-> CompletedProcess with text output; it is handed to the server's secret watch."""
    # Set explicitly, so that the language of the machine that tests does not matter.
    variables = {**os.environ, "LC_ALL": "C.UTF-8", **(env or {})}
    done = subprocess.run([paths.cli(), "--store", httpd.store.path, *arguments],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=30, env=variables)
    httpd.watch.public(f"output of jprs-acme {' '.join(map(str, arguments))}", done.stdout + done.stderr)
    return done


def status(httpd):
    """`status --json`, parsed."""
    return json.loads(run(httpd, "status", "--json").stdout)
