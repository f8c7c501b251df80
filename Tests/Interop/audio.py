"""Makes tones and judges what was heard: frequency, level and gaps, from samples."""

import wave

import numpy as np


def write_tone(path, frequency, seconds=30.0, rate=48000, level_db=-12.0):
    """A sine as 16-bit mono WAV; `level_db` is the peak below full scale."""
    time = np.arange(int(seconds * rate)) / rate
    samples = (10 ** (level_db / 20) * 32767 * np.sin(2 * np.pi * frequency * time)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return path


def read_wave(path):
    """Samples of a WAV file as floats −1 … 1 (first channel) and its rate; tolerates a header that was never closed."""
    with open(path, "rb") as file:
        data = file.read()
    channels = int.from_bytes(data[22:24], "little")
    rate = int.from_bytes(data[24:28], "little")
    start = data.index(b"data") + 8
    samples = np.frombuffer(data[start:len(data) - (len(data) - start) % (2 * channels)], dtype="<i2")
    return samples[::channels].astype(float) / 32768, rate


def frequency(samples, rate):
    """The strongest frequency in Hz, to a fraction of a bin."""
    windowed = samples * np.hanning(len(samples))
    spectrum = np.abs(np.fft.rfft(windowed))
    spectrum[: int(50 * len(samples) / rate)] = 0
    peak = int(np.argmax(spectrum))
    if 0 < peak < len(spectrum) - 1:
        left, middle, right = np.log(spectrum[peak - 1:peak + 2] + 1e-12)
        offset = 0.5 * (left - right) / (left - 2 * middle + right)
    else:
        offset = 0.0
    return (peak + offset) * rate / len(samples)


def level_db(samples):
    """RMS below full scale; a full-scale sine is −3 dB."""
    return 20 * np.log10(np.sqrt(np.mean(np.square(samples))) + 1e-12)


def band_db(samples, rate, hertz, width=30):
    """Level of the part within `width` Hz of a frequency, comparable with `level_db`."""
    spectrum = np.fft.rfft(samples)
    freqs = np.fft.rfftfreq(len(samples), 1 / rate)
    spectrum[np.abs(freqs - hertz) > width] = 0
    return level_db(np.fft.irfft(spectrum, len(samples)))


def lasting_db(samples, rate, hertz, seconds=0.25):
    """`band_db` of what sounds all the time: the median of short windowed blocks, which one broken edge cannot lift."""
    size = int(rate * seconds)
    window = np.hanning(size) * np.sqrt(8 / 3)
    blocks = samples[: len(samples) // size * size].reshape(-1, size)
    return float(np.median([band_db(block * window, rate, hertz) for block in blocks]))


def longest_gap(samples, rate, threshold_db=-20.0):
    """Seconds of the longest stretch whose level is more than `threshold_db` below the median of 10 ms blocks."""
    size = rate // 100
    blocks = samples[: len(samples) // size * size].reshape(-1, size)
    levels = np.sqrt(np.mean(np.square(blocks), axis=1)) + 1e-9
    quiet = levels < np.median(levels) * 10 ** (threshold_db / 20)
    longest = current = 0
    for value in quiet:
        current = current + 1 if value else 0
        longest = max(longest, current)
    return longest / 100


def assert_tone(samples, rate, hertz, level=None, tolerance_db=3.0, gap=0.06):
    """The samples are that tone, at that level (dB below full scale), without a longer gap."""
    heard = frequency(samples, rate)
    assert abs(heard - hertz) <= max(2.0, hertz * 0.01), f"heard {heard:.1f} Hz instead of {hertz}"
    if level is not None:
        measured = level_db(samples)
        assert abs(measured - level) <= tolerance_db, f"level {measured:.1f} dB instead of {level}"
    pause = longest_gap(samples, rate)
    assert pause <= gap, f"a gap of {pause * 1000:.0f} ms"
