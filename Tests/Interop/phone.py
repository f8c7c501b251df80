"""baresip as a desk phone: registers here, calls and is called, sends a tone and records what it hears.

Each phone is driven by its JSON control port; keys go through its console. Everything stays on 127.0.0.1.
"""

import json
import os
import queue
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import audio
import tap
from gateway import free_ports, free_udp_block, wait_for

ADDRESS = "127.0.0.1"
# What baresip's console takes for a key let go: the digit ends there.
KEY_RELEASED = b"\x04"
CODECS = {"PCMU": "g711", "PCMA": "g711", "G722": "g722", "opus": "opus"}
MODULES = "/usr/lib/baresip/modules"
# One file for each frequency of a test run; a phone that has come to its end is silent.
TONES = tempfile.TemporaryDirectory(prefix="tandem-tones-")


def tone_file(frequency):
    path = Path(TONES.name) / f"{frequency}.wav"
    return path if path.exists() else audio.write_tone(path, frequency, seconds=120)


class Phone:
    """One registered phone; `extension` is also its user name. Use as a context: it is registered inside."""

    def __init__(self, gateway, extension, password=None, tone=440, transport="udp", codecs=("PCMA", "PCMU"),
                 user=None, register=True, encryption=None):
        """`encryption` is baresip's word for SDES: srtp offers keys beside plain RTP, srtp-mand insists."""
        self.gateway, self.extension, self.transport = gateway, extension, transport
        self.encryption = encryption
        if password is None:
            password = next(secret for _, number, secret in gateway.users.values() if number == extension)
        self.tone, self.codecs, self.register = tone, codecs, register
        self.user = user or extension
        self.password = password
        # baresip takes the port after its own for TLS.
        self.sip_port = free_ports(5100, 8880, 4)
        self.control_port, self.console_port = self.sip_port + 2, self.sip_port + 3
        self.rtp_port = free_udp_block(10000, 19900, 40, 40)
        self.folder = Path(tempfile.mkdtemp(prefix="tandem-phone-"))
        self._tap = self.folder / "received.rtp"
        self.events = []
        self.trace = []
        self._replies = queue.Queue()
        self._control = None
        self.process = None

    # Life

    def start(self):
        self._write_configuration()
        environment = {**os.environ, "LD_PRELOAD": tap.library(), "TANDEM_TAP": str(self._tap)}
        self.process = subprocess.Popen(
            ["baresip", "-4", "-s", "-f", str(self.folder)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", cwd=self.folder, env=environment)
        self._readers = [threading.Thread(target=self._collect_trace, daemon=True)]
        self._readers[0].start()
        self._control = wait_for(self._connect, 10, "baresip's control port")
        self._readers.append(threading.Thread(target=self._collect_events, daemon=True))
        self._readers[1].start()
        if self.register:
            # The event may be earlier than the control port that tells of it.
            wait_for(lambda: any("200 OK" in line and "binding" in line for line in list(self.trace)), 10,
                     f"{self.extension} to be registered")
        return self

    def stop(self):
        """Leaves as a phone that is switched off in good order: hangs up and takes its registration back."""
        if self.process and self.process.poll() is None:
            try:
                self.command("quit")
                self.process.wait(5)
            except (OSError, AssertionError, subprocess.TimeoutExpired):
                self.kill()
        self._finish()

    def kill(self):
        """Vanishes without a word, as when the power fails."""
        self.process.kill()
        self.process.wait()

    def _finish(self):
        if self._control:
            self._control.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.kill()
            self._finish()
            raise

    def __exit__(self, *_):
        self.stop()

    def _write_configuration(self):
        modules = sorted({CODECS[codec] for codec in self.codecs})
        lines = [
            f"net_interface {ADDRESS}", f"sip_listen {ADDRESS}:{self.sip_port}",
            "call_local_timeout 120", "call_max_calls 4",
            # The bridge device takes what is played and lets it go, in real time.
            "audio_player aubridge,ear", f"audio_source aufile,{tone_file(self.tone)}", "audio_alert aubridge,alert",
            "ausrc_srate 48000", "ausrc_channels 1", "auplay_channels 1", "audio_level no",
            f"rtp_ports {self.rtp_port}-{self.rtp_port + 39}", "jitter_buffer_delay 1-4",
            f"module_path {MODULES}", *[f"module {name}.so" for name in modules],
            *(["module srtp.so"] if self.encryption else []),
            "module aubridge.so", "module aufile.so", "module sndfile.so", "module cons.so",
            "module_tmp uuid.so", "module_tmp account.so", "module_app menu.so", "module_app ctrl_tcp.so",
            f"ctrl_tcp_listen {ADDRESS}:{self.control_port}", f"cons_listen {ADDRESS}:{self.console_port}",
            f"snd_path {self.folder}", "ringback_disabled yes",
        ]
        (self.folder / "config").write_text("\n".join(lines) + "\n")
        (self.folder / "contacts").write_text("")
        server = f"{self.server}:{self.server_port}"
        codecs = ",".join(f"{name}/{dict(opus='48000/2', G722='16000/1').get(name, '8000/1')}" for name in self.codecs)
        account = [
            f"<sip:{self.user}@{server};transport={self.transport}>", f"auth_user={self.user}",
            f"auth_pass={self.password}", f"audio_codecs={codecs}", "answermode=manual",
            f"regint={60 if self.register else 0}", *([f"mediaenc={self.encryption}"] if self.encryption else []),
        ]
        (self.folder / "accounts").write_text(";".join(account) + "\n")

    # Control

    def _connect(self):
        assert self.process.poll() is None, "baresip ended:\n" + "\n".join(self.trace[-20:])
        try:
            return socket.create_connection((ADDRESS, self.control_port), 1)
        except OSError:
            return None

    def _collect_trace(self):
        for line in self.process.stdout:
            self.trace.append(line.rstrip("\r\n"))

    def _collect_events(self):
        data = b""
        self._control.settimeout(None)
        while True:
            try:
                more = self._control.recv(65536)
            except OSError:
                return
            if not more:
                return
            data += more
            while b":" in data:
                size, rest = data.split(b":", 1)
                if len(rest) <= int(size):
                    break
                message = json.loads(rest[: int(size)])
                data = rest[int(size) + 1:]
                if message.get("event"):
                    self.events.append({**message, "at": time.monotonic()})
                else:
                    self._replies.put(message)

    def command(self, name, parameters=None):
        """One command of baresip's menu; answers the text it prints."""
        message = {"command": name, **({"params": parameters} if parameters else {})}
        text = json.dumps(message).encode()
        self._control.sendall(b"%d:%s," % (len(text), text))
        try:
            reply = self._replies.get(timeout=5)
        except queue.Empty:
            raise AssertionError(f"{name} was not answered") from None
        assert reply["ok"], reply
        return reply["data"]

    def press(self, keys):
        """Presses keys of the phone's pad one after another; in a call they are sent as DTMF."""
        with socket.create_connection((ADDRESS, self.console_port), 2) as console:
            for key in keys:
                console.sendall(key.encode())
                time.sleep(0.12)
                console.sendall(KEY_RELEASED)
                time.sleep(0.12)

    # Calls

    @property
    def server(self):
        """The gateway's address, or that of another server with phones of its own."""
        return getattr(self.gateway, "host", ADDRESS)

    @property
    def server_port(self):
        return self.gateway.tls_port if self.transport == "tls" else self.gateway.sip_port

    def dial(self, number):
        self.command("dial", f"sip:{number}@{self.server}:{self.server_port};transport={self.transport}")

    def answer(self):
        self.command("accept")

    def hang_up(self):
        """Ends a call; one that rings is refused with 486."""
        self.command("hangup")

    def hold(self):
        self.command("hold")

    def resume(self):
        self.command("resume")

    def transfer(self, number):
        self.command("transfer", f"sip:{number}@{self.server}:{self.server_port}")

    # Waiting

    def count(self, kind, matching=lambda event: True):
        return len([event for event in list(self.events) if event["type"] == kind and matching(event)])

    def wait_event(self, kind, seconds=10, skip=0, matching=lambda event: True):
        """The event of a kind after `skip` others of it, past or coming."""
        def found():
            events = [event for event in list(self.events) if event["type"] == kind and matching(event)]
            return events[skip] if len(events) > skip else None
        try:
            return wait_for(found, seconds)
        except AssertionError:
            kinds = [event["type"] for event in self.events]
            raise AssertionError(f"{self.extension}: no {kind} in {seconds} s; saw {kinds}") from None

    def wait_incoming(self, seconds=10, skip=0):
        return self.wait_event("CALL_INCOMING", seconds, skip)

    def wait_talking(self, seconds=10, skip=0):
        return self.wait_event("CALL_ESTABLISHED", seconds, skip)

    def wait_closed(self, seconds=10, skip=0):
        """The end of a call; its `param` is what the other side said, such as `486 Busy Here`."""
        return self.wait_event("CALL_CLOSED", seconds, skip)

    @property
    def digits(self):
        """The digits heard so far, each once."""
        return "".join(event["param"] for event in list(self.events)
                       if event["type"] == "CALL_DTMF_START" and event.get("param"))

    def messages(self, start):
        """How often the trace has a line that begins so, such as `INVITE ` or `a=sendonly`."""
        return len([line for line in list(self.trace) if line.startswith(start)])

    # Ear

    def recording(self):
        """What this phone itself recorded of its newest call until the first re-INVITE: samples and rate."""
        files = sorted(self.folder.glob("dump-*-dec.wav"), key=lambda path: path.stat().st_mtime_ns)
        assert files, f"{self.extension} recorded nothing"
        return audio.read_wave(files[-1])

    def packets(self, since=0.0, until=None):
        """RTP packets received in a stretch of time (`tap.now()`)."""
        return [packet for packet in tap.read(self._tap) if packet.at >= since and (until is None or packet.at < until)]

    def listen(self, seconds, settle=0.3):
        """Samples that arrive during the next seconds and their rate; they must arrive all the time."""
        time.sleep(settle)
        start = tap.now()
        wait_for(lambda: self.packets(start), 5, f"{self.extension} to hear anything")
        start = tap.now()
        time.sleep(seconds)
        packets = self.packets(start)
        assert packets, f"{self.extension} hears nothing any more"
        samples, rate = tap.sound(packets)
        # On a busy machine the end of what was said is still on its way; gaps are judged in the stream's own time.
        assert len(samples) >= 0.7 * seconds * rate, f"{self.extension} heard {len(samples) / rate:.2f} s of {seconds}"
        return samples, rate

    def assert_hears(self, frequency, seconds=1.0, without=None, settle=0.3, gap=0.06):
        """Hears that tone, and not the other one."""
        samples, rate = self.listen(seconds, settle)
        audio.assert_tone(samples, rate, frequency, gap=gap)
        if without:
            assert audio.band_db(samples, rate, without) < -45, f"{self.extension} hears {without} Hz too"

    def assert_hears_music(self, seconds=1.5, settle=0.3):
        samples, _ = self.listen(seconds, settle)
        level = audio.level_db(samples)
        assert -35 <= level <= -10, f"{self.extension} hears {level:.1f} dB instead of music"

    def assert_hears_ring_back(self, frequency=425):
        """A tone of one second in five (that of Russia), whose level is −13 dBm0."""
        samples, rate = self.listen(5.5)
        assert abs(audio.frequency(samples, rate) - frequency) < 3
        blocks = samples[: len(samples) // (rate // 20) * (rate // 20)].reshape(-1, rate // 20)
        loud = [block for block in blocks if audio.level_db(block) > -40]
        assert 0.1 <= len(loud) / len(blocks) <= 0.4, f"a tone in {len(loud)} of {len(blocks)} stretches"
        # Blocks at the edges are half a tone.
        assert -21 <= max(audio.level_db(block) for block in loud) <= -17.5

    def assert_hears_nothing(self, seconds=0.6, settle=0.3):
        """Gets no sound: no packets, or silent ones."""
        time.sleep(settle)
        start = tap.now()
        time.sleep(seconds)
        packets = [packet for packet in self.packets(start) if not tap.is_digit(packet)]
        if packets:
            level = audio.level_db(tap.sound(packets)[0])
            assert level < -50, f"{self.extension} hears {level:.1f} dB"
