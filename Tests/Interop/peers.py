"""Clients of document 004 as programs: signalling over /ws or Socket.IO, and audio by aiortc, on loopback only."""

import asyncio
import fractions
import itertools
import json
import time

import aioice.ice
import numpy as np
import socketio
import websockets
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame

# Tests put no packet on any other interface.
aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]


class Signalling:
    """What both transports share: the log of events, and waiting for one."""

    def __init__(self):
        self.events = []
        self._changed = asyncio.Event()

    def _heard(self, name, payload):
        self.events.append((name, payload))
        self._changed.set()

    def all(self, name, matching=lambda payload: True):
        """The payloads of every event of a name so far."""
        return [payload for known, payload in self.events if known == name and matching(payload)]

    def count(self, name, matching=lambda payload: True):
        return len(self.all(name, matching))

    async def wait(self, name, matching=lambda payload: True, seconds=10, skip=0):
        """The payload of an event, past or coming; `skip` passes over that many."""
        end = time.monotonic() + seconds
        while True:
            found = self.all(name, matching)
            if len(found) > skip:
                return found[skip]
            left = end - time.monotonic()
            assert left > 0, f"no {name} in {seconds} s; heard {[known for known, _ in self.events]}"
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), left)
            except asyncio.TimeoutError:
                pass

    async def __aenter__(self):
        await self.open()
        return self

    async def __aexit__(self, *_):
        await self.close()


class PlainSocket(Signalling):
    """The plain WebSocket at /ws; `style` is flat or wrapped."""

    def __init__(self, gateway, style="wrapped", token=None, origin=None):
        super().__init__()
        self.address = gateway.url("/ws").replace("http", "ws") + (f"?token={token}" if token else "")
        self.style, self.origin = style, origin
        self._ids = itertools.count(1)
        self._replies = {}

    async def open(self):
        self.connection = await websockets.connect(self.address, origin=self.origin, max_size=None)
        self._reader = asyncio.create_task(self._read())

    async def close(self):
        await self.connection.close()
        await self._reader

    async def _read(self):
        try:
            async for text in self.connection:
                frame = json.loads(text)
                if frame.get("type") == "ack":
                    self._replies.pop(frame["id"]).set_result(frame)
                elif "type" in frame:
                    self._heard(frame["type"], frame.get("data", frame))
                else:
                    self._heard(frame["event"], frame.get("data"))
        except websockets.ConnectionClosed:
            pass

    async def emit(self, name, payload=None):
        await self.connection.send(json.dumps(self._frame(name, payload)))

    async def ask(self, name, payload=None):
        """Sends with an id and answers the acknowledgement."""
        number = next(self._ids)
        reply = self._replies[number] = asyncio.get_running_loop().create_future()
        await self.connection.send(json.dumps({**self._frame(name, payload), "id": number}))
        return await asyncio.wait_for(reply, 10)

    def _frame(self, name, payload):
        if self.style == "flat":
            return {"type": name, **(payload or {})}
        return {"event": name, "data": payload} if payload is not None else {"event": name}


class SocketIO(Signalling):
    """The client that documents 002, 003 and 004 show, as its Python edition."""

    def __init__(self, gateway, token=None, transports=None, headers=None):
        super().__init__()
        self.address, self.token = gateway.url(), token
        self.transports, self.headers = transports, headers or {}
        self.client = socketio.AsyncClient(reconnection=False)
        self.client.on("*", self._any)

    async def _any(self, name, *payload):
        self._heard(name, payload[0] if payload else None)

    async def open(self):
        await self.client.connect(
            self.address, auth={"token": self.token} if self.token else None, transports=self.transports,
            headers=self.headers)

    async def close(self):
        await self.client.disconnect()

    async def emit(self, name, payload=None):
        await self.client.emit(name, payload)

    async def ask(self, name, payload=None):
        return await self.client.call(name, payload, timeout=10)


class Tone(MediaStreamTrack):
    """A sine of 8 kHz samples in 20 ms frames; with `bursts` [(from, to)…] in seconds, silent outside of them."""

    kind = "audio"
    rate = 8000
    size = 160

    def __init__(self, frequency, level_db=-12.0, bursts=None):
        super().__init__()
        self.frequency, self.bursts = frequency, bursts
        self.peak = 10 ** (level_db / 20) * 32767
        self.sent = 0
        self.began = None

    async def recv(self):
        if self.began is None:
            self.began = time.monotonic()
        await asyncio.sleep(max(0, self.began + self.sent / self.rate - time.monotonic()))
        at = (np.arange(self.size) + self.sent) / self.rate
        samples = self.peak * np.sin(2 * np.pi * self.frequency * at)
        if self.bursts is not None:
            samples *= sum(((at >= first) & (at < last)).astype(float) for first, last in self.bursts)
        frame = AudioFrame(format="s16", layout="mono", samples=self.size)
        frame.planes[0].update(samples.astype("<i2").tobytes())
        frame.sample_rate, frame.pts, frame.time_base = self.rate, self.sent, fractions.Fraction(1, self.rate)
        self.sent += self.size
        return frame


class Peer:
    """A peer connection that sends a tone and keeps what it hears, each frame at its place in RTP time."""

    def __init__(self, frequency=440, **tone):
        # Without a STUN server of others, which is asked for seconds where there is no way to it.
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.tone = Tone(frequency, **tone)
        self.connection.addTrack(self.tone)
        self.frames = []
        self._readers = []

        @self.connection.on("track")
        def heard(track):
            self._readers.append(asyncio.ensure_future(self._record(track)))

    async def _record(self, track):
        try:
            while True:
                frame = await track.recv()
                samples = frame.to_ndarray().reshape(-1)
                channels = len(frame.layout.channels)
                self.frames.append((time.monotonic(), frame.pts, frame.sample_rate, samples[::channels] / 32768))
        except MediaStreamError:
            # So aiortc says that the track has ended.
            pass

    async def offer(self):
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return self.connection.localDescription.sdp

    async def accept(self, sdp):
        await self.connection.setRemoteDescription(RTCSessionDescription(text_of(sdp), "answer"))

    async def answer(self, sdp):
        await self.connection.setRemoteDescription(RTCSessionDescription(text_of(sdp), "offer"))
        await self.connection.setLocalDescription(await self.connection.createAnswer())
        return self.connection.localDescription.sdp

    async def wait_frames(self, count=1, seconds=10):
        end = time.monotonic() + seconds
        while len(self.frames) < count:
            assert time.monotonic() < end, f"{len(self.frames)} frames instead of {count}"
            await asyncio.sleep(0.02)

    async def connection_up(self, seconds=10):
        """Waits until ICE and DTLS are done."""
        end = time.monotonic() + seconds
        while self.connection.connectionState != "connected":
            assert time.monotonic() < end, f"the connection is {self.connection.connectionState}"
            await asyncio.sleep(0.02)

    async def listen(self, seconds):
        """What is heard during the next seconds: samples (what is missing is silence) and their rate."""
        await self.wait_frames(len(self.frames) + 1)
        first = len(self.frames)
        await asyncio.sleep(seconds)
        return self.samples(first)

    def samples(self, first=0):
        frames = self.frames[first:]
        assert frames, "nothing was heard"
        rate, start = frames[0][2], frames[0][1]
        timeline = np.zeros(frames[-1][1] - start + len(frames[-1][3]))
        for _, pts, _, samples in frames:
            timeline[pts - start:pts - start + len(samples)] = samples[: len(timeline) - (pts - start)]
        return timeline, rate

    async def close(self):
        await self.connection.close()
        for reader in self._readers:
            reader.cancel()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        await self.close()


def text_of(sdp):
    """A description in either form that document 004's clients use."""
    return sdp["sdp"] if isinstance(sdp, dict) else sdp


async def join(signalling, peer, call_id, sdp_form=lambda sdp, kind: sdp):
    """Joins a call that the gateway answers, by the events of document 004 and no others."""
    await signalling.emit("join-call", {"callId": call_id})
    joined = await signalling.wait("joined-call")
    assert joined["callId"] == call_id
    assert joined["connectionId"].startswith(f"{call_id}-")
    await signalling.emit("offer", {"callId": call_id, "sdp": sdp_form(await peer.offer(), "offer")})
    answer = await signalling.wait("answer")
    assert answer["callId"] == call_id
    assert answer["from"] == "gateway"
    await peer.accept(answer["sdp"])
    await signalling.emit("ice-candidate", {"callId": call_id, "candidate": None})
    return answer
