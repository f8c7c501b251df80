"""The page at / in Debian's Chromium: signs in, presses its buttons, and records what the call brings to the ear."""

import base64
import contextlib
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
from audio import write_tone
from machine import steadily
from playwright.sync_api import sync_playwright

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
RATE = 48000

# Reads the far end's track before it reaches any device, so that no sound card can spoil what is judged.
RECORDER = """
window.recorder = {
  chunks: [], isRunning: false,
  async start() {
    const track = document.getElementById('far').srcObject.getAudioTracks()[0];
    this.track = track.clone();
    this.chunks = [];
    this.isRunning = true;
    const reader = new MediaStreamTrackProcessor({ track: this.track, maxBufferSize: 3000 }).readable.getReader();
    while (this.isRunning) {
      const { done, value } = await reader.read();
      if (done) break;
      const samples = new Float32Array(value.numberOfFrames);
      value.copyTo(samples, { planeIndex: 0, format: 'f32-planar' });
      this.chunks.push({ at: value.timestamp, rate: value.sampleRate, samples });
      value.close();
    }
    reader.cancel();
  },
  stop() {
    this.isRunning = false;
    this.track?.stop();
    const rate = this.chunks[0]?.rate ?? 0;
    const first = this.chunks[0]?.at ?? 0;
    const last = this.chunks.at(-1);
    const length = last ? Math.round((last.at - first) * rate / 1e6) + last.samples.length : 0;
    // What never came stays silent, so that a gap is found as one.
    const all = new Int16Array(length);
    for (const { at, samples } of this.chunks) {
      const start = Math.round((at - first) * rate / 1e6);
      for (let i = 0; i < samples.length && start + i < length; i++) {
        all[start + i] = Math.max(-32768, Math.min(32767, Math.round(samples[i] * 32768)));
      }
    }
    let text = '';
    const bytes = new Uint8Array(all.buffer);
    for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768));
    return { rate, data: btoa(text) };
  },
};
"""


# Keeps the page's socket at hand, to be spoken over or broken.
KEEP_SOCKET = """
window.WebSocket = class extends window.WebSocket {
  constructor(...parameters) {
    super(...parameters);
    window.signalling = this;
  }
};
"""


class Softphone:
    """One page of one user. Every control is found by its `data-test`."""

    def __init__(self, page, gateway):
        self.page, self.gateway = page, gateway
        self.address = gateway.url("/")
        self.events = []
        self.problems = []
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda line: self.problems.append(line.text) if line.type == "error" else None)
        page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: self.events.append(str(frame))))
        # The fake microphone is a pure tone: nothing may be taken for noise or echo. The language is fixed too.
        # A page that leaves is on about:blank meanwhile, which has no storage.
        page.add_init_script("if (location.protocol !== 'about:') {"
                             "localStorage.setItem('tandem.processing', 'off');"
                             "localStorage.setItem('tandem.language', 'en'); }" + RECORDER)

    def keep_socket(self):
        """Has the page keep its socket as `signalling`; to be called before it is opened."""
        self.page.add_init_script(KEEP_SOCKET)

    def control(self, name):
        return self.page.locator(f"[data-test={name}]")

    def sign_in(self, login):
        self.page.goto(self.address)
        self.control("login").fill(login)
        self.control("password").fill(self.gateway.users.get(login, ("admin-password",))[0])
        self.control("sign-in").click()
        self.until("() => document.documentElement.dataset.view === 'desk'")
        self.page.locator("[data-test=link][data-state=online]").wait_for(state="attached")
        return self

    def until(self, predicate, argument=None, seconds=10):
        """Waits until a JavaScript function is true of the page; polled from here, because the page forbids `eval`."""
        end = time.monotonic() + seconds
        while not self.page.evaluate(predicate, argument):
            assert time.monotonic() < end, f"waited {seconds} s for {predicate} {argument or ''} in state {self.state}"
            self.page.wait_for_timeout(50)

    @property
    def state(self):
        return self.page.evaluate("document.documentElement.dataset.callState")

    def wait_state(self, *states, seconds=10):
        self.until("states => states.includes(document.documentElement.dataset.callState)", list(states), seconds)
        return self.state

    def dial(self, number):
        self.control("number").fill(number)
        self.control("call").click()

    def press(self, name):
        self.control(name).click()

    def wait_media(self, seconds=10):
        """Waits until sound comes in."""
        self.until(
            """async () => {
              const pc = window.tandem?.pc;
              if (!pc || pc.connectionState !== 'connected') return false;
              for (const one of (await pc.getStats()).values())
                if (one.type === 'inbound-rtp' && one.packetsReceived > 25) return true;
              return false;
            }""", seconds=seconds)

    def stats(self):
        """`packetsSent` and `packetsReceived` of the call's audio."""
        return self.page.evaluate(
            """async () => {
              const all = [...(await window.tandem.pc.getStats()).values()];
              return { packetsSent: all.find((one) => one.type === 'outbound-rtp')?.packetsSent ?? 0,
                packetsReceived: all.find((one) => one.type === 'inbound-rtp')?.packetsReceived ?? 0 };
            }""")

    def start_recording(self):
        self.page.evaluate("() => { window.recorder.start(); }")

    def stop_recording(self):
        """Samples −1 … 1 since `start_recording`, and their rate."""
        recorded = self.page.evaluate("() => window.recorder.stop()")
        assert recorded["rate"], "nothing was heard"
        samples = np.frombuffer(base64.b64decode(recorded["data"]), dtype="<i2")
        return samples.astype(float) / 32768, recorded["rate"]

    def listen(self, seconds):
        return listen_together(seconds, self)[0]

    def pause(self, seconds):
        """Lets time pass while the page's events are still heard."""
        self.page.wait_for_timeout(seconds * 1000)


def listen_together(seconds, *phones):
    """Records several pages over the same time, again if the machine did not keep up."""
    def record():
        for phone in phones:
            phone.start_recording()
        phones[0].pause(seconds)
        return [phone.stop_recording() for phone in phones]

    return steadily(record)


class Browsers:
    """Chromium processes, each with a microphone that hears a tone of its own."""

    def __init__(self, playwright, executable=CHROMIUM):
        self.playwright, self.executable = playwright, str(executable)
        self.folder = Path(tempfile.mkdtemp(prefix="tandem-tones-"))
        self.running = {}

    def _browser(self, tone):
        if tone not in self.running:
            # The capture starts anew at the file's end: a whole number of periods makes the joint inaudible.
            path = write_tone(self.folder / f"{tone}.wav", tone, seconds=60, rate=RATE, level_db=-12.0)
            self.running[tone] = self.playwright.chromium.launch(
                executable_path=self.executable,
                args=[
                    "--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
                    f"--use-file-for-fake-audio-capture={path}", "--allow-loopback-in-peer-connection",
                    "--autoplay-policy=no-user-gesture-required", "--disable-features=WebRtcHideLocalIpsWithMdns",
                ])
        return self.running[tone]

    def open(self, gateway, tone=440):
        context = self._browser(tone).new_context(permissions=["microphone"], ignore_https_errors=True)
        return Softphone(context.new_page(), gateway)

    def new_page(self):
        """A page that is nobody's; `problems` has what went wrong in it."""
        page = self._browser(440).new_context().new_page()
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.on("console", lambda line: page.problems.append(line.text) if line.type == "error" else None)
        return page

    def close_pages(self):
        for browser in self.running.values():
            for context in browser.contexts:
                context.close()

    def close(self):
        for browser in self.running.values():
            browser.close()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def chromium(executable=CHROMIUM):
    """`executable` may be a script that runs Chromium somewhere else."""
    with sync_playwright() as playwright:
        browsers = Browsers(playwright, executable)
        try:
            yield browsers
        finally:
            browsers.close()
