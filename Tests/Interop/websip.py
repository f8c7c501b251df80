"""A SIP phone in a Chromium page that speaks SIP over WebSocket (websip.js)."""

from pathlib import Path

from browsers import RECORDER, listen_together

CLIENT = Path(__file__).with_name("websip.js").read_text()


class WebPhone:
    """One page with one registered phone; its call is `window.session`."""

    def __init__(self, chrome, gateway, login, tone=440, secure_port=None):
        _, self.extension, self.password = gateway.users[login]
        self.gateway = gateway
        self.page = chrome.open(gateway, tone).page
        self.origin = f"https://localhost:{secure_port}" if secure_port else f"http://127.0.0.1:{gateway.port}"
        self.page.add_init_script(CLIENT + RECORDER)
        self.page.goto(f"{self.origin}/health/live")
        self.page.evaluate("() => { const far = document.createElement('audio'); far.id = 'far'; far.autoplay = true;"
                           " document.body.append(far); }")

    def register(self, expires=300):
        url = self.origin.replace("http", "ws", 1) + "/sip"
        return self.page.evaluate(
            "async ([url, user, password, expires]) => { window.phone ??= new WebPhone(url, user, password);"
            " return window.phone.register(expires); }", [url, self.extension, self.password, expires])

    def reconnect(self):
        """Loses the WebSocket and opens another one, as the libraries do by themselves."""
        self.page.evaluate("() => { window.phone.socket.close(); window.phone.connect(); }")
        return self.register()

    def until(self, predicate, seconds=10):
        self.page.wait_for_function(predicate, timeout=seconds * 1000, polling=50)
        return self

    def dial(self, number):
        self.page.evaluate("number => { window.session = window.phone.call(number); }", number)

    def wait_state(self, state, seconds=10):
        return self.until(f"() => window.session?.state === '{state}'", seconds)

    def wait_ringing(self, seconds=10):
        return self.until("() => { window.session = [...window.phone.sessions.values()].at(-1);"
                          " return window.session?.state === 'ringing'; }", seconds)

    def run(self, expression):
        """Evaluates an expression about the call, such as `session.hold(true)`, and waits for its promise."""
        return self.page.evaluate(f"async () => await ({expression})")

    def wait_media(self, seconds=10):
        self.until("() => window.session.pc.connectionState === 'connected' &&"
                   " document.getElementById('far').srcObject", seconds)

    def start_recording(self):
        self.page.evaluate("() => { window.recorder.start(); }")

    def pause(self, seconds):
        self.page.wait_for_timeout(seconds * 1000)

    def stop_recording(self):
        import base64

        import numpy as np
        recorded = self.page.evaluate("() => window.recorder.stop()")
        assert recorded["rate"], "nothing was heard"
        return np.frombuffer(base64.b64decode(recorded["data"]), dtype="<i2").astype(float) / 32768, recorded["rate"]

    def listen(self, seconds):
        return listen_together(seconds, self)[0]

    @property
    def log(self):
        return self.page.evaluate("() => window.session.log")
