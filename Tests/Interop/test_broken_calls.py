"""Calls that are broken on purpose, each in one way: the diagnosis names the cause, and no other, live and afterwards.

They all take place at once, on two gateways: one on loopback, and one that a phone is reached from by a router.
"""

import asyncio
import contextlib
import datetime
import os
import re
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from aiortc.mediastreams import MediaStreamError
from carrier import Carrier
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from farphone import DEAF, MUTE, PHONE, SERVER, router, socket_there
from gateway import Gateway
from names import NameServer
from peers import Peer, PlainSocket
from rawphone import SDP
from stage import Stage, Voice, beside, connect, dials, hang_up, talk
from upstream import Provider

SILENCE = b"\xd5" * 160
KEY = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5\r\n"


# The calls. Each answers the number called, and what was found while it lived.


def refused_by_a_trunk(status):
    def play(stage):
        with Carrier("127.0.0.2", status=status) as carrier:
            return dials(stage, stage.trunk(carrier.address, carrier.port))
    return play


def no_such_name(stage):
    return dials(stage, stage.trunk("nowhere.carrier.test", 5060))


def expired_certificate(stage):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "expired.carrier.test")])
    end = datetime.datetime(2024, 1, 1)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(end - datetime.timedelta(days=90)).not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("expired.carrier.test")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256()))
    folder = stage.gateway.folder
    (folder / "expired.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "expired.key").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "expired.pem", folder / "expired.key")
    with socket.create_server(("127.0.0.1", 0)) as server:
        def serve():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with contextlib.suppress(OSError):
                        context.wrap_socket(connection, server_side=True)
        threading.Thread(target=serve, daemon=True).start()
        number = stage.trunk("expired.carrier.test", server.getsockname()[1], "TLS",
                             tls={"authorities": str(folder / "expired.pem")})
        return dials(stage, number)


def wrong_password_at_a_trunk(stage):
    with Provider({"customer": "right"}, address="127.0.0.3") as provider:
        number = stage.trunk(provider.address, provider.port, credentials=[
            {"username": "customer", "password": "wrong", "registers": False}])
        return dials(stage, number)


def dead_phone(stage):
    caller, callee = stage.pair()
    # Gone without a word.
    callee.close()
    caller.dial(callee.username)
    time.sleep(4)
    live = stage.diagnosis(callee.username)
    caller.give_up()
    return callee.username, live


def phone_with_a_wrong_password(stage):
    callee = stage.phone(registers=False)
    callee.password = "not-the-password"
    with pytest.raises(AssertionError):
        callee.register()
    return dials(stage, callee.username)


def refused_by_a_phone(status, reason):
    def play(stage):
        caller, callee = stage.pair()

        def refuse():
            invite = callee.wait_request("INVITE")
            callee.respond(invite, status, reason)
        with beside(refuse):
            caller.dial(callee.username)
        # A phone that refuses what it is offered may be offered something else.
        with contextlib.suppress(AssertionError):
            while True:
                callee.respond(callee.wait_request("INVITE", 1), status, reason)
        caller.wait_refusal()
        return callee.username, None
    return play


def other_codec(stage):
    caller, callee = stage.phone(), stage.phone(describe=lambda port: SDP.format(port=port).replace(
        " 8 0 101", " 18").replace("8 PCMA", "18 G729").replace("a=rtpmap:0 PCMU/8000\r\n", ""))
    with beside(callee.answer):
        caller.dial(callee.username)
    caller.wait_refusal()
    callee.respond(callee.wait_request("BYE"), 200, "OK")
    return callee.username, None


def announcement_only(stage):
    caller, callee = stage.pair()
    caller.dial(callee.username)
    invite = callee.wait_request("INVITE")
    callee.respond(invite, 183, "Session Progress", callee.sdp)
    voice = Voice(callee, invite.body)
    time.sleep(1)
    voice.close()
    callee.respond(invite, 480, "Temporarily Unavailable")
    caller.wait_refusal()
    return callee.username, None


def given_up(stage):
    caller, callee = stage.pair()
    caller.dial(callee.username)
    callee.respond(callee.wait_request("INVITE"), 180, "Ringing")
    time.sleep(1)
    live = stage.diagnosis(callee.username)
    with beside(lambda: callee.respond(callee.wait_request("CANCEL"), 200, "OK")):
        caller.give_up()
    return callee.username, live


def lost_acknowledgement(stage):
    caller, callee = stage.pair()
    descriptions = connect(caller, callee, acknowledges=False)
    voices = [Voice(phone, description) for phone, description in zip((caller, callee), descriptions)]
    time.sleep(4)
    live = stage.diagnosis(callee.username)
    hang_up(caller, callee)
    for voice in voices:
        voice.close()
    return callee.username, live


def hold_without_end(stage):
    return talk(stage, 4, meanwhile=lambda caller, callee, voices: (time.sleep(1), caller.hold()))


def stops_in_mid_call(stage):
    return talk(stage, 6.5, meanwhile=lambda caller, callee, voices: (time.sleep(1), voices[1].close()))


def wrong_key(stage):
    secret = lambda port: SDP.format(port=port).replace("RTP/AVP", "RTP/SAVP") + KEY  # noqa: E731
    caller, callee = stage.phone(describe=secret), stage.phone()
    return talk(stage, 4, ({"payload": os.urandom(170)}, {}), pair=(caller, callee))


def loss(stage):
    return talk(stage, 7, ({}, {"lose": 0.25}))


def no_sound(stage):
    return talk(stage, 4, ({}, None))


def microphone_off(stage):
    return talk(stage, 4, ({}, {"payload": SILENCE}))


# Pages


async def page_calls(stage, callee, offer=lambda sdp: sdp, answer=lambda sdp: sdp, seconds=4.5, speaks=True):
    """A page calls a phone that answers; what it says and is told is changed on the way."""
    gateway = stage.gateway
    async with PlainSocket(gateway, token=gateway.token("anna")) as anna, Peer(440) as peer:
        if not speaks:
            peer.connection = type(peer.connection)(peer.connection._RTCPeerConnection__configuration)
            peer.connection.addTransceiver("audio", direction="recvonly")
        await anna.wait("authenticated")
        made = await asyncio.to_thread(gateway.make_call, callee.username, login="anna")
        await anna.emit("join-call", {"callId": made["id"]})
        await anna.wait("joined-call")
        await anna.emit("offer", {"callId": made["id"], "sdp": offer(await peer.offer())})
        invite = await asyncio.to_thread(callee.answer)
        voice = Voice(callee, invite.body)
        try:
            told = await anna.wait("answer")
            with contextlib.suppress(ConnectionError, MediaStreamError):
                await peer.accept(answer(told["sdp"]))
            await asyncio.sleep(seconds)
            live = await asyncio.to_thread(stage.diagnosis, callee.username)
        finally:
            voice.close()
        await anna.ask("end-call", {"callId": made["id"]})
        callee.respond(await asyncio.to_thread(callee.wait_request, "BYE"), 200, "OK")
        return callee.username, live


def page(**changes):
    return lambda stage: asyncio.run(page_calls(stage, stage.phone(), **changes))


def other_fingerprint(sdp):
    return re.sub(r"(a=fingerprint:\S+ )..:..", r"\g<1>00:11", sdp)


def other_fragment(sdp):
    text = sdp["sdp"] if isinstance(sdp, dict) else sdp
    return re.sub(r"a=ice-ufrag:\S+", "a=ice-ufrag:nobody", text)


# Behind a router


def far(media_address, announced=None, seconds=4, **how):
    def play(stage):
        text = lambda port: SDP.format(port=port).replace("c=IN IP4 127.0.0.1", f"c=IN IP4 {announced or media_address}")  # noqa: E731
        callee = stage.phone(address=f"{PHONE}.2", media_address=media_address, open_socket=socket_there, describe=text)
        caller = stage.phone(describe=lambda port: SDP.format(port=port).replace("127.0.0.1", SERVER))
        return talk(stage, seconds, ({}, how), pair=(caller, callee))
    play.is_far = True
    return play


# What must be found


@dataclass
class Case:
    play: object
    # Codes afterwards, and while the call lives (the same, unless said).
    finds: list
    words: list = field(default_factory=list)
    live: list = None


CASES = {
    "a trunk forbids": Case(refused_by_a_trunk(403), ["refused_by_peer"], ["answered 403", "Trunk carrier", "Ask the provider"]),
    "a trunk is full": Case(refused_by_a_trunk(503), ["refused_by_peer"], ["answered 503", "second trunk"]),
    "no such name": Case(no_such_name, ["no_way"], ["name of its host leads to no server", "DNS_SERVERS"]),
    "expired certificate": Case(expired_certificate, ["no_way"], ["TLS failed", "expired"]),
    "wrong password at a trunk": Case(wrong_password_at_a_trunk, ["credentials_refused"], ["407", "trunk check"]),
    "dead phone": Case(dead_phone, ["invite_unanswered", "caller_gave_up"], ["Nothing came back from"],
                       live=["invite_unanswered"]),
    "phone with a wrong password": Case(phone_with_a_wrong_password, ["not_registered"], ["wrong password", "SIP password"]),
    "busy": Case(refused_by_a_phone(486, "Busy Here"), ["busy"], ["486 Busy Here"]),
    "not acceptable": Case(refused_by_a_phone(488, "Not Acceptable Here"), ["no_shared_codec"], ["488", "PCMA"]),
    "another codec": Case(other_codec, ["no_shared_codec"], ["not offered"]),
    "an announcement only": Case(announcement_only, ["refused_by_peer", "early_media_only"], ["480", "before an answer"]),
    "given up": Case(given_up, ["caller_gave_up"], ["gave up after"], live=["nothing_found"]),
    "lost ACK": Case(lost_acknowledgement, ["answer_not_acknowledged"], ["ACK", "SIP ALG"]),
    "hold without end": Case(hold_without_end, ["still_held"], ["never taken back", "by phone"],
                             live=["sound_both_ways", "still_held"]),
    "stops in mid-call": Case(stops_in_mid_call, ["fell_silent"], ["fell silent: no RTP"]),
    "wrong key": Case(wrong_key, ["srtp_wrong_key", "one_way"], ["a=crypto"]),
    "loss": Case(loss, ["low_quality"], ["% of the packets from it are lost"]),
    "no sound": Case(no_sound, ["phone_silent", "one_way"], ["No RTP ever came"]),
    "microphone off": Case(microphone_off, ["digital_silence"], ["digital silence", "microphone"]),
    "page: another certificate": Case(page(offer=other_fingerprint, seconds=1), ["dtls_wrong_fingerprint"], ["certificate"]),
    "page: never matches": Case(page(answer=other_fragment), ["ice_no_checks", "one_way"], ["WEBRTC_PORT"]),
    "page: listens only": Case(page(speaks=False), ["listens_only"], ["microphone"]),
    "UDP blocked": Case(far(MUTE), ["phone_silent", "one_way"], ["RTP_PORT_MIN"]),
    "one-way NAT": Case(far(DEAF, seconds=7, reports=True), ["not_heard_by_peer"], ["none of it arrives"]),
    "private address": Case(far(f"{PHONE}.2", announced="192.168.77.5"), ["sound_both_ways", "private_address"],
                            ["192.168.77.5", "behind NAT"]),
}


@pytest.fixture(scope="module")
def played():
    """All calls, begun together."""
    is_far = [case for case in CASES.values() if hasattr(case.play, "is_far")]
    with contextlib.ExitStack() as stack:
        names = stack.enter_context(NameServer("host-record=expired.carrier.test,127.0.0.1"))
        gateway = stack.enter_context(Gateway(DNS_SERVERS=names.variable, SIP_TRACE="always"))
        stages = {False: Stage(gateway)}
        if os.geteuid() == 0:
            stack.enter_context(router())
            away = stack.enter_context(Gateway(PUBLIC_IP=SERVER, SIP_LISTEN_HOST="0.0.0.0"))
            stages[True] = Stage(away, address=SERVER, server=SERVER)
        for stage in stages.values():
            stack.callback(stage.close)
            # Together they would sign in too often.
            for login in ("admin", "anna"):
                stage.gateway.token(login)
        pool = stack.enter_context(ThreadPoolExecutor(len(CASES)))

        def play(case):
            stage = stages[case in is_far]
            number, live = case.play(stage)
            stage.wait_over(number)
            return stage, number, live

        yield {name: pool.submit(play, case) for name, case in CASES.items() if not (case in is_far and True not in stages)}


def codes(found):
    """What was found; ports are used by one call after another here, whose last packets are strangers."""
    return [finding["code"] for finding in found["findings"] if finding["code"] != "strangers_refused"]


@pytest.mark.parametrize("name", CASES)
def test_the_cause_is_named(played, name):
    if name not in played:
        pytest.skip("makes network namespaces, which needs root")
    case = CASES[name]
    stage, number, live = played[name].result(45)
    kept = stage.diagnosis(number)
    assert codes(kept) == case.finds, kept
    if live:
        assert codes(live) == (case.live or case.finds), live
    text = stage.diagnosis(number, "text")
    for words in case.words:
        assert words in text
    html = stage.diagnosis(number, "html")
    assert "<h2>What was found</h2>" in html
    if folder := os.environ.get("DIAGNOSES"):
        with open(f"{folder}/{name.replace(' ', '-').replace(':', '')}.html", "w") as file:
            file.write(html)
