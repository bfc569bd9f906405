"""Throw-away certificates for the test's own servers, and hand-made hostile ones."""

import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID


def make_key(kind="p256"):
    if kind == "p256":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def make_cert(names, key=None, issuer=None, days=30, is_ca=False):
    """-> (certificate, key).  issuer: such a pair, or None for self-signed.

    names: DNS names or IP addresses; the first is also the common name.
    """
    key = key or make_key()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    start = datetime.datetime.utcnow() - datetime.timedelta(minutes=5)
    builder = (x509.CertificateBuilder()
               .subject_name(subject)
               .issuer_name(issuer[0].subject if issuer else subject)
               .public_key(key.public_key())
               .serial_number(x509.random_serial_number())
               .not_valid_before(start)
               .not_valid_after(start + datetime.timedelta(days=days))
               .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True))
    if not is_ca:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
    return builder.sign(issuer[1] if issuer else key, hashes.SHA256()), key


def _general_name(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def cert_pem(cert):
    return cert.public_bytes(serialization.Encoding.PEM)


def key_pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


class ServerIdentity:
    """Key and certificate of the test CA's own HTTPS interface, and who vouches for it."""

    def __init__(self, directory):
        authority = make_cert(["Trust anchor of a test"], is_ca=True)
        cert, key = make_cert(["localhost", "127.0.0.1"], issuer=authority)
        self.anchor_file = directory / "anchor.pem"
        self.cert_file = directory / "server.pem"
        self.key_file = directory / "server.key"
        self.anchor_file.write_bytes(cert_pem(authority[0]))
        self.cert_file.write_bytes(cert_pem(cert))
        self.key_file.touch(mode=0o600)
        self.key_file.write_bytes(key_pem(key))
