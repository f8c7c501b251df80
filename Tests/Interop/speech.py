"""What is said in a test of sound: sentences of espeak-ng and tones, in places that are known."""

import subprocess
import tempfile
from collections import namedtuple
from pathlib import Path

import numpy as np
from audio import level_db, read_wave

# The rate of all that is said; what a narrow-band codec gets of it is half of that.
RATE = 16000
LEAD_IN, PAUSE, TONE = 1.0, 0.7, 1.5
# RMS of the speech below full scale, as P.800 has it, and the tones' (a peak of −12 dB).
SPEECH_DB, TONE_DB = -26.0, -15.01
TONES = (440, 1004, 2500)
# Of the Harvard sentences (IEEE 297-1969), in which all sounds of speech are as frequent as in talk.
SENTENCES = (
    ("en-gb", "The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background."),
    ("en-us+f3", "Rice is often served in round bowls. The juice of lemons makes fine punch."),
    ("en-gb+f4", "Four hours of steady work faced us. A large size in stockings is hard to sell."),
)

# Where something is said, in seconds; `hertz` of a tone.
Part = namedtuple("Part", "start end hertz")


class Programme:
    """Samples at 16 kHz and the parts they consist of."""

    def __init__(self):
        self.speech, self.tones, pieces = [], [], [np.zeros(int(LEAD_IN * RATE))]
        for voice, text in SENTENCES:
            self.speech.append(self._append(pieces, spoken(voice, text)))
        for hertz in TONES:
            self.tones.append(self._append(pieces, tone(hertz), hertz))
        self.samples = np.concatenate(pieces)

    @staticmethod
    def _append(pieces, samples, hertz=None):
        start = sum(map(len, pieces)) / RATE
        pieces += [samples, np.zeros(int(PAUSE * RATE))]
        return Part(start, start + len(samples) / RATE, hertz)


def tone(hertz):
    samples = 10 ** (-12 / 20) * np.sin(2 * np.pi * hertz * np.arange(int(TONE * RATE)) / RATE)
    edge = np.minimum(1, np.arange(len(samples)) / (RATE // 100))
    return samples * edge * edge[::-1]


def spoken(voice, text):
    with tempfile.TemporaryDirectory(prefix="tandem-speech-") as folder:
        path = Path(folder) / "said.wav"
        subprocess.run(["espeak-ng", "-v", voice, "-s", "165", "-w", path, text], check=True)
        samples, rate = read_wave(path)
    loud = np.flatnonzero(np.abs(samples) > 0.01)
    samples = resample(samples[loud[0]:loud[-1] + 1], rate, RATE)
    return samples * 10 ** ((SPEECH_DB - level_db(samples)) / 20)


def resample(samples, rate, other):
    """The same sound at another rate: its spectrum, cut off or filled up."""
    if rate == other:
        return samples
    size = round(len(samples) * other / rate)
    spectrum = np.fft.rfft(samples)[: size // 2 + 1]
    return np.fft.irfft(spectrum, size) * (size / len(samples))
