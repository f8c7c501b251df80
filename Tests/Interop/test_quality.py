"""How calls sound, as Chromium, baresip and aiortc have it, and why one does not, as the diagnosis says it."""

import asyncio
import concurrent.futures
import re
import socket
import threading

import pytest
from browsers import chromium
from gateway import Gateway, wait_for
from peers import Peer, PlainSocket, SocketIO, join
from phone import Phone
from rawphone import RawPhone
from records import newest_call, wait_ended


@pytest.fixture(scope="module")
def gateway():
    with Gateway() as running:
        yield running


def diagnosis(gateway, uuid, login="admin"):
    answer = gateway.request("GET", f"/api/v1/calls/{uuid}/diagnosis", login=login)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def codes(found):
    return [finding["code"] for finding in found["findings"]]


def assert_good(quality):
    """Two legs, a browser's and a phone's, that sound well both ways."""
    legs = {leg["kind"]: leg for leg in quality["legs"]}
    assert set(legs) == {"browser", "sip"}, quality
    for leg in legs.values():
        assert leg["mos"] > 4 and leg["mosAvg"] > 4, leg
        assert leg["received"]["loss"] < 0.02 and leg["received"]["packets"] > 100, leg
        assert leg["sent"]["mos"] > 4 and leg["sent"]["jitter"] < 100, leg
        assert leg["rtt"] is not None and leg["rtt"] < 200, leg
        assert leg["codec"] == "PCMA", leg


def follow(gateway, uuid, kind=PlainSocket):
    """The first `call-quality` in which every leg has been judged both ways, as somebody hears it who takes no part."""
    async def run():
        async with kind(gateway, token=gateway.token("admin")) as admin:
            joined = await admin.ask("join-room", {"room": f"call-{uuid}"})
            assert joined["success"], joined
            return await admin.wait(
                "call-quality", seconds=40,
                matching=lambda event: all(leg["sent"]["mos"] and leg["rtt"] is not None for leg in event["legs"]))

    # Playwright has a loop of its own on this thread.
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, run()).result()


@pytest.mark.parametrize("kind", [PlainSocket, SocketIO])
def test_chromium_and_a_phone_sound_well(gateway, kind):
    with chromium() as chrome, Phone(gateway, "1002", tone=660) as petr:
        page = chrome.open(gateway).sign_in("anna")
        page.dial("1002")
        petr.wait_incoming()
        petr.answer()
        page.wait_state("connected")
        page.wait_media()
        uuid = newest_call(gateway)["uuid"]
        event = follow(gateway, uuid, kind)
        assert event["callId"] == uuid and event["mosAvg"] > 4
        assert_good(event)
        page.until("() => /MOS 4/.test(document.querySelector('[data-test=quality]').textContent)")
        live = diagnosis(gateway, uuid, login="anna")
        assert codes(live)[0] == "sound_both_ways" and live["state"] == "answered"
        page.press("hangup")
        page.wait_state("idle")
        assert page.problems == []
        chrome.close_pages()
    wait_ended(gateway, uuid)
    for view in ("gateway", "records"):
        quality = wait_for(lambda: gateway.call(uuid, view=view).get("quality"), 5, "the quality of the call")
        assert_good(quality)
        assert quality["mosMin"] <= quality["mosAvg"]
    kept = diagnosis(gateway, uuid)
    assert codes(kept)[0] == "sound_both_ways" and kept["state"] == "completed"
    legs = {leg["kind"]: leg for leg in kept["legs"]}
    assert legs["browser"]["transport"]["ice"]["selected"] == legs["browser"]["addresses"]["remote"]
    assert legs["browser"]["transport"]["dtls"]["connectedAt"]
    for leg in legs.values():
        for way in ("received", "sent"):
            first, last = (gateway.seconds(leg[way][name]) for name in ("firstAt", "lastAt"))
            assert last - first > 4, leg
    assert [step["state"] for step in kept["timeline"]][-2:] == ["answered", "completed"]
    for name in ("media_mos", "media_rtt_seconds"):
        for leg in ("browser", "sip"):
            assert gateway.metric(f"{name}_count", leg=leg, codec="PCMA") >= 1, (name, leg)
    for name in ("media_jitter_seconds", "media_packet_loss_ratio"):
        assert gateway.metric(f"{name}_count", leg="sip", direction="received") >= 1, name


class Misplaced:
    """A sender of RTP on another host than the phone's description names."""

    def __init__(self, target):
        self.target, self.is_open = target, True
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.2", 0))
        self.thread = threading.Thread(target=self._send, daemon=True)
        self.thread.start()

    def _send(self):
        number = 0
        while self.is_open:
            number += 1
            header = b"\x80\x08" + number.to_bytes(2, "big") + (number * 160).to_bytes(4, "big") + b"\0\0\0\7"
            self.socket.sendto(header + b"\xd5" * 160, self.target)
            threading.Event().wait(0.02)

    def close(self):
        self.is_open = False
        self.thread.join()
        self.socket.close()


def test_a_phone_that_sends_from_elsewhere_is_found_out(gateway):
    with RawPhone(gateway, "1002", gateway.users["petr"][2]) as petr:
        petr.register()
        announced = "%s:%d" % petr.media.getsockname()

        async def run():
            async with PlainSocket(gateway, token=gateway.token("anna")) as anna, Peer(440) as peer:
                await anna.wait("authenticated")
                made = await asyncio.to_thread(gateway.make_call, "1002", login="anna")
                joining = asyncio.create_task(join(anna, peer, made["id"]))
                invite = await asyncio.to_thread(petr.answer)
                await joining
                port = int(re.search(r"m=audio (\d+)", invite.body).group(1))
                stranger = Misplaced(("127.0.0.1", port))
                try:
                    await peer.connection_up()
                    await asyncio.sleep(4)
                    live = await asyncio.to_thread(diagnosis, gateway, made["id"], "anna")
                    own = await anna.wait("call-quality", seconds=15, matching=lambda event: event["packetsReceived"])
                finally:
                    stranger.close()
                await anna.ask("end-call", {"callId": made["id"]})
                bye = await asyncio.to_thread(petr.wait_request, "BYE")
                petr.respond(bye, 200, "OK")
                return made["id"], live, own

        uuid, live, own = asyncio.run(run())
    assert own["mos"] > 4 and own["loss"] < 0.02
    wait_ended(gateway, uuid)
    kept = wait_for(lambda: diagnosis(gateway, uuid), 5, "the diagnosis")
    for found in (live, kept):
        assert codes(found) == ["wrong_source", "one_way"], found
        finding = found["findings"][0]
        assert announced in finding["text"] and "127.0.0.2:" in finding["text"], finding
        assert finding["severity"] == "problem" and finding["leg"] == 2 and finding["advice"]
        [refused] = found["legs"][1]["addresses"]["refused"]
        assert refused["packets"] >= 100
    text = gateway.request("GET", f"/api/v1/calls/{uuid}/diagnosis?format=text", login="admin").text
    assert "PROBLEM: Phone 1002 (leg 2) announced" in text


def test_a_page_whose_packets_never_arrive_is_found_out(gateway):
    """The page never takes our answer, as one behind a firewall might as well not: no check of its reaches us."""
    with RawPhone(gateway, "1002", gateway.users["petr"][2]) as petr:
        petr.register()

        async def run():
            async with PlainSocket(gateway, token=gateway.token("anna")) as anna, Peer(440) as peer:
                await anna.wait("authenticated")
                made = await asyncio.to_thread(gateway.make_call, "1002", login="anna")
                await anna.emit("join-call", {"callId": made["id"]})
                await anna.wait("joined-call")
                await anna.emit("offer", {"callId": made["id"], "sdp": await peer.offer()})
                await asyncio.to_thread(petr.answer)
                await anna.wait("answer")
                await asyncio.sleep(4)
                live = await asyncio.to_thread(diagnosis, gateway, made["id"], "anna")
                await anna.ask("end-call", {"callId": made["id"]})
                petr.respond(await asyncio.to_thread(petr.wait_request, "BYE"), 200, "OK")
                return live

        found = asyncio.run(run())
    assert codes(found)[:2] == ["ice_no_checks", "phone_silent"], found
    assert "WEBRTC_PORT" in found["findings"][0]["advice"]
