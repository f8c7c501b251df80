"""RFC 6455 and RFC 7692 at /ws, frame by frame; the sections are those of the Autobahn suite.

There is no echo: what asks for an unknown event with an id is acknowledged with that id.
"""

import json
import random
import socket
import struct
import zlib

import pytest
import wsproto
from gateway import Gateway
from rawhttp import request
from rawsocket import BINARY, CLOSE, NO_CONTEXT, PING, PONG, TEXT, Socket, close, frame, message
from wsproto import events
from wsproto.extensions import PerMessageDeflate

# What a message may be (the contract: more than 1 MB ends with 1009).
LIMIT = 1_000_000


@pytest.fixture(scope="module")
def gateway():
    with Gateway(AUTH_MODE="off", LOG_LEVEL="info") as running:
        yield running
        assert running.request("GET", "/health/ready").status_code == 200


@pytest.fixture
def page(gateway):
    with Socket(gateway) as running:
        yield running


def closes(gateway, *frames, extensions=None):
    """How the server ends a connection on which these frames come."""
    with Socket(gateway, extensions) as page:
        try:
            page.send(*frames)
        except ConnectionError:
            # It was ended before all was sent; why is still to be read.
            pass
        return page.closing()


def assert_alive(page, word="still here"):
    page.send(frame(TEXT, message(word)))
    assert page.echo() == word


# 0. The handshake

UPGRADE = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
           "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}


@pytest.mark.parametrize("changes, statuses", [
    ({"Sec-WebSocket-Version": "12"}, (400, 426)), ({"Sec-WebSocket-Version": "8, 13"}, (400, 426)),
    ({"Sec-WebSocket-Version": None}, (400, 426)), ({"Sec-WebSocket-Key": None}, (400,)),
    ({"Sec-WebSocket-Key": "short"}, (400,)),
    ({"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZWFhYWFhYQ=="}, (400,)), ({"Upgrade": "h2c"}, (400, 426)),
    ({"Upgrade": None}, (400, 426)), ({"Connection": "keep-alive"}, (400, 426)),
], ids=str)
def test_0_a_handshake_that_is_none(gateway, changes, statuses):
    fields = {name: value for name, value in {**UPGRADE, **changes}.items() if value is not None}
    answer = request(gateway, b"/ws", *[f"{name}: {value}".encode() for name, value in fields.items()])
    assert answer.status in statuses
    if "Sec-WebSocket-Version" in changes:
        assert answer.fields.get("sec-websocket-version") == "13"


def test_0_the_key_is_answered(gateway):
    """The example of RFC 6455, section 1.3; nothing is agreed upon that was not asked for."""
    fields = {**UPGRADE, "Connection": "keep-alive, upgrade", "Upgrade": "WebSocket"}
    lines = [f"{name}: {value}" for name, value in fields.items()]
    data = "\r\n".join(["GET /ws HTTP/1.1", "Host: a", *lines, "", ""]).encode()
    with socket.create_connection(("127.0.0.1", gateway.port), 5) as connection:
        connection.sendall(data)
        head = connection.recv(4096)
    assert b" 101 " in head and b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head
    assert b"Sec-WebSocket-Extensions" not in head and b"Sec-WebSocket-Protocol" not in head


# 1. Framing

SIZES = [0, 1, 90, 125, 126, 127, 128, 65_500, 65_535, 65_536, 70_000]


def test_1_messages_of_every_length(page):
    for size in SIZES:
        word = "x" * size
        page.send(frame(TEXT, message(word)))
        assert page.echo() == word
    for length in (125, 126, 127, 65_535, 65_536, 65_537):
        word = "x" * (length - len(message("")))
        assert len(message(word)) == length
        page.send(frame(TEXT, message(word)))
        assert page.echo() == word


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_1_frames_come_in_pieces(page, size):
    data = frame(TEXT, message("по кускам" * 20)) + frame(PING, b"p")
    page.send(*[data[i:i + size] for i in range(0, len(data), size)])
    # A pong may overtake an answer.
    heard = sorted(page.receive() for _ in range(2))
    assert json.loads(heard[0][1])["id"] == "по кускам" * 20 and heard[1] == (PONG, b"p")


def test_1_several_frames_come_at_once(page):
    page.send(b"".join(frame(TEXT, message(str(number))) for number in range(200)))
    assert [page.echo() for _ in range(200)] == [str(number) for number in range(200)]


@pytest.mark.parametrize("mask", [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x01\x02\x03\x04"])
def test_1_every_mask_is_undone(page, mask):
    page.send(frame(TEXT, message("маска"), mask=mask))
    assert page.echo() == "маска"


def test_1_an_unmasked_frame_ends_the_connection(gateway):
    for opcode, payload in ((TEXT, message("x")), (BINARY, b"x"), (PING, b""), (CLOSE, b"\x03\xe8"), (TEXT, b"")):
        assert closes(gateway, frame(opcode, payload, mask=None)) == 1002


def test_1_lengths_are_written_shortly_or_refused(gateway):
    """RFC 6455 §5.2: the minimal number of bytes must be used; a receiver may mind."""
    for size in (16, 64):
        with Socket(gateway) as page:
            page.send(frame(TEXT, message("long"), size=size))
            opcode, payload = page.receive()
            assert opcode == TEXT and json.loads(payload)["id"] == "long" or payload[:2] == struct.pack("!H", 1002)


def test_1_binary_messages_break_nothing(gateway):
    for size in SIZES:
        with Socket(gateway) as page:
            page.send(frame(BINARY, bytes(size)), frame(PING, b"after"))
            opcode, payload = page.receive()
            while opcode == TEXT:
                assert json.loads(payload)["code"] in ("INVALID_JSON", "VALIDATION_ERROR")
                opcode, payload = page.receive()
            assert (opcode, payload) == (PONG, b"after") or struct.unpack("!H", payload[:2])[0] in (1003, 1008)


# 2. Pings and pongs

def test_2_pings_are_answered_with_what_they_said(page):
    for payload in (b"", b"hello", bytes(range(125)), b"\x00\xff\xfe\xfd", b"x" * 125):
        page.send(frame(PING, payload))
        assert page.receive() == (PONG, payload)
    page.send(*[bytes([byte]) for byte in frame(PING, b"in pieces")])
    assert page.receive() == (PONG, b"in pieces")


def test_2_control_frames_are_short(gateway):
    for opcode in (PING, PONG, CLOSE):
        assert closes(gateway, frame(opcode, b"\x03\xe8" + b"x" * 124)) == 1002


def test_2_pongs_nobody_asked_for_are_passed_over(page):
    page.send(frame(PONG), frame(PONG, b"unsolicited"), frame(PING, b"after"))
    assert page.receive() == (PONG, b"after")


def test_2_of_many_pings_the_last_is_answered(page):
    """All, or only the latest (§5.5.3), and in their order."""
    page.send(b"".join(frame(PING, str(number).encode()) for number in range(10)))
    heard = [page.receive()]
    while heard[-1][1] != b"9":
        heard.append(page.receive())
    numbers = [int(payload) for opcode, payload in heard if opcode == PONG]
    assert numbers == sorted(set(numbers)) and len(numbers) == len(heard)


# 3. Reserved bits, 4. reserved opcodes

@pytest.mark.parametrize("rsv", range(1, 8))
def test_3_reserved_bits_end_the_connection(gateway, rsv):
    for opcode in (TEXT, BINARY, PING, PONG, CLOSE):
        assert closes(gateway, frame(opcode, b"", rsv=rsv)) == 1002
    assert closes(gateway, frame(TEXT, message("a")), frame(TEXT, message("b"), rsv=rsv)) == 1002
    if rsv != 4:
        assert closes(gateway, frame(TEXT, message("b"), rsv=rsv), extensions="permessage-deflate") == 1002


@pytest.mark.parametrize("opcode", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
def test_4_reserved_opcodes_end_the_connection(gateway, opcode):
    for payload in (b"", b"unknown"):
        assert closes(gateway, frame(opcode, payload)) == 1002
    assert closes(gateway, frame(TEXT, b'{"a":', fin=False), frame(opcode, b"x")) == 1002


# 5. Fragmentation

def in_pieces(payload, *cuts, opcode=TEXT, between=()):
    """A message as fragments that end at the cuts; after each come the frames of `between`."""
    ends = [*cuts, len(payload)]
    starts = [0, *cuts]
    for index, (start, end) in enumerate(zip(starts, ends)):
        yield frame(opcode if index == 0 else 0, payload[start:end], fin=index == len(ends) - 1)
        if index < len(ends) - 1:
            yield from between


def test_5_fragments_are_put_together(page):
    payload = message("по частям")
    for cuts in ((5,), (0,), (len(payload),), (0, 0, 3, 3, 9), range(1, len(payload))):
        page.send(*in_pieces(payload, *cuts))
        assert page.echo() == "по частям"
        page.send(b"".join(in_pieces(payload, *cuts)))
        assert page.echo() == "по частям"


def test_5_control_frames_come_between_fragments(page):
    payload = message("с перерывом")
    page.send(*in_pieces(payload, 3, 8, between=[frame(PING, b"now"), frame(PONG)]))
    heard = [page.receive()]
    while heard[-1][0] != TEXT:
        heard.append(page.receive())
    # One for both, or one for each.
    assert json.loads(heard.pop()[1])["id"] == "с перерывом" and heard in ([(PONG, b"now")], [(PONG, b"now")] * 2)
    assert_alive(page)


def test_5_control_frames_are_whole(gateway):
    for opcode in (PING, PONG, CLOSE):
        assert closes(gateway, frame(opcode, b"", fin=False), frame(0, b"")) == 1002


def test_5_fragments_follow_a_beginning(gateway):
    part = b'{"type":'
    for frames in (
        [frame(0, b"x")], [frame(0, b"x", fin=False)], [frame(0)],
        [frame(TEXT, part, fin=False), frame(TEXT, part)], [frame(TEXT, part, fin=False), frame(BINARY, part)],
        [frame(TEXT, part, fin=False), frame(TEXT, part, fin=False)],
        [*in_pieces(message("x"), 4), frame(0, b"x")], [*in_pieces(message("x"), 4), frame(0, b"x", fin=False)],
    ):
        assert closes(gateway, *frames) == 1002


# 6. UTF-8

GOOD = ["κόσμε", "$¢€𐍈", "\0", "\x7f", "\x80", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\ufffd", "\ufffe", "\uffff", "\U00010000",
        "\U0003ffff", "\U0010ffff", "\U0001fffe", "e\u0301", "\u202e", "\ufeff", "Hello-µ@ßöäüàá-UTF-8!!"]
BAD = [
    # Continuations alone, and first bytes alone.
    b"\x80", b"\xbf", b"\x80\xbf", b"\x80\xbf\x80", bytes(range(0x80, 0xC0)), b"\xc2 ", b"\xdf ", b"\xe0 ", b"\xef ", b"\xf0 ",
    b"\xf4 ", b"\xc2", b"\xe2\x82", b"\xf0\x90\x8d", b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce", b"\xe2\x82\xe2\x82\xac",
    # Impossible bytes.
    b"\xfe", b"\xff", b"\xfe\xfe\xff\xff", b"\xf5\x80\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xfc\x84\x80\x80\x80\x80",
    # Longer than they must be.
    b"\xc0\xaf", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf", b"\xc1\xbf", b"\xe0\x9f\xbf", b"\xf0\x8f\xbf\xbf", b"\xc0\x80",
    # Surrogates, and beyond the last character.
    b"\xed\xa0\x80", b"\xed\xad\xbf", b"\xed\xae\x80", b"\xed\xbf\xbf", b"\xed\xa0\x80\xed\xb0\x80", b"\xf4\x90\x80\x80",
    b"\xf7\xbf\xbf\xbf",
]


def test_6_every_character_is_kept(page):
    for word in GOOD:
        payload = json.dumps({"type": "echo", "id": word}, ensure_ascii=word < "\x20").encode()
        page.send(frame(TEXT, payload))
        assert page.echo() == word


def test_6_characters_are_split_anywhere(page):
    word = "κόσμε €𐍈𐀀 \U0010ffff"
    payload = message(word)
    for cut in range(len(payload) + 1):
        page.send(*in_pieces(payload, cut))
        assert page.echo() == word
        page.send(*in_pieces(payload, cut, between=[frame(PING)]))
        assert page.receive() == (PONG, b"")
        assert page.echo() == word
    page.send(*in_pieces(payload, *range(1, len(payload))))
    assert page.echo() == word


@pytest.mark.parametrize("text", BAD, ids=bytes.hex)
def test_6_what_is_no_utf_8_ends_the_connection(gateway, text):
    payload = b'{"type":"echo","id":"' + text + b'"}'
    start = payload.index(text)
    assert closes(gateway, frame(TEXT, payload)) == 1007
    assert closes(gateway, frame(TEXT, text)) == 1007
    assert closes(gateway, *in_pieces(payload, start, start + 1)) == 1007
    assert closes(gateway, *in_pieces(payload, *range(1, len(payload)))) == 1007


# 7. Closing

def test_7_a_close_is_answered(gateway):
    assert closes(gateway, close()) in (None, 1000)
    for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999):
        for reason in (b"", b"why", "почему".encode(), b"x" * 123):
            assert closes(gateway, close(code, reason)) in (code, 1000), code


@pytest.mark.parametrize("code", [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535])
def test_7_codes_that_may_not_be_sent(gateway, code):
    assert closes(gateway, close(code)) == 1002
    assert closes(gateway, close(code, b"why")) == 1002


def test_7_what_is_no_close(gateway):
    assert closes(gateway, frame(CLOSE, b"x")) == 1002
    assert closes(gateway, close(1000, b"x" * 124)) == 1002
    for text in (b"\xff", b"\xce\xba\xed\xa0\x80", b"\xe2\x82"):
        assert closes(gateway, close(1000, text)) in (1002, 1007)


def test_7_after_a_close_nothing_counts(gateway):
    for more in (frame(PING), frame(TEXT, message("late")), close(1000), frame(15), b"\xff" * 100):
        assert closes(gateway, close(1000) + more) == 1000
    # A message that was begun is given up.
    assert closes(gateway, frame(TEXT, b'{"a":', fin=False), close(1000)) == 1000


# 9. Limits, 10. fragments of a large message

def test_9_messages_up_to_the_limit_are_taken(page):
    for size in (64 << 10, 256 << 10, LIMIT):
        payload = message("x")[:-1] + b',"pad":"' + b"y" * size
        payload = payload[:size - 2] + b'"}'
        page.send(frame(TEXT, payload))
        assert page.echo() == "x"
        page.send(*in_pieces(payload, *range(1000, size, 1000)))
        assert page.echo() == "x"


def test_9_longer_messages_end_with_1009(gateway):
    over = b"x" * 1_100_000
    assert closes(gateway, frame(TEXT, over)) == 1009
    assert closes(gateway, *in_pieces(over, *range(100_000, len(over), 100_000))) == 1009
    # By what the header says, without waiting for it.
    for length in (1_100_000, 1 << 31, 1 << 32, (1 << 63) - 1):
        assert closes(gateway, b"\x81\xff" + struct.pack("!Q", length) + b"mask") == 1009
        assert closes(gateway, frame(TEXT, b"x", fin=False), b"\x80\xff" + struct.pack("!Q", length) + b"mask") == 1009
    # The highest bit of a length is 0 (§5.2).
    for length in (1 << 63, (1 << 64) - 1):
        assert closes(gateway, b"\x81\xff" + struct.pack("!Q", length) + b"mask") in (1002, 1009)


def test_10_a_message_of_many_fragments(page):
    payload = message("x" * 20_000)
    page.send(b"".join(in_pieces(payload, *range(1, len(payload)))))
    assert page.echo() == "x" * 20_000
    page.send(b"".join([frame(TEXT, message("y"), fin=False), *[frame(0, b"", fin=False)] * 20_000, frame(0)]))
    assert page.echo() == "y"


# 12. Compression: how it is agreed upon

def parameters(extension):
    name, *words = [part.strip() for part in extension.split(";")]
    assert name == "permessage-deflate"
    pairs = [word.partition("=")[::2] for word in words]
    assert len(dict(pairs)) == len(pairs)
    return {name: value.strip('"') for name, value in pairs}


@pytest.mark.parametrize("offer", [
    "permessage-deflate", NO_CONTEXT, "permessage-deflate; client_max_window_bits", "Permessage-Deflate",
    "permessage-deflate; client_max_window_bits=10", "permessage-deflate; server_max_window_bits=15",
    "permessage-deflate; server_max_window_bits=9", 'permessage-deflate; server_max_window_bits="10"',
    "permessage-deflate; server_max_window_bits=9, permessage-deflate", "x-unknown, permessage-deflate",
    "permessage-deflate; x-unknown=1, permessage-deflate;client_max_window_bits",
])
def test_12_an_offer_is_taken_or_passed_over(gateway, offer):
    """An answer says nothing that was not offered, and whatever was agreed holds."""
    with Socket(gateway, offer) as page:
        if page.extension is not None:
            agreed = parameters(page.extension)
            assert set(agreed) <= {"server_no_context_takeover", "client_no_context_takeover", "server_max_window_bits",
                                   "client_max_window_bits"}
            if "client_max_window_bits" in agreed:
                assert "client_max_window_bits" in offer
            wants = [part for part in offer.split(",") if "server_max_window_bits" not in part and "unknown" not in part]
            assert wants or 8 <= int(agreed["server_max_window_bits"]) <= 15
        assert_alive(page)


@pytest.mark.parametrize("offer", [
    "permessage-deflate; unknown", "permessage-deflate; server_no_context_takeover=1",
    "permessage-deflate; server_max_window_bits=7", "permessage-deflate; server_max_window_bits=16",
    "permessage-deflate; server_max_window_bits", "permessage-deflate; client_max_window_bits=0",
    "permessage-deflate; client_max_window_bits=99", "permessage-deflate; server_max_window_bits=08",
    "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
    "permessage-deflate; client_max_window_bits; client_max_window_bits=9", "permessage-deflat", "deflate",
])
def test_12_an_offer_that_is_wrong_is_declined(gateway, offer):
    with Socket(gateway, offer) as page:
        assert page.extension is None
        assert_alive(page)
        page.send(frame(TEXT, deflated(message("x")), rsv=4))
        assert page.closing() == 1002


# 13. Compression at work

def deflated(data, level=6, flush=zlib.Z_SYNC_FLUSH, bits=-15, strategy=zlib.Z_DEFAULT_STRATEGY):
    packer = zlib.compressobj(level, zlib.DEFLATED, bits, 8, strategy)
    packed = packer.compress(data) + packer.flush(flush)
    return packed.removesuffix(b"\0\0\xff\xff")


@pytest.fixture
def packed(gateway):
    with Socket(gateway, NO_CONTEXT) as running:
        assert set(parameters(running.extension)) >= {"server_no_context_takeover", "client_no_context_takeover"}
        yield running


def test_13_packed_messages_are_read(packed):
    generator = random.Random(7)
    for size in (0, 1, 16, 1000, 65_535, 300_000):
        for word in ("ж" * size, "".join(generator.choices("abcdefgh \n\"\\", k=size))):
            payload = message(word)
            for data in (deflated(payload), deflated(payload, 0), deflated(payload, 9, strategy=zlib.Z_FIXED),
                         deflated(payload, bits=-9), deflated(payload, flush=zlib.Z_FULL_FLUSH)):
                packed.send(frame(TEXT, data, rsv=4))
                opcode, answer = packed.receive()
                if packed.rsv:
                    answer = zlib.decompressobj(-15).decompress(answer + b"\0\0\xff\xff")
                assert opcode == TEXT and json.loads(answer)["id"] == word
    assert packed.rsv == 4, "a long answer is packed"


def test_13_packed_and_plain_messages_alternate(packed):
    for _ in range(3):
        packed.send(frame(TEXT, message("plain")), frame(TEXT, deflated(message("packed")), rsv=4))
        assert [packed.echo(), packed.echo()] == ["plain", "packed"]


def test_13_a_packed_message_comes_in_fragments(packed):
    data = deflated(message("частями" * 100))
    for cuts in (range(1, len(data)), (0,), (len(data),)):
        first, *rest = in_pieces(data, *cuts)
        packed.send(bytes([first[0] | 0x40]) + first[1:], frame(PING), *rest)
        assert packed.receive() == (PONG, b"")
        opcode, payload = packed.receive()
        payload = zlib.decompressobj(-15).decompress(payload + b"\0\0\xff\xff") if packed.rsv else payload
        assert json.loads(payload)["id"] == "частями" * 100


def test_13_forms_of_a_deflate_stream(packed):
    """RFC 7692 §7.2.3: blocks, flushes within, an empty block at the end, and a last block that says so."""
    payload = message("блоки")
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    pieces = b"".join(packer.compress(payload[i:i + 5]) + packer.flush(zlib.Z_FULL_FLUSH) for i in range(0, len(payload), 5))
    whole = zlib.compressobj(6, zlib.DEFLATED, -15)
    last = whole.compress(payload) + whole.flush(zlib.Z_FINISH)
    last_empty = zlib.compressobj(6, zlib.DEFLATED, -15).flush(zlib.Z_FINISH)
    for data in (pieces.removesuffix(b"\0\0\xff\xff"), pieces, deflated(payload) + b"\0\0\xff\xff\0", last + b"\0",
                 # Two last blocks, and one after them.
                 last + last_empty + b"\0"):
        packed.send(frame(TEXT, data, rsv=4))
        assert packed.echo() == "блоки"


def test_13_what_cannot_be_unpacked_ends_the_connection(gateway):
    for data in (b"\xff\xff\xff", b"\x07", deflated(message("x" * 1000))[:10] + b"\xff" * 20, b"\x05\xff"):
        assert closes(gateway, frame(TEXT, data, rsv=4), extensions=NO_CONTEXT) in (1002, 1007)
    # Unpacked it is no UTF-8.
    assert closes(gateway, frame(TEXT, deflated(b'"\xff\xfe"'), rsv=4), extensions=NO_CONTEXT) == 1007
    # The bit is for the first frame of a message, and for no control frame.
    assert closes(gateway, frame(TEXT, b"{", fin=False), frame(0, b"}", rsv=4), extensions=NO_CONTEXT) == 1002
    assert closes(gateway, frame(PING, b"", rsv=4), extensions=NO_CONTEXT) == 1002


def test_13_a_bomb_ends_with_1009(gateway):
    """A thousand times its size, and once more inside fragments; the memory is bounded by the message's limit."""
    bomb = deflated(b"x" * (256 << 20), 9)
    assert len(bomb) < 300_000
    with open(f"/proc/{gateway.process.pid}/statm", encoding="ascii") as memory:
        before = int(memory.read().split()[1])
    for _ in range(3):
        assert closes(gateway, frame(TEXT, bomb, rsv=4), extensions=NO_CONTEXT) == 1009
        first, *rest = in_pieces(bomb, *range(10_000, len(bomb), 10_000))
        assert closes(gateway, bytes([first[0] | 0x40]) + first[1:], *rest, extensions=NO_CONTEXT) == 1009
    with open(f"/proc/{gateway.process.pid}/statm", encoding="ascii") as memory:
        assert (int(memory.read().split()[1]) - before) * 4 < 20_000, "KiB"


def test_13_no_context_is_kept(gateway):
    """A client that refers back to its message before, though it agreed not to, is not understood."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    first, second = (packer.compress(message("взаимно" * 50)) + packer.flush(zlib.Z_SYNC_FLUSH) for _ in range(2))
    with Socket(gateway, NO_CONTEXT) as page:
        page.send(frame(TEXT, first.removesuffix(b"\0\0\xff\xff"), rsv=4))
        page.receive()
        page.send(frame(TEXT, second.removesuffix(b"\0\0\xff\xff"), rsv=4))
        assert page.closing() in (1002, 1007)


# Another implementation

@pytest.mark.parametrize("extensions", [[], [PerMessageDeflate()]], ids=["plain", "deflate"])
def test_a_conversation_with_wsproto(gateway, extensions):
    with socket.create_connection(("127.0.0.1", gateway.port), 5) as connection:
        client = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
        connection.sendall(client.send(events.Request(host="127.0.0.1", target="/ws", extensions=extensions)))
        heard, text = [], ""
        words = ["первое", "x" * 5000, "[]" * 30_000]

        def talk():
            nonlocal text
            for event in client.events():
                heard.append(event)
                if isinstance(event, events.TextMessage):
                    text += event.data
                    if event.message_finished:
                        answer, text = json.loads(text), ""
                        yield answer

        got, sent = [], 0
        while len(got) < len(words):
            client.receive_data(connection.recv(65536))
            for answer in talk():
                if answer["type"] == "ack":
                    got.append(answer["id"])
                if sent == len(got) and sent < len(words):
                    connection.sendall(client.send(events.TextMessage(message(words[sent]).decode())))
                    sent += 1
        assert got == words
        [accepted] = [event for event in heard if isinstance(event, events.AcceptConnection)]
        assert bool(accepted.extensions) == bool(extensions)
        connection.sendall(client.send(events.CloseConnection(1000, "bye")))
        client.receive_data(connection.recv(65536))
        [closed] = [event for event in client.events() if isinstance(event, events.CloseConnection)]
        assert closed.code == 1000
