"""The codecs at a test's ends of a call: FFmpeg's and libopus, with what a good phone does about packets that are lost."""

import ctypes
import ctypes.util
from collections import namedtuple

import av
import numpy as np
from speech import resample

# `rate` is that of the samples, `clock` that of the RTP timestamps.
Codec = namedtuple("Codec", "name payload_type mapping rate clock encoder")
CODECS = {codec.name: codec for codec in (
    Codec("PCMU", 0, "PCMU/8000", 8000, 8000, "pcm_mulaw"),
    Codec("PCMA", 8, "PCMA/8000", 8000, 8000, "pcm_alaw"),
    Codec("G722", 9, "G722/8000", 16000, 8000, "g722"),
    Codec("opus", 111, "opus/48000/2", 16000, 48000, "libopus"))}
OPUS = {"application": "voip", "fec": "1", "packet_loss": "5", "frame_duration": "20"}


def description(name, port):
    """An offer or answer of that codec alone."""
    codec = CODECS[name]
    lines = [
        "v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0",
        f"m=audio {port} RTP/AVP {codec.payload_type}", f"a=rtpmap:{codec.payload_type} {codec.mapping}",
        *([f"a=fmtp:{codec.payload_type} useinbandfec=1"] if name == "opus" else []), "a=ptime:20", "a=sendrecv", ""]
    return "\r\n".join(lines)


def encode(name, samples, rate):
    """The payloads of samples −1 … 1, 20 ms each."""
    codec = CODECS[name]
    encoder = av.CodecContext.create(codec.encoder, "w")
    encoder.sample_rate, encoder.layout, encoder.format = codec.rate, "mono", "s16"
    if name == "opus":
        encoder.bit_rate, encoder.options = 32000, OPUS
    whole = np.clip(np.round(resample(samples, rate, codec.rate) * 32768), -32768, 32767).astype("<i2")
    size = codec.rate // 50
    payloads = []
    for start in range(0, len(whole) // size * size, size):
        frame = av.AudioFrame.from_ndarray(whole[start:start + size].reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts = codec.rate, start
        payloads += [bytes(packet) for packet in encoder.encode(frame)]
    return payloads


def decode(name, packets):
    """Samples −1 … 1 in their places in RTP time; what is lost is concealed."""
    codec = CODECS[name]
    decoder = OpusDecoder(codec.rate) if name == "opus" else WaveformDecoder(codec)
    ordered = sorted({packet.place: packet for packet in packets}.values())
    pieces, end = [], ordered[0].place * codec.rate // codec.clock
    for packet in ordered:
        gap = packet.place * codec.rate // codec.clock - end
        if gap > 0:
            pieces.append(decoder.conceal(gap, packet.payload))
            end += gap
        # What overlaps what was heard already has come too late.
        heard = decoder.decode(packet.payload)[max(0, -gap):]
        pieces.append(heard)
        end += len(heard)
    return np.concatenate(pieces)


class OpusDecoder:
    """libopus itself: FFmpeg's has no way to its concealment and redundancy."""

    def __init__(self, rate):
        self.rate = rate
        self.library = ctypes.CDLL(ctypes.util.find_library("opus"))
        self.library.opus_decoder_create.restype = ctypes.c_void_p
        status = ctypes.c_int()
        self.state = ctypes.c_void_p(self.library.opus_decoder_create(rate, 1, ctypes.byref(status)))
        assert status.value == 0, "libopus makes no decoder"

    def __del__(self):
        self.library.opus_decoder_destroy(self.state)

    def decode(self, payload, size=None, redundancy=False):
        size = size or self.rate * 120 // 1000
        samples = (ctypes.c_int16 * size)()
        count = self.library.opus_decode(self.state, payload, len(payload or b""), samples, size, int(redundancy))
        assert count > 0, f"libopus answers {count}"
        return np.frombuffer(samples, dtype=np.int16)[:count] / 32768

    def conceal(self, count, following):
        """Goes on for that many samples; the last 20 ms come from the redundancy of what follows."""
        frame, pieces = self.rate // 50, []
        while count > frame:
            pieces.append(self.decode(None, frame))
            count -= frame
        unit = self.rate // 400
        last = self.decode(following, -(-count // unit) * unit, redundancy=True)
        return np.concatenate([*pieces, last[:count]])


class WaveformDecoder:
    """G.711 and G.722; a loss is filled with the last pitch period, fading, as ITU-T G.711 Appendix I has it."""

    def __init__(self, codec):
        self.rate = codec.rate
        self.decoder = av.CodecContext.create(codec.encoder, "r")
        self.decoder.sample_rate, self.decoder.layout = codec.rate, "mono"
        self.history = np.zeros(codec.rate // 20)
        self.period, self.missing = None, 0

    def decode(self, payload):
        frames = self.decoder.decode(av.Packet(payload))
        samples = np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames]) / 32768
        if self.period is not None:
            size = min(len(samples), self.rate // 200)
            weight = np.arange(size) / size
            samples[:size] = samples[:size] * weight + self._go_on(size) * (1 - weight)
            self.period = None
        self.history = np.concatenate([self.history, samples])[-self.rate // 20:]
        return samples

    def conceal(self, count, _):
        if self.period is None:
            self.period, self.missing = self._last_period(), 0
        return self._go_on(count)

    def _go_on(self, count):
        at = self.missing + np.arange(count)
        self.missing += count
        faded = (at - self.rate // 100) / (self.rate // 20)
        return self.period[at % len(self.period)] * np.clip(1 - faded, 0, 1)

    def _last_period(self):
        window = self.rate // 50
        latest = self.history[-window:]
        lags = range(self.rate // 200, self.rate * 15 // 1000)

        def likeness(lag):
            earlier = self.history[-window - lag:-lag]
            return latest @ earlier / np.sqrt(earlier @ earlier + 1e-9)

        return self.history[-max(lags, key=likeness):].copy()
