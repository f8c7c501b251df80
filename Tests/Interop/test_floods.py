"""Ten times what the gateway can take, from everywhere: calls that are up lose nothing, known peers still get through."""

import os
import time

import pytest
from flood import Echoes, Flood
from gateway import Gateway, free_port
from phone import Phone
from sipp import SIPp, answering, wait_listening

TRUNK, CALLER = "127.0.0.2", "127.0.0.3"
# Messages a second: a call has seven, and a core carries some 1,500 calls a second.
RATE = 20_000
# What an unknown address may be sent at once, and by the second.
BURST, BYTES_PER_SECOND = 32_768, 4096


def resident(gateway):
    """Memory of the process in KiB that is its own: files it has mapped are the system's to keep or to drop."""
    with open(f"/proc/{gateway.process.pid}/smaps_rollup") as lines:
        return sum(int(line.split()[1]) for line in lines if line.startswith("Anonymous:"))


def losses(packets):
    """How many packets of a stream are missing, by its sequence numbers."""
    sequences = [packet.sequence for packet in packets]
    return sum((after - before) % 65536 - 1 for before, after in zip(sequences, sequences[1:]))


def withstand(seconds):
    port = free_port()
    # The signalling kept of good calls has a bound of its own: one that is reached before memory is looked at.
    with Gateway(SIP_SERVER=TRUNK, SIP_PORT=port, SIP_TRACE_MB=1, LOG_LEVEL="warn") as gateway, answering(port), \
            Phone(gateway, "1001") as anna, Phone(gateway, "1002", tone=880) as petr:
        gateway.add("trunks", name="customers", targets=[{"host": CALLER}], keepAliveSeconds=None)
        gateway.add("routes", trunk="customers", number="*", destination={"trunk": "default"})
        wait_listening(TRUNK, port)
        talk(anna, petr)
        # What the tables of strangers take, full after twenty seconds, and what the first 400 calls take, is no leak.
        with Flood(gateway.sip_port, RATE):
            legitimate_calls(gateway, 30, rate=13)
        before = resident(gateway)
        marks = [len(phone.packets()) for phone in (anna, petr)]
        with Echoes(gateway.sip_port) as echoes, Flood(gateway.sip_port, RATE) as flood:
            began = time.monotonic()
            made, succeeded = legitimate_calls(gateway, seconds)
            lasted = time.monotonic() - began
        rate = flood.sent / lasted
        grown = resident(gateway) / before
        most = max(echoes.bytes.values(), default=0)
        print(f"{rate:.0f} messages/s for {lasted:.0f} s: {succeeded} of {made} calls, memory {before} KiB x {grown:.3f}, "
              f"{len(echoes.bytes)} strangers answered, one with {most} bytes")
        assert rate > 0.5 * RATE
        assert succeeded >= 0.99 * made
        assert 0.9 <= grown <= 1.1, f"memory is {grown:.2f} of what it was"
        assert most <= BURST + BYTES_PER_SECOND * lasted
        for phone, mark in zip((anna, petr), marks):
            heard = phone.packets()[mark:]
            assert len(heard) > 45 * seconds
            assert losses(heard) == 0, f"{phone.extension} lost {losses(heard)} packets"
        anna.hang_up()
        petr.wait_closed()
        gateway.wait_metric("sip_legs", 0, seconds=40)


def talk(caller, callee):
    caller.dial(callee.extension)
    callee.wait_incoming()
    callee.answer()
    caller.wait_talking()


def legitimate_calls(gateway, seconds, rate=10):
    """Calls from one trunk to the other; answers how many were made and how many succeeded."""
    calls = rate * seconds
    options = ["-s", "5551234", "-m", calls, "-r", rate, "-d", 500]
    with SIPp("plain-call", gateway, address=CALLER, options=options) as peer:
        peer.process.wait(seconds + 60)
        return calls, peer.statistic("SuccessfulCall(C)")


@pytest.mark.skipif(os.geteuid() != 0, reason="forging addresses needs root")
class TestFlood:
    @pytest.mark.long
    def test_a_short_flood(self):
        withstand(10)

    @pytest.mark.long
    def test_a_minute_of_flood(self):
        withstand(60)

    def test_one_unknown_address_is_not_sent_more_than_its_budget(self):
        """A tenth of the flood, all from one address, which might be a victim's."""
        with Gateway(LOG_LEVEL="warn") as gateway, Echoes(gateway.sip_port) as echoes, \
                Flood(gateway.sip_port, RATE // 10, source="127.200.1.1", kinds=("INVITE", "REGISTER", "OPTIONS")) as flood:
            time.sleep(10)
            assert flood.sent > 0.5 * RATE
        assert len(echoes.bytes) == 1
        assert sum(echoes.bytes.values()) <= BURST + BYTES_PER_SECOND * 12
