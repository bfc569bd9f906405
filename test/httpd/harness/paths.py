"""Where the programs are: Debian's, and the ones under test.

JA_BUILD names the build directory (default: build/ at the top of the source tree).
"""

import os
import pathlib

TOP = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("JA_BUILD", TOP / "build")).resolve()

APACHE = "/usr/sbin/apache2"
APACHE_MODULES = pathlib.Path("/usr/lib/apache2/modules")
PEBBLE = "/usr/bin/pebble"
CHALLTESTSRV = "/usr/bin/pebble-challtestsrv"


def _first(candidates, what):
    for candidate in candidates:
        if candidate.exists():
            return candidate
    raise FileNotFoundError(
        f"no {what}: looked at {', '.join(map(str, candidates))}; build first, or set JA_BUILD")


def module():
    """The module's shared object."""
    return _first([BUILD / "mod_jprs_acme/.libs/mod_jprs_acme.so",
                   BUILD / ".libs/mod_jprs_acme.so"], "mod_jprs_acme.so")


def server_environment():
    """Of apache2: JA_PRELOAD names libraries that it loads first, for a build with sanitizers."""
    preload = os.environ.get("JA_PRELOAD")
    return {**os.environ, "LD_PRELOAD": preload} if preload else os.environ


def cli():
    """The command line program."""
    return _first([BUILD / "jprs-acme", BUILD / "src/cli/jprs-acme"], "jprs-acme")
