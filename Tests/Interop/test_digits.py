"""Digits between those who know telephone-events (baresip, a page) and a telephone that knows INFO alone."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from gateway import Gateway, wait_for
from infophone import InfoPhone
from peers import Peer, PlainSocket, join
from phone import Phone


@pytest.fixture(scope="module")
def gateway():
    with Gateway(SIP_USERS="1003:third-secret:1003:Third") as running:
        yield running


@pytest.fixture(autouse=True)
def nothing_is_left(gateway):
    yield
    gateway.wait_idle("sip_legs", "active_webrtc_connections")


@pytest.fixture
def info(gateway):
    with InfoPhone(gateway, "1003", "third-secret") as phone:
        yield phone.register()


@pytest.fixture
def anna(gateway):
    with Phone(gateway, "1001") as phone:
        yield phone


def exchange_digits(anna, info):
    """Both press keys; each of the other's arrives once, in the way this end knows."""
    anna.press("159*")
    wait_for(lambda: info.digits == "159*", 10, "the digits to arrive by INFO")
    info.press("#07D")
    wait_for(lambda: anna.digits == "#07D", 10, "the digits to arrive as telephone-events")
    anna.press("2")
    wait_for(lambda: info.digits == "159*2", 10, "one more digit")
    assert anna.digits == "#07D"


def test_a_phone_with_telephone_events_calls_one_with_info(gateway, anna, info):
    anna.dial("1003")
    info.take_call()
    anna.wait_talking()
    exchange_digits(anna, info)
    anna.hang_up()


def test_a_phone_with_info_calls_one_with_telephone_events(gateway, anna, info):
    with ThreadPoolExecutor() as other:
        calling = other.submit(info.call, "1001")
        anna.wait_incoming()
        anna.answer()
        calling.result()
    anna.wait_talking()
    exchange_digits(anna, info)
    info.hang_up()
    anna.wait_closed()


def test_a_page_and_a_phone_with_info(gateway, info):
    async def run():
        async with PlainSocket(gateway, token=gateway.token("anna")) as page, Peer(440) as peer:
            calling = asyncio.create_task(asyncio.to_thread(info.call, "1001"))
            shown = await page.wait("incoming-call")
            accepted = await page.ask("answer-call", {"callId": shown["id"], "action": "accept"})
            assert accepted["success"], accepted
            await join(page, peer, shown["uuid"])
            await calling
            await page.ask("send-digits", {"callId": shown["uuid"], "digits": "42#"})
            await asyncio.to_thread(wait_for, lambda: info.digits == "42#", 10, "the digits to arrive by INFO")
            await asyncio.to_thread(info.press, "17A")
            await page.wait("call-digit", skip=2)
            assert [heard["digit"] for heard in page.all("call-digit")] == ["1", "7", "A"]
            await asyncio.to_thread(info.hang_up)
            await page.wait("call-ended")

    asyncio.run(run())
