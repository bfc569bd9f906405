"""What `run` is made of.  Starting and watching programs is the harness of test/httpd."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "httpd"))
