"""Two clients of document 004 that only join the same call are relayed to each other, untouched by the gateway."""

import asyncio

import pytest
from audio import assert_tone, band_db, lasting_db
from gateway import Gateway
from peers import Peer, PlainSocket, SocketIO, text_of


@pytest.fixture(scope="module")
def gateway():
    with Gateway(AUTH_MODE="off") as running:
        yield running


@pytest.fixture
def bare_call(gateway):
    """A call that has, and can have, no telephone: there is no trunk."""
    made = gateway.make_call("+79991234567")
    assert made["status"] == "initiated"
    yield made["id"]
    ended = gateway.request("POST", f"/api/v1/calls/{made['id']}/end", json={})
    assert ended.status_code == 200
    gateway.wait_metric("active_calls", 0)


CANDIDATE = {
    "candidate": "candidate:842163049 1 udp 1677729535 127.0.0.1 46154 typ srflx raddr 127.0.0.1 rport 46154 "
                 "generation 0 ufrag abcd network-cost 999",
    "sdpMid": "0", "sdpMLineIndex": 0, "usernameFragment": "abcd",
}


async def talk(first, second, caller, callee, call_id):
    """The first client offers to the second one, as document 004's pages do among themselves."""
    for client in (first, second):
        await client.emit("join-call", {"callId": call_id})
        await client.wait("joined-call", lambda joined: joined["callId"] == call_id)
    offer = await caller.offer()
    await first.emit("offer", {"callId": call_id, "sdp": offer})
    await first.emit("ice-candidate", {"callId": call_id, "candidate": CANDIDATE})
    heard = await second.wait("offer")
    assert heard["sdp"] == offer
    assert heard["callId"] == call_id
    assert heard["from"] not in ("gateway", "")
    candidate = await second.wait("ice-candidate")
    assert candidate["candidate"] == CANDIDATE
    assert candidate["from"] == heard["from"]
    answer = await callee.answer(heard["sdp"])
    await second.emit("answer", {"callId": call_id, "sdp": answer})
    returned = await first.wait("answer")
    assert returned["sdp"] == answer
    assert returned["from"] != heard["from"]
    await caller.accept(returned["sdp"])


def assert_hears(samples_and_rate, hertz, not_hertz):
    samples, rate = samples_and_rate
    assert_tone(samples, rate, hertz)
    assert band_db(samples, rate, not_hertz) < -50, "hears itself"


PAIRS = {
    "python-socketio and flat /ws": (SocketIO, lambda gateway: PlainSocket(gateway, style="flat")),
    "wrapped /ws and python-socketio": (PlainSocket, SocketIO),
}


@pytest.mark.parametrize("kinds", PAIRS.values(), ids=PAIRS.keys())
def test_two_that_join_hear_each_other(gateway, bare_call, kinds):
    async def run():
        async with kinds[0](gateway) as first, kinds[1](gateway) as second, \
                Peer(440) as caller, Peer(660) as callee:
            await talk(first, second, caller, callee, bare_call)
            await asyncio.gather(caller.wait_frames(25), callee.wait_frames(25))
            to_caller, to_callee = await asyncio.gather(caller.listen(2), callee.listen(2))
            assert_hears(to_caller, 660, 440)
            assert_hears(to_callee, 440, 660)
            await first.emit("leave-call", {"callId": bare_call})
            await first.wait("left-call")

    asyncio.run(run())
    assert all(gateway.rtp(way, kind) == 0 for way in ("in", "out") for kind in ("browser", "sip"))
    assert gateway.metric("media_legs") == 0


def test_an_offer_waits_for_the_first_who_joins(gateway, bare_call):
    async def run():
        async with PlainSocket(gateway) as first, SocketIO(gateway) as second, Peer(440) as caller, Peer(660) as callee:
            await first.emit("join-call", {"callId": bare_call})
            await first.wait("joined-call")
            offer = await caller.offer()
            await first.emit("offer", {"callId": bare_call, "sdp": {"type": "offer", "sdp": offer}})
            await first.emit("ice-candidate", {"callId": bare_call, "candidate": CANDIDATE})
            assert first.count("answer") == 0
            await second.emit("join-call", bare_call)
            await second.wait("joined-call")
            kept = await second.wait("offer")
            assert text_of(kept["sdp"]) == offer
            assert (await second.wait("ice-candidate"))["candidate"] == CANDIDATE
            answer = await callee.answer(kept["sdp"])
            await second.emit("answer", {"callId": bare_call, "sdp": answer})
            returned = await first.wait("answer")
            assert returned["sdp"] == {"type": "answer", "sdp": answer}
            await caller.accept(returned["sdp"])
            await asyncio.gather(caller.wait_frames(25), callee.wait_frames(25))
            assert_hears(await callee.listen(1), 440, 660)

    asyncio.run(run())
    assert gateway.rtp("in", "browser") == 0


def test_forced_to_pass_here_two_hear_each_other_through_the_gateway():
    """`WEBRTC_MODE=bridge`: one offers, the other waits for an offer; a third offers by itself, and all are mixed."""

    async def run(gateway, call):
        async with PlainSocket(gateway) as first, SocketIO(gateway) as second, PlainSocket(gateway) as third, \
                Peer(440) as caller, Peer(660) as callee, Peer(880) as guest:
            for client in (first, second):
                await client.emit("join-call", {"callId": call})
                await client.wait("joined-call")
            await first.emit("offer", {"callId": call, "sdp": await caller.offer()})
            returned = await first.wait("answer")
            assert returned["from"] == "gateway" and returned["callId"] == call
            await caller.accept(text_of(returned["sdp"]))
            offered = await second.wait("offer")
            assert offered["from"] == "gateway"
            await second.emit("answer", {"callId": call, "sdp": await callee.answer(text_of(offered["sdp"]))})
            await asyncio.gather(caller.wait_frames(25), callee.wait_frames(25))
            to_caller, to_callee = await asyncio.gather(caller.listen(2), callee.listen(2))
            assert_hears(to_caller, 660, 440)
            assert_hears(to_callee, 440, 660)
            await third.emit("join-call", {"callId": call})
            await third.wait("joined-call")
            await third.emit("offer", {"callId": call, "sdp": await guest.offer()})
            await guest.accept(text_of((await third.wait("answer"))["sdp"]))
            await guest.wait_frames(25)
            samples, rate = await caller.listen(2)
            assert min(band_db(samples, rate, hertz) for hertz in (660, 880)) > -24, "not all others are heard"
            assert lasting_db(samples, rate, 440) < -45, "hears itself"
            await third.emit("leave-call", {"callId": call})
            await third.wait("left-call")
            gateway.wait_metric("media_legs", 2)
            assert third.count("offer") == 0 and first.count("offer") == 0

    with Gateway(AUTH_MODE="off", WEBRTC_MODE="bridge") as gateway:
        made = gateway.make_call("+79991234567")
        asyncio.run(run(gateway, made["id"]))
        assert gateway.rtp("in", "browser") > 100 and gateway.rtp("out", "browser") > 100
        gateway.wait_metric("media_legs", 0)


def test_a_call_reported_as_incoming_is_a_room_too(gateway):
    async def run():
        made = gateway.make_call("+74951234567", direction="incoming")
        assert (made["direction"], made["from"]) == ("incoming", "+74951234567")
        async with SocketIO(gateway) as first, PlainSocket(gateway) as second, Peer() as caller:
            for client in (first, second):
                await client.emit("join-call", {"callId": made["id"]})
                await client.wait("joined-call")
            offer = await caller.offer()
            await first.emit("offer", {"callId": made["id"], "sdp": offer})
            assert (await second.wait("offer"))["sdp"] == offer
            assert (await second.ask("end-call", {"callId": made["id"]}))["success"]
            await first.wait("left-call")

    asyncio.run(run())


def test_nothing_reaches_those_who_did_not_join_or_left(gateway, bare_call):
    async def run():
        async with PlainSocket(gateway) as first, PlainSocket(gateway) as second, PlainSocket(gateway) as third, \
                Peer() as caller:
            for client in (first, second):
                await client.ask("join-call", {"callId": bare_call})
            refused = await third.ask("offer", {"callId": bare_call, "sdp": "v=0"})
            assert refused["error"]["code"] == "INVALID_STATE"
            assert refused["error"]["message"] == "Ошибка при обработке предложения"
            await second.ask("leave-call", {})
            third_joined = await third.ask("join-call", {"callId": bare_call})
            assert third_joined["success"]
            await first.emit("offer", {"callId": bare_call, "sdp": await caller.offer()})
            await third.wait("offer")
            assert second.count("offer") == 0 and first.count("offer") == 0

    asyncio.run(run())


def test_ending_the_call_sends_everybody_out(gateway, bare_call):
    async def run():
        async with PlainSocket(gateway) as first, SocketIO(gateway) as second:
            for client in (first, second):
                await client.emit("join-call", {"callId": bare_call})
                await client.wait("joined-call")
            changed = gateway.request("PATCH", f"/api/v1/calls/{bare_call}/status", json={"status": "answered"})
            assert changed.json()["data"]["status"] == "answered"
            await first.wait("call-status", lambda told: told["status"] == "answered")
            ended = gateway.request("POST", f"/api/v1/calls/{bare_call}/end", json={"duration": 7})
            assert ended.json()["data"]["status"] == "completed"
            assert ended.json()["data"]["duration"] == 7
            for client in (first, second):
                await client.wait("left-call", lambda left: left["callId"] == bare_call)
            gone = await first.ask("join-call", {"callId": bare_call})
            assert gone["error"]["message"] == "Ошибка при подключении к звонку"
            assert gone["error"]["code"] in ("CALL_NOT_FOUND", "CALL_ALREADY_ENDED")

    asyncio.run(run())
