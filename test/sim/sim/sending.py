"""What both versions of HTTP do alike when an answer goes out badly."""

import socket
import struct


def drops(answer):
    """The body as (bytes, seconds to pause after them), up to where the answer is to be cut."""
    body = answer.body if answer.cut_after is None else answer.body[:answer.cut_after]
    if not answer.drip:
        yield body, 0
        return
    size, pause_ms = answer.drip
    for start in range(0, len(body), size):
        is_last = start + size >= len(body)
        yield body[start:start + size], 0 if is_last else pause_ms / 1000


def reset(transport):
    """End a TCP connection with RST instead of FIN."""
    connection = transport.get_extra_info("socket")
    if connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
