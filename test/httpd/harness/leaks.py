"""Looks for secrets where none may be: logs, command output, pages, readable store files."""

import base64
import json
import re
from urllib.parse import quote


def spellings(secret):
    """A secret's bytes in the encodings in which it could slip out."""
    standard = base64.b64encode(secret).decode()
    web = base64.urlsafe_b64encode(secret).decode()
    texts = {standard, standard.rstrip("="), web, web.rstrip("="), quote(standard, safe=""),
             secret.hex(), secret.hex().upper(), secret.hex(":"), secret.hex(":").upper()}
    return {text.encode() for text in texts} | {secret}


def _unpadded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def of_hmac(hmac):
    """hmac: as in the configuration, base64url."""
    return spellings(_unpadded(hmac)) | {hmac.encode()}


def of_private_pem(pem):
    """Each full line of the key's body; any one of them is a leak."""
    lines = re.findall(rb"^[A-Za-z0-9+/]{60,}$", pem, re.M)
    # The first line holds only the algorithm and version for EC keys: not secret by itself.
    return set(lines[1:] or lines)


def of_private_jwk(jwk_text):
    """The private member(s) of an account key."""
    jwk = json.loads(jwk_text)
    jwk = jwk.get("key", jwk) if isinstance(jwk.get("key", None), dict) else jwk
    found = set()
    for member in ("d", "p", "q", "k"):
        if isinstance(jwk.get(member), str):
            found |= spellings(_unpadded(jwk[member]))
    return found


class Watch:
    """Collects secrets and public texts during a test; the verdict comes at its end."""

    def __init__(self):
        self._secrets, self._public = {}, []

    def secret(self, what, needles):
        self._secrets.setdefault(what, set()).update(needles)

    def public(self, where, content):
        """A text somebody may see: checked at the end against all secrets."""
        self._public.append((where, content if isinstance(content, bytes) else content.encode()))

    def verdict(self):
        return [f"{what} found in {where}"
                for where, content in self._public
                for what, needles in self._secrets.items()
                if any(needle in content for needle in needles)]
