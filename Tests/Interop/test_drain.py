"""A gateway that is told to stop while it is busy: nobody who talks is cut off, nobody else is let in, nothing is lost."""

import asyncio
import collections
import contextlib
import re
import signal
import time

import requests
from gateway import Gateway, free_ports, free_udp_block, wait_for
from peers import Peer, PlainSocket, join
from sipp import SIPp, answering, wait_listening

TRUNK, CUSTOMERS, LATE, RUDE = "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"
LIVE, RATE = 100, 20
TALK = 9000
ORDER = {"phoneNumber": "echo", "direction": "outgoing"}


@contextlib.contextmanager
def busy_gateway(**environment):
    """A gateway that passes the calls of one trunk on to another."""
    port = free_ports(5100, 8880, 4)
    first = free_udp_block(20000, 29999, 2000, 2000)
    gateway = Gateway(
        SIP_SERVER=TRUNK, SIP_PORT=port, AUTH_MODE="off", LOG_LEVEL="info", RTP_PORT_MIN=first, RTP_PORT_MAX=first + 1999,
        **environment)
    with contextlib.ExitStack() as stack:
        stack.callback(gateway.remove_folder)
        stack.callback(lambda: gateway.process and gateway.kill())
        gateway.start()
        stack.enter_context(answering(port, address=TRUNK, media_port=free_udp_block(10000, 19900, 40, 40)))
        wait_listening(TRUNK, port)
        for name, address in (("customers", CUSTOMERS), ("late", LATE), ("rude", RUDE)):
            gateway.add("trunks", name=name, targets=[{"host": address}], keepAliveSeconds=None)
            gateway.add("routes", trunk=name, number="*", destination={"trunk": "default"})
        yield gateway


def customers(gateway, scenario, address, calls, rate, talk=0, options=()):
    return SIPp(scenario, gateway, address=address, tone=None, options=[
        "-s", "79991234567", "-m", calls, "-r", rate, "-d", talk, "-l", calls, "-key", "caller", "+74951234567",
        "-mp", free_udp_block(10000, 19900, 600, 20), *options])


def answers(sipp):
    """The answers that the callers of a process were given: status and Retry-After, each as often as it came."""
    text = next(sipp.folder.glob("*messages*.log")).read_text(errors="replace")
    heard = re.findall(r"message received.*?\n\n(SIP/2\.0 .*?)(?:\n\n|\Z)", text.replace("\r", ""), re.S)
    return collections.Counter(
        (message.split()[1], (re.search(r"^Retry-After: (\d+)", message, re.M) or ["", None])[1]) for message in heard)


def is_ready(gateway):
    return requests.get(gateway.url("/health/ready"), timeout=2).status_code == 200


def test_a_hundred_calls_end_by_themselves_while_twenty_a_second_are_refused():
    with busy_gateway(DRAIN_TIMEOUT_MS=30_000) as gateway, \
            customers(gateway, "plain-call", CUSTOMERS, LIVE, 2 * LIVE, TALK) as talking:

        async def page():
            async with PlainSocket(gateway) as client, Peer() as peer:
                made = gateway.make_call("echo")
                await join(client, peer, made["id"])
                await peer.connection_up()
                await asyncio.to_thread(wait_answered, gateway, LIVE + 1)
                gateway.signal(signal.SIGTERM)
                await asyncio.to_thread(wait_for, lambda: not is_ready(gateway), 5, "not ready")
                with customers(gateway, "caller-is-refused", LATE, 3 * RATE, RATE, options=["-trace_msg"]) as late:
                    refused = await asyncio.to_thread(
                        requests.post, gateway.url("/api/v1/calls"), json=ORDER, timeout=5)
                    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
                    await refuse_socket(gateway)
                    await asyncio.to_thread(late.wait, 20)
                    assert answers(late)["503", "10"] == 3 * RATE, answers(late)
                assert client.count("call-ended") == 0, "a page that talks was cut off"
                await client.emit("leave-call", {})

        asyncio.run(page())
        talking.wait(20)
        assert talking.statistic("SuccessfulCall(C)") == LIVE
        assert gateway.wait(15) == 0
        gateway.process = None
        assert_nothing_is_lost(gateway, LIVE + 1, "caller_hangup")


def wait_answered(gateway, count):
    wait_for(lambda: len(gateway.stored("SELECT 1 FROM calls WHERE answered_at IS NOT NULL")) == count, 10,
             "every call to be answered")


def test_a_second_sigterm_hangs_up_on_a_hundred_calls_at_once():
    drain = 60
    with busy_gateway(DRAIN_TIMEOUT_MS=drain * 1000) as gateway, \
            customers(gateway, "caller-is-hung-up", CUSTOMERS, LIVE, 2 * LIVE) as talking:
        wait_answered(gateway, LIVE)
        gateway.signal(signal.SIGTERM)
        wait_for(lambda: not is_ready(gateway), 5, "not ready")
        began = time.monotonic()
        gateway.signal(signal.SIGTERM)
        assert gateway.wait(drain) == 0
        assert time.monotonic() - began < drain / 2, "the second signal did not cut the wait short"
        gateway.process = None
        talking.wait(20)
        assert talking.statistic("SuccessfulCall(C)") == LIVE
        assert_nothing_is_lost(gateway, LIVE, "shutdown")


def test_whoever_does_not_hear_that_it_ends_is_not_waited_for_longer_than_told():
    # Longer than that, a BYE is repeated (RFC 3261 section 17.1.2.2: 64 × T1).
    limit, gives_up = 1, 32
    with busy_gateway(SHUTDOWN_TIMEOUT_MS=limit * 1000) as gateway:
        with customers(gateway, "caller-is-hung-up", RUDE, 3, 10) as gone:
            wait_answered(gateway, 3)
            gone.process.send_signal(signal.SIGSTOP)
            began = time.monotonic()
            gateway.signal(signal.SIGTERM)
            assert gateway.wait(gives_up) == 0
        assert limit <= time.monotonic() - began < gives_up / 2
        gateway.process = None
        assert_nothing_is_lost(gateway, 3, "shutdown")


async def refuse_socket(gateway):
    """A page is let in, for it might be one that comes back to its call, and refused the call that it wants to make."""
    async with PlainSocket(gateway) as late:
        order = {"fromNumber": "1001", "toNumber": "9196"}
        answer = await late.ask("initiate-outgoing-call", order)
        assert answer["success"] is False and answer["error"]["code"] == "DEPENDENCY_UNAVAILABLE", answer
        assert (answer["error"]["statusCode"], answer["error"]["retryAfter"]) == (503, 5), answer
        await late.emit("initiate-outgoing-call", order)
        told = await late.wait("error", lambda error: error.get("event") == "initiate-outgoing-call")
        assert (told["statusCode"], told["retryAfter"]) == (503, 5), told


def assert_nothing_is_lost(gateway, count, reason):
    """The record of each call that was up is there and closed, and there is none of those that were refused."""
    rows = gateway.stored("SELECT state, end_reason, answered_at, ended_at FROM calls")
    assert collections.Counter((row["state"], row["end_reason"]) for row in rows) == {("completed", reason): count}
    assert all(row["answered_at"] <= row["ended_at"] for row in rows)
