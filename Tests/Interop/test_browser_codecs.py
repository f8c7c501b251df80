"""Chromium offering nothing but Opus calls a phone that speaks another codec: the tones come right both ways."""

import pytest
from audio import assert_tone, band_db
from browsers import chromium
from gateway import Gateway
from phone import Phone

PAGE_TONE, PHONE_TONE = 440, 660
# As the tones leave: the page's as its microphone has it; baresip's way from 48 kHz to fewer costs some.
PAGE_DB, PHONE_DB = -15.0, -15.8
# The page is served as it is; only what the browser says it can do is less.
OPUS_ALONE = """
if (window.RTCPeerConnection) {
  const offer = RTCPeerConnection.prototype.createOffer;
  RTCPeerConnection.prototype.createOffer = function (...options) {
    const all = RTCRtpReceiver.getCapabilities('audio').codecs;
    for (const one of this.getTransceivers())
      one.setCodecPreferences(all.filter((codec) => codec.mimeType === 'audio/opus'));
    return offer.apply(this, options);
  };
}
"""


@pytest.fixture(scope="module")
def gateway():
    with Gateway() as running:
        yield running


@pytest.mark.parametrize("codec", ["PCMA", "G722"])
def test_a_page_with_opus_alone_and_a_phone_without_hear_each_other(gateway, codec):
    with chromium() as chrome, Phone(gateway, "1002", tone=PHONE_TONE, codecs=(codec,)) as petr:
        anna = chrome.open(gateway, PAGE_TONE)
        anna.page.add_init_script(OPUS_ALONE)
        anna.sign_in("anna")
        anna.dial("1002")
        petr.wait_incoming()
        petr.answer()
        anna.wait_state("connected")
        anna.wait_media()
        for route in (("opus", codec), (codec, "opus")):
            assert gateway.metric("media_transcoders", **dict(zip(("from", "to"), route))) == 1, route
        # Chromium's own jitter buffer finds its depth.
        anna.pause(1)
        samples, rate = anna.listen(2)
        assert_tone(samples, rate, PHONE_TONE, level=PHONE_DB, tolerance_db=1)
        assert band_db(samples, rate, PAGE_TONE) < -40, "the page hears itself"
        samples, rate = petr.listen(2)
        # What was said before the ear began to listen is unknown to its decoder.
        assert_tone(samples[rate // 4:], rate, PAGE_TONE, level=PAGE_DB, tolerance_db=1)
        assert band_db(samples, rate, PHONE_TONE) < -45, "the phone hears itself"
        anna.press("hangup")
        petr.wait_closed()
        anna.wait_state("idle")
        assert anna.problems == []
    gateway.wait_metric("media_transcoders", 0)
