"""Kamailio as registrar and outbound proxy of an account: the gateway registers there, calls out and is called."""

import pytest
from gateway import Gateway, wait_for
from kamailio import Kamailio
from phone import Phone
from records import newest_call, wait_ended


@pytest.fixture(scope="module")
def provider():
    with Kamailio() as running:
        yield running


def joined(provider, transport):
    """A gateway that registers its account 1001 at the provider."""
    port = provider.tls_port if transport == "tls" else provider.sip_port
    return Gateway(SIP_SERVER=provider.host, SIP_PORT=port, SIP_TRANSPORT=transport.upper(),
                   SIP_USERS=f"1001:{provider.password}:1001:Anna", SIP_TLS_CA=provider.certificate)


def connected(gateway):
    return gateway.request("GET", "/health").json()["connected"]


def outside(provider, transport="udp"):
    """A phone of somebody else at the same provider."""
    return Phone(provider, "2001", provider.password, tone=880, transport=transport)


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_calls_go_out_and_come_in_through_the_proxy(provider, transport):
    with joined(provider, transport) as gateway, outside(provider) as customer, \
            Phone(gateway, "1001", provider.password) as anna:
        wait_for(lambda: provider.registered("1001", transport), 10, f"the registration over {transport}")
        wait_for(lambda: connected(gateway), 10, "the gateway to know of it")
        anna.dial("2001")
        customer.wait_incoming()
        customer.answer()
        anna.wait_talking()
        anna.assert_hears(880)
        customer.assert_hears(440)
        made = newest_call(gateway)
        anna.hang_up()
        customer.wait_closed()
        row = wait_ended(gateway, made["uuid"])
        assert (row["state"], row["direction"]) == ("completed", "outgoing")
        customer.dial("1001")
        anna.wait_incoming()
        anna.answer()
        customer.wait_talking(skip=1)
        customer.assert_hears(440)
        anna.assert_hears(880)
        customer.hang_up()
        anna.wait_closed(skip=1)
        row = wait_ended(gateway, newest_call(gateway)["uuid"])
        assert (row["state"], row["direction"], row["end_reason"]) == ("completed", "incoming", "caller_hangup")


def test_hold_through_the_proxy_keeps_the_sound(provider):
    with joined(provider, "udp") as gateway, outside(provider) as customer, \
            Phone(gateway, "1001", provider.password) as anna:
        wait_for(lambda: connected(gateway), 10, "the registration")
        anna.dial("2001")
        customer.wait_incoming()
        customer.answer()
        anna.wait_talking()
        anna.hold()
        customer.assert_hears_music()
        anna.resume()
        customer.assert_hears(440)
        anna.assert_hears(880)
        customer.hang_up()
        anna.wait_closed()
        wait_ended(gateway, newest_call(gateway)["uuid"])


# Over datagrams the loss is noticed when requests time out, which takes a minute.
@pytest.mark.parametrize("transport", [pytest.param("udp", marks=pytest.mark.long), "tcp", "tls"])
def test_a_registrar_that_comes_back_is_registered_at_again(transport):
    with Kamailio(address="127.0.0.5") as provider, joined(provider, transport) as gateway:
        wait_for(lambda: connected(gateway), 10, "the first registration")
        provider.stop()
        # A broken connection is noticed at once, silence once OPTIONS and then REGISTER have got no answer.
        wait_for(lambda: not connected(gateway), 90 if transport == "udp" else 15, "the loss to be noticed")
        provider.start()
        # Asked every ten seconds, the server is known to live long before the back-off would try again.
        wait_for(lambda: connected(gateway), 30, "the registration after the restart")
        assert provider.registered("1001", transport)
