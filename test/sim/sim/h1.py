"""HTTP/1.1 on a connection: requests in, answers out, one after the other."""

import asyncio
import http

from .message import Request
from .sending import drops, reset

HEAD_MAX = 64 * 1024                        # also the limit of the StreamReader
BODY_MAX = 1024 * 1024                      # an ACME request is far smaller


class _Refused(Exception):
    """The request is not one that this reader understands; the argument is the status."""


async def serve(reader, writer, answer_to):
    """Until the client leaves.  answer_to: a coroutine function, Request -> Answer."""
    try:
        while (request := await _read(reader)) is not None:
            answer = await answer_to(request)
            if not await _send(writer, request, answer) or _wants_close(request):
                break
    except _Refused as refused:
        writer.write(b"HTTP/1.1 %d -\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
                     % refused.args[0])
    except (OSError, asyncio.IncompleteReadError):
        pass                                # the client has gone
    finally:
        writer.close()


async def _read(reader):
    """The next request, None at the end of the connection."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    except asyncio.LimitOverrunError:
        raise _Refused(431) from None
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise _Refused(400)
    headers = {}
    for line in filter(None, lines[1:]):
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return Request(words[0], words[1], headers, await _read_body(reader, headers), "h1")


async def _read_body(reader, headers):
    if "transfer-encoding" in headers:
        raise _Refused(411)
    length = headers.get("content-length", "0")
    if not length.isdigit():
        raise _Refused(400)
    if int(length) > BODY_MAX:
        raise _Refused(413)
    return await reader.readexactly(int(length))


async def _send(writer, request, answer):
    """-> whether the connection can go on."""
    await asyncio.sleep(answer.delay_ms / 1000)
    if answer.is_reset:
        reset(writer.transport)
        return False
    has_no_body = request.method == "HEAD" or answer.status in (204, 304)
    writer.write(_head(answer, has_no_body))
    if not has_no_body:
        for drop, pause_s in drops(answer):
            writer.write(drop)
            await writer.drain()
            await asyncio.sleep(pause_s)
    await writer.drain()
    return answer.cut_after is None


def _head(answer, has_no_body):
    lines = [f"HTTP/1.1 {answer.status} {_phrase(answer.status)}"]
    lines += [f"{name}: {value}" for name, value in answer.headers]
    if not has_no_body:
        lines.append(f"Content-Length: {len(answer.body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def _phrase(status):
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "-"


def _wants_close(request):
    return request.headers.get("connection", "").lower() == "close"
