"""Free TCP ports on loopback."""

import random
import socket

# Below the kernel's usual range for outgoing connections (32768 and up), so that no client
# socket takes a port between our look and the server's bind.
LOWEST, HIGHEST = 20000, 32000

_given = set()


def free_port():
    """A port that nobody listens on and that this process has not given out before."""
    while True:
        port = random.randint(LOWEST, HIGHEST)
        if port not in _given and _is_free(port):
            _given.add(port)
            return port


def _is_free(port):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


def is_listening(port, host="127.0.0.1"):
    """Whether somebody accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0
