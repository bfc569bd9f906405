"""Which names a URL is about, remembered from what the CA and its clients said to each other.

Rules can then be for one domain only, and the log can be read.
"""

from cryptography import x509

from . import jose
from .message import path_of


def names_of_cert(cert):
    """The DNS names of an x509.Certificate."""
    try:
        san = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    return tuple(san.value.get_values_for_type(x509.DNSName))


def names_of_order(payload):
    """Those that a newOrder request or an order object names."""
    identifiers = payload.get("identifiers")
    if not isinstance(identifiers, list):
        return ()
    return tuple(str(one.get("value", "")) for one in identifiers if isinstance(one, dict))


def _name_of_authz(authz):
    name = authz.get("identifier", {}).get("value")
    return f"*.{name}" if name and authz.get("wildcard") else name


class Memory:
    """path -> tuple of names."""

    def __init__(self):
        self._names = {}
        self._serials = {}                  # of certificates that were downloaded -> names

    def names(self, kind, request, jws):
        """Of a request; () if not known (yet)."""
        if kind == "newOrder" and jws:
            return names_of_order(jws.payload)
        if kind == "revoke" and jws:
            cert = revoked_cert(jws.payload)
            return names_of_cert(cert) if cert else ()
        return self._names.get(request.path, ())

    def names_of_serial(self, serial):
        return self._serials.get(serial, ())

    def learn(self, kind, request, answer):
        """From an answer of pebble."""
        learners = {"newOrder": self._learn_order, "order": self._learn_order,
                    "finalize": self._learn_order, "authz": self._learn_authz,
                    "certificate": self._learn_chain}
        if answer.status in (200, 201) and kind in learners:
            learners[kind](request, answer)

    def _learn_order(self, request, answer):
        order = answer.json()
        names = names_of_order(order)
        url = answer.get("Location") if request.path == "/order-plz" else request.path
        for link in (url, order.get("finalize"), order.get("certificate")):
            if link:
                self._names[path_of(link)] = names

    def _learn_authz(self, request, answer):
        authz = answer.json()
        name = _name_of_authz(authz)
        if name:
            links = [one.get("url", "") for one in authz.get("challenges", ())]
            for path in [request.path, *map(path_of, links)]:
                self._names[path] = (name,)

    def _learn_chain(self, _request, answer):
        try:
            leaf = x509.load_pem_x509_certificate(answer.body)
        except ValueError:
            return
        self._serials[leaf.serial_number] = names_of_cert(leaf)


def revoked_cert(payload):
    """The certificate that a revocation request (RFC 8555 7.6) has in it, or None."""
    try:
        return x509.load_der_x509_certificate(jose.unpadded(payload.get("certificate", "")))
    except (ValueError, TypeError, AttributeError):
        return None
