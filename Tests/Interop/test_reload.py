"""A page in a call is reloaded, leaves and comes back, or loses its socket: the call goes on."""

import time

import pytest
import tap
from audio import assert_tone, band_db, lasting_db, level_db
from gateway import Gateway, wait_for
from phone import Phone
from records import newest_call, stored, wait_ended

PAGE_TONE, PHONE_TONE = 440, 660
# Long enough for any machine; how long it takes is printed.
LIMIT = 10


@pytest.fixture(scope="module")
def gateway():
    with Gateway(SIP_USERS="1003:third-secret:1003:Third") as running:
        yield running


@pytest.fixture
def phone(gateway):
    with Phone(gateway, "1002", tone=PHONE_TONE) as running:
        yield running


@pytest.fixture
def anna(chrome, gateway):
    page = chrome.open(gateway, PAGE_TONE)
    page.keep_socket()
    yield page.sign_in("anna")
    assert page.problems == []
    chrome.close_pages()


@pytest.fixture(autouse=True)
def nothing_is_left(gateway):
    yield
    gateway.wait_idle("sip_legs", "active_webrtc_connections")


def connect(anna, phone):
    """The page calls the phone; both hear the other."""
    anna.dial("1002")
    phone.wait_incoming()
    phone.answer()
    anna.wait_state("connected")
    anna.wait_media()
    phone.assert_hears(PAGE_TONE, without=PHONE_TONE)


def assert_talking(anna, phone):
    phone.assert_hears(PAGE_TONE, without=PHONE_TONE)
    samples, rate = anna.listen(1)
    assert_tone(samples, rate, PHONE_TONE)
    assert lasting_db(samples, rate, PAGE_TONE) < -45, "the page hears itself"


def hang_up(gateway, anna, phone):
    """Ends the call at the page and answers its row, which is the only one."""
    uuid = newest_call(gateway)["uuid"]
    anna.press("hangup")
    phone.wait_closed()
    row = wait_ended(gateway, uuid)
    assert (row["state"], row["end_reason"], row["hold_seconds"]) == ("completed", "caller_hangup", 0)
    assert row["answered_at"] < row["ended_at"]
    legs = gateway.stored("SELECT leg_kind FROM call_legs WHERE call_pk = ?", row["id"])
    assert sorted(leg["leg_kind"] for leg in legs) == ["sip", "webrtc"]
    anna.wait_state("idle")
    return row


def heard(phone, since, width=0.2):
    """What the phone heard after a moment, bit by bit: (seconds since then, tone, music or silence)."""
    packets = phone.packets(since)
    for step in range(int((packets[-1].at - since) / width)):
        start = since + step * width
        some = [packet for packet in packets if start <= packet.at < start + width]
        if len(some) < width * 50 / 2:
            continue
        samples, rate = tap.sound(some)
        level = level_db(samples)
        kind = "tone" if band_db(samples, rate, PAGE_TONE) > -20 else "music" if level > -40 else "silence"
        yield step * width, kind


def test_a_reload_keeps_the_call_with_a_phone(gateway, anna, phone):
    calls = len(gateway.calls(limit=100))
    connect(anna, phone)
    answered = stored(gateway, newest_call(gateway)["uuid"])["answered_at"]
    start = tap.now()
    anna.page.reload()
    anna.wait_state("connected")
    anna.wait_media()
    page_again = tap.now() - start
    assert_talking(anna, phone)
    bits = list(heard(phone, start))
    music = [at for at, kind in bits if kind == "music"]
    assert music, f"the phone heard no music: {bits}"
    phone_again = next(at for at, kind in bits if at > music[0] and kind == "tone")
    print(f"\nreload: the phone hears the page again after {phone_again:.1f} s, "
          f"the page the phone after {page_again:.1f} s, music from {music[0]:.1f} s")
    assert phone_again < LIMIT and page_again < LIMIT
    assert phone.messages("a=sendonly"), "the phone was not told that it waits"
    # The timer goes on from where it was.
    minutes, seconds = anna.control("timer").inner_text().split(":")
    shown = int(minutes) * 60 + int(seconds)
    assert abs(shown - (time.time() - answered / 1000)) < 3
    row = hang_up(gateway, anna, phone)
    assert row["answered_at"] == answered
    assert len(gateway.calls(limit=100)) == calls + 1


def test_a_page_is_reloaded_while_its_partner_transfers_it(gateway, anna, phone):
    connect(anna, phone)
    uuid = newest_call(gateway)["uuid"]
    with Phone(gateway, "1003", password="third-secret", tone=880) as target:
        phone.transfer("1003")
        target.wait_incoming()
        anna.page.reload()
        anna.wait_state("connected")
        anna.wait_media()
        assert newest_call(gateway)["state"] == "transferring"
        target.answer()
        phone.wait_closed()
        target.assert_hears(PAGE_TONE, without=880)
        samples, rate = anna.listen(1)
        assert_tone(samples, rate, 880)
        anna.press("hangup")
        target.wait_closed()
    row = wait_ended(gateway, uuid)
    assert (row["state"], row["end_reason"], row["transfer_count"]) == ("completed", "caller_hangup", 1)
    anna.wait_state("idle")


def test_a_page_on_hold_is_reloaded_and_holds_still(gateway, anna, phone):
    connect(anna, phone)
    anna.press("hold")
    anna.wait_state("held")
    anna.page.reload()
    anna.wait_state("held")
    phone.assert_hears_music()
    anna.until("() => window.tandem.pc?.connectionState === 'connected'")
    anna.press("hold")
    anna.wait_state("connected")
    assert_talking(anna, phone)
    anna.press("hangup")
    phone.wait_closed()
    anna.wait_state("idle")


def test_a_reload_comes_back_later_and_the_phone_hears_music_meanwhile(gateway, anna, phone):
    connect(anna, phone)
    anna.page.goto("about:blank")
    phone.assert_hears_music()
    assert stored(gateway, newest_call(gateway)["uuid"])["state"] == "answered"
    anna.page.goto(anna.address)
    anna.wait_state("connected")
    anna.wait_media()
    assert_talking(anna, phone)
    hang_up(gateway, anna, phone)


def test_a_socket_that_breaks_leaves_the_media_as_it_is(gateway, anna, phone):
    connect(anna, phone)
    anna.page.evaluate("window.samePC = window.tandem.pc; window.signalling.close()")
    anna.until("() => document.querySelector('[data-test=state]').textContent === 'Reconnecting…'")
    anna.until("() => document.querySelector('[data-test=state]').textContent === 'In call'")
    assert anna.page.evaluate("window.samePC === window.tandem.pc")
    assert_talking(anna, phone)
    hang_up(gateway, anna, phone)


def test_a_phone_may_hang_up_while_a_page_reloads(gateway, anna, phone):
    connect(anna, phone)
    uuid = newest_call(gateway)["uuid"]
    anna.page.goto("about:blank")
    phone.assert_hears_music()
    phone.hang_up()
    row = wait_ended(gateway, uuid)
    assert (row["state"], row["end_reason"]) == ("completed", "callee_hangup")
    anna.page.goto(anna.address)
    anna.wait_state("ended", "idle")
    anna.wait_state("idle")


def test_a_call_rings_again_in_a_page_that_is_reloaded(gateway, anna, phone):
    phone.dial("1001")
    anna.wait_state("incoming")
    anna.page.reload()
    anna.wait_state("incoming")
    anna.press("answer")
    phone.wait_talking()
    anna.wait_media()
    assert_talking(anna, phone)
    anna.press("hangup")
    phone.wait_closed()
    anna.wait_state("idle")
    wait_for(lambda: newest_call(gateway)["status"] == "completed", 5, "the record")
