"""A TLS client that says what it was served."""

import contextlib
import re
import socket
import ssl
import subprocess

from cryptography import x509

from .rawhttp import read_reply

# One signature family each: which certificate is served then tells the key type.
ONLY = {"ec": "ECDHE-ECDSA-AES128-GCM-SHA256", "rsa": "ECDHE-RSA-AES128-GCM-SHA256"}


def _context(roots_pem, only):
    if roots_pem:
        context = ssl.create_default_context(cadata=roots_pem)
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if only:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(ONLY[only])
    return context


@contextlib.contextmanager
def _connected(port, name, context, session=None):
    """A connection, handshake done, as an ssl.SSLSocket."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        with context.wrap_socket(plain, server_hostname=name, session=session) as tls:
            yield tls


def served(port, name, roots_pem=None, only=None):
    """Handshake with SNI name -> the server's certificate.

    roots_pem: verify chain and host name against these roots, else nothing is verified.
    only: "ec" or "rsa": the client can do no other key type.
    """
    with _connected(port, name, _context(roots_pem, only)) as tls:
        return x509.load_der_x509_certificate(tls.getpeercert(binary_form=True))


def names_of(cert):
    """The DNS names of a certificate, sorted."""
    san = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return sorted(san.value.get_values_for_type(x509.DNSName))


def common_name(cert):
    found = cert.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return found[0].value if found else None


def connect(port, name, version):
    """A connection without verification, to be used with `with`: an ssl.SSLSocket."""
    context = _context(None, None)
    context.minimum_version = context.maximum_version = version
    return _connected(port, name, context)


def get(tls, name, path):
    """The last request of a connection -> (status, headers as a dict with lower-case names, body)."""
    tls.sendall(f"GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
    return read_reply(tls)


def https_get(port, name, path="/", roots_pem=None):
    """GET over a connection of its own -> as get()."""
    with _connected(port, name, _context(roots_pem, None)) as tls:
        return get(tls, name, path)


def stapled(port, name, other_than=None):
    """One handshake of openssl s_client -> (serial number, "good"; None: no response came along);
    None if that is the certificate with the serial number other_than.
    """
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername",
                           name, "-status"], input="", capture_output=True, text=True, timeout=20)
    pem = re.search(r"-----BEGIN CERTIFICATE.*?END CERTIFICATE-----", done.stdout, re.S)[0]
    serial = x509.load_pem_x509_certificate(pem.encode()).serial_number
    status = re.search(r"Cert Status: (\w+)", done.stdout)
    return None if serial == other_than else (serial, status[1] if status else None)


def staple_of(port, name):
    """What is stapled -> "good", "unknown", ...; None: nothing."""
    return stapled(port, name)[1]


def session_of(port, name):
    """A TLS 1.2 session (its context with it), to be resumed."""
    context = _context(None, None)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with _connected(port, name, context) as tls:
        return context, tls.session


def resume(port, name, session):
    """GET / over a connection of that session -> (was it resumed, status)."""
    context, session = session
    with _connected(port, name, context, session) as tls:
        return tls.session_reused, get(tls, name, "/")[0]
