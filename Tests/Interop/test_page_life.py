"""What happens to a page of ours in a call with a phone: it restarts its ICE, it is reloaded."""

import time

import pytest
from audio import assert_tone, lasting_db
from gateway import Gateway
from icerestart import WAYS, restart, watch
from phone import Phone
from records import newest_call, wait_ended

PAGE_TONE, PHONE_TONE = 440, 660
# Long enough for any machine; how long it takes is printed.
LIMIT = 10


@pytest.fixture(scope="module")
def gateway():
    with Gateway() as running:
        yield running


@pytest.fixture
def petr(gateway):
    with Phone(gateway, "1002", tone=PHONE_TONE) as running:
        yield running


@pytest.fixture
def anna(chrome, gateway):
    softphone = chrome.open(gateway, PAGE_TONE)
    watch(softphone)
    yield softphone.sign_in("anna")
    chrome.close_pages()
    assert softphone.problems == []
    for name in ("active_calls", "media_legs", "sip_legs", "active_webrtc_connections"):
        gateway.wait_metric(name, 0)


def connect(anna, petr):
    """The page calls the phone; answers the call's record."""
    anna.dial(petr.extension)
    petr.wait_incoming()
    petr.answer()
    anna.wait_state("connected")
    anna.wait_media()
    petr.wait_talking()
    return newest_call(anna.gateway)


def assert_both_hear(anna, petr):
    anna.pause(0.3)
    samples, rate = anna.listen(1)
    assert_tone(samples, rate, PHONE_TONE)
    assert lasting_db(samples, rate, PAGE_TONE) < -45, "the page hears itself"
    petr.assert_hears(PAGE_TONE, without=PHONE_TONE)


def hang_up(anna, petr, call):
    petr.hang_up()
    anna.wait_state("idle")
    row = wait_ended(anna.gateway, call["uuid"])
    assert row["state"] == "completed"
    return row


@pytest.mark.parametrize("way", WAYS)
def test_a_call_goes_on_when_its_ice_is_restarted(anna, petr, way):
    call = connect(anna, petr)
    for _ in range(2):
        restart(anna, way, call["uuid"])
        assert_both_hear(anna, petr)
        way = "restartIce"
    hang_up(anna, petr, call)


def test_a_page_that_is_reloaded_is_back_in_its_call_within_seconds(anna, petr):
    call = connect(anna, petr)
    assert_both_hear(anna, petr)
    # The page asks whether to leave a call.
    anna.page.on("dialog", lambda dialog: dialog.accept())
    began = time.monotonic()
    anna.page.reload()
    anna.wait_state("connected", seconds=LIMIT)
    anna.wait_media(LIMIT)
    print(f"heard again after {time.monotonic() - began:.1f} s")
    assert_both_hear(anna, petr)
    hang_up(anna, petr, call)


def test_the_phone_hears_music_until_the_page_is_back(anna, petr):
    call = connect(anna, petr)
    anna.page.on("dialog", lambda dialog: dialog.accept())
    address = anna.page.url
    anna.page.goto("about:blank")
    petr.assert_hears_music()
    anna.page.goto(address)
    anna.wait_state("connected", seconds=LIMIT)
    anna.wait_media(LIMIT)
    assert_both_hear(anna, petr)
    hang_up(anna, petr, call)
