"""HTTP/2 on a connection: all its requests are worked on side by side."""

import asyncio

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings

from .h1 import BODY_MAX
from .message import Request
from .sending import drops, reset

STREAMS_MAX = 250                           # what pebble itself (Go's net/http) offers
_GONE = (OSError, h2.exceptions.ProtocolError)


async def serve(reader, writer, answer_to):
    """Until the client leaves.  answer_to: a coroutine function, Request -> Answer."""
    await _Connection(reader, writer, answer_to).run()


class _Connection:
    def __init__(self, reader, writer, answer_to):
        self.reader, self.writer, self.answer_to = reader, writer, answer_to
        self.h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        self.heads, self.bodies = {}, {}    # by stream, while the request arrives
        self.tasks = {}                     # by stream, while it is answered
        self.window = asyncio.Condition()   # notified when the client allows more data

    async def run(self):
        self.h2.initiate_connection()
        self.h2.update_settings({h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: STREAMS_MAX})
        try:
            self._flush()
            while data := await self.reader.read(65536):
                for event in self.h2.receive_data(data):
                    await self._hear(event)
                self._flush()
                await self.writer.drain()
        except _GONE:
            self._flush()                   # the reason, if there is one to tell
        finally:
            for task in self.tasks.values():
                task.cancel()
            self.writer.close()

    def _flush(self):
        if not self.writer.is_closing():
            self.writer.write(self.h2.data_to_send())

    # -- requests

    async def _hear(self, event):
        if isinstance(event, h2.events.RequestReceived):
            self.heads[event.stream_id] = dict(event.headers)
            self.bodies[event.stream_id] = b""
        elif isinstance(event, h2.events.DataReceived):
            self._take(event)
        elif isinstance(event, h2.events.StreamEnded):
            self._start(event.stream_id)
        elif isinstance(event, h2.events.StreamReset):
            self._forget(event.stream_id)
        elif isinstance(event, (h2.events.WindowUpdated, h2.events.RemoteSettingsChanged)):
            async with self.window:
                self.window.notify_all()

    def _take(self, event):
        self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        if event.stream_id not in self.bodies:
            return                          # refused below, more of it was on its way
        self.bodies[event.stream_id] += event.data
        if len(self.bodies[event.stream_id]) > BODY_MAX:
            self.h2.reset_stream(event.stream_id, h2.errors.ErrorCodes.ENHANCE_YOUR_CALM)
            self._forget(event.stream_id)

    def _forget(self, stream):
        self.heads.pop(stream, None)
        self.bodies.pop(stream, None)
        if stream in self.tasks:
            self.tasks[stream].cancel()

    def _start(self, stream):
        head = self.heads.pop(stream, None)
        if head is None:
            return
        headers = {name: value for name, value in head.items() if not name.startswith(":")}
        headers.setdefault("host", head.get(":authority", "localhost"))
        request = Request(head[":method"], head[":path"], headers, self.bodies.pop(stream), "h2")
        self.tasks[stream] = asyncio.ensure_future(self._answer(stream, request))

    # -- answers

    async def _answer(self, stream, request):
        try:
            answer = await self.answer_to(request)
            await self._send(stream, request, answer)
        except _GONE:
            pass                            # the stream or the connection is no more
        finally:
            self.tasks.pop(stream, None)

    async def _send(self, stream, request, answer):
        await asyncio.sleep(answer.delay_ms / 1000)
        if answer.is_reset:
            reset(self.writer.transport)
            return
        has_no_body = request.method == "HEAD" or answer.status in (204, 304)
        self.h2.send_headers(stream, _head(answer, has_no_body), end_stream=has_no_body)
        self._flush()
        if has_no_body:
            return
        for drop, pause_s in drops(answer):
            await self._send_data(stream, drop)
            await asyncio.sleep(pause_s)
        if answer.cut_after is None:
            self.h2.end_stream(stream)
        else:
            self.h2.reset_stream(stream, h2.errors.ErrorCodes.INTERNAL_ERROR)
        self._flush()

    async def _send_data(self, stream, data):
        while data:
            async with self.window:
                await self.window.wait_for(
                    lambda: self.h2.local_flow_control_window(stream) > 0)
            size = min(len(data), self.h2.local_flow_control_window(stream),
                       self.h2.max_outbound_frame_size)
            self.h2.send_data(stream, data[:size])
            data = data[size:]
            self._flush()
            await self.writer.drain()


def _head(answer, has_no_body):
    head = [(":status", str(answer.status))]
    head += [(name.lower(), value) for name, value in answer.headers]
    if not has_no_body:
        head.append(("content-length", str(len(answer.body))))
    return head
