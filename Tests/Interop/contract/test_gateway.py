"""Document 004: /api/v1/calls on a trusted network, without tokens."""

import uuid

from rows import covers
from shapes import assert_like

CALL = {
    "id": "", "clientId": None, "phoneNumber": "+79991234567", "direction": "incoming", "status": "initiated",
    "duration": 0, "recordingUrl": None, "transcript": None, "summary": None, "sentiment": None,
    "confidenceScore": None, "createdAt": "2025-11-08T12:00:00.000Z", "updatedAt": "", "from": "", "to": "",
    "startedAt": "", "answeredAt": None, "endedAt": None, "sessions": 0,
}
NEVER = "0b7e9f5e-6a0c-4f5e-9b7a-2f4c4c7d8e90"


@covers("004 POST /api/v1/calls")
def test_create(open_service):
    client = str(uuid.uuid4())
    body = {"phoneNumber": "+7 (999) 123-45-67", "direction": "incoming", "clientId": client, "metadata": {"a": 1}}
    answer = open_service.ask("POST", "/api/v1/calls", 201, json=body)
    assert answer["success"] is True
    assert_like(answer["data"], CALL)
    assert (answer["data"]["clientId"], answer["data"]["status"]) == (client, "initiated")
    assert answer["data"]["phoneNumber"] == body["phoneNumber"]
    outgoing = open_service.ask("POST", "/api/v1/calls", 201, json={"phoneNumber": "9196", "direction": "outgoing"})
    assert outgoing["data"]["direction"] == "outgoing"
    open_service.ask("POST", f"/api/v1/calls/{outgoing['data']['id']}/end", json={})
    for wrong in ({"direction": "incoming"}, body | {"direction": "up"}, body | {"clientId": "7"}):
        open_service.refused("POST", "/api/v1/calls", 400, "VALIDATION_ERROR", json=wrong)
    open_service.refused("POST", "/api/v1/calls", 400, "INVALID_PHONE", json=body | {"phoneNumber": "0123"})


@covers("004 GET /api/v1/calls/:id")
def test_detail(open_service):
    call = open_service.room()
    body = open_service.ask("GET", f"/api/v1/calls/{call['id']}")
    assert body["success"] is True and body["data"]["id"] == call["id"]
    assert_like(body["data"], CALL)
    open_service.refused("GET", "/api/v1/calls/abc", 400, "VALIDATION_ERROR")
    open_service.refused("GET", f"/api/v1/calls/{NEVER}", 404, "CALL_NOT_FOUND")


@covers("004 PATCH /api/v1/calls/:id/status")
def test_status(open_service):
    path = f"/api/v1/calls/{open_service.room()['id']}/status"
    for word in ("ringing", "ringing", "answered", "completed", "completed"):
        body = open_service.ask("PATCH", path, json={"status": word, "summary": "сказано"})
        assert (body["data"]["status"], body["data"]["summary"]) == (word, "сказано")
    late = {"status": "completed", "transcript": "речь", "sentiment": "positive", "confidenceScore": 0.9}
    told = open_service.ask("PATCH", path, json=late)["data"]
    assert {key: told[key] for key in late} == late
    open_service.refused("PATCH", path, 409, "INVALID_STATE", json={"status": "answered"})
    open_service.refused("PATCH", path, 400, "VALIDATION_ERROR", json={"status": "missed"})
    open_service.refused("PATCH", path, 400, "VALIDATION_ERROR", json=late | {"confidenceScore": 2})
    open_service.refused("PATCH", f"/api/v1/calls/{NEVER}/status", 404, "CALL_NOT_FOUND", json={"status": "busy"})


@covers("004 POST /api/v1/calls/:id/end")
def test_end(open_service):
    call = open_service.room()
    open_service.ask("PATCH", f"/api/v1/calls/{call['id']}/status", json={"status": "answered"})
    for _ in range(2):
        body = open_service.ask("POST", f"/api/v1/calls/{call['id']}/end", json={"duration": 42, "summary": "всё"})
        assert body["success"] is True
        assert (body["data"]["status"], body["data"]["duration"], body["data"]["summary"]) == ("completed", 42, "всё")
    unanswered = open_service.room()
    ended = open_service.ask("POST", f"/api/v1/calls/{unanswered['id']}/end", json={"duration": 5})["data"]
    assert (ended["status"], ended["duration"]) == ("no_answer", 0)
    open_service.refused("POST", f"/api/v1/calls/{call['id']}/end", 400, "VALIDATION_ERROR", json={"duration": -1})
    open_service.refused("POST", f"/api/v1/calls/{NEVER}/end", 404, "CALL_NOT_FOUND", json={})


@covers("004 GET /api/v1/calls")
def test_list(open_service):
    client = str(uuid.uuid4())
    made = [open_service.room(clientId=client)["id"] for _ in range(3)]
    open_service.ask("POST", f"/api/v1/calls/{made[0]}/end", json={})
    body = open_service.ask("GET", f"/api/v1/calls?clientId={client}&limit=2")
    assert body["data"]["pagination"] == {"page": 1, "limit": 2, "total": 3, "pages": 2, "totalPages": 2}
    assert [call["id"] for call in body["data"]["calls"]] == made[:0:-1]
    assert_like(body["data"]["calls"], [CALL | {"clientId": client}])
    for query, count in (
        ("status=no_answer", 1), ("status=initiated", 2), ("direction=outgoing", 0), ("fromDate=2099-01-01", 0),
        ("toDate=2001-01-01", 0), ("direction=incoming&page=2&limit=2", 1),
    ):
        calls = open_service.ask("GET", f"/api/v1/calls?clientId={client}&{query}")["data"]["calls"]
        assert len(calls) == count, query
    assert open_service.ask("GET", "/api/v1/calls?view=gateway&limit=1000")["data"]["pagination"]["limit"] == 100
    for bad in ("clientId=7", "direction=up", "fromDate=x", "page=0&clientId=" + client):
        open_service.refused("GET", f"/api/v1/calls?{bad}", 400, "VALIDATION_ERROR")


@covers("004 POST /api/v1/calls/:id/sessions")
def test_sessions(open_service):
    call = open_service.room()
    path = f"/api/v1/calls/{call['id']}/sessions"
    body = open_service.ask("POST", path, 201, json={"userId": 7, "callId": call["id"]})
    assert_like(body, {"success": True, "data": {
        "sessionId": "", "callId": "", "userId": "7", "startTime": "", "lastActivity": "", "isActive": True}})
    assert "userId" not in open_service.ask("POST", path, 201, json={})["data"]
    assert open_service.ask("GET", f"/api/v1/calls/{call['id']}")["data"]["sessions"] in (0, 2)
    open_service.refused("POST", path, 400, "VALIDATION_ERROR", json={"callId": NEVER})
    open_service.refused("POST", f"/api/v1/calls/{NEVER}/sessions", 404, "CALL_NOT_FOUND", json={})
    open_service.ask("POST", f"/api/v1/calls/{call['id']}/end", json={})
    assert open_service.ask("GET", f"/api/v1/calls/{call['id']}")["data"]["sessions"] == 2
    open_service.refused("POST", path, 409, "CALL_ALREADY_ENDED", json={})


@covers("004 GET /api/v1/calls/sessions/active")
def test_active_sessions(open_service):
    call = open_service.room()
    made = open_service.ask("POST", f"/api/v1/calls/{call['id']}/sessions", 201, json={})["data"]["sessionId"]
    active = open_service.ask("GET", "/api/v1/calls/sessions/active")["data"]
    assert_like(active, [{"sessionId": "", "callId": "", "startTime": "", "lastActivity": "", "isActive": True}])
    assert made in [session["sessionId"] for session in active]
    open_service.ask("POST", f"/api/v1/calls/{call['id']}/end", json={})
    active = open_service.ask("GET", "/api/v1/calls/sessions/active")["data"]
    assert made not in [session["sessionId"] for session in active]


@covers("004 GET /health/detailed")
def test_health_in_detail(open_service):
    body = open_service.ask("GET", "/health/detailed")
    parts = ("database", "redis", "callManager", "sip", "webrtc", "mango", "s3", "realtime")
    check = {"status": "ok", "message": ""}
    assert_like(body, {
        "status": "ok", "service": "", "version": "", "timestamp": "", "checks": {part: check for part in parts}})


@covers("004 GET /health/ready")
def test_ready(open_service):
    body = open_service.ask("GET", "/health/ready")
    assert body["status"] == "ready" and body["message"] == "Service is ready to handle requests" and body["timestamp"]


@covers("004 GET /health/live")
def test_live(open_service):
    body = open_service.ask("GET", "/health/live")
    assert body["status"] == "alive" and body["message"] == "Service is alive" and body["timestamp"]


@covers("004 GET /metrics")
def test_metrics(open_service):
    answer = open_service.raw("GET", "/metrics")
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    for name in (
        "http_requests_total", "http_request_duration_seconds", "calls_total", "call_duration_seconds", "active_calls",
        "webrtc_connections_total", "active_webrtc_connections",
    ):
        assert f"# TYPE {name} " in answer.text, name
