"""What a phone hears, from the RTP packets it receives: baresip 1.0 stops its own recording at the first re-INVITE."""

import ctypes
import shutil
import struct
import subprocess
import tempfile
import time
from collections import namedtuple
from pathlib import Path

import av
import numpy as np

Packet = namedtuple("Packet", "at payload_type sequence timestamp ssrc payload")
# PyAV's decoder, samples per second, ticks of the RTP clock per second.
FIXED = {0: ("pcm_mulaw", 8000, 8000), 8: ("pcm_alaw", 8000, 8000), 9: ("g722", 16000, 8000)}
OPUS = ("libopus", 48000, 48000)
FOLDER = tempfile.TemporaryDirectory(prefix="tandem-tap-")


def library():
    """The shared object that is loaded into the phone; compiled once for a test run."""
    made = Path(FOLDER.name) / "tap.so"
    if not made.exists():
        compiler = shutil.which("cc") or shutil.which("clang")
        source = Path(__file__).with_name("tap.c")
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", made, source, "-ldl"], check=True)
    return str(made)


def read(path):
    """All packets of a tap's file so far."""
    data = path.read_bytes() if path.exists() else b""
    packets, offset = [], 0
    while offset + 12 <= len(data):
        at, length = struct.unpack_from("=dI", data, offset)
        packet = data[offset + 12:offset + 12 + length]
        offset += 12 + length
        second, sequence, timestamp, ssrc = struct.unpack_from("!BHII", packet, 1)
        start = 12 + 4 * (packet[0] & 15)
        if packet[0] & 0x10:
            start += 4 + 4 * struct.unpack_from("!H", packet, start + 2)[0]
        packets.append(Packet(at, second & 127, sequence, timestamp, ssrc, packet[start:]))
    return packets


def is_digit(packet):
    """A telephone-event (RFC 4733), which is four octets long; no codec sends so little at once."""
    return packet.payload_type > 95 and len(packet.payload) == 4


def sound(packets):
    """Samples −1 … 1 of one stream in their places in RTP time, what is missing as silence, and their rate."""
    packets = [packet for packet in packets if not is_digit(packet)]
    assert packets, "nothing was heard"
    kinds = {(packet.ssrc, packet.payload_type) for packet in packets}
    assert len(kinds) == 1, f"the stream changes its source or codec: {kinds}"
    name, rate, clock = FIXED.get(packets[0].payload_type, OPUS)
    decoder = av.CodecContext.create(name, "r")
    decoder.sample_rate, decoder.layout = rate, "stereo" if name == "libopus" else "mono"
    first = packets[0].timestamp
    places = [ctypes.c_int32(packet.timestamp - first).value * rate // clock for packet in packets]
    # Half a second of room for the last packet.
    timeline = np.zeros(max(places) + rate // 2)
    end = 0
    for place, packet in sorted(zip(places, packets), key=lambda pair: pair[0]):
        for frame in decoder.decode(av.Packet(packet.payload)):
            samples = _samples(frame)
            if place >= 0:
                timeline[place:place + len(samples)] = samples
                place += len(samples)
                end = max(end, place)
    return timeline[:end], rate


def _samples(frame):
    array = frame.to_ndarray()
    channels = len(frame.layout.channels)
    samples = array[0] if array.shape[0] == channels else array.reshape(-1)[::channels]
    return samples.astype(float) / (32768 if samples.dtype == np.int16 else 1)


def now():
    """The clock of `Packet.at`."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)
