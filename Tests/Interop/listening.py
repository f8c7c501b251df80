"""Judges what an end heard of a programme: level, frequency and gaps of its tones, level and PESQ of its speech."""

from collections import namedtuple

import numpy as np
import pesq
from audio import frequency, level_db, longest_gap
from endcodecs import CODECS, decode, encode
from rtpexchange import Received
from speech import RATE, TONE_DB, resample

Tone = namedtuple("Tone", "hertz heard level gap")
# `level` of the speech compares with what was said, `pesq` is the mean of all sentences.
Verdict = namedtuple("Verdict", "tones level pesq")
# What is before and after a sentence that is judged; the lowest score PESQ gives.
MARGIN, LOWEST = 0.3, 1.0


def judge(programme, source, target, packets):
    """What an end with the codec `target` heard from one with the codec `source`."""
    rate = min(CODECS[source].rate, CODECS[target].rate)
    heard = resample(decode(target, packets), CODECS[target].rate, rate)
    said = resample(programme.samples, RATE, rate)
    delay = _place(heard, said) / rate
    tones = [_tone(heard, rate, part, delay) for part in programme.tones]
    sentences = [_sentence(said, heard, rate, part) for part in programme.speech]
    levels = [level_db(_telephone(one, rate)) - level_db(_telephone(other, rate)) for other, one in sentences]
    return Verdict(tones, float(np.mean(levels)), float(np.mean([_score(*pair, rate) for pair in sentences])))


def at_best(programme, source, target, departures):
    """What an end hears whose gateway waits for every packet, however late: nothing but the lost ones is missing."""
    codec, other = CODECS[source], CODECS[target]
    sent = encode(source, programme.samples, RATE)
    arrived = [
        Received(number * codec.clock // 50, number, codec.payload_type, payload)
        for number, (payload, leaves) in enumerate(zip(sent, departures, strict=True)) if leaves is not None]
    if source == target:
        return judge(programme, source, target, arrived)
    again = encode(target, decode(source, arrived), codec.rate)
    return judge(programme, source, target, [
        Received(number * other.clock // 50, number, other.payload_type, payload)
        for number, payload in enumerate(again)])


def _tone(heard, rate, part, delay):
    samples = _cut(heard, rate, part.start + delay + MARGIN, part.end + delay - MARGIN)
    return Tone(part.hertz, float(frequency(samples, rate)), float(level_db(samples) - TONE_DB),
                longest_gap(samples, rate))


def _sentence(said, heard, rate, part):
    """A sentence as it was said and as it was heard, each sought by itself: a jitter buffer moves what it plays."""
    reference = _cut(said, rate, part.start - MARGIN, part.end + MARGIN)
    start = _place(heard, reference) / rate
    return reference, _cut(heard, rate, start, start + len(reference) / rate)


def _place(heard, said):
    """At which sample of the one the other begins, by their correlation; negative when its beginning is missing."""
    size = 1 << (len(heard) + len(said)).bit_length()
    likeness = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(said, size)), size)
    place = int(np.argmax(likeness))
    return place if place < len(heard) else place - size


def _cut(samples, rate, start, end):
    """A stretch in seconds; what lies outside of the samples is silence."""
    start, end = round(start * rate), round(end * rate)
    padded = np.pad(samples, (max(0, -start), max(0, end - len(samples))))
    return padded[max(0, start):max(0, start) + end - start]


def _telephone(samples, rate):
    """The band that every telephone carries."""
    spectrum = np.fft.rfft(samples)
    hertz = np.fft.rfftfreq(len(samples), 1 / rate)
    spectrum[(hertz < 300) | (hertz > 3400)] = 0
    return np.fft.irfft(spectrum, len(samples))


def _score(reference, heard, rate):
    """ITU-T P.862.1 (narrow band) or P.862.2 (wide band)."""
    whole = [np.clip(np.round(samples * 32768), -32768, 32767).astype(np.int16) for samples in (reference, heard)]
    try:
        return pesq.pesq(rate, *whole, "nb" if rate == 8000 else "wb")
    except (ValueError, pesq.PesqError):
        # What is broken beyond all likeness cannot be scored.
        return LOWEST
