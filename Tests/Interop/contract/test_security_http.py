"""HTTP as an attacker speaks it: bodies, lengths, paths and fields beyond all bounds, and clients that take their time."""

import asyncio
import contextlib
import gzip
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import websockets
from rawhttp import answers, ask, exchange, request, resident
from secured import NUMBER, secured, together, unharmed


@pytest.fixture(scope="module")
def service():
    with secured() as running:
        yield running


@pytest.fixture(autouse=True)
def all_is_well_afterwards(service):
    with unharmed(service):
        yield


# Bodies

def deep(count=100_000):
    return ["[" * count, '{"a":' * count, "[" * count + "]" * count, '[{"a":' * (count // 2)]


def test_a_hundred_thousand_brackets(service):
    routes = [("POST", "/api/v1/calls"), ("POST", "/api/calls"), ("POST", "/api/auth/login"), ("POST", "/api/calls/dial"),
              ("PATCH", "/api/v1/calls/1/status"), ("PUT", "/api/calls/1"), ("POST", "/api/v1/admin/users")]
    for text in deep():
        for method, path in routes:
            answer = service.raw(method, path, data=text, headers={"Content-Type": "application/json"})
            assert answer.status_code in (400, 404), f"{path}: {answer.text[:200]}"

    async def run():
        address = service.gateway.url("").replace("http", "ws")
        async with websockets.connect(f"{address}/ws", max_size=None) as page:
            for text in deep():
                for frame in (text, '{"type":"join-call","callId":' + text, '{"type":"x","data":' + text + "}"):
                    await page.send(frame)
                    await page.send('{"type":"ping"}')
                    while json.loads(await asyncio.wait_for(page.recv(), 5)).get("type") != "pong":
                        pass
        for text in deep():
            async with websockets.connect(f"{address}/socket.io/?EIO=4&transport=websocket", max_size=None) as page:
                await page.recv()
                for packet in ("40" + text, "40", '42["join-call",' + text, "42" + text, "430" + text):
                    with contextlib.suppress(websockets.ConnectionClosed):
                        await page.send(packet)

    asyncio.run(run())


LIMIT = 10 << 20
POST = b"POST /api/v1/calls HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nAuthorization: Bearer "


def posted(service, fields, *body):
    head = POST + service.gateway.token().encode() + b"\r\n" + fields + b"\r\n\r\n"
    return ask(service.gateway, head, *body)


def chunks(data, size=1 << 16):
    return b"".join(b"%x\r\n%b\r\n" % (len(data[i:i + size]), data[i:i + size]) for i in range(0, len(data), size))


def test_bodies_end_at_ten_mebibytes(service):
    close = b"Connection: close\r\n"
    text = b'{"phoneClient":"' + NUMBER.encode() + b'","status":"missed"}'
    fits, over = (text + b" " * (size - len(text)) for size in (LIMIT, LIMIT + 1))
    tries = [
        (201, close + b"Content-Length: %d" % LIMIT, fits), (413, close + b"Content-Length: %d" % (LIMIT + 1), over),
        (201, close + b"Transfer-Encoding: chunked", chunks(fits) + b"0\r\n\r\n"),
        (413, close + b"Transfer-Encoding: chunked", chunks(over) + b"0\r\n\r\n"),
        # Said in advance it is refused in advance.
        (413, b"Expect: 100-continue\r\nContent-Length: 10485761", b""),
        (413, b"Content-Length: 99999999999", b""),
    ]
    heard = together(lambda one: [answer.status for answer in posted(service, *one[1:])], tries)
    assert heard == [[status] for status, *_ in tries]
    # A chunked body without an end is cut at the limit, and what was held is let go.
    before = resident(service.gateway)
    [answer] = posted(service, b"Transfer-Encoding: chunked", chunks(b" " * (LIMIT + (1 << 20))))
    assert answer.status == 413 and answer.fields["connection"] == "close"
    assert resident(service.gateway) - before < 40


def test_chunks_with_extensions_and_trailers(service):
    text = b'{"phoneClient":"' + NUMBER.encode() + b'","status":"missed"}'
    half = len(text) // 2
    body = (b"%X;a=b;c=\"d;e\"\r\n%b\r\n" % (half, text[:half])
            + b"%x ;x\r\n%b\r\n" % (len(text) - half, text[half:])
            + b"000;last\r\nX-Checksum: 1\r\nContent-Length: 99999\r\nAuthorization: Bearer x\r\nTransfer-Encoding: x\r\n\r\n")
    after = b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    statuses = [answer.status for answer in posted(service, b"Transfer-Encoding: Chunked", body + after)]
    assert statuses in ([201, 200], [400]), "extensions and trailers are passed over, or refused and closed"
    endless = [b"1;" + b"x" * 1_000_000, b"0" * 1_000_000, b"0\r\n" + b"X: 1\r\n" * 100_000]
    for [answer] in together(lambda body: posted(service, b"Transfer-Encoding: chunked", body), endless):
        assert 400 <= answer.status < 500, answer


SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
SMUGGLING = {
    "length, then chunks": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks, then length": b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": b"Content-Length: 0\r\nContent-Length: 36\r\n\r\n", "a list of lengths": b"Content-Length: 0, 36\r\n\r\n",
    "a signed length": b"Content-Length: +0\r\n\r\n", "a negative length": b"Content-Length: -1\r\n\r\n",
    "a hexadecimal length": b"Content-Length: 0x0\r\n\r\n", "a length with a space": b"Content-Length: 0 0\r\n\r\n",
    "a length beyond 64 bits": b"Content-Length: 18446744073709551616\r\n\r\n", "an empty length": b"Content-Length:\r\n\r\n",
    "a space before the colon": b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a space before the colon of a length": b"Content-Length : 0\r\n\r\n",
    "a folded field": b"X: 1\r\n Content-Length: 0\r\n\r\n", "a vertical tab": b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "another coding": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "identity": b"Transfer-Encoding: identity\r\n\r\n",
    "chunked not last": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "gzip inside": b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunked twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked, then identity": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "quoted chunked": b'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n',
    "a signed chunk": b"Transfer-Encoding: chunked\r\n\r\n+0\r\n\r\n", "a negative chunk": b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
    "a hexadecimal chunk": b"Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n",
    "an empty chunk": b"Transfer-Encoding: chunked\r\n\r\n\r\n\r\n",
    "a chunk beyond 64 bits": b"Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n\r\n",
    "a chunk longer than it says": b"Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
    "line feeds in chunks": b"Transfer-Encoding: chunked\r\n\r\n0\n\n",
    "a line feed in an extension": b"Transfer-Encoding: chunked\r\n\r\n0;\n\r\n",
    "a carriage return alone": b"X: a\rContent-Length: 0\r\n\r\n", "a null": b"X: a\0b\r\n\r\n",
    "a null in a name": b"X\0: a\r\n\r\n", "an empty name": b": a\r\n\r\n", "a field without a colon": b"Content-Length\r\n\r\n",
    "a second host": b"Host: b\r\n\r\n",
}


def test_requests_that_can_be_read_two_ways_are_refused(service):
    """Each is followed by a request that a proxy in front may not have seen: it is never answered."""
    def smuggle(fields):
        return exchange(service.gateway, b"POST /api/calls HTTP/1.1\r\nHost: a\r\n" + fields + SMUGGLED, seconds=5)

    heard = dict(zip(SMUGGLING, together(smuggle, SMUGGLING.values())))
    for name, (data, is_closed) in heard.items():
        found = answers(data)
        assert is_closed and [a.status in (400, 411, 501) for a in found] == [True], f"{name}: {is_closed} {found}"
    other = {
        "no host": b"GET /health HTTP/1.1\r\n\r\n", "a version before the first": b"POST / HTTP/0.9\r\n\r\n",
        "chunks in 1.0": b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "two spaces": b"GET  /health HTTP/1.1\r\nHost: a\r\n\r\n",
        "a tab": b"GET\t/health HTTP/1.1\r\nHost: a\r\n\r\n", "lower case": b"GET /health http/1.1\r\nHost: a\r\n\r\n",
        "version 2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        "a space first": b"GET / HTTP/1.1\r\n Host: a\r\n\r\n",
    }
    heard = together(lambda data: exchange(service.gateway, data + SMUGGLED, seconds=5)[0], other.values())
    for name, found in zip(other, map(answers, heard)):
        assert [a.status in (400, 501, 505) for a in found] == [True], f"{name}: {found}"


def test_packed_bodies_are_not_taken(service):
    bomb = gzip.compress(b'{"phoneClient":"' + b"7" * (64 << 20) + b'"}')
    before = resident(service.gateway)
    for coding in ("gzip", "deflate", "br", "x-gzip", "identity, gzip", "GZIP"):
        answer = service.raw("POST", "/api/v1/calls", data=bomb, headers={
            "Content-Type": "application/json", "Content-Encoding": coding})
        assert answer.status_code in (400, 415), f"{coding}: {answer.status_code}"
    assert resident(service.gateway) - before < 30


# Targets and fields

OUTSIDE = [
    b"/../../../../etc/passwd", b"/..%2f..%2f..%2fetc%2fpasswd", b"/%2e%2e/%2e%2e/%2e%2e/etc/passwd", b"/..\\..\\etc\\passwd",
    b"/%2e%2e%5c%2e%2e%5cetc/passwd", b"/%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd", b"/%252e%252e/%252e%252e/etc/passwd",
    b"/index.html%00.js", b"/app.js/../../tandem.db", b"/tandem.db", b"/tandem.db-wal", b"/.env", b"/./../tandem.db.key",
    b"//etc/passwd", b"/file:///etc/passwd", b"file:///etc/passwd", b"/proc/self/environ", b"/%", b"/%2", b"/%zz", b"/%ff%fe",
    b"/" + b"../" * 2000 + b"etc/passwd",
]
HIDDEN = [
    "/api/v1/admin/users", "/api/v1//admin/users", "//api/v1/admin/users", "/api/v1/calls/../admin/users", "/API/V1/ADMIN/USERS",
    "/api/v1/admin/users/", "/api/v1/admin%2fusers", "/health/../api/v1/admin/users", "/health/%2e%2e/api/v1/admin/users",
    "/api/v1/admin/users%00", "/api/v1/admin/users;/health", "/api/v1/%61dmin/users", "/api/v1/admin/users?x=/health",
    "/api/v1/admin/users#/health", "/health;/../api/v1/admin/users", "http://127.0.0.1/api/v1/admin/users",
]


def test_paths_lead_nowhere_else(service):
    for target, answer in zip(OUTSIDE, together(lambda target: request(service.gateway, target), OUTSIDE)):
        assert 400 <= answer.status < 500, f"{target[:60]}: {answer}"
        assert b"root:" not in answer.body and b"SQLite" not in answer.body and b"JWT_SECRET" not in answer.body
    for token, statuses in ((None, (400, 401, 404)), (service.gateway.token("petr"), (400, 403, 404))):
        heard = together(lambda target: request(service.gateway, target.encode(), token=token), HIDDEN)
        for target, answer in zip(HIDDEN, heard):
            assert answer.status in statuses, f"{target}: {answer}"
    fields = [b"X-Original-URL: /api/v1/admin/users", b"X-Rewrite-URL: /api/v1/admin/users",
              b"X-HTTP-Method-Override: DELETE", b"X-Forwarded-For: 127.0.0.1", b"Forwarded: for=127.0.0.1"]
    for answer in together(lambda field: request(service.gateway, b"/api/v1/calls", field), fields):
        assert answer.status == 401
    long = {b"/api/v1/calls/" + b"a" * 100_000: (414, 431), b"/api/v1/calls/" + b"a" * 5_000: (400, 401, 404, 414),
            b"/api/calls?search=" + b"a" * 100_000: (414, 431)}
    for target, answer in zip(long, together(lambda target: request(service.gateway, target), long)):
        assert answer.status in long[target], answer


def test_fields_have_limits(service):
    tries = [
        ([b"X-%d: 1" % number for number in range(50)], (200,)), ([b"X-%d: 1" % number for number in range(5000)], (431,)),
        ([b"X: " + b"a" * 4000], (200,)), ([b"X: " + b"a" * 1_000_000], (431,)), ([b"X" * 100_000 + b": 1"], (400, 431)),
        ([b"Cookie: " + b"a" * 1000] * 500, (431,)),
    ]
    for (fields, statuses), answer in zip(tries, together(lambda one: request(service.gateway, b"/health", *one[0]), tries)):
        assert answer.status in statuses, f"{len(fields)} like {fields[0][:20]}: {answer}"
    methods = ["A" * 100_000, "TRACE", "CONNECT", "DEBUG", "TRACK"]
    for answer in together(lambda method: request(service.gateway, b"/health", method=method), methods):
        assert answer.status in (400, 405, 414, 431, 501), answer


# Slow clients

SLOW = {
    "nothing": (b"", b""), "half a start line": (b"GET /hea", b""), "a field now and then": (b"GET /health HTTP/1.1\r\n", b"X: 1\r\n"),
    "a byte now and then": (b"GET /health HTTP/1.1\r\nX: ", b"x"),
    "a body that never comes": (POST + b"x\r\nContent-Length: 100\r\n\r\n", b""),
    "half a chunk": (POST + b"x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", b""),
}


def hold(gateway, first, again, seconds=35):
    """How long a client that is slow in this way is kept, and what it is told."""
    began = time.monotonic()
    heard = b""
    with socket.create_connection(("127.0.0.1", gateway.port), 5) as connection:
        connection.settimeout(1)
        connection.sendall(first)
        while time.monotonic() - began < seconds:
            try:
                if again:
                    connection.sendall(again)
                more = connection.recv(65536)
                if not more:
                    break
                heard += more
            except TimeoutError:
                pass
            except ConnectionError:
                break
    return time.monotonic() - began, heard


@pytest.fixture(scope="module", autouse=True)
def slow(service):
    """The slow clients, who come first and are looked at last."""
    with ThreadPoolExecutor(len(SLOW)) as pool:
        yield {name: pool.submit(hold, service.gateway, *words) for name, words in SLOW.items()}


def test_slow_clients_are_let_go_and_nobody_waits_for_them(service, slow):
    with contextlib.ExitStack() as stack:
        for _ in range(300):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", service.gateway.port), 5))
            client.sendall(b"POST /api/v1/calls HTTP/1.1\r\nX: ")
        for _ in range(20):
            began = time.monotonic()
            assert service.raw("GET", "/api/calls").status_code == 200
            assert time.monotonic() - began < 0.5
    for name, future in slow.items():
        seconds, heard = future.result()
        assert seconds < 30, f"{name}: kept for {seconds:.0f} s"
        assert not heard or heard.startswith((b"HTTP/1.1 408", b"HTTP/1.1 401")), f"{name}: {heard[:200]}"
