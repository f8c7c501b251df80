"""What holds on every path: sections 0 and 1.6 of the contract."""

import gzip
import http.client
import json
import re

import pytest
from rows import covers
from shapes import unauthorized

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@covers("0 0.1 ids")
def test_ids(service):
    call = service.record()
    for key in (call["id"], call["uuid"], call["uuid"].upper()):
        assert service.ask("GET", f"/api/calls/{key}")["data"]["numericId"] == call["id"]
    assert isinstance(call["id"], int) and UUID.fullmatch(call["uuid"])
    assert service.ask("GET", f"/api/v1/calls/{call['uuid']}")["data"]["id"] == call["uuid"]
    assert service.ask("GET", f"/api/v1/calls/{call['id']}")["data"]["id"] == call["id"]
    for bad in ("abc", "1.5", "-1", "99999999999999999999999"):
        service.refused("GET", f"/api/calls/{bad}", 400, "VALIDATION_ERROR")


@covers("0 0.2 views")
def test_views(service):
    call = service.record(duration=7)
    shown = [
        service.ask("GET", f"/api/v1/calls/{call['id']}?view=records")["data"],
        service.ask("GET", f"/api/v1/calls/{call['id']}?view=gateway")["data"],
        service.ask("GET", f"/api/calls/{call['id']}")["data"],
        service.ask("GET", "/api/calls/logs/phone/79991234567")["logs"][0],
    ]
    for view, status in zip(shown, ("answered", "completed", "completed", "ended")):
        assert view["status"] == status and view["state"] == "completed"
        assert view["statuses"] == {"mango": "completed", "crm": "completed", "pbx": "ended", "gateway": "completed"}
        # The other families' keys are there as well.
        assert {"uuid", "numericId", "phoneClient", "caller_number", "from", "phoneNumber"} <= set(view)
    assert [view["duration"] for view in shown] == [7] * 4


@covers("0 0.3 time")
def test_time(service):
    call = service.record(dateCreate="2024-01-15T10:30:00Z")
    assert call["dateCreate"] == "2024-01-15T10:30:00.000Z"
    assert service.ask("GET", f"/api/calls/{call['id']}")["data"]["accepted_at"] == "2024-01-15T10:30:00Z"
    # A day in Moscow is from 21:00 to 20:59 UTC.
    late = service.record(dateCreate="2024-02-01T20:59:59.999Z")["id"]
    early = service.record(dateCreate="2024-01-31T21:00:00Z")["id"]
    for moment in ("2024-01-31T20:59:59Z", "2024-02-01T21:00:00Z"):
        service.record(dateCreate=moment)
    found = service.ask("GET", "/api/v1/calls?startDate=2024-02-01&endDate=2024-02-01")["data"]["calls"]
    assert [call["id"] for call in found] == [late, early]


@covers("0 0.4 phones")
@pytest.mark.parametrize("number", ["+7 (911) 222-33-44", "89112223344", "sip:79112223344@pbx.example"])
def test_phones(service, number):
    call = service.record("missed", phoneClient=number)
    assert call["phoneClient"] == number
    found = service.ask("GET", "/api/v1/calls/by-phone/+79112223344")["data"]
    assert call["id"] in [one["id"] for one in found]


@covers("0 0.5 auth")
def test_auth(service):
    unauthorized(service, "GET", "/api/calls")
    for token in ("x", "a.b.c", service.gateway.token("admin") + "x"):
        answer = service.raw("GET", "/api/calls", login=None, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401
    for path in ("/health", "/api/health", "/api/v1/calls/health", "/metrics"):
        assert service.raw("GET", path, login=None).status_code == 200
    assert service.raw("OPTIONS", "/api/calls", login=None).status_code == 204


@covers("0 0.6 visibility")
def test_visibility(service):
    anna = service.user_id("anna")
    call = service.reported(assigned_user_id=anna)
    for path in (f"/api/calls/{call['id']}", f"/api/v1/calls/{call['id']}", f"/api/v1/calls/{call['uuid']}"):
        service.ask("GET", path, login="anna")
        service.refused("GET", path, 403, "FORBIDDEN", login="petr")
    for path in ("notes", "customer", "order"):
        service.refused(
            "POST", f"/api/calls/{call['id']}/{path}", 403, "FORBIDDEN", login="petr",
            json={"note": "x", "customerId": "x", "orderId": "x"})
    service.refused("POST", f"/api/calls/hangup/{call['id']}", 403, "FORBIDDEN", login="petr")
    service.ask("POST", f"/api/calls/hangup/{call['id']}", login="anna")


@covers("0 0.7 errors", "1.6 error body")
def test_errors(service):
    service.refused("GET", "/api/nowhere", 404, "NOT_FOUND")
    assert "GET" in service.raw("DELETE", "/api/calls").headers["Allow"]
    service.refused("DELETE", "/api/calls", 405, "METHOD_NOT_ALLOWED")
    service.refused("POST", "/api/calls", 400, "INVALID_JSON", data="{", headers={"Content-Type": "application/json"})
    service.refused("POST", "/api/calls", 415, "UNSUPPORTED_MEDIA_TYPE", data="x", headers={"Content-Type": "text/xml"})
    body = service.refused("GET", "/api/calls/999999", 404, "CALL_NOT_FOUND")
    assert body["error"]["message"] == "Звонок не найден"


@covers("0 0.8 bodies")
def test_bodies(service):
    call = service.reported()
    # A POST without a body needs no type.
    service.ask("POST", f"/api/calls/answer/{call['id']}")
    deep = '{"notes":' + "[" * 100_000 + "]" * 100_000 + "}"
    service.refused(
        "PUT", f"/api/calls/{call['id']}", 400, "INVALID_JSON", data=deep, headers={"Content-Type": "application/json"})
    service.refused("PUT", f"/api/calls/{call['id']}", 400, "VALIDATION_ERROR", json={"notes": "x" * 70_000})
    service.ask("POST", f"/api/calls/hangup/{call['id']}")


@covers("0 0.8 compression")
def test_compression(service):
    for index in range(40):
        service.record("missed", city="Сжатие", avitoName=str(index))
    for limit in (3, 40):
        connection = http.client.HTTPConnection("127.0.0.1", service.gateway.port, timeout=10)
        path = f"/api/v1/calls?city=%D0%A1%D0%B6%D0%B0%D1%82%D0%B8%D0%B5&limit={limit}"
        bodies = {}
        for coding in ("gzip", "identity"):
            headers = {"Accept-Encoding": coding, "Authorization": f"Bearer {service.gateway.token('admin')}"}
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            assert answer.status == 200 and "Accept-Encoding" in answer.getheader("Vary")
            assert answer.getheader("Content-Encoding") == ("gzip" if coding == "gzip" else None)
            bodies[coding] = answer.read()
            assert len(bodies[coding]) == int(answer.getheader("Content-Length"))
        assert gzip.decompress(bodies["gzip"]) == bodies["identity"]
        assert len(bodies["gzip"]) < len(bodies["identity"]) / 4
        assert len(json.loads(bodies["identity"])["data"]["calls"]) == limit
        connection.close()
    assert "Content-Encoding" not in service.raw("GET", "/health/live").headers


@covers("0 0.8 headers")
def test_headers(service):
    answer = service.raw("GET", "/api/calls", headers={"X-Request-Id": "my-request"})
    assert answer.headers["X-Request-Id"] == "my-request"
    assert answer.headers["X-Content-Type-Options"] == "nosniff" and answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] and "Strict-Transport-Security" not in answer.headers
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"


@covers("0 0.8 static segments")
def test_static_segments(service):
    for path in ("/api/calls/active", "/api/calls/logs", "/api/v1/calls/stats", "/api/v1/calls/sessions/active"):
        service.ask("GET", path)
    for path in ("dial", "answer", "hangup", "hold", "unhold", "transfer"):
        answer = service.raw("GET", f"/api/calls/{path}")
        assert answer.status_code in (400, 405)


@covers("0 0.8 trailing slash")
def test_trailing_slash(service):
    call = service.record()
    for path in ("/api/calls/", "/api/calls/active/", f"/api/v1/calls/{call['id']}/", "/api/statistics/overview/"):
        service.ask("GET", path)


@covers("0 0.9 dialect", "1.6 /api/v1/calls")
def test_dialect(service):
    call = service.record("busy", city="Диалект")

    def view(path, **arguments):
        calls = service.ask("GET", path, **arguments)["data"]["calls"]
        return {isinstance(one["id"], int) for one in calls}

    assert view("/api/v1/calls") == view("/api/v1/calls?city=Диалект") == {True}
    assert view("/api/v1/calls?view=gateway") == view("/api/v1/calls?direction=incoming") == {False}
    assert view("/api/v1/calls", headers={"X-Call-View": "gateway"}) == {False}
    assert view("/api/v1/calls?status=completed") == {False}
    assert service.ask("GET", f"/api/v1/calls/{call['uuid']}?view=records")["data"]["id"] == call["id"]
    both = service.ask("GET", "/api/v1/calls")["data"]["pagination"]
    assert both["pages"] == both["totalPages"]


@covers("1.6 GET /api/calls/active")
def test_one_list_for_two(service):
    first, second = service.reported(), service.reported()
    body = service.ask("GET", "/api/calls/active")
    assert [call["uuid"] for call in body["data"]] == [call["id"] for call in body["calls"]]
    assert [call["id"] for call in body["data"]] == [call["numericId"] for call in body["calls"]]
    assert {first["id"], second["id"]} <= {call["id"] for call in body["data"]}
    anna = service.user_id("anna")
    own = service.ask("GET", f"/api/calls/active?userId={anna}")
    assert len(own["data"]) == len(own["calls"])
    for call in (first, second):
        service.ask("POST", f"/api/calls/hangup/{call['uuid']}")


@covers("1.6 /api/calls/:id")
def test_one_call_for_two(service):
    call = service.reported()
    for key in (call["id"], call["uuid"]):
        assert isinstance(service.ask("GET", f"/api/calls/{key}")["data"]["id"], int)
        assert service.ask("POST", f"/api/calls/{key}/order", json={"orderId": 5})["call"]["id"] == call["uuid"]
    service.ask("POST", f"/api/calls/hangup/{call['uuid']}")


@covers("0 idempotency")
def test_idempotency(service):
    requests = [
        ("/api/v1/calls", {"phoneClient": "79991234567", "status": "missed"}, 201),
        ("/api/v1/calls", {"phoneNumber": "+79991234567", "direction": "incoming"}, 201),
        ("/api/calls", {"caller_number": "79991234567", "receiver_number": "1001"}, 201),
        ("/api/calls/outgoing", {"toNumber": "echo"}, 200),
    ]
    for index, (path, body, status) in enumerate(requests):
        headers = {"Idempotency-Key": f"key-{index}"}
        first = service.raw("POST", path, json=body, headers=dict(headers))
        again = service.raw("POST", path, json=body, headers=dict(headers))
        assert first.status_code == again.status_code == status and first.json() == again.json()
        assert again.headers["Idempotent-Replayed"] == "true" and "Idempotent-Replayed" not in first.headers
        service.refused("POST", path, 409, "IDEMPOTENCY_CONFLICT", json=body | {"x": 1}, headers=dict(headers))
        assert service.raw("POST", path, json=body).json() != first.json()
    # In another view it is another request.
    path, body, _ = requests[0]
    service.refused("POST", path + "?view=records", 409, "IDEMPOTENCY_CONFLICT", json=body, headers={
        "Idempotency-Key": "key-0"})


@covers("0 entity tags")
def test_entity_tags(service):
    call = service.record()
    for path in (f"/api/v1/calls/{call['id']}", f"/api/calls/{call['id']}"):
        first = service.raw("GET", path)
        tag = first.headers["ETag"]
        known = service.raw("GET", path, headers={"If-None-Match": tag})
        assert known.status_code == 304 and not known.content and known.headers["ETag"] == tag
        assert "Accept-Encoding" in known.headers["Vary"]
        service.ask("PUT", f"/api/v1/calls/{call['id']}", json={"note": path})
        changed = service.raw("GET", path, headers={"If-None-Match": tag})
        assert changed.status_code == 200 and changed.headers["ETag"] != tag
    # The page in two codings has two strong tags, or a weak one.
    plain, packed = (service.raw("GET", "/", headers={"Accept-Encoding": coding}) for coding in ("identity", "gzip"))
    assert packed.headers["Content-Encoding"] == "gzip" and packed.headers["ETag"] == "W/" + plain.headers["ETag"]
