"""Linphone's console client as a desk phone: plays a file, records what it hears.

It believes in no network that has loopback alone: its tests run in a namespace with an interface (`scripts/namespace`).
"""

import os
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import audio
from gateway import free_port, wait_for

ADDRESS = "198.18.0.1"

CONFIGURATION = """
[sip]
sip_port={port}
sip_tcp_port={tcp_port}
sip_tls_port=0
bind_address={address}
default_proxy=0
use_ipv6=0
[auth_info_0]
username={extension}
passwd={password}
realm=tandem
[proxy_0]
reg_proxy=<sip:{address}:{server};transport={transport}>
reg_identity="{extension}" <sip:{extension}@{address}>
reg_expires=300
reg_sendregister=1
publish=0
[rtp]
audio_rtp_port={rtp_port}
[sound]
echocancellation=0
[video]
enabled=0
"""


class Linphone:
    """One registered phone; use as a context."""

    def __init__(self, gateway, login, tone=440, transport="udp"):
        self.gateway, self.transport = gateway, transport
        _, self.extension, self.password = gateway.users[login]
        self.folder = Path(tempfile.mkdtemp(prefix="tandem-linphone-"))
        self.tone = audio.write_tone(self.folder / "tone.wav", tone, seconds=60)
        self.heard = self.folder / "heard.wav"
        self.output = []

    def __enter__(self):
        for name in (".config/linphone", ".local/share/linphone"):
            (self.folder / name).mkdir(parents=True)
        port = free_port()
        (self.folder / "rc").write_text(CONFIGURATION.format(
            port=port if self.transport == "udp" else 0, tcp_port=port if self.transport == "tcp" else 0,
            address=ADDRESS, extension=self.extension, password=self.password, server=self.gateway.sip_port,
            transport=self.transport, rtp_port=free_port() & ~1))
        self.process = subprocess.Popen(
            ["linphonec", "-c", self.folder / "rc"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", env={**os.environ, "HOME": str(self.folder)})
        threading.Thread(target=self._collect, daemon=True).start()
        for command in ("soundcard use files", f"play {self.tone}", f"record {self.heard}"):
            self.command(command)
        self.wait_registered()
        return self

    def __exit__(self, *_):
        self.command("quit")
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _collect(self):
        for line in self.process.stdout:
            self.output.append(line)

    def command(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def wait_said(self, words, seconds=10):
        """Waits for a line that says so."""
        try:
            wait_for(lambda: any(words in line for line in list(self.output)), seconds)
        except AssertionError:
            raise AssertionError(f"{self.extension} did not say {words!r}:\n" + "".join(self.output[-20:])) from None

    def wait_registered(self):
        def is_registered():
            self.command("status register")
            time.sleep(0.3)
            return any("registered, identity" in line for line in list(self.output))
        wait_for(is_registered, 10, f"{self.extension} to register")

    def dial(self, number):
        self.command(f"call sip:{number}@{ADDRESS}:{self.gateway.sip_port}")

    def answer(self):
        self.wait_said("Receiving new incoming call")
        self.command("answer")

    def wait_talking(self):
        self.wait_said("Media streams established")

    def hang_up(self):
        self.command("terminate")

    def assert_heard(self, frequency):
        """In what was recorded, its last second is that tone."""
        # Linphone writes the file behind the call's back, and its header at the end.
        wait_for(lambda: b"data" in self.heard.read_bytes()[:100], 5, f"{self.extension} to write what it heard")
        samples, rate = audio.read_wave(self.heard)
        assert len(samples) > 2 * rate, f"{self.extension} recorded {len(samples) / rate:.1f} s"
        audio.assert_tone(samples[-int(1.3 * rate):-int(0.3 * rate)], rate, frequency, gap=0.06)
