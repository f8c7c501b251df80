"""Attacks that the contract's interfaces stand: each test does what an attacker would, at the running program."""

import asyncio
import contextlib
import hashlib
import json
import re
import time
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
import socketio
import websockets
from browsers import chromium
from gateway import Gateway
from peers import PlainSocket, SocketIO
from phone import Phone
from rawhttp import jwt, request, with_claims
from secured import NUMBER, SECRET, SIP_SECRET, secured, together, unharmed


@pytest.fixture(scope="module")
def service():
    with secured() as running:
        yield running


@pytest.fixture(autouse=True)
def all_is_well_afterwards(service):
    with unharmed(service):
        yield


# SQL and header injection

SQL = [
    "' OR '1'='1", "'; DROP TABLE calls; --", '" OR ""="', "1) UNION SELECT login, hash FROM user_passwords --",
    "\\'; DELETE FROM calls; --", "%", "_", "%' ESCAPE '", "a* NEAR(b c)", '"open', "x' AND sleep(5) --", "\0",
    "1; ATTACH DATABASE '/tmp/x' AS x", "\N{MODIFIER LETTER APOSTROPHE} OR 1=1", "{{7*7}}", "${7*7}",
]
FILTERS = {
    "/api/v1/calls?view=records": ["status", "operatorId", "startDate", "endDate", "phone", "city", "page", "limit"],
    "/api/v1/calls?view=gateway": ["clientId", "direction", "status", "fromDate", "toDate", "page", "limit"],
    "/api/calls?x": ["status", "search", "date_from", "date_to", "userId", "page", "limit"],
    "/api/v1/calls/stats?x": ["startDate", "endDate", "city", "operatorId"],
    "/api/calls/active?x": ["userId"],
    "/api/calls/logs?x": ["limit", "offset"],
    "/api/calls/stats/1001?x": ["from", "to"],
    "/api/statistics/overview?x": ["period", "date_from", "date_to", "userId"],
    "/api/statistics/users?x": ["period", "date_from", "date_to", "userId"],
}
PATHS = ["/api/v1/calls/{}", "/api/v1/calls/by-phone/{}", "/api/calls/{}", "/api/calls/logs/phone/{}",
         "/api/calls/stats/{}", "/api/users/{}/phones", "/api/companies/by-phone/{}", "/api/v1/admin/users/{}"]


def rows_of(body):
    """The calls of an answer in any of the families' forms."""
    data = body.get("data", body.get("logs", []))
    return data["calls"] if isinstance(data, dict) and "calls" in data else data


def test_a_query_is_never_taken_for_sql(service):
    service.record(city="Москва", phoneClient=NUMBER)
    count = service.gateway.stored("SELECT count(*) AS calls FROM calls")
    secrets = [row["hash"] for row in service.gateway.stored("SELECT hash FROM user_passwords")]
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {service.gateway.token()}"
        for payload in SQL:
            for path, keys in FILTERS.items():
                for key in keys:
                    answer = session.get(service.gateway.url(path), params={key: payload}, timeout=5)
                    where = f"{path} {key}={payload!r}: {answer.status_code} {answer.text[:300]}"
                    assert answer.status_code in (200, 400), where
                    assert not any(secret in answer.text for secret in secrets)
                    # The letters of a `phone` are passed over, its digits are not.
                    if answer.status_code == 200 and key in ("city", "search", "status"):
                        rows = rows_of(answer.json())
                        assert rows == [] or isinstance(rows, dict) and rows["totalCalls"] == 0, where
            for path in PATHS:
                answer = session.get(service.gateway.url(path.format(quote(payload, safe=""))), timeout=5)
                assert answer.status_code in (200, 400, 404), f"{path} {payload!r}: {answer.text[:300]}"
    assert service.gateway.stored("SELECT count(*) AS calls FROM calls") == count


def test_a_search_takes_its_words_literally(service):
    """The signs of LIKE and of full-text search are letters like others."""
    kept = [service.record(city=f"100%_ \"{word}\" o'hara") for word in ("alpha-one", "alpha*two")]
    for call, word in zip(kept, ("alpha-one", "alpha*two")):
        service.ask("PUT", f"/api/calls/{call['id']}", json={"notes": f"{word} 100%_\" o'hara AND (x)"})
    for search in ("alpha*two", "o'hara AND (x", "100%_\"", "ALPHA-ONE"):
        found = service.ask("GET", "/api/calls", params={"search": search})["data"]
        expected = [call["id"] for call, word in zip(kept, ("one", "two"))
                    if "alpha" not in search.lower() or word in search.lower()]
        assert sorted(call["id"] for call in found) == expected, search
    for search in ("alpha%two", "alpha_one", "alpha-one OR alpha*two", "o''hara"):
        assert service.ask("GET", "/api/calls", params={"search": search})["data"] == [], search


TEXTS = {
    "PUT /api/calls/{}": ["notes", "customer_name", "company", "call_purpose", "outcome"],
    "PUT /api/v1/calls/{}": ["rk", "city"],
    "POST /api/calls/{}/customer": ["customerId", "customerName"],
    "POST /api/calls/{}/order": ["orderId"],
}


def test_texts_are_stored_as_they_are_and_never_taken_for_sql(service):
    for payload in ("Robert'); DROP TABLE calls; --", "\\' OR 1=1 --", "ы' || (SELECT hash FROM user_passwords) || '"):
        call = service.record(rk=payload, city=payload, avitoName=payload, callId=f"{payload}{time.time_ns()}")
        assert [call[key] for key in ("rk", "city", "avitoName")] == [payload] * 3
        for route, names in TEXTS.items():
            method, path = route.split()
            for name in names:
                body = {"customerId": "c", name: payload}
                answer = service.raw(method, path.format(call["id"]), json=body)
                assert answer.status_code == 200, f"{route} {name}: {answer.text}"
        service.ask("PUT", f"/api/calls/{call['id']}", json={"tags": [payload, "второй"]})
        service.ask("POST", f"/api/calls/{call['id']}/notes", json={"note": payload})
        shown = service.ask("GET", f"/api/calls/{call['id']}")["data"]
        for name in ("rk", "city", "company", "call_purpose", "outcome", "customer_name"):
            assert shown[name] == payload, name
        assert shown["notes"] == f"{payload}\n{payload}" and shown["tags_list"] == [payload, "второй"]
        stored = service.gateway.stored("SELECT customer_name, order_id FROM calls WHERE id = ?", call["id"])
        assert stored == [{"customer_name": payload, "order_id": payload}]


def test_line_ends_reach_no_header(service):
    evil = "x\r\nX-Evil: 1\r\n\r\n<html>"
    token = service.gateway.token()
    targets = [target.format(quote(evil, safe="")).encode() for target in (
        "/api/calls/{}", "/api/v1/calls?city={}", "/{}", "/?{}", "/api/calls?search={}")]
    fields = [b"X-Request-Id: a\rX-Evil: 1", b"X-Request-Id: a\x00b", b"X-Request-Id: a\nX-Evil: 1",
              b"Idempotency-Key: a\rb", b"Origin: http://a\rX-Evil: 1", b"traceparent: \x01"]
    heard = together(lambda target: request(service.gateway, target, token=token), targets)
    heard += together(lambda field: request(service.gateway, b"/health", field), fields)
    for answer in heard:
        assert "x-evil" not in answer.fields and answer.status < 500, answer.head
        assert "\0" not in answer.fields.get("x-request-id", "") and b"\r" not in answer.head.replace(b"\r\n", b"")
    # Numbers and names reach SIP messages.
    before = service.gateway.stored("SELECT count(*) AS calls FROM calls")
    for number in (f"+{NUMBER}\r\nX-Evil: 1", f"sip:a\r\nX-Evil: 1@b", "1001\n", "sip:a@b\0", "sip:a@b\rc"):
        for path, body in (
            ("/api/v1/calls", {"phoneNumber": number, "direction": "outgoing"}),
            ("/api/calls", {"caller_number": number, "receiver_number": "1001"}),
            ("/api/calls", {"caller_number": "1001", "receiver_number": number}),
            ("/api/calls/dial", {"from": "1003", "to": number}), ("/api/calls/outgoing", {"toNumber": number}),
        ):
            answer = service.raw("POST", path, json=body)
            assert answer.status_code == 400, f"{path} {number!r}: {answer.text}"
    assert service.gateway.stored("SELECT count(*) AS calls FROM calls") == before
    for name in ("Anna\r\nX-Evil: 1", "a\0b"):
        answer = service.raw("POST", "/api/v1/admin/users", json={
            "login": f"u{time.time_ns()}", "password": "long-enough-1", "role": "operator", "name": name})
        assert answer.status_code in (201, 400), answer.text
        assert answer.status_code == 400 or not re.search("[\r\n\0]", answer.json()["data"]["name"])


# The page

MARKUP = "<img src=x onerror=window.ran=1><script>window.ran=1</script>"
# A number as the contract lets it through: no spaces, no second @.
# Puts a company's name into each incoming call that the page is told of.
NAMED = """
const parse = JSON.parse;
JSON.parse = (text, ...more) => {
  const value = parse(text, ...more);
  if ((value?.event ?? value?.type) === 'incoming-call') (value.data ?? value).caller_company_name = MARKUP;
  return value;
};
""".replace("MARKUP", json.dumps(MARKUP).replace("</", "<\\/"))
EVIL_NUMBER = "sip:<img/src=x/onerror=window.ran=1>@evil.example"


def test_the_page_shows_texts_as_texts(service):
    """Names, companies and numbers with markup in them: every place of the page that shows them."""
    gateway = service.gateway
    anna, petr = service.user_id("anna"), service.user_id("petr")
    for user in (anna, petr):
        service.sql("UPDATE users SET name = ?, first_name = ?, last_name = ? WHERE id = ?", MARKUP, MARKUP, MARKUP, user)
    service.insert_call(
        caller_number=EVIL_NUMBER, receiver_number="1001", assigned_user_id=anna, notes=MARKUP, customer_name=MARKUP,
        operator_id=anna, started_at=int(time.time() * 1000) - 60_000)
    # The roster is read again within two seconds.
    wait_until(lambda: MARKUP in service.raw("GET", "/api/v1/admin/users").text.replace("\\/", "/"))
    with chromium() as browsers:
        phone = browsers.open(gateway)
        phone.page.add_init_script(NAMED)
        policy = []
        phone.page.on("response", lambda answer: policy.append(answer.headers) if answer.url == phone.address else None)
        phone.page.goto(phone.address)
        phone.control("login").fill(MARKUP)
        phone.control("password").fill(MARKUP)
        phone.control("sign-in").click()
        phone.until("() => document.querySelector('[data-test=signin-error]').textContent !== ''")
        phone.sign_in("anna")
        call = service.reported(caller_number=EVIL_NUMBER, receiver_number="1001", assigned_user_id=anna)
        phone.until("() => !document.querySelector('[data-test=incoming]').hidden")
        shown = phone.page.inner_text("[data-test=incoming]")
        assert "<img/src=x/onerror=window.ran=1>" in shown and MARKUP in shown, shown
        service.ask("PUT", f"/api/calls/{call['id']}/end", json={})
        phone.until("word => document.querySelector('[data-test=recent]').textContent.includes(word)", "<img/src=x")
        phone.dial("sip:<img/src=x/onerror=window.ran=1>@a")
        phone.pause(0.3)
        assert MARKUP in phone.page.inner_text("[data-test=who]")
        assert phone.page.evaluate("() => document.querySelectorAll('img[src=x], script:not([src])').length") == 0
        assert phone.page.evaluate("() => window.ran === undefined")
        assert not [event for event in phone.problems if "Content Security Policy" in event]
    assert policy and policy[0]["x-frame-options"] == "DENY" and policy[0]["x-content-type-options"] == "nosniff"
    directives = policy[0]["content-security-policy"]
    assert "unsafe-inline" not in re.sub(r"style-src[^;]*", "", directives) and "unsafe-eval" not in directives
    # An answer that shows texts is never taken for a page.
    answer = service.raw("GET", f"/api/calls/{quote(MARKUP, safe='')}")
    assert answer.headers["Content-Type"].startswith("application/json")


def wait_until(condition, seconds=5):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


# Tokens

def forged(service):
    """What is no token of ours, by what is wrong with it, and the code it is refused with."""
    user = service.user_id("admin")
    good = {"sub": user, "login": "admin", "role": "admin", "exp": int(time.time()) + 600}
    own = jwt(good, SECRET)
    head, claims, signature = own.split(".")
    bad = "UNAUTHORIZED", "INVALID_SIGNATURE"
    return own, {
        "no algorithm": (jwt(good, "", "none", None), bad), "None": (jwt(good, "", "None", None), bad),
        "none, and a signature": (jwt(good, SECRET, "none"), bad), "no signature": (f"{head}.{claims}.", bad),
        "two parts": (f"{head}.{claims}", bad), "four parts": (own + "." + signature, bad),
        "another secret": (jwt(good, SECRET + "x"), bad), "an empty secret": (jwt(good, ""), bad),
        "HS512": (jwt(good, SECRET, "HS512", hashlib.sha512), bad), "HS384": (jwt(good, SECRET, "HS384", hashlib.sha384), bad),
        "RS256": (jwt(good, SECRET, "RS256"), bad), "HS512 named, HS256 done": (jwt(good, SECRET, "HS512"), bad),
        "a critical extension": (jwt(good, SECRET, crit=["x"], x=1), bad),
        "expired": (jwt({**good, "exp": int(time.time()) - 60}, SECRET), ("TOKEN_EXPIRED",)),
        "expired in 1970": (jwt({**good, "exp": 0}, SECRET), ("TOKEN_EXPIRED",)),
        "an end that is no number": (jwt({**good, "exp": "never"}, SECRET), bad + ("TOKEN_EXPIRED",)),
        "another user's claims": (with_claims(service.gateway.token("petr"), {"sub": user, "role": "admin"}), bad),
        "a later end": (with_claims(own, {"exp": good["exp"] + 9999}), bad),
        "a bit of the signature": (f"{head}.{claims}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}", bad),
        "half a signature": (f"{head}.{claims}.{signature[:20]}", bad),
        "claims that are a list": (jwt([1], SECRET), bad), "claims that are no JSON": (jwt(b"{", SECRET), bad),
        "nobody": (jwt({"role": "admin", "exp": good["exp"]}, SECRET), bad),
        "a subject that is an object": (jwt({**good, "sub": {"$ne": 0}}, SECRET), bad),
        "a subject that is SQL": (jwt({**good, "sub": "1 OR 1=1"}, SECRET), bad),
        "a subject beyond all numbers": (jwt({**good, "sub": 10**30}, SECRET), bad),
        "a hundred thousand letters": ("a" * 20_000 + "." + "b" * 100 + ".c", bad),
        "deep claims": (jwt(b"[" * 10_000, SECRET), bad), "noise": ("\\x00.=.%", bad), "a dot": (".", bad), "dots": ("..", bad),
    }


def test_only_tokens_of_ours_are_taken(service):
    own, wrong = forged(service)
    assert service.raw("GET", "/api/calls", login=None, headers={"Authorization": f"Bearer {own}"}).status_code == 200
    for name, (token, codes) in wrong.items():
        for path in ("/api/calls", "/api/v1/calls", "/api/v1/admin/users"):
            answer = service.raw("GET", path, login=None, headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == 401, f"{name}: {answer.status_code} {answer.text[:300]}"
            assert answer.json()["error"]["code"] in codes, f"{name}: {answer.text}"
    # A role nobody knows opens nothing.
    odd = jwt({"sub": service.user_id("petr"), "role": "root", "exp": int(time.time()) + 60}, SECRET)
    answer = service.raw("GET", "/api/v1/admin/users", login=None, headers={"Authorization": f"Bearer {odd}"})
    assert answer.status_code in (401, 403)
    for scheme in ("Basic", "bearer:", "Token", "JWT"):
        answer = service.raw("GET", "/api/calls", login=None, headers={"Authorization": f"{scheme} {own}"})
        assert answer.status_code == 401, scheme


def test_sockets_take_only_tokens_of_ours(service):
    own, wrong = forged(service)
    user = service.user_id("admin")

    async def run():
        for name, (token, _) in wrong.items():
            async with PlainSocket(service.gateway, style="flat") as page:
                told = await page.ask("authenticate", {"userId": user, "token": token})
                assert told["success"] is False, name
                assert (await page.ask("get-active-calls"))["error"]["code"] == "UNAUTHORIZED"
                assert (await page.ask("authenticate", {"userId": user, "token": own}))["success"]
        for name in ("no algorithm", "expired", "HS512", "another user's claims"):
            for kind in (SocketIO, PlainSocket):
                # The socket stays and may do nothing, or it is closed at once.
                with contextlib.suppress(websockets.ConnectionClosed, socketio.exceptions.SocketIOError):
                    async with kind(service.gateway, token=wrong[name][0]) as page:
                        assert (await page.ask("get-active-calls", {}))["error"]["code"] == "UNAUTHORIZED"
                        assert page.count("authenticated") == 0

    asyncio.run(run())


def test_another_users_calls_are_out_of_reach(service):
    anna = service.user_id("anna")
    call = service.reported(assigned_user_id=anna, caller_number=f"+{NUMBER}")
    key = call["id"]
    reads = [f"/api/calls/{key}", f"/api/calls/{call['uuid']}", f"/api/v1/calls/{key}", f"/api/v1/calls/{call['uuid']}",
             f"/api/calls/{key}/status", f"/api/calls/{key}/recording-status", f"/api/v1/recordings/call/{key}/download",
             f"/api/v1/calls/{key}/diagnosis", f"/api/v1/calls/{key}/sip",
             f"/api/calls?userId={anna}", f"/api/calls/active?userId={anna}", f"/api/statistics/overview?userId={anna}"]
    for path in reads:
        assert service.raw("GET", path, login="petr").status_code == 403, path
    writes = [("PUT", f"/api/calls/{key}", {"notes": "x"}), ("PUT", f"/api/calls/{key}/notes", {"notes": "x"}),
              ("PUT", f"/api/calls/{key}/end", {}), ("PUT", f"/api/v1/calls/{key}", {"city": "x"}),
              ("PATCH", f"/api/v1/calls/{call['uuid']}/status", {"status": "completed"}),
              ("POST", f"/api/v1/calls/{call['uuid']}/end", {}), ("POST", f"/api/v1/calls/{call['uuid']}/sessions", {}),
              ("POST", f"/api/calls/{key}/notes", {"note": "x"}), ("POST", f"/api/calls/{key}/customer", {"customerId": "x"}),
              ("POST", f"/api/calls/{key}/order", {"orderId": 1}), ("POST", f"/api/calls/transfer/{key}", {"target": "1002"}),
              *[("POST", f"/api/calls/{verb}/{key}", {}) for verb in ("answer", "hold", "unhold", "hangup")]]
    for method, path, body in writes:
        service.refused(method, path, 403, "FORBIDDEN", json=body, login="petr")
    for path in ("/api/calls?limit=200", f"/api/calls?search={NUMBER}", "/api/v1/calls?view=gateway&limit=100",
                 f"/api/v1/calls/by-phone/{NUMBER}", f"/api/calls/logs/phone/{NUMBER}", "/api/calls/logs", "/api/calls/active"):
        assert call["uuid"] not in service.raw("GET", path, login="petr").text, path
    for method, path in (("GET", "users"), ("POST", "users"), ("GET", "trunks"), ("DELETE", f"users/{anna}")):
        service.refused(method, f"/api/v1/admin/{path}", 403, "FORBIDDEN", login="petr", json={})
    service.ask("POST", f"/api/calls/hangup/{call['uuid']}")
    assert service.ask("GET", f"/api/calls/{key}")["data"]["notes"] is None


# Foreign pages

FOREIGN = ["https://evil.example", "null", "http://127.0.0.1.evil.example", "http://evil.example:80#127.0.0.1",
           "http://127.0.0.1@evil.example", "file://", "javascript:alert(1)"]


def upgrade(gateway, path, origin, *fields):
    """The status that a page of another site gets for a socket."""
    return request(
        gateway, path.encode(), b"Upgrade: websocket", b"Connection: Upgrade", b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Key: " + b"A" * 22 + b"==", f"Origin: {origin}".encode(), *fields).status


def test_foreign_pages_get_no_socket(service):
    token = service.gateway.token()
    cookie = f"Cookie: access_token={token}".encode()
    for origin in FOREIGN:
        for path in ("/ws", "/ws/signaling"):
            for fields in ((), (cookie,)):
                assert upgrade(service.gateway, path, origin, *fields) in (400, 401, 403), (path, origin, fields)
        # Socket.IO takes the token in its own first packet.
        asyncio.run(refuses_to_connect(service.gateway, origin, {"Cookie": f"access_token={token}"}))
        # REST answers say that no credentials count.
        answer = service.raw("GET", "/api/calls", headers={"Origin": origin})
        assert answer.headers.get("Access-Control-Allow-Credentials") is None
    assert service.raw("GET", "/api/calls", login=None, headers={
        "Cookie": f"access_token={token}", "Origin": FOREIGN[0]}).status_code == 401
    with Gateway(JWT_SECRET=SECRET, CORS_ORIGINS="https://crm.example") as listed:
        for origin in FOREIGN:
            for path in ("/ws", "/sip", f"/ws?token={token}", f"/socket.io/?EIO=4&transport=websocket&token={token}"):
                fields = [b"Sec-WebSocket-Protocol: sip"] if path == "/sip" else []
                assert upgrade(listed, path, origin, *fields) in (400, 403), (path, origin)
            answer = requests.get(listed.url("/socket.io/?EIO=4&transport=polling"), headers={"Origin": origin}, timeout=5)
            assert answer.status_code in (400, 403), origin


async def refuses_to_connect(gateway, origin, headers):
    address = gateway.url("/socket.io/?EIO=4&transport=websocket").replace("http", "ws")
    with contextlib.suppress(websockets.ConnectionClosed, websockets.InvalidStatus):
        async with websockets.connect(address, origin=origin, additional_headers=headers) as page:
            await page.recv()
            await page.send("40")
            assert (await asyncio.wait_for(page.recv(), 5)).startswith("44"), origin


# What is logged

def logged(service):
    """Every line that the program has written so far, by where."""
    lines = {"stdout": [line for line in service.gateway.output if line.startswith("{")]}
    for path in (Path(service.gateway.folder) / "logs").glob("*"):
        lines[path.name] = path.read_text(errors="replace").splitlines()
    return lines


def test_lines_are_kept_in_files_too(service):
    assert {"combined.log", "error.log"} <= set(logged(service))


def test_logs_have_neither_secrets_nor_numbers(service):
    """After a run that used them all; the tests above have used many of them, too."""
    gateway = service.gateway
    password = "pass-word-zq77"
    service.ask("POST", "/api/v1/admin/users", 201, json={
        "login": "vera", "password": password, "role": "operator", "name": "Vera"})
    requests.post(gateway.url("/api/auth/login"), json={"login": "vera", "password": password}, timeout=5)
    requests.post(gateway.url("/api/auth/login"), json={"login": "vera", "password": password + "wrong"}, timeout=5)
    requests.post(gateway.url("/api/auth/login"), data='{"password":"' + password, timeout=5)
    service.raw("POST", "/api/v1/admin/trunks", json={
        "name": "carrier", "targets": [{"host": "127.0.0.99", "port": 5999, "transport": "udp"}], "username": "me",
        "password": "trunk-secret-w3", "keepAliveSeconds": None})
    for number in (NUMBER, f"+{NUMBER}", f"8{NUMBER[1:]}", f"+7 ({NUMBER[1:4]}) {NUMBER[4:7]}-{NUMBER[7:9]}-{NUMBER[9:]}"):
        call = service.reported(caller_number=number)
        service.raw("GET", "/api/calls", params={"search": number})
        service.raw("GET", f"/api/v1/calls/by-phone/{quote(number)}")
        service.raw("POST", "/api/v1/calls", json={"phoneNumber": number, "direction": "outgoing"})
        service.raw("POST", "/api/calls/dial", json={"from": "1003", "to": number})
        service.raw("POST", f"/api/calls/transfer/{call['id']}", json={"target": number})
        service.raw("POST", "/api/v1/calls", json={"phoneClient": number + "x", "status": "answered"})
        service.ask("POST", f"/api/calls/hangup/{call['uuid']}")
    with Phone(gateway, "1003", password=SIP_SECRET, user="desk") as phone:
        phone.dial(NUMBER)
        phone.wait_closed()
        phone.dial("9197")
        phone.wait_talking()
        phone.hang_up()
        phone.wait_closed(skip=1)

    async def run():
        async with PlainSocket(gateway, token=gateway.token()) as page:
            await page.ask("initiate-outgoing-call", {"fromNumber": "1003", "toNumber": NUMBER})
            await page.ask("join-call", {"callId": NUMBER})

    asyncio.run(run())
    time.sleep(0.5)
    secrets = [SECRET, password, SIP_SECRET, "trunk-secret-w3", "admin-password", *gateway._tokens.values()]
    secrets += [word for _, *words in gateway.users.values() for word in words if word and not word.isdigit()]
    secrets += [row["hash"] for row in gateway.stored("SELECT hash FROM user_passwords")]
    lines = logged(service)
    assert len(lines["stdout"]) > 100
    for where, written in lines.items():
        text = "\n".join(written)
        for secret in secrets:
            assert secret not in text, f"{where} has a secret: {next(line for line in written if secret in line)}"
        for line in written:
            # The number in any dress: its ten digits with at most two other signs between them.
            spread = re.search(r"[ ()\-.%+]{0,3}".join(NUMBER[1:]), line)
            assert spread is None, f"{where} has a number: {line}"
            json.loads(line)
