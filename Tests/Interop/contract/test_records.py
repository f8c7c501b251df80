"""Document 000: /api/v1/calls with a token."""

import re
from concurrent.futures import ThreadPoolExecutor

import requests
from rows import covers
from shapes import assert_like, unauthorized

CALL = {
    "id": 1, "callId": "MTox", "rk": "РК1", "city": "Москва", "avitoName": None, "phoneClient": "79991234567",
    "phoneAts": "74951234567", "dateCreate": "2025-11-08T12:00:00.000Z", "status": "answered", "duration": 120,
    "recordUrl": None, "recordingPath": None, "recordingProcessedAt": None, "recordingEmailSent": False,
    "operatorId": 1, "operator": {"id": 1, "name": "", "login": "", "city": None, "sipAddress": None}, "phone": None,
    "avito": None, "callDirection": "incoming", "entryId": None, "createdAt": "", "updatedAt": "",
}
FILTERS = "city=Тверь&startDate=2025-11-08&endDate=2025-11-09&phone=916"


def make(service, status, duration=0, **fields):
    return service.record(
        status, duration=duration, phoneClient="+7 (916) 000-00-01", city="Тверь",
        dateCreate="2025-11-08T12:00:00.000Z", **fields)


@covers("000 GET /api/v1/calls")
def test_list(service):
    made = [make(service, status)["id"] for status in ("answered", "missed", "busy")]
    service.room(phoneNumber="+79160000002")
    body = service.ask("GET", f"/api/v1/calls?{FILTERS}&limit=2")
    assert_like(body, {"success": True, "data": {"calls": [CALL], "pagination": {"total": 3, "page": 1}}})
    assert body["data"]["pagination"] == {"total": 3, "page": 1, "limit": 2, "totalPages": 2, "pages": 2}
    assert [call["id"] for call in body["data"]["calls"]] == made[:0:-1]
    second = service.ask("GET", f"/api/v1/calls?{FILTERS}&limit=2&page=2")
    assert [call["id"] for call in second["data"]["calls"]] == made[:1]
    assert "mangoData" not in body["data"]["calls"][0]
    found = service.ask("GET", f"/api/v1/calls?{FILTERS}&status=busy&operatorId={service.user_id('admin')}")
    assert [call["status"] for call in found["data"]["calls"]] == ["busy"]
    assert service.ask("GET", f"/api/v1/calls?{FILTERS}&operatorId=99")["data"]["calls"] == []
    for bad in ("page=0", "status=talking&city=x", "startDate=today", "operatorId=x"):
        service.refused("GET", f"/api/v1/calls?{bad}", 400, "VALIDATION_ERROR")
    unauthorized(service, "GET", "/api/v1/calls")


@covers("000 GET /api/v1/calls/stats")
def test_statistics(service):
    for status, duration in (("answered", 30), ("answered", 45), ("missed", 0), ("busy", 0), ("no_answer", 0)):
        service.record(status, duration=duration, city="Псков")
    body = service.ask("GET", "/api/v1/calls/stats?city=Псков")
    assert body == {
        "success": True,
        "data": {
            "totalCalls": 5, "answeredCalls": 2, "missedCalls": 1, "busyCalls": 1, "noAnswerCalls": 1,
            "totalDuration": 75, "avgDuration": 38,
        },
    }
    empty = service.ask("GET", "/api/v1/calls/stats?city=Нигде")["data"]
    assert set(empty.values()) == {0}
    own = service.ask("GET", "/api/v1/calls/stats?city=Псков", login="petr")["data"]
    assert own["totalCalls"] == 0
    service.refused("GET", "/api/v1/calls/stats?startDate=x", 400, "VALIDATION_ERROR")
    unauthorized(service, "GET", "/api/v1/calls/stats")


@covers("000 GET /api/v1/calls/:id")
def test_detail(service):
    made = make(service, "answered", 120)
    body = service.ask("GET", f"/api/v1/calls/{made['id']}")
    assert_like(body, {"success": True, "data": CALL})
    assert body["data"]["mangoData"] is None and body["data"]["id"] == made["id"]
    assert body["data"]["operator"]["login"] == "admin"
    ringing = service.room()
    assert service.ask("GET", f"/api/v1/calls/{ringing['numericId']}")["data"]["status"] is None
    service.refused("GET", "/api/v1/calls/abc", 400, "VALIDATION_ERROR")
    service.refused("GET", "/api/v1/calls/999999", 404, "CALL_NOT_FOUND")
    service.refused("GET", f"/api/v1/calls/{made['id']}", 403, "FORBIDDEN", login="anna")
    unauthorized(service, "GET", f"/api/v1/calls/{made['id']}")


@covers("000 GET /api/v1/calls/by-phone/:phone")
def test_by_phone(service):
    made = [service.record("missed", phoneClient="+7 (921) 555-44-33")["id"] for _ in range(2)]
    for path in ("+79215554433", "%2B79215554433", "%2089215554433".replace("%208", "%207"), "89215554433"):
        body = service.ask("GET", f"/api/v1/calls/by-phone/{path}")
        assert [call["id"] for call in body["data"]] == made[::-1], path
    assert_like(body["data"], [CALL | {"duration": 0}])
    assert service.ask("GET", "/api/v1/calls/by-phone/79990009900")["data"] == []
    service.refused("GET", "/api/v1/calls/by-phone/abc", 400, "INVALID_PHONE")
    unauthorized(service, "GET", "/api/v1/calls/by-phone/79215554433")


@covers("000 POST /api/v1/calls")
def test_create(service):
    answer = service.ask(
        "POST", "/api/v1/calls", 201,
        json={
            "phoneClient": "79991234567", "status": "answered", "rk": "РК1", "city": "Москва", "avitoName": "Авито 1",
            "callId": "MTox", "phoneAts": "74951234567", "dateCreate": "2025-11-08T12:00:00.000Z", "duration": 120,
            "recordUrl": "s3://callcentre/recordings/1.mp3",
        })
    assert answer["success"] is True and answer["message"] == "Call created successfully"
    assert_like(answer["data"], CALL)
    for key in ("callId", "rk", "city", "phoneClient", "phoneAts", "dateCreate", "status", "duration"):
        assert answer["data"][key] == CALL[key]
    assert answer["data"]["avitoName"] == "Авито 1" and answer["data"]["operatorId"] == service.user_id("admin")
    assert answer["data"]["recordUrl"] == "s3://callcentre/recordings/1.mp3"
    plain = service.record("missed")
    assert re.fullmatch(r"MANUAL-\d{13}", plain["callId"])
    assert (plain["rk"], plain["city"], plain["phoneAts"]) == ("MANUAL", "", "")
    body = {"phoneClient": "79991234567", "status": "missed"}
    service.refused("POST", "/api/v1/calls", 409, "DUPLICATE_CALL_ID", json=body | {"callId": "MTox"})
    service.refused("POST", "/api/v1/calls", 400, "INVALID_PHONE", json=body | {"phoneClient": "x"})
    details = service.refused("POST", "/api/v1/calls?view=records", 400, "VALIDATION_ERROR", json={})["error"]["details"]
    assert set(details) == {"phoneClient", "status"}
    unauthorized(service, "POST", "/api/v1/calls", json=body)


@covers("000 PUT /api/v1/calls/:id")
def test_update(service):
    made = make(service, "answered", 120)
    path = f"/api/v1/calls/{made['id']}"
    body = service.ask("PUT", path, json={"duration": 60, "recordUrl": "https://x.example/1.mp3", "unknown": 1})
    assert body["success"] is True and body["message"] == "Call updated successfully"
    assert_like(body["data"], CALL)
    assert body["data"]["duration"] == 60 and body["data"]["recordUrl"] == "https://x.example/1.mp3"
    assert service.ask("PUT", path, json={"status": "missed", "note": "позже"})["data"]["status"] == "missed"
    kept = service.ask("GET", path)["data"]
    assert (kept["status"], kept["duration"], kept["notes"]) == ("missed", 0, "позже")
    service.refused("PUT", path, 400, "VALIDATION_ERROR", json={"status": "ended"})
    # What is refused is refused as a whole.
    live = service.ask("POST", "/api/v1/calls", 201, json={"phoneNumber": "echo", "direction": "outgoing"})["data"]
    refused = {"status": "answered", "note": "x"}
    service.refused("PUT", f"/api/v1/calls/{live['id']}", 409, "INVALID_STATE", json=refused)
    assert service.ask("GET", f"/api/calls/{live['id']}")["data"]["notes"] is None
    service.ask("POST", f"/api/calls/hangup/{live['id']}")
    service.refused("PUT", path, 403, "FORBIDDEN", json={"note": "x"}, login="anna")
    service.refused("PUT", "/api/v1/calls/999999", 404, "CALL_NOT_FOUND", json={"note": "x"})
    unauthorized(service, "PUT", path, json={})


@covers("000 GET /api/v1/calls/health")
def test_health(service):
    body = service.ask("GET", "/api/v1/calls/health", login=None)
    assert_like(body, {"success": True, "message": "Calls module is healthy", "timestamp": "2025-11-08T12:00:00.000Z"})


@covers("000 GET /api/v1/recordings/call/:id/download")
def test_recording(service):
    made = service.record(recordUrl="https://x.example/1.mp3")
    body = service.ask("GET", f"/api/v1/recordings/call/{made['id']}/download")
    assert body == {"success": True, "url": "https://x.example/1.mp3"}
    bare = service.record("missed")
    service.refused("GET", f"/api/v1/recordings/call/{bare['id']}/download", 404, "RECORDING_NOT_FOUND")
    unauthorized(service, "GET", f"/api/v1/recordings/call/{made['id']}/download")


def test_many_records_come_in_a_millisecond(service):
    """Without a `callId` of their own all of them are taken, each under another one."""
    def write(number):
        body = {"phoneClient": "79990001122", "status": "missed"}
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {token}"
            return [session.post(service.gateway.url("/api/v1/calls"), json=body, timeout=30) for _ in range(100)]

    token = service.gateway.token()
    with ThreadPoolExecutor(16) as pool:
        answers = [answer for some in pool.map(write, range(16)) for answer in some]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["data"]["callId"] for answer in answers}) == len(answers)
