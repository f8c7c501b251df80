"""baresip over TLS with SDES-SRTP, alone and together with phones that speak plainly."""

import time

import pytest
from audio import assert_tone
from gateway import Gateway
from phone import Phone
from records import newest_call, wait_ended


@pytest.fixture(scope="module")
def gateway():
    with Gateway() as running:
        yield running


def assert_recorded(phone, frequency):
    """The keys worked: what the phone itself decrypted and decoded is the tone."""
    samples, rate = phone.recording()
    # Its beginning is silence until the far side speaks, and baresip cuts its end.
    middle = samples[int(0.8 * rate): int(2.3 * rate)]
    assert len(middle) > rate, f"{phone.extension} recorded {len(samples) / rate:.1f} s"
    assert_tone(middle, rate, frequency, gap=0.06)


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
@pytest.mark.parametrize("encryption", ["srtp", "srtp-mand"])
def test_an_encrypted_phone_hears_the_echo(gateway, transport, encryption):
    with Phone(gateway, "1001", transport=transport, encryption=encryption) as anna:
        gateway.wait_metric("sip_registered_users", 1)
        anna.dial("9196")
        anna.wait_talking()
        before = len(anna.packets())
        time.sleep(3)
        assert len(anna.packets()) - before > 100
        record = newest_call(gateway)
        anna.hang_up()
        anna.wait_closed()
        assert_recorded(anna, 440)
        assert wait_ended(gateway, record["uuid"])["state"] == "completed"


# Each phone as its transport and baresip's word for what it wants of keys: insisting, offering, and knowing none.
TLS, TCP, UDP = ("tls", "srtp-mand"), ("tcp", "srtp"), ("udp", "srtp-mand")
PLAIN = ("udp", None)


@pytest.mark.parametrize("first,second", [
    (TLS, PLAIN), (PLAIN, TLS), (TLS, TLS), (TCP, PLAIN), (PLAIN, TCP), (UDP, PLAIN), (PLAIN, UDP), (UDP, TCP), (TCP, TLS)])
def test_two_phones_talk_each_with_keys_or_without(gateway, first, second):
    with Phone(gateway, "1001", transport=first[0], encryption=first[1]) as anna, \
            Phone(gateway, "1002", transport=second[0], encryption=second[1], tone=880) as petr:
        anna.dial("1002")
        petr.wait_incoming()
        petr.answer()
        anna.wait_talking()
        petr.wait_talking()
        time.sleep(3)
        record = newest_call(gateway)
        petr.hang_up()
        anna.wait_closed()
        assert_recorded(anna, 880)
        assert_recorded(petr, 440)
        assert wait_ended(gateway, record["uuid"])["end_reason"] == "callee_hangup"


def test_what_travels_is_encrypted(gateway):
    """The payload of the packets themselves is no tone: nothing of 1004 Hz can be found in it."""
    with Phone(gateway, "1001", transport="tls", encryption="srtp-mand") as anna:
        anna.dial("9197")
        anna.wait_talking()
        samples, rate = anna.listen(1.5)
        anna.hang_up()
        anna.wait_closed()
    with pytest.raises(AssertionError):
        assert_tone(samples, rate, 1004)
