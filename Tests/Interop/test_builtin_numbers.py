"""Programs that call the built-in numbers exactly by the events of document 004, and what they hear."""

import asyncio

import numpy as np
import pytest
from audio import assert_tone, band_db, level_db
from gateway import Gateway
from peers import Peer, PlainSocket, SocketIO, join

# 0 dBm0 as RMS below full scale: the sine of full scale (−3.01 dB) is +3.14 dBm0 in law A, +3.17 in law µ.
MILLIWATT_DB = -6.2


@pytest.fixture(scope="module")
def gateway():
    # A dropped page has its place kept for no longer than the tests wait.
    with Gateway(AUTH_MODE="off", RESUME_TIMEOUT_S=1) as running:
        yield running


CLIENTS = {
    "flat /ws": lambda gateway: PlainSocket(gateway, style="flat"),
    "wrapped /ws": lambda gateway: PlainSocket(gateway, style="wrapped"),
    "python-socketio": SocketIO,
    "python-socketio by websocket": lambda gateway: SocketIO(gateway, transports=["websocket"]),
}


@pytest.fixture(params=CLIENTS.values(), ids=CLIENTS.keys())
def client(request, gateway):
    """A fresh signalling client of each kind."""
    return request.param(gateway)


def call(gateway, client, number, seconds, frequency=440, **tone):
    """Calls a number, listens, leaves; answers what was heard and the call's record when it is over."""

    async def run():
        made = gateway.make_call(number)
        assert made["status"] == "initiated"
        async with client, Peer(frequency, **tone) as peer:
            await join(client, peer, made["id"])
            await peer.wait_frames(25)
            heard = await peer.listen(seconds)
            await client.emit("leave-call", {})
            await client.wait("left-call", lambda left: left["callId"] == made["id"])
        return made["id"], heard, peer

    before = {key: gateway.rtp(*key) for key in [("in", "browser"), ("out", "browser")]}
    uuid, heard, peer = asyncio.run(run())
    # A call that went past the gateway would not be in its workers' counters.
    for key, count in before.items():
        assert gateway.rtp(*key) - count >= seconds * 50 * 0.9, f"{key} packets"
    gateway.wait_metric("active_calls", 0)
    gateway.wait_metric("media_legs", 0)
    return heard, gateway.call(uuid), peer


def test_milliwatt_is_heard(gateway, client):
    (samples, rate), record, _ = call(gateway, client, "milliwatt", 2)
    assert_tone(samples, rate, 1004, level=MILLIWATT_DB, tolerance_db=0.5)
    assert record["status"] == "completed"
    assert record["answeredAt"] and record["endedAt"]
    assert record["duration"] in (2, 3, 4)


@pytest.mark.parametrize("kind", ["flat /ws", "python-socketio"])
def test_echo_returns_what_was_sent(gateway, kind):
    (samples, rate), _, _ = call(gateway, CLIENTS[kind](gateway), "echo", 2, frequency=440, level_db=-12)
    assert_tone(samples, rate, 440, level=-15.0, tolerance_db=1.0)


def test_delay_returns_it_three_seconds_later(gateway):
    client = PlainSocket(gateway, style="flat")
    _, _, peer = call(gateway, client, "delay", 5, bursts=[(1.0, 1.5)])
    assert peer.tone.began is not None
    loud = [at for at, _, rate, samples in peer.frames if band_db(samples, rate, 440, 100) > -30]
    assert loud, "the burst never came back"
    late = loud[0] - (peer.tone.began + 1.0)
    assert 2.9 <= late <= 3.5, f"the burst came back after {late:.2f} s"
    assert 0.4 <= loud[-1] - loud[0] <= 0.7, "the burst changed its length"


def test_music_plays(gateway):
    (samples, rate), _, _ = call(gateway, SocketIO(gateway), "music", 4)
    assert -30 <= level_db(samples) <= -10
    seconds = samples[: len(samples) // rate * rate].reshape(-1, rate)
    assert min(level_db(second) for second in seconds) > -40
    assert np.abs(samples).max() < 0.99, "the music is clipped"


@pytest.mark.parametrize("number,frequency", [("9197", 1004), ("9196", 440)])
def test_the_numbers_work_as_digits_too(gateway, number, frequency):
    (samples, rate), _, _ = call(gateway, PlainSocket(gateway), number, 1)
    assert_tone(samples, rate, frequency)


def test_the_second_srtp_engine_carries_the_same_calls():
    with Gateway(AUTH_MODE="off", SRTP_ENGINE="libsrtp2") as gateway:
        (samples, rate), _, _ = call(gateway, PlainSocket(gateway), "echo", 1)
        assert_tone(samples, rate, 440, level=-15.0, tolerance_db=1.0)


def test_a_description_may_be_an_object(gateway):
    async def run():
        made = gateway.make_call("milliwatt")
        async with SocketIO(gateway) as client, Peer() as peer:
            answer = await join(client, peer, made["id"], lambda sdp, kind: {"type": kind, "sdp": sdp})
            assert answer["sdp"]["type"] == "answer"
            await peer.wait_frames(25)

    asyncio.run(run())


def test_a_dropped_connection_ends_the_call(gateway):
    async def run():
        made = gateway.make_call("echo")
        async with PlainSocket(gateway) as client, Peer() as peer:
            await join(client, peer, made["id"])
            await peer.wait_frames(25)
            client.connection.transport.abort()
            return made["id"]

    uuid = asyncio.run(run())
    gateway.wait_metric("active_calls", 0, 10)
    assert gateway.call(uuid)["status"] == "completed"
