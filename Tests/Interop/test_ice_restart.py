"""A page of ours restarts its ICE in a call with a phone: both are heard on."""

import pytest
from audio import assert_tone, lasting_db
from gateway import Gateway
from icerestart import WAYS, restart
from phone import Phone
from records import newest_call, wait_ended

PAGE_TONE, PHONE_TONE = 440, 660


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
    softphone.keep_socket()
    yield softphone.sign_in("anna")
    chrome.close_pages()
    assert softphone.problems == []
    gateway.wait_idle("sip_legs", "active_webrtc_connections")


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
