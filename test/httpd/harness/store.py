"""The store as a test looks at it: who owns what, which certificate is where."""

import json
import os
import pathlib
import stat

from cryptography import x509
from cryptography.hazmat.primitives import serialization


class Store:
    """A view; it writes nothing."""

    def __init__(self, path):
        self.path = pathlib.Path(path)

    def live(self, name):
        return self.path / "live" / name

    def staging(self, name):
        return self.path / "staging" / name

    def is_staged(self, name):
        return self.staging(name).is_dir() and bool(list(self.staging(name).iterdir()))

    def staged_cert(self, name):
        """The (first) certificate that is staged."""
        path = sorted(self.staging(name).glob("fullchain-*.pem"))[0]
        return x509.load_pem_x509_certificate(path.read_bytes())

    def job_file(self, name):
        return self.path / "jobs" / f"{name}.json"

    def job(self, name):
        """The job file's content, {} if there is none."""
        try:
            return json.loads(self.job_file(name).read_text())
        except FileNotFoundError:
            return {}

    def cert(self, name, file="cert.pem"):
        """The live certificate (the first in that file), or None."""
        path = self.live(name) / file
        return x509.load_pem_x509_certificate(path.read_bytes()) if path.exists() else None

    def key(self, name, file="privkey.pem"):
        return serialization.load_pem_private_key((self.live(name) / file).read_bytes(), None)

    def account_files(self, file="account.json"):
        found = (self.path / "accounts").glob(f"*/{file}")
        return sorted(path for path in found if path.is_file())

    def account(self):
        """The only account's account.json."""
        (path,) = self.account_files()
        return json.loads(path.read_text())

    def is_registered(self):
        """Whether an account URL has been written."""
        return any('"http' in path.read_text() for path in self.account_files())

    def private_keys(self):
        """All PEM files in the store that hold a private key."""
        return [path for path in self.files() if path.suffix in (".pem", ".key")
                and b"PRIVATE KEY" in path.read_bytes()]

    def files(self):
        """All regular files, each once (live/NAME is a link into archive/)."""
        found = []
        for folder, _, names in os.walk(self.path):
            paths = (pathlib.Path(folder) / name for name in names)
            found += [path for path in paths if stat.S_ISREG(path.lstat().st_mode)]
        return sorted(found)

    def snapshot(self):
        """path -> (owner, mode, size, modification time) of everything below the store."""
        found = {}
        for folder, folders, names in os.walk(self.path):
            for name in folders + names:
                path = pathlib.Path(folder) / name
                seen = path.lstat()
                found[str(path.relative_to(self.path))] = (
                    seen.st_uid, stat.S_IMODE(seen.st_mode), seen.st_size, seen.st_mtime_ns)
        return found


def mode_of(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def owner_of(path):
    return os.stat(path).st_uid


def public_bytes(key_or_cert):
    """The public key of a private key or certificate, comparable."""
    return key_or_cert.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
