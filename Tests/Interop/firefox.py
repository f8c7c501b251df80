"""Debian's Firefox over WebDriver BiDi: Playwright drives only a build of its own, which cannot be had here."""

import contextlib
import itertools
import json
import re
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from websockets.sync.client import connect

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox") or "/usr/bin/firefox-esr"

# Its fake microphone is a sine of 1000 Hz; nothing is asked of the person, and nothing of the internet.
PREFERENCES = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.peerconnection.ice.loopback": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
    "media.gmp-manager.updateEnabled": False,
    "app.update.enabled": False,
    "app.normandy.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.region.update.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "",
    "toolkit.telemetry.server": "",
    "intl.accept_languages": "en",
}


class Firefox:
    """One headless Firefox with one page."""

    def __init__(self):
        self.profile = Path(tempfile.mkdtemp(prefix="tandem-firefox-"))
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()]
        (self.profile / "user.js").write_text("\n".join(lines))
        self._ids = itertools.count(1)
        self.problems = []
        self._open = contextlib.ExitStack()

    def start(self):
        self.process = subprocess.Popen(
            [FIREFOX, "--headless", "--no-remote", "--profile", str(self.profile), "--remote-debugging-port", "0"],
            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, errors="replace",
            env={"HOME": str(self.profile), "PATH": "/usr/bin:/bin", "MOZ_CRASHREPORTER_DISABLE": "1"},
        )
        address = self._address()
        # What it says later must not fill the pipe.
        threading.Thread(target=lambda: [None for _ in self.process.stderr], daemon=True).start()
        self.connection = self._open.enter_context(connect(f"{address}/session", max_size=None, open_timeout=30))
        self.command("session.new", capabilities={})
        [context] = self.command("browsingContext.getTree")["contexts"]
        self.context = context["context"]
        self.command("session.subscribe", events=["log.entryAdded"])
        return self

    def _address(self):
        for line in self.process.stderr:
            found = re.search(r"WebDriver BiDi listening on (ws://\S+)", line)
            if found:
                return found.group(1)
        raise AssertionError(f"Firefox ended with status {self.process.wait()}")

    def stop(self):
        with contextlib.suppress(Exception):
            self.command("browser.close")
            self._open.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)

    def command(self, method, **parameters):
        number = next(self._ids)
        self.connection.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.connection.recv(timeout=30))
            if answer.get("method") == "log.entryAdded" and answer["params"]["level"] == "error":
                self.problems.append(answer["params"]["text"])
            if answer.get("id") == number:
                assert answer["type"] == "success", f"{method}: {answer.get('message')}"
                return answer["result"]

    # The page

    def go(self, url):
        self.command("browsingContext.navigate", context=self.context, url=url, wait="complete")

    def evaluate(self, expression):
        """The value of an expression, which may be a promise; it must be what JSON can carry."""
        answer = self.command(
            "script.evaluate", target={"context": self.context}, awaitPromise=True, userActivation=True,
            expression=f"Promise.resolve({expression}).then((value) => JSON.stringify(value ?? null))")
        assert answer["type"] == "success", answer.get("exceptionDetails", {}).get("text")
        return json.loads(answer["result"]["value"])

    def until(self, expression, seconds=15):
        end = time.monotonic() + seconds
        while not (value := self.evaluate(expression)):
            assert time.monotonic() < end, f"waited {seconds} s for {expression}; {self.problems}"
            time.sleep(0.1)
        return value

    def fill(self, name, text):
        field = f"document.querySelector('[data-test={name}]')"
        self.evaluate(f"({field}.value = {json.dumps(text)}, {field}.dispatchEvent(new Event('input')), true)")

    def press(self, name):
        self.evaluate(f"(document.querySelector('[data-test={name}]').click(), true)")

    def wait_state(self, state):
        self.until(f"document.documentElement.dataset.callState === '{state}'")


@contextlib.contextmanager
def firefox():
    browser = Firefox().start()
    try:
        yield browser
    finally:
        browser.stop()
