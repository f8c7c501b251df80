"""Everything that should not come, at the running program: it answers rightly or not at all, and stays what it was."""

import asyncio
import json
import os
import random
import re
import socket
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
import tap
import websockets
from audio import assert_tone
from gateway import REPOSITORY, Gateway, wait_for
from peers import Peer, PlainSocket, join
from phone import Phone
from rawphone import RawPhone
from records import newest_call

TORTURE = REPOSITORY / "Tests/SIPTests/Resources"
TRUNK = "127.0.0.2"
SEED = int(os.environ.get("SEED", random.randrange(1 << 32)))


@pytest.fixture(scope="module")
def gateway():
    print(f"seed {SEED}")
    with Gateway(AUTH_MODE="off", LOG_LEVEL="warn", SIP_SERVER=TRUNK, SIP_PORT=5999) as running:
        yield running


@pytest.fixture(scope="module")
def phone(gateway):
    with Phone(gateway, "1001") as running:
        yield running


@pytest.fixture(autouse=True)
def all_is_well_afterwards(gateway, phone):
    """The program is ready, and a phone still gets the tone it calls for."""
    yield
    assert gateway.request("GET", "/health/ready").status_code == 200
    before = phone.count("CALL_ESTABLISHED"), phone.count("CALL_CLOSED")
    phone.dial("9197")
    phone.wait_talking(skip=before[0])
    phone.assert_hears(1004, seconds=0.4, settle=0, gap=0.3)
    phone.hang_up()
    phone.wait_closed(skip=before[1])
    gateway.wait_metric("active_calls", 0)
    gateway.wait_metric("media_legs", 0)


def calls_made(gateway):
    return gateway.stored("SELECT count(*) AS calls FROM calls")[0]["calls"]


def memory(gateway):
    """What the program holds of the machine's memory, in MiB."""
    status = Path(f"/proc/{gateway.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) / 1024


def assert_memory_flat(gateway, flood, allowed=12):
    """After the flood has filled whatever it may, repeating it takes no more memory (MiB)."""
    for _ in range(2):
        flood()
    before = memory(gateway)
    for _ in range(2):
        flood()
    grown = memory(gateway) - before
    assert grown < allowed, f"{grown:.1f} MiB more"


# SIP


def udp(address="127.0.0.9", port=0):
    endpoint = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    endpoint.bind((address, port))
    endpoint.settimeout(0.1)
    return endpoint


def tcp(gateway, address="127.0.0.9"):
    return socket.create_connection(("127.0.0.1", gateway.sip_port), 5, source_address=(address, 0))


def statuses_by_udp(gateway, address, message):
    with udp(address, 5060) as endpoint:
        endpoint.sendto(message, ("127.0.0.1", gateway.sip_port))
        return read_statuses(lambda: endpoint.recv(65536))


def statuses_by_tcp(gateway, address, message):
    with tcp(gateway, address) as connection:
        connection.settimeout(0.1)
        connection.sendall(message)
        return read_statuses(lambda: connection.recv(65536))


def read_statuses(receive):
    data = b""
    try:
        while more := receive():
            data += more
    except (TimeoutError, ConnectionError):
        pass
    return [int(status) for status in re.findall(rb"^SIP/2\.0 (\d{3})", data, re.MULTILINE)]


# What an exchange without these users owes to each message of RFC 4475 and RFC 5118, from somebody unknown to it.
# Answers (from here on, None is silence), and what differs on a stream, where the end of a message must be known.
ANSWERS = {
    200: ["badbranch", "lwsdisp", "semiuri", "transports", "zeromf", "ipv6-bug-abnf-3-colons",
          "ipv6-correct-abnf-2-colons", "via-received-param-no-delim"],
    400: ["badaspec", "baddn", "badinv01", "clerr", "escruri", "insuf", "ltgtruri", "lwsruri", "lwsstart", "mcl01",
          "mismatch01", "mismatch02", "multi01", "ncl", "quotbal", "regbadct", "scalar02", "trws", "unksm2",
          "ipv6-bad"],
    401: ["baddate", "cparam01", "cparam02", "dblreq", "esc01", "escnull", "inv2543", "longreq", "regaut01", "regescrt",
          "ipv4-mapped-ipv6", "ipv6-good", "ipv6-in-sdp", "mult-ip-in-sdp", "port-ambiguous", "port-unambiguous"],
    405: ["mpart01"], 406: ["sdp01"], 415: ["invut"], 416: ["novelsc", "unkscm"], 420: ["bext01"],
    481: ["wsinv", "mult-ip-in-header", "via-received-param-with-delim"], 501: ["esc02", "intmeth"],
    505: ["badvers"], None: ["bcast", "bigcode", "noreason", "scalarlg", "unreason"],
}
# Their Via wants the answer at another port, or the end of the message never comes.
SILENT = {"udp": {"bext01"}, "tcp": {"baddn", "clerr"}}
DIFFERENT = {("tcp", "inv2543"): [400], ("tcp", "dblreq"): [401, 401]}


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_torture_messages_are_answered_rightly(gateway, transport):
    ask = {"udp": statuses_by_udp, "tcp": statuses_by_tcp}[transport]
    files = sorted(TORTURE.glob("*/*.dat"))
    assert len(files) == sum(map(len, ANSWERS.values()))
    wrong, before = [], calls_made(gateway)
    for index, file in enumerate(files):
        name = file.stem
        answer = next(status for status, names in ANSWERS.items() if name in names)
        expected = [] if answer is None or name in SILENT[transport] else [answer]
        expected = DIFFERENT.get((transport, name), expected)
        # Each from an address of its own: who is unknown gets only so many bytes back.
        heard = ask(gateway, f"127.0.9.{index + 1}", file.read_bytes())
        if heard != expected:
            wrong.append(f"{name}: {heard} instead of {expected}")
    assert not wrong, "\n".join(wrong)
    assert calls_made(gateway) == before, "somebody unknown made a call"


OVERSIZED = {
    "an endless start line": b"INVITE sip:" + b"a" * 2_000_000,
    "an endless header": b"OPTIONS sip:a SIP/2.0\r\nX: " + b"b" * 2_000_000,
    "endlessly many headers": b"OPTIONS sip:a SIP/2.0\r\n" + b"X: 1\r\n" * 400_000,
    "an endless body": b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 2147483648\r\n\r\n" + b"c" * 2_000_000,
    "a length beyond all numbers": b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 99999999999999999999\r\n\r\n",
    "a negative length": b"OPTIONS sip:a SIP/2.0\r\nContent-Length: -1\r\n\r\n",
    "noise": random.Random(SEED).randbytes(2_000_000),
}


@pytest.mark.parametrize("data", OVERSIZED.values(), ids=OVERSIZED.keys())
def test_a_stream_that_makes_no_sense_is_closed(gateway, data):
    with tcp(gateway, f"127.0.8.{random.randint(1, 254)}") as connection:
        connection.settimeout(10)
        try:
            connection.sendall(data)
            while connection.recv(65536):
                pass
        except ConnectionError:
            pass
        except TimeoutError:
            raise AssertionError("the connection stays open") from None


def test_a_flood_of_sip_noise(gateway):
    samples = [file.read_bytes() for file in TORTURE.glob("*/*.dat")]
    generator = random.Random(SEED)

    def flood():
        with udp() as endpoint:
            for number in range(6000):
                message = bytearray(generator.choice(samples))
                for _ in range(generator.randrange(1, 20)):
                    message[generator.randrange(len(message))] = generator.randrange(256)
                if number % 4 == 0:
                    message = generator.randbytes(generator.randrange(1, 1400))
                endpoint.sendto(message, ("127.0.0.1", gateway.sip_port))
            endpoint.sendto(generator.randbytes(65000), ("127.0.0.1", gateway.sip_port))

    assert_memory_flat(gateway, flood)
    assert gateway.metric("sip_dialogs") == 0


def test_connections_that_say_nothing_are_limited(gateway):
    def flood():
        connections = []
        for number in range(300):
            try:
                connections.append(tcp(gateway, f"127.0.7.{number % 3 + 1}"))
                connections[-1].sendall(b"OPTIONS sip:a SIP/2.0\r\nX: ")
            except ConnectionError:
                pass
        for connection in connections:
            connection.close()

    before = gateway.metric("process_open_fds")
    assert_memory_flat(gateway, flood)
    wait_for(lambda: gateway.metric("process_open_fds") <= before + 2, 5, "the connections to be forgotten")


DESCRIPTIONS = {
    "nothing": "", "noise": "\x00\x01\x02", "no audio": "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n",
    "half a line": "v=0\r\no=", "no address": "v=0\r\no=- 1 1 IN IP4 x\r\ns=-\r\nt=0 0\r\nm=audio 1 RTP/AVP 8\r\n",
    "ten thousand media":
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n" + "m=audio 9 RTP/AVP 8\r\n" * 10000,
    "a port beyond all numbers":
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 99999999999 RTP/AVP 8\r\n",
    "no codec of ours, and numbers that overflow":
        "v=0\r\no=- 99999999999999999999 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        "m=audio 9 RTP/AVP 99999999999999999999\r\na=rtpmap:-1 PCMA/99999999999999999999/-5\r\na=ptime:-20\r\n",
    "a line without an end": "v=0\r\ns=" + "x" * 60000,
}


@pytest.mark.parametrize("description", DESCRIPTIONS.values(), ids=DESCRIPTIONS.keys())
def test_descriptions_that_make_no_sense_are_refused(gateway, description):
    """From a phone by TCP, where they may be large, and from a page."""
    if description:
        with tcp(gateway, TRUNK) as trunk:
            trunk.settimeout(5)
            serial = time.monotonic_ns()
            trunk.sendall((
                f"INVITE sip:9196@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP {TRUNK};branch=z9hG4bK{serial}\r\n"
                f"Max-Forwards: 70\r\nFrom: <sip:1@{TRUNK}>;tag=1\r\nTo: <sip:9196@127.0.0.1>\r\nCall-ID: {serial}\r\n"
                f"CSeq: 1 INVITE\r\nContact: <sip:1@{TRUNK};transport=tcp>\r\nContent-Type: application/sdp\r\n"
                f"Content-Length: {len(description)}\r\n\r\n{description}").encode())
            wait_status(trunk, {400, 413, 488, 606})

    async def run():
        made = gateway.make_call("9196")
        async with PlainSocket(gateway) as page:
            await page.ask("join-call", {"callId": made["id"]})
            refused = await page.ask("offer", {"callId": made["id"], "sdp": description})
            assert refused["success"] is False and refused["error"]["code"] == "VALIDATION_ERROR", refused

    asyncio.run(run())


def wait_status(connection, expected):
    data = b""
    while True:
        more = connection.recv(65536)
        assert more, f"the connection was closed after {data[:200]}"
        data += more
        final = [int(status) for status in re.findall(rb"^SIP/2\.0 ([2-6]\d\d)", data, re.MULTILINE)]
        if final:
            assert final[0] in expected, data[:300]
            return


# HTTP and sockets


def test_requests_that_make_no_sense_are_refused(gateway):
    def refused(status, **arguments):
        answer = requests.post(gateway.url("/api/v1/calls"), timeout=20, **arguments)
        assert answer.status_code == status, answer.text[:300]
        return answer.json()["error"]["code"]

    as_json, before = {"Content-Type": "application/json"}, calls_made(gateway)
    for text in ("{", "[1,", '{"a":}', "\x00", '"\\ud800', "[" * 100_000, '{"a":' * 50_000, "1e999999999", "nul"):
        assert refused(400, data=text, headers=as_json) in ("INVALID_JSON", "VALIDATION_ERROR"), text[:20]
    for value in (None, [], 7, True, {"phoneNumber": {"a": 1}}, {"phoneNumber": "1" * 100_000, "direction": "outgoing"},
                  {"phoneNumber": "9196", "direction": ["outgoing"]}, {"phoneNumber": -1, "direction": None}):
        assert refused(400, json=value) in ("VALIDATION_ERROR", "INVALID_PHONE", "INVALID_JSON"), value
    assert refused(413, data=b"x" * (11 << 20), headers=as_json) == "PAYLOAD_TOO_LARGE"
    assert calls_made(gateway) == before


HTTP_NOISE = {
    "noise": random.Random(SEED).randbytes(100_000),
    "an endless start line": b"GET /" + b"a" * 1_000_000,
    "an endless header": b"GET / HTTP/1.1\r\nX: " + b"b" * 1_000_000,
    "endlessly many headers": b"GET / HTTP/1.1\r\n" + b"X: 1\r\n" * 200_000,
    "two lengths": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    "length and chunks":
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP",
    "a chunk beyond all numbers":
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\n",
    "a negative length": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
}


def test_http_that_makes_no_sense_is_refused_and_closed(gateway):
    # At once, because the program gives each two seconds to read why.
    with ThreadPoolExecutor(len(HTTP_NOISE)) as pool:
        answers = dict(zip(HTTP_NOISE, pool.map(lambda data: http_answer(gateway, data), HTTP_NOISE.values())))
    for name, heard in answers.items():
        assert heard is not None, f"{name}: the connection stays open"
        assert not heard or re.match(rb"HTTP/1\.1 [45]\d\d ", heard), f"{name}: {heard[:200]}"


def http_answer(gateway, data):
    """What comes back until the connection is closed; None when it stays open."""
    with socket.create_connection(("127.0.0.1", gateway.port), 5) as connection:
        connection.settimeout(10)
        heard = b""
        try:
            connection.sendall(data)
            while more := connection.recv(65536):
                heard += more
        except ConnectionError:
            pass
        except TimeoutError:
            return None
        return heard


def test_socket_frames_that_make_no_sense(gateway):
    frames = ["", "{", "[]", "7", "null", '"x"', "{}", '{"type":7}', '{"event":["a"]}', '{"event":"nobody-knows-this"}',
              '{"type":"join-call","callId":{}}', '{"event":"offer","data":[]}', '{"type":"offer","sdp":7,"id":-1}',
              '{"type":"authenticate","userId":"99999999999999999999"}', '{"a":' * 20_000, "[" * 100_000]

    async def run():
        async with websockets.connect(gateway.url("/ws").replace("http", "ws"), max_size=None) as page:
            for frame in frames:
                await page.send(frame)
                # Something sensible after each, so that ten in a row are not reached.
                await page.send('{"type":"ping"}')
                while json.loads(await asyncio.wait_for(page.recv(), 5)).get("type") != "pong":
                    pass
            for _ in range(10):
                await page.send("{")
            await asyncio.wait_for(page.wait_closed(), 5)
            assert page.close_code == 1008
        async with websockets.connect(gateway.url("/ws").replace("http", "ws"), max_size=None) as page:
            await page.send("x" * 1_100_000)
            await asyncio.wait_for(page.wait_closed(), 5)
            assert page.close_code == 1009

    asyncio.run(run())


def test_socket_io_packets_that_make_no_sense(gateway):
    address = gateway.url("/socket.io/?EIO=4&transport=polling")
    opened = requests.get(address, timeout=5).text
    sid = json.loads(opened[1:])["sid"]
    assert requests.post(f"{address}&sid={sid}", data="9nonsense", timeout=5).status_code == 400
    assert requests.get(f"{address}&sid={sid}", timeout=5).status_code == 400
    assert requests.get(f"{address}&sid={'x' * 5000}", timeout=5).status_code == 400

    async def run():
        for packet in ("42{}", "42[", "4299999999999999999999[]", '451-["a"]', "4" + "[" * 50_000, "4x", "45999999-[]",
                       "43[1]", "42[7]", "4[", "b!!!"):
            url = gateway.url("/socket.io/?EIO=4&transport=websocket").replace("http", "ws")
            async with websockets.connect(url, max_size=None) as page:
                await page.recv()
                await page.send("40")
                await page.send(packet)
                await page.send(packet)
                await asyncio.sleep(0.01)

    asyncio.run(run())


# Media


def media_noise(generator, count):
    """Datagrams as they come from all over the world: noise, and beginnings of what the ports speak."""
    for _ in range(count):
        body = generator.randbytes(generator.randrange(1, 1400))
        yield generator.choice([
            body,
            # STUN: a binding request whose length, attributes and integrity are arbitrary.
            struct.pack("!HHI", 1, generator.randrange(65536), 0x2112A442) + body,
            struct.pack("!HHI", 1, len(body) & 0xFFFC, 0x2112A442) + generator.randbytes(12) + body,
            # DTLS: a handshake record, and application data.
            struct.pack("!BHHIHH", 22, 0xFEFD, 0, 0, 1, len(body)) + body,
            struct.pack("!BHHIHH", 23, 0xFEFD, 1, 0, 1, 65535) + body,
            # RTP with extension and padding beyond its end; RTCP with impossible lengths.
            struct.pack("!BBHII", 0xBF, generator.randrange(128), 1, 1, 1) + body,
            struct.pack("!BBHI", 0x9F, generator.randrange(200, 208), 65535, 1) + body,
        ])


def test_noise_at_the_media_ports_spoils_no_call(gateway, phone):
    """A page and a phone are in a call each while strangers send to their ports."""
    generator = random.Random(SEED)

    async def run():
        made = gateway.make_call("9197")
        async with PlainSocket(gateway) as page, Peer() as peer:
            answer = await join(page, peer, made["id"])
            await peer.wait_frames(10)
            browser_port = int(re.search(r"candidate:\S+ 1 udp \d+ \S+ (\d+)", answer["sdp"]).group(1))
            phone_port = await asyncio.to_thread(call_echo, phone)

            def flood():
                with udp() as stranger, udp("127.0.0.1") as neighbour:
                    for number, datagram in enumerate(media_noise(generator, 6000)):
                        for port in (browser_port, phone_port, phone_port + 1):
                            (stranger if number % 2 else neighbour).sendto(datagram, ("127.0.0.1", port))
                        if number % 100 == 99:
                            time.sleep(0.01)

            await asyncio.to_thread(assert_memory_flat, gateway, flood)
            (samples, rate), _ = await asyncio.gather(
                peer.listen(1), asyncio.to_thread(phone.assert_hears, 440, gap=0.3))
            assert_tone(samples, rate, 1004, gap=0.3)
            phone.hang_up()
            await page.emit("leave-call", {})
            await page.wait("left-call")

    asyncio.run(run())


def call_echo(phone):
    """Calls the echo; answers the gateway's port for the phone's sound."""
    known = phone.count("CALL_ESTABLISHED"), len(phone.trace)
    phone.dial("9196")
    phone.wait_talking(skip=known[0])
    phone.assert_hears(440, 0.5, gap=0.3)
    ports = [int(line.split()[1]) for line in phone.trace[known[1]:] if line.startswith("m=audio ")]
    return next(port for port in ports if not phone.rtp_port <= port < phone.rtp_port + 40)


def test_media_of_a_third_party_is_not_heard(gateway, phone):
    """A stranger who guesses the port of a call before its phone has spoken gets nothing and says nothing."""
    with RawPhone(gateway, "1002", gateway.users["petr"][2]) as petr, udp() as stranger:
        petr.register()
        known = phone.count("CALL_ESTABLISHED"), tap.now()
        phone.dial("1002")
        invite = petr.answer()
        phone.wait_talking(skip=known[0])
        port = int(re.search(r"m=audio (\d+)", invite.body).group(1))
        for number in range(50):
            packet = struct.pack("!BBHII", 0x80, 8, number, number * 160, 7) + b"\x55" * 160
            stranger.sendto(packet, ("127.0.0.1", port))
            time.sleep(0.01)
        with pytest.raises(TimeoutError):
            stranger.recv(2048)
        assert not phone.packets(known[1]), "the stranger is heard"
        assert gateway.metric("rtp_refused_total") >= 50
        phone.hang_up()
        petr.respond(petr.wait_request("BYE"), 200, "OK")
        petr.register(expires=0)
    assert newest_call(gateway)["state"] == "completed"
