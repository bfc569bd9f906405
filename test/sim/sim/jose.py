"""Reading signed requests.  Signatures are not checked: pebble does that."""

import base64
import dataclasses
import hashlib
import json

# RFC 7638 3.2: the members that count.
_REQUIRED = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n"), "OKP": ("crv", "kty", "x")}


@dataclasses.dataclass
class Jws:
    """protected: the header; payload: the JSON object, {} for POST-as-GET or anything else."""

    protected: dict
    payload: dict

    @property
    def kid(self):
        return _text(self.protected.get("kid"))

    @property
    def thumbprint(self):
        """Of the key that the request brings along; "" if it names an account instead."""
        return thumbprint(self.protected.get("jwk"))


def unpadded(text):
    """base64url without padding -> bytes; ValueError if it is none."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def thumbprint(jwk):
    """RFC 7638, or "" for what is no public key."""
    if not isinstance(jwk, dict) or jwk.get("kty") not in _REQUIRED:
        return ""
    members = {name: jwk.get(name) for name in _REQUIRED[jwk["kty"]]}
    text = json.dumps(members, sort_keys=True, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def read(body):
    """A flattened JWS (RFC 7515 7.2.2), as bytes or dict -> Jws, or None if it is none."""
    try:
        outer = body if isinstance(body, dict) else json.loads(body)
        return Jws(_object(outer["protected"]), _object(outer["payload"]))
    except (ValueError, KeyError, TypeError):
        return None


def _object(encoded):
    text = unpadded(encoded)
    found = json.loads(text) if text else {}
    return found if isinstance(found, dict) else {}


def _text(value):
    return value if isinstance(value, str) else ""
