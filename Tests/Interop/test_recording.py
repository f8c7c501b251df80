"""Calls of real phones are recorded: the caller on the left, the called on the right, and a crash loses a second at most."""

import io
import time
import wave

import numpy as np
import pytest
from audio import assert_tone, band_db, level_db
from gateway import Gateway, wait_for
from phone import Phone
from records import newest_call, wait_ended


def read(data):
    """Left and right as floats −1 … 1, and the rate; the header must fit the file."""
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (2, 2)
        frames, rate = file.readframes(file.getnframes()), file.getframerate()
    samples = np.frombuffer(frames, dtype="<i2").astype(float) / 32768
    return samples[::2], samples[1::2], rate


def read_opus(data):
    av = pytest.importorskip("av")
    with av.open(io.BytesIO(data)) as container:
        planes = [frame.to_ndarray() for frame in container.decode(audio=0)]
    samples = np.concatenate(planes, axis=1)
    return samples[0], samples[1], 48000


def download(gateway, uuid):
    answer = gateway.request("GET", f"/api/v1/calls/{uuid}/recording", login="admin")
    assert answer.status_code == 200, answer.text
    return answer.content


def command(gateway, uuid, word):
    answer = gateway.request("POST", f"/api/v1/calls/{uuid}/recording/{word}", login="admin")
    assert answer.status_code == 200, answer.text


def talk(gateway, seconds, codecs=("PCMA", "PCMA"), during=None):
    """A phone of 440 Hz calls one of 660 Hz; the call's id."""
    with Phone(gateway, "1001", tone=440, codecs=[codecs[0]]) as anna, \
            Phone(gateway, "1002", tone=660, codecs=[codecs[1]]) as petr:
        anna.dial("1002")
        petr.wait_incoming()
        petr.answer()
        anna.wait_talking()
        uuid = newest_call(gateway)["id"]
        time.sleep(seconds)
        if during:
            during(uuid)
        anna.hang_up()
        petr.wait_closed()
    return uuid


def assert_both_sides(left, right, rate, start=0.5):
    for samples, own, other in ((left, 440, 660), (right, 660, 440)):
        part = samples[int(start * rate):len(samples) - rate // 2]
        assert_tone(part, rate, own, gap=0.1)
        assert band_db(part, rate, other) < level_db(part) - 30, f"{other} Hz is on the side of {own} Hz"


@pytest.mark.parametrize("codecs", [("PCMA", "PCMA"), ("PCMU", "opus")])
def test_a_recorded_call_has_each_phone_on_its_side(codecs):
    with Gateway(RECORDING="all") as gateway:
        began = time.monotonic()
        uuid = talk(gateway, 3, codecs)
        longest = time.monotonic() - began
        row = wait_ended(gateway, uuid)
        row = wait_for(lambda: next((r for r in gateway.stored("SELECT * FROM calls WHERE uuid = ?", uuid)
                                     if r["recording_processed_at"]), None), 5, "the recording to be whole")
        assert row["recording_url"] == f"/api/v1/calls/{uuid}/recording"
        left, right, rate = read(download(gateway, uuid))
        assert 2.5 <= len(left) / rate <= longest
        assert_both_sides(left, right, rate)
        assert gateway.metric("recordings_total", result="completed") == 1
        assert gateway.metric("recordings_active") == 0
        assert gateway.metric("recording_packets_dropped_total") == 0


def test_both_phones_hear_that_they_are_recorded_and_so_does_whoever_listens():
    with Gateway(RECORDING="all", RECORDING_TONE_S=1) as gateway, \
            Phone(gateway, "1001", tone=440) as anna, Phone(gateway, "1002", tone=660) as petr:
        anna.dial("1002")
        petr.wait_incoming()
        petr.answer()
        anna.wait_talking()
        uuid = newest_call(gateway)["id"]
        for phone, other in ((anna, 660), (petr, 440)):
            # Two whole seconds: in a little more there may be a third tone.
            samples, rate = phone.listen(2)
            loud = [band_db(samples[at:at + rate // 10], rate, 1400) > -35
                    for at in range(0, len(samples) - rate // 10, rate // 20)]
            assert 4 <= sum(loud) <= 14, "a fifth of a second in each second"
            assert band_db(samples, rate, other) > -30
        anna.hang_up()
        petr.wait_closed()
        gateway.wait_metric("recordings_total", 1, result="completed")
        left, right, rate = read(download(gateway, uuid))
        assert abs(band_db(left, rate, 1400) - band_db(right, rate, 1400)) < 1
        assert band_db(left, rate, 1400) > -35


def test_opus_in_ogg():
    with Gateway(RECORDING="all", RECORDING_FORMAT="opus") as gateway:
        uuid = talk(gateway, 3)
        wait_ended(gateway, uuid)
        gateway.wait_metric("recordings_total", 1, result="completed")
        left, right, rate = read_opus(download(gateway, uuid))
        assert_both_sides(left, right, rate)


def test_a_pause_is_silent():
    with Gateway() as gateway:
        def pause(uuid):
            command(gateway, uuid, "start")
            time.sleep(1.5)
            command(gateway, uuid, "pause")
            time.sleep(1.5)
            command(gateway, uuid, "resume")
            time.sleep(1.5)
            command(gateway, uuid, "stop")
        uuid = talk(gateway, 0.5, during=pause)
        gateway.wait_metric("recordings_total", 1, result="completed")
        left, right, rate = read(download(gateway, uuid))
        assert len(left) / rate >= 4.3
        for samples in (left, right):
            assert level_db(samples[int(0.4 * rate):int(1.2 * rate)]) > -30
            assert not samples[int(1.9 * rate):int(2.7 * rate)].any(), "something was kept in the pause"
            assert level_db(samples[-int(0.8 * rate):]) > -30


@pytest.mark.parametrize("form", ["wav", "opus"])
def test_what_was_said_until_a_crash_can_be_played(form):
    gateway = Gateway(RECORDING="all", RECORDING_FORMAT=form)
    try:
        gateway.start()
        with Phone(gateway, "1001", tone=440) as anna, Phone(gateway, "1002", tone=660) as petr:
            anna.dial("1002")
            petr.wait_incoming()
            petr.answer()
            petr.wait_talking()
            uuid = newest_call(gateway)["id"]
            wait_for(lambda: gateway.metric("recordings_active") == 1, 5, "the recording to begin")
            time.sleep(4)
            gateway.kill()
            path = next((gateway.folder / "recordings").glob(f"*/{uuid}.*"))
            # As it lies there: playable before any repair.
            left, right, rate = (read if form == "wav" else read_opus)(path.read_bytes())
            assert len(left) / rate >= 2.5
            assert_both_sides(left, right, rate)
        gateway.start()
        data = download(gateway, uuid)
        left, right, rate = (read if form == "wav" else read_opus)(data)
        assert len(left) / rate >= 2.5
        if form == "wav":
            assert len(data) == 44 + 4 * len(left), "the header says less than the file has"
        assert_both_sides(left, right, rate)
    finally:
        if gateway.process:
            gateway.stop()
        gateway.remove_folder()
