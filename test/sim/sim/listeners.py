"""Listening ports on loopback, and which version of HTTP a connection speaks."""

import asyncio
import ssl

from . import h1, h2

ADDRESS = "127.0.0.1"


def tls_context(identity):
    """identity: a harness ServerIdentity.  HTTP/2 if the client can."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.cert_file, identity.key_file)
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


async def listen(answer_to, port=0, tls=None):
    """Start a server -> (the server, its port).  tls: a context, or None for plain HTTP/1.1."""
    async def accept(reader, writer):
        session = writer.get_extra_info("ssl_object")
        speaks_h2 = session is not None and session.selected_alpn_protocol() == "h2"
        await (h2 if speaks_h2 else h1).serve(reader, writer, answer_to)

    server = await asyncio.start_server(accept, ADDRESS, port, ssl=tls, limit=h1.HEAD_MAX)
    return server, server.sockets[0].getsockname()[1]
