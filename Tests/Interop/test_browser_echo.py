"""A person opens the page in Chromium, calls the echo, and hears the tone of their own microphone."""

import pytest
from audio import assert_tone, band_db
from gateway import Gateway, free_port


@pytest.fixture(scope="module")
def gateway():
    with Gateway() as running:
        yield running


@pytest.fixture
def phone(chrome, gateway):
    softphone = chrome.open(gateway).sign_in("anna")
    yield softphone
    chrome.close_pages()
    assert softphone.problems == []


def test_the_echo_is_heard_as_it_was_spoken(gateway, phone):
    phone.dial("9196")
    phone.wait_state("connected")
    phone.wait_media()
    phone.pause(1)
    before = {way: gateway.rtp(way, "browser") for way in ("in", "out")}
    samples, rate = phone.listen(10.5)
    for way, count in before.items():
        assert gateway.rtp(way, "browser") - count >= 500, f"RTP {way}"
    samples = samples[: 10 * rate]
    assert len(samples) == 10 * rate
    # The file's sine peaks at −12 dB; a little is lost in two resamplings and the companding.
    assert_tone(samples, rate, 440, level=-15.0, tolerance_db=1.5, gap=0.06)
    assert band_db(samples, rate, 440) > -16.5
    phone.press("hangup")
    phone.wait_state("idle")
    gateway.wait_metric("active_calls", 0)
    gateway.wait_metric("media_legs", 0)
    [record] = gateway.calls("anna")
    assert record["state"] == "completed"
    assert record["direction"] == "outgoing" and record["to"] == "9196" and record["from"] == "1001"
    assert 11 <= record["duration"] <= 25


def test_the_page_works_over_https_with_the_certificate_made_at_start(chrome):
    """As from another machine, where a browser gives the microphone to secure pages only."""
    secure = free_port()
    with Gateway(HTTPS_PORT=secure) as gateway:
        phone = chrome.open(gateway)
        phone.address = f"https://localhost:{secure}/"
        phone.sign_in("petr")
        phone.dial("9197")
        phone.wait_state("connected")
        phone.wait_media()
        assert_tone(*phone.listen(1), 1004)
        phone.press("hangup")
        phone.wait_state("idle")
        assert phone.problems == []
        chrome.close_pages()


def test_the_tone_and_the_level_meters_are_seen(gateway, phone):
    phone.dial("9197")
    phone.wait_state("connected")
    phone.wait_media()
    phone.pause(0.5)
    samples, rate = phone.listen(2)
    assert_tone(samples, rate, 1004, level=-6.2, tolerance_db=1.0)
    for side in ("far", "mic"):
        phone.until("name => getComputedStyle(document.querySelector(`[data-test=${name}]`))"
                    ".getPropertyValue('--level') > 0.5", f"{side}-level")
    phone.until("() => /\\d ms/.test(document.querySelector('[data-test=quality]').textContent)")
    phone.press("hangup")
    phone.wait_state("idle")
