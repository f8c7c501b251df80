"""The trunk: SIPp on its other end and as many phones, a provider with digest, and what hundreds of calls leave."""

import socket
import time

import pytest
from gateway import Gateway, free_ports, free_udp_block, wait_for
from phone import Phone
from rawphone import RawPhone
from records import newest_call, wait_ended
from sipp import SIPp, answering, wait_listening
from upstream import Provider

TRUNK, DESK, STRANGER = "127.0.0.2", "127.0.0.3", "127.0.0.9"
CUSTOMER = "+74951234567"


def many_ports(**environment):
    # At fifty calls a second hundreds of ports are at rest, some seconds each, before they are used again.
    first = free_udp_block(20000, 29999, 2000, 2000)
    return Gateway(RTP_PORT_MIN=first, RTP_PORT_MAX=first + 1999, LOG_LEVEL="info", **environment)


def trunk_gateway(port, **environment):
    return many_ports(SIP_SERVER=TRUNK, SIP_PORT=port, **environment)


def calling(gateway, number, address=TRUNK, calls=1, talk=1500, caller=CUSTOMER, password=None, options=(), **named):
    """Callers on one address: each talks for that many milliseconds and streams its tone."""
    # SIPp would sign for the server alone, which gives no right to call this number.
    uri = f"{number}@127.0.0.1:{gateway.sip_port}"
    login = ["-au", caller, "-ap", password, "-auth_uri", uri] if password else []
    return SIPp("call", gateway, address=address, options=[
        "-s", number, "-m", calls, "-d", talk, "-key", "caller", caller, "-mp", free_udp_block(10000, 19900, 600, 20),
        *login, *options], **named)


@pytest.fixture
def trunk_port():
    return free_ports(5100, 8880, 4)


# Calls both ways, with sound


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_phone_calls_out_and_is_called(trunk_port, transport):
    with trunk_gateway(trunk_port, SIP_TRANSPORT=transport) as gateway, \
            answering(trunk_port, transport=transport), Phone(gateway, "1001", tone=440) as anna:
        if transport == "udp":
            wait_listening(TRUNK, trunk_port)
        anna.dial("+79991234567")
        anna.wait_talking()
        # The trunk returns what it hears.
        anna.assert_hears(440)
        made = newest_call(gateway)
        anna.hang_up()
        row = wait_ended(gateway, made["uuid"])
        assert (row["state"], row["end_reason"], row["direction"]) == ("completed", "caller_hangup", "outgoing")
        assert (row["caller_number"], row["receiver_number"]) == ("1001", "+79991234567")
        before = gateway.rtp("in", "sip"), gateway.rtp("out", "sip")
        company = gateway.add("companies", name="ООО Технологии", phones=[{"number": "8 (495) 123-45-67"}])
        with calling(gateway, "1001", talk=2500, transport=transport) as customer:
            assert CUSTOMER in anna.wait_incoming()["peeruri"]
            [shown] = gateway.request("GET", "/api/calls/active", login="admin").json()["data"]
            shown = gateway.request("GET", f"/api/calls/{shown['id']}", login="admin").json()["data"]
            assert (shown["caller_company_id"], shown["caller_company_name"]) == (company["id"], "ООО Технологии")
            anna.answer()
            anna.wait_talking(skip=1)
            anna.assert_hears(880)
            customer.wait()
        anna.wait_closed(skip=1)
        for direction, count in zip(("in", "out"), before):
            assert gateway.rtp(direction, "sip") - count >= 2 * 2.5 * 50 * 0.8
        row = wait_ended(gateway, newest_call(gateway)["uuid"])
        assert (row["state"], row["end_reason"], row["direction"]) == ("completed", "caller_hangup", "incoming")
        assert (row["caller_number"], row["receiver_number"]) == (CUSTOMER, "1001")
        assert row["duration"] in (2, 3)


def test_a_number_without_a_plan_rings_everybody_and_a_caller_may_give_up(trunk_port):
    with trunk_gateway(trunk_port) as gateway, Phone(gateway, "1001") as anna, Phone(gateway, "1002") as petr:
        with calling(gateway, "74950000000") as customer:
            for phone in (anna, petr):
                phone.wait_incoming()
            petr.answer()
            petr.wait_talking()
            anna.wait_closed()
            customer.wait()
        with SIPp("give-up", gateway, address=TRUNK, options=["-s", "74950000000", "-m", 1]) as customer:
            anna.wait_incoming(skip=1)
            customer.wait(10)
            anna.wait_closed(skip=1)
        row = wait_ended(gateway, newest_call(gateway)["uuid"])
        assert (row["state"], row["end_reason"], row["direction"]) == ("missed", "caller_cancelled", "incoming")


# Who may use the trunk


def test_nobody_unknown_reaches_the_trunk():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trunk:
        trunk.bind((TRUNK, 0))
        trunk.settimeout(0.5)
        with trunk_gateway(trunk.getsockname()[1]) as gateway:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
                stranger.bind((STRANGER, 0))
                stranger.settimeout(5)
                for number in ("+79991234567", "1001", "9196"):
                    assert invite(gateway, stranger, number).startswith("SIP/2.0 401 ")
                    assert invite(gateway, stranger, number, FORGED).startswith("SIP/2.0 401 ")
            with pytest.raises(TimeoutError):
                next_invite(trunk)
            assert gateway.calls() == []
            assert gateway.metric("media_legs") == 0
            # A phone that proves who it is gets through.
            with Phone(gateway, "1001") as anna:
                anna.dial("+79991234567")
                trunk.settimeout(5)
                assert next_invite(trunk).startswith(b"INVITE sip:+79991234567@127.0.0.2")
                anna.hang_up()


def next_invite(trunk):
    """What comes to the trunk besides our asking whether it lives."""
    while (data := trunk.recv(65536)).startswith(b"OPTIONS "):
        pass
    return data


FORGED = ('Authorization: Digest username="1001", realm="tandem", nonce="AAAA", uri="sip:x", response='
          '"00000000000000000000000000000000", algorithm=MD5\r\n')


def invite(gateway, sender, number, more=""):
    """Sends an INVITE and answers the first line that comes back."""
    name, port = sender.getsockname()
    serial = time.monotonic_ns()
    sender.sendto((
        f"INVITE sip:{number}@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {name}:{port};branch=z9hG4bK{serial}\r\n"
        f"Max-Forwards: 70\r\nFrom: <sip:1001@127.0.0.1>;tag=1\r\nTo: <sip:{number}@127.0.0.1>\r\n"
        f"Call-ID: {serial}\r\nCSeq: 1 INVITE\r\nContact: <sip:1001@{name}:{port}>\r\n{more}Content-Length: 0\r\n\r\n"
    ).encode(), ("127.0.0.1", gateway.sip_port))
    return sender.recv(65536).decode()


# A provider with accounts


def test_accounts_are_registered_upstream_and_used_for_calls():
    with Provider({"79990000001": "secret"}, expires=60) as provider:
        with trunk_gateway(provider.port, SIP_USERS="79990000001:secret:1005:Line") as gateway:
            register = provider.wait_request("REGISTER", lambda request: "authorization" in request.headers)
            assert "sip:79990000001@" in register["from"]
            gateway.wait_metric("sip_upstream_registrations", 1)
            assert gateway.request("GET", "/health").json()["connected"] is True
            contact, _ = provider.bindings["79990000001"]
            assert contact.startswith("sip:79990000001@127.0.0.1"), contact
            with Phone(gateway, "1001") as anna:
                # Outwards: the provider challenges the INVITE too.
                anna.dial("+79991234567")
                proven = provider.wait_request("INVITE", lambda one: "proxy-authorization" in one.headers)
                assert "sip:79990000001@" in proven["from"]
                anna.wait_talking()
                anna.hang_up()
                provider.wait_request("BYE")
        # A graceful end takes the registration back.
        assert provider.bindings["79990000001"] is None


def test_an_account_that_the_provider_refuses_is_told():
    with Provider({"79990000001": "secret"}) as provider:
        with trunk_gateway(provider.port, SIP_USERS="79990000001:wrong:1005:Line") as gateway:
            wait_for(lambda: provider.count("REGISTER") >= 2, 5, "an attempt with credentials")
            assert gateway.request("GET", "/health").json()["connected"] is False
            assert gateway.metric("sip_upstream_registrations") == 0
            time.sleep(1)
            assert provider.count("REGISTER") <= 3, "a refused password is tried again and again"


# As many as there are


def test_a_call_too_many_is_refused_with_a_time_to_come_back(trunk_port):
    with trunk_gateway(trunk_port, MAX_CONCURRENT_CALLS=2) as gateway, \
            calling(gateway, "1001", calls=2, talk=3000, options=["-r", 20]) as customers, \
            RawPhone(gateway, "1001", gateway.users["anna"][2]) as desk:
        # Nobody is registered yet: both calls end with 480, and the gateway is empty again.
        customers.process.wait(10)
        gateway.wait_metric("active_calls", 0)
        desk.register()
        with calling(gateway, "1001", calls=2, talk=2000, options=["-r", 20]) as customers:
            for _ in range(2):
                desk.respond(desk.wait_request("INVITE"), 180, "Ringing", tag=f"desk{time.monotonic_ns()}")
            gateway.wait_metric("active_calls", 2)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as third:
                third.bind((TRUNK, 0))
                third.settimeout(5)
                refusal = invite(gateway, third, "1001")
                assert refusal.startswith("SIP/2.0 503 "), refusal
                assert "\r\nRetry-After: " in refusal
            refused = gateway.request("POST", "/api/calls/dial", login="admin", json={"from": "1001", "to": "9196"})
            assert refused.status_code == 503
            assert refused.json()["error"]["code"] == "CAPACITY_EXCEEDED"
            customers.stop()


def test_hundreds_of_calls_leave_nothing_behind(trunk_port):
    """500 from the trunk to a phone one after another, then 100 at once from phones to the trunk, with sound."""
    desk_port = free_ports(5100, 8880, 4)
    with many_ports() as gateway:
        # A trunk that nobody is asked of: OPTIONS without an answer would be transactions, too.
        gateway.add("trunks", name="provider", targets=[{"host": TRUNK, "port": trunk_port}], keepAliveSeconds=None)
        # The connections of what was asked so far close behind the answers.
        time.sleep(1)
        empty = resources(gateway)
        secret = gateway.users["anna"][2]
        with SIPp("register", gateway, address=DESK, port=desk_port, options=[
                "-s", "1001", "-au", "1001", "-ap", secret, "-m", 1]) as registration:
            registration.wait(10)
        gateway.wait_metric("sip_registered_users", 1)
        with answering(desk_port, DESK, free_udp_block(10000, 19900, 4, 4)), \
                answering(trunk_port, TRUNK, free_udp_block(10000, 19900, 4, 4)):
            wait_listening(DESK, desk_port)
            wait_listening(TRUNK, trunk_port)
            with calling(gateway, "1001", calls=500, talk=10, options=["-l", 1, "-r", 500]) as customers:
                customers.wait(90)
                assert customers.statistic("SuccessfulCall(C)") == 500
            gateway.wait_metric("active_calls", 0)
            received = gateway.rtp("in", "sip")
            with calling(gateway, "+79991234567", DESK, calls=100, talk=4000, caller="1001", password=secret,
                         options=["-l", 100, "-r", 100]) as phones:
                wait_for(lambda: gateway.metric("active_calls") == 100 or phones.failed, 10, "100 calls at once")
                assert not phones.failed, phones.told()
                assert gateway.metric("media_legs", kind="sip") == 200
                phones.wait(60)
                assert phones.statistic("SuccessfulCall(C)") == 100
            # What the trunk returned came back to each: a hundred streams both ways.
            assert gateway.rtp("in", "sip") - received >= 100 * 4 * 50 * 2 * 0.8
        wait_for(lambda: not gateway.stored("SELECT id FROM calls WHERE ended_at IS NULL"), 10, "closed records")
        ended = gateway.stored("SELECT direction, state, end_reason, count(*) AS calls FROM calls GROUP BY 1, 2, 3")
        assert sorted(tuple(row.values()) for row in ended) == [
            ("incoming", "completed", "caller_hangup", 500), ("outgoing", "completed", "caller_hangup", 100)]
        # Transactions and dialogs rest for 32 s after the last message (RFC 3261 timers B, H and J).
        end = time.monotonic() + 45
        while resources(gateway) != empty and time.monotonic() < end:
            time.sleep(1)
        assert resources(gateway) == empty


def resources(gateway):
    series = gateway.metrics()
    names = ("active_calls", "sip_legs", "sip_dialogs", "sip_transactions", "media_legs", "process_open_fds")
    return {name: sum(value for (known, _), value in series.items() if known == name) for name in names}
