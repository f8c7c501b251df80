"""A conference of baresip phones, Chromium and aiortc, each with a tone of its own, which the others hear and it does not."""

import asyncio
import time

import pytest
from audio import band_db, lasting_db
from browsers import chromium
from gateway import Gateway, wait_for
from peers import Peer, PlainSocket, join
from phone import Phone
from records import newest_call
from test_recording import download, read

PATH = "/api/v1/conferences/team/participants"
ANNA, PETR, PAGE = 440, 700, 1100


@pytest.fixture
def gateway():
    with Gateway(CONFERENCE_ROOMS="8000:team", SIP_USERS="1003:third-secret:1003:Third") as running:
        yield running


@pytest.fixture
def phones(gateway):
    started = []

    def start(extension, **arguments):
        started.append(Phone(gateway, extension, **arguments))
        return started[-1].start()

    yield start
    for phone in started:
        phone.stop()
    gateway.wait_idle("media_conferences", "media_conference_participants")


def participants(gateway):
    return gateway.request("GET", PATH, login="admin").json()["data"]["participants"]


def assert_mix(samples, rate, hears, not_hears):
    for hertz in hears:
        assert band_db(samples, rate, hertz) > -24, f"{hertz} Hz is missing"
    for hertz in not_hears:
        assert lasting_db(samples, rate, hertz) < -45, f"{hertz} Hz is heard"


def hears(phone, tones, without):
    assert_mix(*phone.listen(1.5, settle=0.6), tones, without)


def enter(phone):
    phone.dial("8000")
    phone.wait_talking()
    return phone


def test_three_with_three_codecs_hear_the_other_two_and_not_themselves(gateway, phones):
    async def run():
        anna = await asyncio.to_thread(phones, "1001", tone=ANNA, codecs=("PCMU",))
        await asyncio.to_thread(enter, anna)
        await asyncio.to_thread(anna.assert_hears_music)
        petr = await asyncio.to_thread(phones, "1002", tone=PETR, codecs=("PCMA",))
        await asyncio.to_thread(enter, petr)
        await asyncio.to_thread(anna.assert_hears, PETR, without=ANNA, settle=0.6)
        token = gateway.token("admin")
        async with PlainSocket(gateway, token=token) as socket, Peer(PAGE) as peer:
            made = await asyncio.to_thread(gateway.make_call, "8000", login="admin")
            await join(socket, peer, made["id"])
            joined = await socket.wait("participant-joined", lambda event: event["participants"] == 3)
            assert joined["conference"] == "team" and joined["callId"] == made["id"]
            await socket.wait("speaker-changed", lambda event: event["speaking"])
            await peer.wait_frames(25)
            (samples, rate), _, _ = await asyncio.gather(
                peer.listen(2.5), asyncio.to_thread(hears, anna, [PETR, PAGE], [ANNA]),
                asyncio.to_thread(hears, petr, [ANNA, PAGE], [PETR]))
            assert_mix(samples, rate, [ANNA, PETR], [PAGE])
            assert gateway.metric("media_conference_participants") == 3
            assert gateway.metric("media_transcoders") == 0
            muted = next(one["callId"] for one in participants(gateway) if one["number"] == "1001")
            gateway.request("POST", f"{PATH}/{muted}/mute", login="admin")
            await asyncio.to_thread(hears, petr, [PAGE], [ANNA, PETR])
            gateway.request("POST", f"{PATH}/{muted}/unmute", login="admin")
            await asyncio.to_thread(hears, petr, [ANNA, PAGE], [PETR])
            await socket.emit("leave-call", {})
            await socket.wait("participant-left", lambda event: event["participants"] == 2)
        await asyncio.to_thread(anna.assert_hears, PETR, without=ANNA, settle=0.6)

    asyncio.run(run())


def test_all_who_are_there_are_in_the_recording(gateway, phones):
    path = "/api/v1/conferences/team/recording"

    def command(word):
        answer = gateway.request("POST", f"{path}/{word}", login="admin")
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]["recording"]

    anna = enter(phones("1001", tone=ANNA, codecs=("PCMU",)))
    petr = enter(phones("1002", tone=PETR, codecs=("G722",)))
    call = newest_call(gateway)["id"]
    assert command("start") is True
    time.sleep(2)
    third = enter(phones("1003", tone=PAGE, codecs=("opus",), password="third-secret"))
    time.sleep(2)
    assert command("stop") is False
    gateway.wait_metric("recordings_total", 1, result="completed")
    for phone in (anna, petr, third):
        phone.hang_up()
        phone.wait_closed()
    left, right, rate = read(gateway.request("GET", path, login="admin").content)
    assert (left == right).all() and len(left) / rate >= 3.8
    assert_mix(left[int(0.4 * rate):int(1.6 * rate)], rate, [ANNA, PETR], [PAGE])
    assert_mix(left[-int(1.2 * rate):-int(0.2 * rate)], rate, [ANNA, PETR, PAGE], [])
    # The record of who was there leads to it as well.
    assert (read(download(gateway, call))[0] == left).all()


def test_chromium_a_phone_and_one_who_is_called_in(gateway, phones):
    anna = enter(phones("1001", tone=ANNA))
    with chromium() as browsers:
        page = browsers.open(gateway, tone=PAGE).sign_in("admin")
        page.dial("8000")
        page.wait_media()
        third = phones("1003", password="third-secret", tone=PETR)
        called = gateway.request("POST", PATH, login="admin", json={"to": "1003"})
        assert called.status_code == 201, called.text
        third.wait_incoming()
        third.answer()
        third.wait_talking()
        wait_for(lambda: len(participants(gateway)) == 3, what="three participants")
        page.pause(1)
        hears(anna, [PAGE, PETR], [ANNA])
        hears(third, [PAGE, ANNA], [PETR])
        assert_mix(*page.listen(2), [ANNA, PETR], [PAGE])
        call = called.json()["data"]["id"]
        assert gateway.request("DELETE", f"{PATH}/{call}", login="admin").status_code == 200
        third.wait_closed()
        page.press("hangup")
