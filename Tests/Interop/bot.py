"""A voice bot's WebSocket server: keeps what a stream brings, and speaks when it is told to."""

import asyncio
import json
import threading

import numpy as np
from gateway import free_port, wait_for
from websockets.asyncio.server import serve


class Bot:
    """One server on a port of its own, on a thread of its own; use as a context. `start` brings a killed one back."""

    def __init__(self, tls=None):
        self.port, self.tls = free_port(), tls
        self.url = f"{'wss' if tls else 'ws'}://127.0.0.1:{self.port}/voice?call=7"
        self.texts, self.frames, self.tokens, self.paths = [], {0: [], 1: []}, [], []
        self.socket = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.kill()

    def start(self):
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)), daemon=True)
        self._thread.start()
        assert ready.wait(10)
        return self

    def kill(self):
        """Breaks its connection without a goodbye and listens no more."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._end)
            self._thread.join(10)

    def _end(self):
        if self.socket:
            self.socket.transport.abort()
        self._over.set()

    async def _serve(self, ready):
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        async with serve(self._talk, "127.0.0.1", self.port, compression=None, ssl=self.tls):
            ready.set()
            await self._over.wait()

    async def _talk(self, socket):
        self.tokens.append(socket.request.headers.get("Authorization"))
        self.paths.append(socket.request.path)
        self.socket = socket
        async for message in socket:
            if isinstance(message, bytes):
                self.frames[message[0]].append(message[1:])
            else:
                self.texts.append(json.loads(message))

    def send(self, message):
        text = json.dumps(message) if isinstance(message, dict) else message
        asyncio.run_coroutine_threadsafe(self.socket.send(text), self._loop).result(10)

    def close(self):
        asyncio.run_coroutine_threadsafe(self.socket.close(), self._loop).result(10)

    def events(self, kind):
        return [text for text in list(self.texts) if text["event"] == kind]

    def wait_event(self, kind, count=1, seconds=10):
        return wait_for(lambda: len(self.events(kind)) >= count and self.events(kind), seconds, f"{count} {kind}")[-1]

    def listen(self, track, frames, decode):
        """So many frames from now on, as floats −1 … 1."""
        start = len(self.frames[track])
        wait_for(lambda: len(self.frames[track]) >= start + frames, frames / 50 + 10, f"{frames} frames of {track}")
        return decode(b"".join(self.frames[track][start:start + frames]))


def linear(data):
    return np.frombuffer(data, dtype="<i2").astype(float) / 32768


def mu_law(data):
    """ITU-T G.711, law µ, as floats −1 … 1."""
    code = ~np.frombuffer(data, dtype="u1") & 0xFF
    magnitude = (((code & 0x0F).astype(int) << 3) + 132 << ((code & 0x70) >> 4)) - 132
    return np.where(code & 0x80, -magnitude, magnitude) / 32768


def tone(hertz, seconds, rate):
    """A sine of 16-bit samples, 12 dB below full scale."""
    time = np.arange(int(seconds * rate)) / rate
    return (8231 * np.sin(2 * np.pi * hertz * time)).astype("<i2").tobytes()
