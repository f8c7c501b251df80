"""Calls between a browser's side (aiortc as a user's page, and Chromium itself) and baresip over UDP and TCP."""

import asyncio

import pytest
from audio import assert_tone, band_db, lasting_db, level_db
from gateway import Gateway, wait_for
from peers import Peer, PlainSocket, SocketIO, join
from phone import Phone
from records import newest_call, wait_ended

PAGE_TONE, PHONE_TONE = 440, 660


@pytest.fixture(scope="module")
def gateway():
    with Gateway(SIP_USERS="1003:third-secret:1003:Third") as running:
        yield running


@pytest.fixture(autouse=True)
def nothing_is_left(gateway):
    yield
    gateway.wait_idle("sip_legs", "active_webrtc_connections")


@pytest.fixture
def phones(gateway):
    started = []

    def start(extension, **arguments):
        started.append(Phone(gateway, extension, **{"tone": PHONE_TONE, **arguments}))
        return started[-1].start()

    yield start
    for phone in started:
        phone.stop()


def page(gateway, login, kind=PlainSocket):
    """A socket of a signed-in user's page."""
    return kind(gateway, token=gateway.token(login))


async def off_loop(function, *arguments, **named):
    """Runs something that waits without stopping the sound of this process."""
    return await asyncio.to_thread(function, *arguments, **named)


async def take(signalling, peer, call_id=None):
    """A page's user takes the call that rings; answers the call's uuid."""
    shown = await signalling.wait("incoming-call", lambda call: call_id in (None, call["uuid"]))
    accepted = await signalling.ask("answer-call", {"callId": shown["id"], "action": "accept"})
    assert accepted["success"], accepted
    await join(signalling, peer, shown["uuid"])
    return shown["uuid"]


async def assert_talking(peer, phone):
    """Both hear the other's tone and not their own."""
    await asyncio.sleep(0.3)
    (samples, rate), _ = await asyncio.gather(
        peer.listen(1), off_loop(phone.assert_hears, PAGE_TONE, without=PHONE_TONE, settle=0))
    assert_tone(samples, rate, PHONE_TONE)
    assert lasting_db(samples, rate, PAGE_TONE) < -45, "the page hears itself"


@pytest.mark.parametrize("kind", [PlainSocket, SocketIO])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_page_calls_a_phone(gateway, phones, transport, kind):
    petr = phones("1002", transport=transport)

    async def run():
        before = {(way, side): gateway.rtp(way, side) for way in ("in", "out") for side in ("browser", "sip")}
        async with page(gateway, "anna", kind) as anna, Peer(PAGE_TONE) as peer:
            await anna.wait("authenticated")
            made = await off_loop(gateway.make_call, "1002", login="anna")
            await anna.emit("join-call", {"callId": made["id"]})
            await anna.wait("joined-call")
            await anna.emit("offer", {"callId": made["id"], "sdp": await peer.offer()})
            assert (await off_loop(petr.wait_incoming))["peeruri"].startswith("sip:1001@")
            await anna.wait("call:ringing")
            petr.answer()
            answer = await anna.wait("answer")
            assert answer["from"] == "gateway"
            await peer.accept(answer["sdp"])
            await anna.wait("call:answered")
            await peer.wait_frames(10)
            await assert_talking(peer, petr)
            for key, count in before.items():
                assert gateway.rtp(*key) - count >= 45, f"{key} packets"
            petr.hang_up()
            ended = await anna.wait("call-ended")
            assert ended["callId"] == newest_call(gateway)["numericId"]
        return made["id"]

    row = wait_ended(gateway, asyncio.run(run()))
    assert (row["state"], row["end_reason"]) == ("completed", "callee_hangup")
    assert (row["caller_number"], row["receiver_number"]) == ("1001", "1002")
    assert row["started_at"] <= row["ringing_at"] <= row["answered_at"] < row["ended_at"]
    assert abs(row["duration"] - (row["ended_at"] - row["answered_at"]) / 1000) <= 0.5


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_phone_calls_a_page(gateway, phones, transport):
    petr = phones("1002", transport=transport)

    async def run():
        async with page(gateway, "anna") as anna, Peer(PAGE_TONE) as peer:
            petr.dial("1001")
            await off_loop(petr.wait_event, "CALL_RINGING")
            uuid = await take(anna, peer)
            await off_loop(petr.wait_talking)
            await peer.wait_frames(10)
            await assert_talking(peer, petr)
            hung_up = await anna.ask("end-call", {"callId": uuid})
            assert hung_up["success"], hung_up
            await off_loop(petr.wait_closed)
            return uuid

    row = wait_ended(gateway, asyncio.run(run()))
    assert (row["state"], row["end_reason"], row["direction"]) == ("completed", "callee_hangup", "internal")
    assert (row["caller_number"], row["receiver_number"]) == ("1002", "1001")


def test_hold_and_resume_from_either_side(gateway, phones):
    petr = phones("1002")

    async def run():
        async with page(gateway, "anna") as anna, Peer(PAGE_TONE) as peer:
            petr.dial("1001")
            uuid = await take(anna, peer)
            await off_loop(petr.wait_talking)
            await peer.wait_frames(10)
            # The page holds: the phone is told, and hears music.
            held = await anna.ask("hold-call", {"callId": uuid, "isHold": True})
            assert held["success"], held
            await anna.wait("call-hold-changed", lambda change: change["isHold"] is True)
            await off_loop(wait_for, lambda: petr.messages("a=sendonly"), 5, "the phone to be told")
            await off_loop(petr.assert_hears_music)
            await anna.ask("hold-call", {"callId": uuid, "isHold": False})
            await anna.wait("call-hold-changed", lambda change: change["isHold"] is False)
            await assert_talking(peer, petr)
            # The phone holds: the page hears music.
            petr.hold()
            await anna.wait("call-hold-changed", lambda change: change["isHold"] is True, skip=1)
            await asyncio.sleep(0.3)
            samples, rate = await peer.listen(1.5)
            assert -35 <= level_db(samples) <= -10, "the page hears no music"
            assert band_db(samples, rate, PHONE_TONE, 5) < level_db(samples) - 3, "the page hears the phone"
            petr.resume()
            await anna.wait("call-hold-changed", lambda change: change["isHold"] is False, skip=1)
            await assert_talking(peer, petr)
            petr.hang_up()
            await anna.wait("call-ended")
            return uuid

    row = wait_ended(gateway, asyncio.run(run()))
    assert row["state"] == "completed"
    assert row["hold_seconds"] >= 2


def test_digits_both_ways(gateway, phones):
    petr = phones("1002")

    async def run():
        async with page(gateway, "anna") as anna, Peer(PAGE_TONE) as peer:
            petr.dial("1001")
            uuid = await take(anna, peer)
            await off_loop(petr.wait_talking)
            await peer.wait_frames(10)
            await anna.ask("send-digits", {"callId": uuid, "digits": "42#"})
            await off_loop(wait_for, lambda: petr.digits == "42#", 5, "the phone to hear the digits")
            await off_loop(petr.press, "17")
            await anna.wait("call-digit", skip=1)
            assert [heard["digit"] for heard in anna.all("call-digit")] == ["1", "7"]
            petr.hang_up()
            await anna.wait("call-ended")

    asyncio.run(run())


@pytest.mark.parametrize("winner", ["page", "phone"])
def test_the_first_of_two_pages_and_a_phone_wins(gateway, phones, winner):
    """Petr has a phone and two pages; Anna calls him from her phone."""
    anna, desk = phones("1001"), phones("1002", transport="tcp")

    async def run():
        async with page(gateway, "petr") as first, page(gateway, "petr", SocketIO) as second, Peer(PAGE_TONE) as peer:
            anna.dial("1002")
            shown = [await one.wait("incoming-call") for one in (first, second)]
            await off_loop(desk.wait_incoming)
            assert {call["caller_number"] for call in shown} == {"1001"}
            if winner == "page":
                uuid = await take(first, peer)
                losers = [second]
            else:
                desk.answer()
                uuid = shown[0]["uuid"]
                losers = [first, second]
            await off_loop(anna.wait_talking)
            for loser in losers:
                withdrawn = await loser.wait("call-withdrawn")
                assert (withdrawn["uuid"], withdrawn["reason"]) == (uuid, "answered_elsewhere")
                answered = await loser.wait("call-answered")
                assert answered["action"] == "accept"
                # Whoever comes too late is told so.
                late = await loser.ask("answer-call", {"callId": uuid, "action": "accept"})
                assert late["error"]["code"] == "CALL_ALREADY_ANSWERED"
            if winner == "page":
                await off_loop(desk.wait_closed)
                reason = next(line for line in desk.trace if line.startswith("Reason:"))
                assert "cause=200" in reason and "elsewhere" in reason.lower(), reason
                await peer.wait_frames(10)
                await assert_talking(peer, anna)
                assert first.count("call-withdrawn") == 0
            else:
                await off_loop(desk.assert_hears, PHONE_TONE)
            anna.hang_up()
            for one in (first, second):
                await one.wait("call-ended")
                assert one.count("call-ended") == 1
            return uuid

    row = wait_ended(gateway, asyncio.run(run()))
    assert (row["state"], row["end_reason"]) == ("completed", "caller_hangup")
    assert row["answered_by_user_id"] == gateway.login("petr")["user"]["id"]


def test_a_caller_who_gives_up_stops_all_ringing(gateway, phones):
    anna, desk = phones("1001"), phones("1002")

    async def run():
        async with page(gateway, "petr") as petr:
            anna.dial("1002")
            shown = await petr.wait("incoming-call")
            await off_loop(desk.wait_incoming)
            anna.hang_up()
            await off_loop(desk.wait_closed)
            withdrawn = await petr.wait("call-withdrawn")
            assert (withdrawn["uuid"], withdrawn["reason"]) == (shown["uuid"], "caller_cancelled")
            await petr.wait("call-ended")
            return shown["uuid"]

    row = wait_ended(gateway, asyncio.run(run()))
    assert (row["state"], row["end_reason"]) == ("cancelled", "caller_cancelled")


def test_a_page_refuses_for_all_devices(gateway, phones):
    anna, desk = phones("1001"), phones("1002")

    async def run():
        async with page(gateway, "petr") as petr:
            anna.dial("1002")
            shown = await petr.wait("incoming-call")
            await off_loop(desk.wait_incoming)
            refused = await petr.ask("answer-call", {"callId": shown["id"], "action": "reject"})
            assert refused["success"], refused
            assert "603" in (await off_loop(anna.wait_closed))["param"]
            await off_loop(desk.wait_closed)
            return shown["uuid"]

    row = wait_ended(gateway, asyncio.run(run()))
    assert (row["state"], row["end_reason"]) == ("rejected", "rejected")


def test_click_to_call_rings_the_callers_phone_first(gateway, phones):
    anna, petr = phones("1001"), phones("1002", transport="tcp")
    answer = gateway.request("POST", "/api/calls/dial", login="admin", json={"from": "1001", "to": "1002"})
    assert answer.status_code == 200, answer.text
    anna.wait_incoming()
    assert petr.count("CALL_INCOMING") == 0
    anna.answer()
    petr.wait_incoming()
    petr.answer()
    for phone in (anna, petr):
        phone.wait_talking()
        phone.assert_hears(PHONE_TONE)
    petr.hang_up()
    anna.wait_closed()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_chromium_and_a_phone_call_each_other(gateway, phones, chrome, transport):
    petr = phones("1002", transport=transport)
    anna = chrome.open(gateway, PAGE_TONE).sign_in("anna")
    connect_from_page(anna, petr)
    anna.press("hangup")
    petr.wait_closed()
    anna.wait_state("idle")
    petr.dial("1001")
    anna.wait_state("incoming")
    anna.press("answer")
    anna.wait_state("connected")
    anna.wait_media()
    petr.wait_talking(skip=1)
    assert_both_hear(anna, petr)
    petr.hang_up()
    anna.wait_state("idle")
    assert anna.problems == []
    chrome.close_pages()
    rows = gateway.stored("SELECT * FROM calls ORDER BY id DESC LIMIT 2")
    assert [row["end_reason"] for row in rows] == ["caller_hangup", "caller_hangup"]
    assert [row["caller_number"] for row in rows] == ["1002", "1001"]
    assert all(row["state"] == "completed" and row["duration"] >= 2 for row in rows)


def test_chromium_and_a_phone_hold_each_other(gateway, phones, chrome):
    petr = phones("1002")
    anna = chrome.open(gateway, PAGE_TONE).sign_in("anna")
    connect_from_page(anna, petr)
    anna.press("hold")
    anna.wait_state("held")
    petr.assert_hears_music()
    anna.press("hold")
    anna.wait_state("connected")
    assert_both_hear(anna, petr)
    petr.hold()
    anna.pause(0.5)
    samples, _ = anna.listen(1)
    assert -35 <= level_db(samples) <= -10, "the page hears no music"
    petr.resume()
    anna.pause(0.3)
    assert_both_hear(anna, petr)
    petr.hang_up()
    anna.wait_state("idle")
    assert anna.problems == []
    chrome.close_pages()


def test_chromium_passes_a_phone_on_to_another(gateway, phones, chrome):
    petr = phones("1002", transport="tcp")
    other = phones("1003", password="third-secret", tone=880)
    anna = chrome.open(gateway, PAGE_TONE).sign_in("anna")
    connect_from_page(anna, petr)
    anna.press("transfer")
    anna.control("transfer-target").fill("1003")
    anna.press("transfer-go")
    other.wait_incoming()
    petr.assert_hears_ring_back()
    other.answer()
    anna.wait_state("idle")
    petr.assert_hears(880, without=PHONE_TONE)
    other.assert_hears(PHONE_TONE, without=880)
    other.hang_up()
    petr.wait_closed()
    assert anna.problems == []
    chrome.close_pages()
    row = wait_ended(gateway, newest_call(gateway)["uuid"])
    assert (row["state"], row["transfer_count"]) == ("completed", 1)


def connect_from_page(softphone, phone):
    softphone.dial(phone.extension)
    phone.wait_incoming()
    softphone.wait_state("ringing")
    phone.answer()
    softphone.wait_state("connected")
    softphone.wait_media()
    assert_both_hear(softphone, phone)


def assert_both_hear(softphone, phone):
    softphone.pause(0.3)
    samples, rate = softphone.listen(1.2)
    assert_tone(samples, rate, PHONE_TONE)
    assert band_db(samples, rate, PAGE_TONE) < -40, "the page hears itself"
    phone.assert_hears(PAGE_TONE, without=PHONE_TONE)
