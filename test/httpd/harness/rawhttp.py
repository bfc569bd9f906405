"""Requests byte by byte, also those that no proper client would send."""

import socket


def read_reply(connection):
    """Read to the end -> (status, headers with lower-case names, body); None if no reply.

    The last of several headers of one name wins, and several replies count as one.
    """
    data = b""
    try:
        while more := connection.recv(65536):
            data += more
    except (ConnectionResetError, socket.timeout):
        pass
    if not data:
        return None
    if not data.startswith(b"HTTP/"):
        return 0, {}, data                  # HTTP/0.9: no status line, no headers
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return int(lines[0].split()[1]), headers, body


def send(port, text, timeout=10):
    """Send these bytes as they are to 127.0.0.1:port, and read the reply to the end."""
    raw = text if isinstance(text, bytes) else text.encode("latin-1")
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        connection.sendall(raw)
        return read_reply(connection)


def get(port, host, path, method="GET"):
    """A plain HTTP/1.1 request; the path is sent as it is, without normalisation."""
    return send(port, f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
