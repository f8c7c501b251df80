"""A trunk whose servers are found by NAPTR and SRV: dead and refusing ones are passed over, a refusal by a person is not."""

import contextlib
import time

import pytest
from carrier import Carrier
from gateway import Gateway, free_port, wait_for
from names import NameServer
from records import newest_call, wait_ended
from sipp import SIPp

CALLER = "127.0.0.2"
HOSTS = ["127.0.0.11", "127.0.0.12", "127.0.0.13"]


def services(targets):
    """SRV records of `_sip._udp.carrier.test` for (host, port, priority, weight), and the addresses of their names."""
    for number, (host, port, priority, weight) in enumerate(targets):
        yield f"srv-host=_sip._udp.carrier.test,{number}.carrier.test,{port},{priority},{weight}"
        yield f"host-record={number}.carrier.test,{host}"


@contextlib.contextmanager
def gateway_with(targets, *records, **environment):
    """Calls from CALLER are routed to the trunk `carrier`, which is known by its domain alone."""
    with NameServer(*services(targets), *records) as names, \
            Gateway(DNS_SERVERS=names.variable, **environment) as gateway:
        gateway.add("trunks", name="carrier", targets=[{"host": "carrier.test"}], keepAliveSeconds=None)
        gateway.add("trunks", name="customers", targets=[{"host": CALLER, "port": free_port()}],
                    sourceNetworks=[f"{CALLER}/32"], keepAliveSeconds=None)
        gateway.add("routes", trunk="customers", number="*", destination={"trunk": "carrier"})
        yield gateway


def call(gateway, calls=1, rate=1, scenario="plain-call", options=()):
    return SIPp(scenario, gateway, address=CALLER, options=["-s", "74951234567", "-m", calls, "-r", rate, "-d", 100, *options])


def test_the_third_server_carries_the_call_when_one_is_dead_and_one_refuses():
    refusing, good = Carrier(HOSTS[1], status=503), Carrier(HOSTS[2])
    targets = [(HOSTS[0], free_port(), 10, 100), (HOSTS[1], refusing.port, 20, 100), (HOSTS[2], good.port, 30, 100)]
    with refusing, good, gateway_with(targets) as gateway, call(gateway) as customer:
        began = time.monotonic()
        wait_for(lambda: good.invites, 32, "the third server to be asked")
        assert time.monotonic() - began < 32, "within timer B"
        customer.wait(40)
        assert len(refusing.invites) == 1 and len(good.invites) == 1
        row = wait_ended(gateway, newest_call(gateway)["uuid"])
        assert (row["state"], row["end_reason"]) == ("completed", "caller_hangup")


@pytest.mark.parametrize("status", [486, 603])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_person_who_declines_ends_the_hunt(status, place):
    fates = [503, 503, 503]
    fates[place] = status
    carriers = [Carrier(host, status=fate) for host, fate in zip(HOSTS, fates)]
    targets = [(carrier.address, carrier.port, 10 * (n + 1), 100) for n, carrier in enumerate(carriers)]
    with contextlib.ExitStack() as stack:
        for carrier in carriers:
            stack.enter_context(carrier)
        gateway = stack.enter_context(gateway_with(targets))
        customer = stack.enter_context(call(gateway, scenario="refused-call", options=["-key", "status", status]))
        row = wait_ended(gateway, wait_for(lambda: newest_call(gateway), 10)["uuid"], seconds=30)
        customer.wait(10)
        assert row["state"] == {486: "busy", 603: "rejected"}[status]
        asked = [len(carrier.invites) for carrier in carriers]
        assert asked == [1] * (place + 1) + [0] * (2 - place)


def test_weights_are_honoured_over_a_thousand_calls():
    carriers = [Carrier(host) for host in HOSTS]
    weights = [60, 30, 10]
    targets = [(carrier.address, carrier.port, 10, weight) for carrier, weight in zip(carriers, weights)]
    with contextlib.ExitStack() as stack:
        for carrier in carriers:
            stack.enter_context(carrier)
        gateway = stack.enter_context(gateway_with(targets, RTP_PORT_MIN=20000, RTP_PORT_MAX=29999, LOG_LEVEL="info"))
        customer = stack.enter_context(call(gateway, calls=1000, rate=50))
        customer.wait(90)
        asked = [len(carrier.invites) for carrier in carriers]
        assert sum(asked) == 1000
        for count, weight in zip(asked, weights):
            # Four standard deviations of a binomial count.
            spread = 4 * (1000 * weight / 100 * (1 - weight / 100)) ** 0.5
            assert abs(count - 10 * weight) <= spread, asked


def test_naptr_names_the_transport_and_the_service():
    good = Carrier(HOSTS[0])
    records = ["naptr-record=carrier.test,10,50,s,SIP+D2U,,_sip._udp.carrier.test"]
    with good, gateway_with([(HOSTS[0], good.port, 10, 100)], *records) as gateway, call(gateway) as customer:
        customer.wait(20)
        assert len(good.invites) == 1
