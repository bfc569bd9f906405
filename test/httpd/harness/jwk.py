"""Key authorizations, computed independently of the module: RFC 8555 8.1, RFC 7638."""

import base64
import hashlib
import json

_REQUIRED = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n")}


def thumbprint(jwk):
    members = {name: jwk[name] for name in _REQUIRED[jwk["kty"]]}
    text = json.dumps(members, sort_keys=True, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def key_authorization(token, jwk):
    return f"{token}.{thumbprint(jwk)}"
