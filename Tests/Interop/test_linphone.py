"""Linphone registers, hears the echo, and two of them call each other."""

import time

import pytest
from gateway import Gateway
from linphone import ADDRESS, Linphone
from records import newest_call, wait_ended

pytestmark = pytest.mark.interface


@pytest.fixture(scope="module")
def gateway():
    with Gateway(SIP_LISTEN_HOST=ADDRESS, PUBLIC_IP=ADDRESS) as running:
        yield running


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_linphone_hears_the_echo(gateway, transport):
    with Linphone(gateway, "anna", transport=transport) as phone:
        gateway.wait_metric("sip_registered_users", 1)
        phone.dial("9196")
        phone.wait_talking()
        time.sleep(3)
        record = newest_call(gateway)
        phone.hang_up()
        row = wait_ended(gateway, record["uuid"])
        assert (row["state"], row["end_reason"]) == ("completed", "caller_hangup")
        phone.assert_heard(440)
    gateway.wait_metric("sip_registered_users", 0)


def test_two_linphones_talk(gateway):
    with Linphone(gateway, "anna") as anna, Linphone(gateway, "petr", tone=880) as petr:
        anna.dial(petr.extension)
        petr.answer()
        anna.wait_talking()
        petr.wait_talking()
        time.sleep(3)
        record = newest_call(gateway)
        petr.hang_up()
        assert wait_ended(gateway, record["uuid"])["end_reason"] == "callee_hangup"
        anna.assert_heard(880)
        petr.assert_heard(440)
