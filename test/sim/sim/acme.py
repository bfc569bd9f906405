"""A small ACME client, to try the simulator with: one account, its key, and signed requests."""

import base64
import contextlib
import hashlib
import hmac
import http.server
import json
import threading

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from harness.jwk import key_authorization
from harness.wait import until


def encode(content):
    """base64url of bytes, or of the JSON of anything else."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def jwk_of(key):
    numbers = key.public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": encode(numbers.x.to_bytes(32, "big")),
            "y": encode(numbers.y.to_bytes(32, "big"))}


def sign(key, protected, payload):
    """ES256 (RFC 7518 3.4).  payload: None for POST-as-GET."""
    head = encode({"alg": "ES256", **protected})
    body = "" if payload is None else encode(payload)
    r, s = decode_dss_signature(
        key.sign(f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256())))
    return {"protected": head, "payload": body,
            "signature": encode(r.to_bytes(32, "big") + s.to_bytes(32, "big"))}


class Account:
    """anchor_file: what the CA's TLS hangs on."""

    def __init__(self, directory_url, anchor_file):
        self.http = requests.Session()
        self.http.verify, self.http.trust_env = str(anchor_file), False
        self.urls = self.http.get(directory_url, timeout=30).json()
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.kid = None                     # the account's URL once it is registered

    def post(self, url, payload=None, key=None, identity=None, nonce=None):
        """A signed request -> requests.Response.  By the account unless another key is given."""
        nonce = nonce or self.http.head(self.urls["newNonce"], timeout=30).headers["Replay-Nonce"]
        who = identity or ({"kid": self.kid} if self.kid and not key
                           else {"jwk": jwk_of(key or self.key)})
        jws = sign(key or self.key, {"nonce": nonce, "url": url, **who}, payload)
        return self.http.post(url, json.dumps(jws), timeout=60,
                              headers={"Content-Type": "application/jose+json"})

    def register(self, kid=None, hmac_key=None, contacts=("mailto:admin@example.jp",), **members):
        """newAccount -> Response.  members: more of the payload, or other values for it."""
        payload = {"termsOfServiceAgreed": True, "contact": list(contacts)}
        if kid:
            payload["externalAccountBinding"] = self.bind(kid, hmac_key)
        reply = self.post(self.urls["newAccount"], {**payload, **members}, key=self.key)
        if reply.ok:
            self.kid = reply.headers["Location"]
        return reply

    def bind(self, kid, hmac_key):
        """RFC 8555 7.3.4."""
        head = encode({"alg": "HS256", "kid": kid, "url": self.urls["newAccount"]})
        body = encode(jwk_of(self.key))
        secret = base64.urlsafe_b64decode(hmac_key + "=" * (-len(hmac_key) % 4))
        mac = hmac.new(secret, f"{head}.{body}".encode(), hashlib.sha256).digest()
        return {"protected": head, "payload": body, "signature": encode(mac)}

    def order(self, *names):
        return self.post(self.urls["newOrder"], {
            "identifiers": [{"type": "dns", "value": name} for name in names]})

    def authorizations(self, order):
        """The objects of an order's Response."""
        return [self.post(url).json() for url in order.json()["authorizations"]]

    def obtain(self, *names, http_port):
        """From order to certificate, by http-01 -> (the leaf as x509.Certificate, its key)."""
        order = self.order(*names)
        with self._answering(http_port):
            for authz in self.authorizations(order):
                (challenge,) = (one for one in authz["challenges"] if one["type"] == "http-01")
                self.post(challenge["url"], {})
            self._poll(order.headers["Location"], "ready")
        key = ec.generate_private_key(ec.SECP256R1())
        self.post(order.json()["finalize"], {"csr": encode(_csr(key, names))})
        issued = self._poll(order.headers["Location"], "valid")
        return x509.load_pem_x509_certificate(self.post(issued["certificate"]).content), key

    def revoke(self, cert, reason=0):
        der = cert.public_bytes(serialization.Encoding.DER)
        return self.post(self.urls["revokeCert"], {"certificate": encode(der), "reason": reason})

    def change_key(self):
        """RFC 8555 7.3.5 -> Response."""
        new, url = ec.generate_private_key(ec.SECP256R1()), self.urls["keyChange"]
        inner = sign(new, {"jwk": jwk_of(new), "url": url},
                     {"account": self.kid, "oldKey": jwk_of(self.key)})
        reply = self.post(url, inner)
        if reply.ok:
            self.key = new
        return reply

    def _poll(self, url, status):
        def reached():
            order = self.post(url).json()
            assert order["status"] != "invalid", order
            return order if order["status"] == status else None
        return until(reached, f"the order to be {status}", every=0.1)

    @contextlib.contextmanager
    def _answering(self, port):
        """A web server that answers every token for this account."""
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(handler):            # pylint: disable=no-self-argument,invalid-name
                token = handler.path.rsplit("/", 1)[-1]
                handler.send_response(200)
                handler.end_headers()
                handler.wfile.write(key_authorization(token, jwk_of(self.key)).encode())

            def log_message(self, *_):
                pass

        with http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            yield
            server.shutdown()


def _csr(key, names):
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    san = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    request = (x509.CertificateSigningRequestBuilder().subject_name(subject)
               .add_extension(san, critical=False).sign(key, hashes.SHA256()))
    return request.public_bytes(serialization.Encoding.DER)
