#!/bin/sh
# Makes ./configure from configure.ac. Needed once after a checkout, not for a release tarball.
set -e
cd "$(dirname "$0")"
exec autoreconf --force --install
