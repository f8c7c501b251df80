"""baresip phones, registered over UDP and TCP: they call the built-in numbers and each other through the gateway."""

import re
import time

import pytest
from audio import assert_tone
from gateway import Gateway, wait_for
from phone import Phone
from rawphone import RawPhone
from records import newest_call, stored, wait_ended

MILLIWATT_DB = -6.2


@pytest.fixture(scope="module")
def gateway():
    with Gateway(SIP_USERS="1003:third-secret:1003:Third%2C Phone") as running:
        yield running


@pytest.fixture
def phones(gateway):
    """Makes phones that are switched off after the test; none of their calls may be left then."""
    started = []

    def start(extension, **arguments):
        phone = Phone(gateway, extension, **arguments)
        started.append(phone)
        return phone.start()

    yield start
    for phone in started:
        phone.stop()
    gateway.wait_idle("sip_legs")


def third(phones, **arguments):
    return phones("1003", password="third-secret", tone=880, **arguments)


def connect(caller, callee):
    """A call between two phones, answered; the gateway's view of it."""
    caller.dial(callee.extension)
    callee.wait_incoming()
    caller.wait_event("CALL_RINGING")
    callee.answer()
    caller.wait_talking()
    callee.wait_talking()
    return newest_call(caller.gateway)


def assert_talking(first, second):
    first.assert_hears(second.tone, without=first.tone)
    second.assert_hears(first.tone, without=second.tone)


# Registration and the built-in numbers


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_phone_registers_and_hears_the_built_in_numbers(gateway, phones, transport):
    phone = phones("1001", transport=transport)
    gateway.wait_metric("sip_registered_users", 1)
    phone.dial("9197")
    phone.wait_talking()
    samples, rate = phone.listen(1)
    assert_tone(samples, rate, 1004, level=MILLIWATT_DB, tolerance_db=0.5)
    phone.hang_up()
    phone.wait_closed()
    phone.dial("echo")
    phone.wait_talking(skip=1)
    phone.assert_hears(440)
    record = newest_call(gateway)
    phone.hang_up()
    row = wait_ended(gateway, record["uuid"])
    assert (row["state"], row["end_reason"], row["direction"]) == ("completed", "caller_hangup", "internal")
    phone.stop()
    gateway.wait_metric("sip_registered_users", 0)


def test_a_wrong_password_is_refused(gateway, phones):
    phone = phones("1001", password="wrong", register=False)
    phone.command("uanew", f"<sip:1001@127.0.0.1:{gateway.sip_port}>;auth_user=1001;auth_pass=wrong;regint=60")
    phone.wait_event("REGISTER_FAIL")
    assert gateway.metric("sip_registered_users") == 0
    calls = len(gateway.calls(limit=100))
    phone.dial("9197")
    phone.wait_closed()
    assert phone.count("CALL_ESTABLISHED") == 0
    assert len(gateway.calls(limit=100)) == calls, "a call was made for a caller who is nobody"


# Two phones


@pytest.mark.parametrize("transports", [("udp", "udp"), ("udp", "tcp"), ("tcp", "udp")])
def test_two_phones_hear_each_other(gateway, phones, transports):
    anna, petr = phones("1001", tone=440, transport=transports[0]), phones("1002", tone=660, transport=transports[1])
    before = gateway.rtp("in", "sip"), gateway.rtp("out", "sip")
    record = connect(anna, petr)
    began = time.monotonic()
    assert petr.wait_incoming()["peeruri"].startswith("sip:1001@")
    assert_talking(anna, petr)
    for phone, frequency in ((anna, 660), (petr, 440)):
        # The same as the phone itself decoded it, for its whole talk.
        samples, rate = phone.recording()
        assert_tone(samples[rate // 2:], rate, frequency)
    # The packets really went through the gateway's workers.
    seconds = time.monotonic() - began
    for direction, count in zip(("in", "out"), before):
        assert gateway.rtp(direction, "sip") - count >= 2 * 50 * seconds * 0.8
    petr.hang_up()
    anna.wait_closed()
    row = wait_ended(gateway, record["uuid"])
    assert (row["state"], row["end_reason"], row["direction"]) == ("completed", "callee_hangup", "internal")
    assert (row["caller_number"], row["receiver_number"]) == ("1001", "1002")
    assert row["started_at"] <= row["ringing_at"] <= row["answered_at"] < row["ended_at"]
    assert abs(row["duration"] - (row["ended_at"] - row["answered_at"]) / 1000) <= 0.5
    assert abs(row["duration"] - (time.monotonic() - began)) <= 1.6


@pytest.mark.parametrize("codec", ["PCMU", "G722", "opus"])
def test_two_phones_agree_on_each_codec(gateway, phones, codec):
    anna, petr = phones("1001", tone=440, codecs=(codec,)), phones("1002", tone=660, codecs=("PCMA", codec))
    connect(anna, petr)
    assert_talking(anna, petr)
    anna.hang_up()
    petr.wait_closed()


def level_sent(frequency, codec):
    """The level of a phone's tone as it leaves the phone; baresip's way from 48 kHz to fewer costs some."""
    return -15 if codec == "opus" else {440: -16.3, 660: -15.8}[frequency]


@pytest.mark.parametrize("codecs", [
    ("PCMU", "opus"), ("opus", "PCMA"), ("G722", "PCMU"), ("PCMA", "G722"), ("opus", "G722"), ("PCMU", "PCMA")])
def test_phones_without_a_common_codec_hear_each_other(gateway, phones, codecs):
    anna = phones("1001", tone=440, codecs=codecs[:1])
    petr = phones("1002", tone=660, codecs=codecs[1:])
    connect(anna, petr)
    assert_talking(anna, petr)
    for phone, frequency, sent in ((anna, 660, codecs[1]), (petr, 440, codecs[0])):
        samples, rate = phone.listen(1.5)
        # What was said before the ear began to listen is unknown to its decoder.
        assert_tone(samples[rate // 4:], rate, frequency, level=level_sent(frequency, sent), tolerance_db=1)
    for source, target in (codecs, codecs[::-1]):
        assert gateway.metric("media_transcoders", **{"from": source, "to": target}) == 1
        assert gateway.metric("media_transcoded_frames_total", **{"from": source, "to": target}) > 100
    assert gateway.metric("media_transcoders") == 2
    anna.press("7#")
    wait_for(lambda: petr.digits == "7#", 5, "the digits to arrive")
    petr.press("*0")
    wait_for(lambda: anna.digits == "*0", 5, "the digits to arrive")
    assert_talking(anna, petr)
    anna.hang_up()
    petr.wait_closed()
    gateway.wait_metric("media_transcoders", 0)


def test_phones_without_a_common_codec_hold_and_resume(gateway, phones):
    anna, petr = phones("1001", tone=440, codecs=("PCMU",)), phones("1002", tone=660, codecs=("opus",))
    connect(anna, petr)
    assert_talking(anna, petr)
    petr.hold()
    wait_for(lambda: anna.messages("a=sendonly"), 5, "the other phone to be told")
    anna.assert_hears_music()
    petr.assert_hears_nothing()
    petr.resume()
    wait_for(lambda: gateway.metric("media_transcoders") == 2, 5, "the talk to go on")
    assert_talking(anna, petr)
    anna.hang_up()
    petr.wait_closed()


def test_phones_with_a_common_codec_are_not_transcoded(gateway, phones):
    anna, petr = phones("1001", tone=440, codecs=("G722", "PCMU")), phones("1002", tone=660, codecs=("opus", "PCMU"))
    frames = gateway.metric("media_transcoded_frames_total")
    connect(anna, petr)
    assert_talking(anna, petr)
    assert gateway.metric("media_transcoded_frames_total") == frames
    anna.hang_up()
    petr.wait_closed()


def test_digits_go_from_phone_to_phone(gateway, phones):
    anna, petr = phones("1001"), phones("1002")
    connect(anna, petr)
    anna.press("159*")
    petr.press("#0")
    wait_for(lambda: petr.digits == "159*" and anna.digits == "#0", 5, "the digits to arrive")
    anna.hang_up()
    petr.wait_closed()


# Hold


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("holder", ["caller", "callee"])
def test_a_phone_holds_and_resumes(gateway, phones, holder, transport):
    anna, petr = phones("1001", tone=440, transport=transport), phones("1002", tone=660)
    record = connect(anna, petr)
    holding, held = (anna, petr) if holder == "caller" else (petr, anna)
    sendrecv = held.messages("a=sendrecv")
    holding.hold()
    wait_for(lambda: held.messages("a=sendonly"), 5, "the other phone to be told")
    held.assert_hears_music()
    holding.assert_hears_nothing()
    assert gateway.call(record["uuid"])["state"] == "held"
    holding.resume()
    wait_for(lambda: held.messages("a=sendrecv") > sendrecv, 5, "the other phone to be told")
    assert_talking(anna, petr)
    assert gateway.call(record["uuid"])["state"] == "answered"
    anna.hang_up()
    row = wait_ended(gateway, record["uuid"])
    assert row["state"] == "completed"
    assert 1 <= row["hold_seconds"] <= 6


@pytest.mark.parametrize("codec", ["G722", "opus"])
def test_music_on_hold_is_heard_in_a_codec_of_ones_own_and_the_sound_returns(phones, codec):
    anna, petr = phones("1001", tone=440, codecs=(codec,)), phones("1002", tone=660, codecs=(codec,))
    connect(anna, petr)
    petr.hold()
    wait_for(lambda: anna.messages("a=sendonly"), 5, "the other phone to be told")
    anna.assert_hears_music()
    petr.assert_hears_nothing()
    petr.resume()
    assert_talking(anna, petr)
    anna.hang_up()
    petr.wait_closed()


def test_a_call_is_held_by_rest(gateway, phones):
    anna, petr = phones("1001", tone=440), phones("1002", tone=660)
    record = connect(anna, petr)
    for _ in range(2):
        answer = gateway.request("POST", f"/api/calls/hold/{record['uuid']}", login="admin")
        assert answer.status_code == 200 and answer.json()["call"]["status"] == "held", answer.text
    wait_for(lambda: anna.messages("a=sendonly") + petr.messages("a=sendonly"), 5, "a phone to be told")
    # Our side of an internal call is the caller: it holds, the callee waits.
    petr.assert_hears_music()
    answer = gateway.request("POST", f"/api/calls/unhold/{record['uuid']}", login="admin")
    assert answer.status_code == 200 and answer.json()["call"]["status"] == "answered", answer.text
    assert_talking(anna, petr)
    ended = gateway.request("POST", f"/api/calls/hangup/{record['uuid']}", login="admin")
    assert ended.status_code == 200
    anna.wait_closed()
    petr.wait_closed()
    assert wait_ended(gateway, record["uuid"])["end_reason"] == "command_hangup"
    refused = gateway.request("POST", f"/api/calls/hold/{record['uuid']}", login="admin")
    assert refused.status_code == 409


# Transfer


def test_rest_transfers_a_call(gateway, phones):
    anna, petr, other = phones("1001", tone=440), phones("1002", tone=660), third(phones)
    record = connect(anna, petr)
    answer = gateway.request(
        "POST", f"/api/calls/transfer/{record['uuid']}", login="admin", json={"target": "1003"})
    assert answer.status_code == 200, answer.text
    other.wait_incoming()
    petr.assert_hears_ring_back()
    other.answer()
    other.wait_talking()
    anna.wait_closed()
    assert_talking(petr, other)
    assert gateway.call(record["uuid"])["state"] == "answered"
    petr.hang_up()
    other.wait_closed()
    row = wait_ended(gateway, record["uuid"])
    assert (row["state"], row["transfer_count"]) == ("completed", 1)


@pytest.mark.parametrize("transferor", ["caller", "callee"])
def test_a_phone_transfers_its_partner(gateway, phones, transferor):
    anna, petr, other = phones("1001", tone=440), phones("1002", tone=660), third(phones, transport="tcp")
    record = connect(anna, petr)
    leaving, staying = (anna, petr) if transferor == "caller" else (petr, anna)
    leaving.transfer("1003")
    other.wait_incoming()
    other.answer()
    other.wait_talking()
    leaving.wait_closed()
    assert_talking(staying, other)
    other.hang_up()
    staying.wait_closed()
    row = wait_ended(gateway, record["uuid"])
    assert (row["state"], row["transfer_count"]) == ("completed", 1)


def test_a_transfer_that_is_declined_loses_nobody(gateway, phones):
    anna, petr, other = phones("1001", tone=440), phones("1002", tone=660), third(phones)
    record = connect(anna, petr)
    gateway.request("POST", f"/api/calls/transfer/{record['uuid']}", login="admin", json={"target": "1003"})
    other.wait_incoming()
    other.hang_up()
    assert_talking(anna, petr)
    row = stored(gateway, record["uuid"])
    assert (row["state"], row["transfer_count"]) == ("answered", 0)
    anna.hang_up()
    petr.wait_closed()


# Calls that come to nothing




def test_a_busy_phone(gateway, phones):
    anna, petr = phones("1001"), phones("1002")
    anna.dial("1002")
    petr.wait_incoming()
    petr.hang_up()
    assert "486" in anna.wait_closed()["param"]
    row = wait_ended(gateway, newest_call(gateway)["uuid"])
    assert (row["state"], row["end_reason"], row["duration"]) == ("busy", "busy", 0)
    assert row["answered_at"] is None and row["ringing_at"] <= row["ended_at"]


def test_a_declined_call(gateway, phones):
    anna = phones("1001")
    with RawPhone(gateway, "1002", gateway.users["petr"][2]) as petr:
        petr.register()
        anna.dial("1002")
        petr.respond(petr.wait_request("INVITE"), 603, "Decline")
        petr.wait_request("ACK")
        petr.register(expires=0)
    assert "603" in anna.wait_closed()["param"]
    row = wait_ended(gateway, newest_call(gateway)["uuid"])
    assert (row["state"], row["end_reason"], row["duration"]) == ("rejected", "rejected", 0)


def test_a_caller_who_gives_up(gateway, phones):
    anna, petr = phones("1001", transport="tcp"), phones("1002")
    anna.dial("1002")
    petr.wait_incoming()
    anna.hang_up()
    petr.wait_closed()
    row = wait_ended(gateway, newest_call(gateway)["uuid"])
    assert (row["state"], row["end_reason"], row["duration"]) == ("cancelled", "caller_cancelled", 0)
    assert any(line.startswith("CANCEL sip:") for line in petr.trace)


def test_a_number_whose_phone_is_off(gateway, phones):
    anna = phones("1001")
    anna.dial("1002")
    assert "480" in anna.wait_closed()["param"]
    row = wait_ended(gateway, newest_call(gateway)["uuid"])
    assert (row["state"], row["end_reason"]) == ("no_answer", "unavailable")


@pytest.mark.long
def test_a_phone_that_nobody_picks_up(gateway, phones):
    anna, petr = phones("1001"), phones("1002", transport="tcp")
    anna.dial("1002")
    petr.wait_incoming()
    assert "480" in anna.wait_closed(seconds=70)["param"]
    petr.wait_closed()
    row = wait_ended(gateway, newest_call(gateway)["uuid"])
    assert (row["state"], row["end_reason"], row["duration"]) == ("no_answer", "no_answer", 0)
    assert 59 <= (row["ended_at"] - row["started_at"]) / 1000 <= 63


def test_a_number_that_nobody_has(gateway, phones):
    anna = phones("1001")
    anna.dial("5555")
    assert "404" in anna.wait_closed()["param"]


def test_a_phone_that_vanishes_in_a_call(phones):
    """The power of one fails: without media the call ends by itself, with its reason."""
    with Gateway(MEDIA_TIMEOUT_S=2) as gateway, Phone(gateway, "1002") as petr:
        anna = Phone(gateway, "1001").start()
        record = connect(anna, petr)
        petr.assert_hears(440)
        anna.kill()
        petr.wait_closed()
        row = wait_ended(gateway, record["uuid"])
        assert (row["state"], row["end_reason"]) == ("completed", "media_timeout")
        anna.stop()


def test_all_devices_of_a_number_ring_and_one_answers(gateway, phones):
    anna, desk, mobile = phones("1001", tone=440), phones("1002", tone=660), phones("1002", tone=880, transport="tcp")
    anna.dial("1002")
    desk.wait_incoming()
    mobile.wait_incoming()
    mobile.answer()
    anna.wait_talking()
    desk.wait_closed()
    assert desk.count("CALL_ESTABLISHED") == 0
    reasons = [line for line in desk.trace if re.match(r"Reason:", line)]
    assert reasons and "200" in reasons[-1] and "elsewhere" in reasons[-1], reasons
    assert_talking(anna, mobile)
    anna.hang_up()
    mobile.wait_closed()
