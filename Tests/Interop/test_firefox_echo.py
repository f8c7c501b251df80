"""The same page in Firefox: the echo is connected and audio flows both ways."""

import base64
import io
import time

import av
import numpy as np
import pytest
from audio import assert_tone
from firefox import firefox
from gateway import Gateway

# What the far end says during some seconds, as a file; without a sound card an AudioContext never runs.
RECORDING = """(async () => {
  const recorder = new MediaRecorder(document.getElementById('far').srcObject);
  const parts = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  const stopped = new Promise((done) => { recorder.onstop = done; });
  recorder.start();
  await new Promise((done) => setTimeout(done, 4000));
  recorder.stop();
  await stopped;
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
})()"""

STATS = """window.tandem.pc.getStats().then((stats) => {
  const all = [...stats.values()];
  return { sent: all.find((one) => one.type === 'outbound-rtp')?.packetsSent ?? 0,
    received: all.find((one) => one.type === 'inbound-rtp')?.packetsReceived ?? 0,
    state: window.tandem.pc.connectionState };
})"""


def decode(text):
    """Samples −1 … 1 of a recorded file, and their rate."""
    with av.open(io.BytesIO(base64.b64decode(text))) as file:
        frames = [frame for frame in file.decode(audio=0)]
    planar = [frame.to_ndarray() for frame in frames]
    samples = np.concatenate([one[0] if frame.format.is_planar else one.reshape(-1)[::len(frame.layout.channels)]
                              for one, frame in zip(planar, frames)])
    scale = 32768 if samples.dtype.kind == "i" else 1
    return samples.astype(float) / scale, frames[0].sample_rate


@pytest.fixture(scope="module")
def gateway():
    # Firefox makes no pair with a loopback address: the gateway names all addresses of this machine, its default.
    with Gateway(PUBLIC_IP="auto") as running:
        yield running


@pytest.mark.interface
def test_firefox_talks_to_the_echo(gateway):
    with firefox() as browser:
        browser.go(gateway.url("/"))
        browser.fill("login", "petr")
        browser.fill("password", gateway.users["petr"][0])
        browser.press("sign-in")
        browser.until("document.documentElement.dataset.view === 'desk'")
        browser.until("document.querySelector('[data-test=link]').dataset.state === 'online'")
        browser.fill("number", "9196")
        browser.press("call")
        browser.wait_state("connected")
        browser.until(f"{STATS}.then((now) => now.state === 'connected' && now.received > 25)")
        before, packets = browser.evaluate(STATS), {way: gateway.rtp(way, "browser") for way in ("in", "out")}
        time.sleep(2)
        after = browser.evaluate(STATS)
        assert after["sent"] - before["sent"] >= 80
        assert after["received"] - before["received"] >= 80
        for way, count in packets.items():
            assert gateway.rtp(way, "browser") - count >= 80, f"RTP {way}"
        samples, rate = decode(browser.evaluate(RECORDING))
        assert len(samples) > 3 * rate
        # Firefox's fake microphone says 1000 Hz; recording begins and ends with a little silence.
        assert_tone(samples[rate // 2:-rate // 4], rate, 1000)
        browser.press("hangup")
        browser.wait_state("idle")
        assert browser.problems == []
    gateway.wait_metric("media_legs", 0)
    [record] = gateway.calls("petr")
    assert record["state"] == "completed" and record["to"] == "9196"
