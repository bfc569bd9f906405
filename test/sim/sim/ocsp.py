"""The OCSP responder (RFC 6960): pebble's certificates, signed with pebble's issuer key.

As at JPRS it does not know a certificate until a while after its issue.  That depends only on
what pebble says and the clock, so nothing has to be remembered.
"""

import base64
import binascii
import datetime
import re
from urllib.parse import unquote

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp

from .message import Answer

VALID_FOR = datetime.timedelta(days=4)      # thisUpdate to nextUpdate
_REASONS = {0: x509.ReasonFlags.unspecified, 1: x509.ReasonFlags.key_compromise,
            3: x509.ReasonFlags.affiliation_changed, 4: x509.ReasonFlags.superseded,
            5: x509.ReasonFlags.cessation_of_operation}

# What is said of every certificate, if that is wanted: as Responder._status() has it.
_PRETENDED = {
    "good": (ocsp.OCSPCertStatus.GOOD, None, None),
    "unknown": (ocsp.OCSPCertStatus.UNKNOWN, None, None),
    "revoked": (ocsp.OCSPCertStatus.REVOKED, datetime.datetime(2026, 1, 1),
                x509.ReasonFlags.superseded),
}


class Responder:
    """admin: an Upstream to pebble's management port."""

    def __init__(self, admin):
        self._admin = admin
        self._issuer = self._key = None
        self._stand_in_key = ec.generate_private_key(ec.SECP256R1())

    async def start(self):
        """Fetch the issuer's certificate and key; pebble makes new ones at each start."""
        cert = await self._admin.ask("GET", "/intermediates/0", {})
        key = await self._admin.ask("GET", "/intermediate-keys/0", {})
        if cert.status != 200 or key.status != 200:
            raise RuntimeError("pebble's management port does not give the issuer's key")
        self._issuer = x509.load_pem_x509_certificate(cert.body)
        self._key = serialization.load_pem_private_key(key.body, None)

    async def answer(self, request, settings):
        question = read(request)
        if question is None:
            return _failure(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)
        if not self._is_ours(question):
            return _failure(ocsp.OCSPResponseStatus.UNAUTHORIZED)       # RFC 5019 2.2.3
        status = _PRETENDED.get(settings.ocsp_status) \
            or await self._status(question.serial_number, settings.ocsp_delay_s)
        return _sent(self._sign(question, *status))

    def _is_ours(self, question):
        """The right issuer was asked: by the hashes that question's own algorithm makes."""
        mine = ocsp.OCSPRequestBuilder().add_certificate(
            self._stand_in(1), self._issuer, question.hash_algorithm).build()
        return question.issuer_name_hash == mine.issuer_name_hash \
            and question.issuer_key_hash == mine.issuer_key_hash

    async def _status(self, serial, delay_s):
        """-> (OCSPCertStatus, when revoked, why)"""
        known = await self._admin.ask("GET", f"/cert-status-by-serial/{serial:x}", {})
        found = known.json() if known.status == 200 else {}
        if not found:
            return ocsp.OCSPCertStatus.UNKNOWN, None, None
        if found["Status"] == "Revoked":
            return (ocsp.OCSPCertStatus.REVOKED, _go_time(found.get("RevokedAt", "")),
                    _REASONS.get(found.get("Reason")))
        cert = x509.load_pem_x509_certificate(found["Certificate"].encode())
        age = datetime.datetime.utcnow() - cert.not_valid_before
        if age < datetime.timedelta(seconds=delay_s):
            return ocsp.OCSPCertStatus.UNKNOWN, None, None
        return ocsp.OCSPCertStatus.GOOD, None, None

    def _sign(self, question, status, revoked_at, reason):
        now = datetime.datetime.utcnow().replace(microsecond=0)
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=self._stand_in(question.serial_number), issuer=self._issuer,
            algorithm=question.hash_algorithm, cert_status=status, this_update=now,
            next_update=now + VALID_FOR, revocation_time=revoked_at, revocation_reason=reason)
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, self._issuer)
        for extension in question.extensions:
            if isinstance(extension.value, x509.OCSPNonce):
                builder = builder.add_extension(extension.value, critical=False)
        return builder.sign(self._key, hashes.SHA256())

    def _stand_in(self, serial):
        """The builders take serial number and issuer's name from a certificate, which there is
        none of for a serial number that nobody knows."""
        start = datetime.datetime(2020, 1, 1)
        return (x509.CertificateBuilder().subject_name(x509.Name([]))
                .issuer_name(self._issuer.subject)
                .public_key(self._stand_in_key.public_key()).serial_number(serial)
                .not_valid_before(start).not_valid_after(start + datetime.timedelta(days=1))
                .sign(self._stand_in_key, hashes.SHA256()))


def read(request):
    """The question of a POST or GET (RFC 6960 A.1): an OCSPRequest, None if there is none."""
    try:
        der = request.body
        if request.method == "GET":
            der = base64.b64decode(unquote(request.path.removeprefix("/ocsp/")), validate=True)
        question = ocsp.load_der_ocsp_request(der)
        return question if question.serial_number > 0 else None
    except (ValueError, NotImplementedError, binascii.Error):
        return None


def _go_time(text):
    """The way Go prints a time: 2026-11-22 11:22:52.123456789 +0000 UTC ... -> datetime."""
    found = re.match(r"(\d+-\d+-\d+)[ T](\d+:\d+:\d+)", text)
    if not found:
        return datetime.datetime.utcnow().replace(microsecond=0)
    return datetime.datetime.fromisoformat(f"{found[1]} {found[2]}")


def _sent(response):
    return Answer(200, [("Content-Type", "application/ocsp-response")],
                  response.public_bytes(serialization.Encoding.DER), by="ocsp")


def _failure(status):
    return _sent(ocsp.OCSPResponseBuilder.build_unsuccessful(status))
