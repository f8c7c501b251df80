"""SIPp as the trunk on either side of a call, and as many phones at once. Scenarios are in sipp/."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import av
import numpy as np
from gateway import wait_for

SCENARIOS = Path(__file__).with_name("sipp")


def write_pcma(path, frequency, seconds=4):
    """A tone as bare law A at 8 kHz, which SIPp streams; whole periods, so that its repetition is not heard."""
    at = np.arange(8000 * seconds) / 8000
    frame = av.AudioFrame.from_ndarray(
        (8000 * np.sin(2 * np.pi * frequency * at)).astype("<i2").reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = 8000
    encoder = av.CodecContext.create("pcm_alaw", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 8000, "mono", "s16"
    path.write_bytes(b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)]))


class SIPp:
    """One SIPp process with a scenario, on an address of its own; what it logged is in `folder`.

    Without a `tone` there is no file to stream.
    """

    def __init__(self, scenario, gateway=None, address="127.0.0.2", port=None, transport="udp", tone=880, options=()):
        self.folder = Path(tempfile.mkdtemp(prefix="tandem-sipp-"))
        self.scenario, self.address, self.port = scenario, address, port
        if tone:
            write_pcma(self.folder / "tone.pcma", tone)
        command = [
            "sipp", "-sf", str(SCENARIOS / f"{scenario}.xml"), "-i", address, "-mi", address, "-nostdin",
            "-t", {"udp": "u1", "tcp": "t1"}[transport], "-trace_err", "-error_file", "errors.log",
            "-trace_stat", "-stf", "stat.csv", "-trace_screen", "-screen_file", "screen.log", "-fd", "1",
            *(["-p", str(port)] if port else []), *map(str, options),
        ]
        if gateway:
            command.append(f"127.0.0.1:{gateway.sip_port}")
        self.command = command
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            self.command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True)
        return self

    def wait(self, seconds=60):
        """Waits for the end of all calls; a failed one fails the test."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            # What it says comes to its end with the process alone.
            self.process.kill()
            raise AssertionError(f"SIPp goes on after {seconds} s:\n{self.told()}") from None
        assert self.process.returncode == 0, f"SIPp ended with {self.process.returncode}:\n{self.told()}"

    @property
    def failed(self):
        return self.process.poll() not in (None, 0)

    def told(self):
        """What went wrong, in SIPp's words."""
        errors = self.folder / "errors.log"
        logged = errors.read_text(errors="replace") if errors.exists() else ""
        return logged[-4000:] or self.process.stderr.read()

    def statistic(self, name):
        """A column of the last line of SIPp's statistics, such as `SuccessfulCall(C)`."""
        lines = (self.folder / "stat.csv").read_text().splitlines()
        return int(dict(zip(lines[0].split(";"), lines[-1].split(";")))[name])

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


def answering(port, address="127.0.0.2", media_port=6000, transport="udp", options=()):
    """A side that answers every call and returns its sound; ready when its port is taken."""
    sipp = SIPp("answer", address=address, port=port, transport=transport,
                options=["-rtp_echo", "-mp", media_port, *options])
    return sipp


def wait_listening(address, port, transport="udp"):
    """Waits until somebody has a port."""
    wanted = "%02X%02X%02X%02X:%04X" % (*map(int, reversed(address.split("."))), port)
    table = Path(f"/proc/net/{transport}")
    wait_for(lambda: re.search(rf": {wanted} ", table.read_text()), 5, f"{address}:{port} to be open")
