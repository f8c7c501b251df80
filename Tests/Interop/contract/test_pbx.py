"""Document 003: /api/calls on a trusted network, without tokens."""

import contextlib

import pytest
from gateway import wait_for
from rawphone import RawPhone
from rows import covers
from shapes import assert_like

CALL = {
    "id": "uuid", "callId": "", "sessionId": "", "from": "+79991234567", "to": "1001", "status": "ringing",
    "direction": "inbound", "extension": "1001", "startTime": "2025-11-08T12:00:00.000Z",
}
NEVER = "0b7e9f5e-6a0c-4f5e-9b7a-2f4c4c7d8e90"


@pytest.fixture(scope="module")
def phone(open_service):
    """Anna's telephone, registered as 1001."""
    with RawPhone(open_service.gateway, "1001", open_service.gateway.users["anna"][2]) as phone:
        phone.register()
        yield phone


@contextlib.contextmanager
def dialled(service, phone, **body):
    """A click-to-call from 1001 to the echo number, while the telephone rings."""
    phone.messages.clear()
    made = service.ask("POST", "/api/calls/dial", json={"from": "1001", "to": "9196", **body})["call"]
    try:
        yield made
    finally:
        # The test may have ended it by itself.
        assert service.raw("POST", f"/api/calls/hangup/{made['id']}").status_code in (200, 409)


@contextlib.contextmanager
def talking(service, phone):
    """The same, answered."""
    with dialled(service, phone) as made:
        phone.answer()
        wait_for(lambda: status(service, made) == "answered", 5, "the call to be answered")
        yield made


def status(service, call):
    """What the active calls, or else the history, say of a call."""
    active = service.ask("GET", "/api/calls/active")["calls"]
    logs = service.ask("GET", "/api/calls/logs")["logs"]
    return next(one["status"] for one in active + logs if one["id"] == call["id"])


@covers("003 GET /api/calls/active")
def test_active(open_service):
    call = open_service.reported(caller_number="+79991234567", receiver_number="1001")
    calls = open_service.ask("GET", "/api/calls/active")["calls"]
    assert_like(calls, [CALL])
    shown = next(one for one in calls if one["id"] == call["uuid"])
    assert {key: shown[key] for key in ("from", "to", "status", "direction")} == {
        key: CALL[key] for key in ("from", "to", "status", "direction")}
    assert not {"answerTime", "endTime", "duration", "recording", "customerId"} & set(shown)
    open_service.ask("POST", f"/api/calls/hangup/{call['uuid']}")


@covers("003 POST /api/calls/dial")
def test_dial(open_service, phone):
    with dialled(open_service, phone, autoAnswer=True) as made:
        assert_like(made, CALL)
        assert (made["from"], made["to"], made["status"], made["direction"]) == ("1001", "9196", "ringing", "outbound")
        invite = phone.wait_request("INVITE")
        assert "answer-after=0" in invite["call-info"] and "alert-autoanswer" in invite["alert-info"]
    refused = open_service.refused("POST", "/api/calls/dial", 400, "VALIDATION_ERROR", json={})
    assert refused["message"] == "Missing required parameters: from, to"
    open_service.refused("POST", "/api/calls/dial", 404, "EXTENSION_NOT_FOUND", json={"from": "777", "to": "9196"})
    refused = open_service.refused("POST", "/api/calls/dial", 409, "INVALID_STATE", json={"from": "1002", "to": "9196"})
    assert list(refused["error"]["details"]) == ["from"]


@covers("003 POST /api/calls/answer/:callId")
def test_answer(open_service):
    call = open_service.reported(receiver_number="1001")
    body = open_service.ask("POST", f"/api/calls/answer/{call['uuid']}")
    assert body["success"] is True and body["call"]["status"] == "answered"
    assert_like(body["call"], CALL | {"answerTime": ""})
    open_service.refused("POST", f"/api/calls/answer/{call['uuid']}", 409, "CALL_ALREADY_ANSWERED")
    open_service.ask("POST", f"/api/calls/hangup/{call['uuid']}")
    open_service.refused("POST", f"/api/calls/answer/{call['uuid']}", 409, "CALL_ALREADY_ENDED")
    open_service.refused("POST", f"/api/calls/answer/{NEVER}", 404, "CALL_NOT_FOUND")


@covers("003 POST /api/calls/hangup/:callId")
def test_hang_up(open_service, phone):
    with dialled(open_service, phone) as made:
        # A CANCEL waits for the first response (RFC 3261 9.1).
        phone.respond(phone.wait_request("INVITE"), 180, "Ringing")
        body = open_service.ask("POST", f"/api/calls/hangup/{made['id']}")
        assert_like(body, {"success": True, "call": CALL | {"endTime": "", "duration": 0}})
        phone.wait_request("CANCEL")
        open_service.refused("POST", f"/api/calls/hangup/{made['id']}", 409, "CALL_ALREADY_ENDED")
    with talking(open_service, phone) as made:
        open_service.ask("POST", f"/api/calls/hangup/{made['id']}")
        phone.wait_request("BYE")
    open_service.refused("POST", f"/api/calls/hangup/{NEVER}", 404, "CALL_NOT_FOUND")


@covers("003 POST /api/calls/hold/:callId", "003 POST /api/calls/unhold/:callId")
def test_hold_and_unhold(open_service):
    call = open_service.reported(receiver_number="1001")
    open_service.refused("POST", f"/api/calls/hold/{call['uuid']}", 409, "INVALID_STATE")
    open_service.ask("POST", f"/api/calls/answer/{call['uuid']}")
    for word, wanted in (("hold", "held"), ("hold", "held"), ("unhold", "answered"), ("unhold", "answered")):
        body = open_service.ask("POST", f"/api/calls/{word}/{call['uuid']}")
        assert body["success"] is True and body["call"]["status"] == wanted
    open_service.ask("POST", f"/api/calls/hangup/{call['uuid']}")
    for word in ("hold", "unhold"):
        open_service.refused("POST", f"/api/calls/{word}/{call['uuid']}", 409, "CALL_ALREADY_ENDED")
        open_service.refused("POST", f"/api/calls/{word}/{NEVER}", 404, "CALL_NOT_FOUND")


@covers("003 POST /api/calls/transfer/:callId")
def test_transfer(open_service, phone):
    with talking(open_service, phone) as made:
        refused = open_service.refused("POST", f"/api/calls/transfer/{made['id']}", 400, "VALIDATION_ERROR", json={})
        assert refused["message"] == "Missing required parameter: target"
        open_service.refused(
            "POST", f"/api/calls/transfer/{made['id']}", 404, "EXTENSION_NOT_FOUND", json={"target": "777"})
        refused = open_service.refused(
            "POST", f"/api/calls/transfer/{made['id']}", 409, "INVALID_STATE", json={"target": "1002"})
        assert list(refused["error"]["details"]) == ["target"]
        body = open_service.ask("POST", f"/api/calls/transfer/{made['id']}", json={"target": "9197"})
        assert body["success"] is True and body["call"]["id"] == made["id"]
    query = "SELECT call_transfers.* FROM call_transfers JOIN calls ON calls.id = call_pk WHERE uuid = ?"
    [row] = wait_for(lambda: open_service.gateway.stored(query, made["id"]), 5, "the transfer's row")
    assert (row["kind"], row["target"], row["status"]) == ("blind", "9197", "completed") and row["completed_at"]
    open_service.refused("POST", f"/api/calls/transfer/{NEVER}", 404, "CALL_NOT_FOUND", json={"target": "1002"})
    open_service.refused(
        "POST", f"/api/calls/transfer/{made['id']}", 409, "CALL_ALREADY_ENDED", json={"target": "9197"})


@covers("003 GET /api/calls/logs")
def test_logs(open_service):
    made = [open_service.insert_call(started_at=1_900_000_000_000 + index * 1000) for index in range(3)]
    body = open_service.ask("GET", "/api/calls/logs?limit=2&offset=1")
    assert_like(body, {"success": True, "logs": [CALL | {"endTime": "", "duration": 0}], "total": 3, "limit": 2})
    assert (body["limit"], body["offset"]) == (2, 1) and body["total"] >= 3
    assert [log["numericId"] for log in body["logs"]] == made[1::-1]
    assert open_service.ask("GET", "/api/calls/logs")["limit"] == 100
    assert open_service.ask("GET", "/api/calls/logs?limit=5000")["limit"] == 1000
    for bad in ("limit=0", "limit=x", "offset=-1"):
        open_service.refused("GET", f"/api/calls/logs?{bad}", 400, "VALIDATION_ERROR")


@covers("003 GET /api/calls/logs/phone/:number")
def test_logs_of_number(open_service):
    came = open_service.insert_call(caller_number="+7 (912) 345-00-11")
    went = open_service.insert_call(direction="outgoing", caller_number="1001", receiver_number="89123450011")
    for path in ("+79123450011", "%2B79123450011", "89123450011"):
        logs = open_service.ask("GET", f"/api/calls/logs/phone/{path}")["logs"]
        assert {log["numericId"] for log in logs} == {came, went}, path
    assert_like(logs, [CALL])
    open_service.refused("GET", "/api/calls/logs/phone/abc", 400, "INVALID_PHONE")


@covers("003 GET /api/calls/stats/:extension")
def test_statistics_of_extension(open_service):
    moment = 1_762_000_000_000  # 2025-11-01
    own = {"started_at": moment, "extension": "1501"}
    open_service.insert_call(receiver_number="1501", answered_at=moment, duration=150, **own)
    open_service.insert_call(receiver_number="1501", state="missed", duration=0, **own)
    open_service.insert_call(direction="outgoing", caller_number="1501", answered_at=moment, duration=210, **own)
    open_service.insert_call(
        direction="internal", caller_number="1501", receiver_number="1502", extension="1502", started_at=moment,
        state="busy", duration=0)
    body = open_service.ask("GET", "/api/calls/stats/1501?from=2025-11-01&to=2025-11-01")
    assert body == {"success": True, "stats": {
        "extension": "1501", "totalCalls": 4, "inboundCalls": 2, "outboundCalls": 2, "answeredCalls": 2,
        "missedCalls": 2, "averageDuration": 180, "totalDuration": 360}}
    other = open_service.ask("GET", "/api/calls/stats/1502?from=2025-11-01&to=2025-11-01")["stats"]
    assert (other["totalCalls"], other["inboundCalls"], other["missedCalls"]) == (1, 1, 1)
    today = open_service.ask("GET", "/api/calls/stats/1501")["stats"]
    assert {value for key, value in today.items() if key != "extension"} == {0}
    open_service.refused("GET", "/api/calls/stats/1501?from=x", 400, "VALIDATION_ERROR")


@covers("003 POST /api/calls/:callId/customer")
def test_customer(open_service):
    call = open_service.insert_call()
    body = {"customerId": NEVER, "customerName": "Иван Иванов", "customerPhone": "+79991234567"}
    answer = open_service.ask("POST", f"/api/calls/{call}/customer", json=body)
    assert answer["success"] is True
    assert_like(answer["call"], CALL | {"customerId": "", "customerName": ""})
    assert (answer["call"]["customerId"], answer["call"]["customerName"]) == (NEVER, "Иван Иванов")
    open_service.refused("POST", f"/api/calls/{call}/customer", 400, "VALIDATION_ERROR", json={})
    open_service.refused("POST", f"/api/calls/{NEVER}/customer", 404, "CALL_NOT_FOUND", json=body)


@covers("003 POST /api/calls/:callId/order")
def test_order(open_service):
    call = open_service.insert_call()
    for order in (NEVER, 4711):
        answer = open_service.ask("POST", f"/api/calls/{call}/order", json={"orderId": order})
        assert answer["success"] is True and answer["call"]["orderId"] == str(order)
    open_service.refused("POST", f"/api/calls/{call}/order", 400, "VALIDATION_ERROR", json={})
    open_service.refused("POST", f"/api/calls/{NEVER}/order", 404, "CALL_NOT_FOUND", json={"orderId": 1})


@covers("003 POST /api/calls/:id/notes")
def test_notes(open_service):
    call = open_service.insert_call()
    for note in ("Клиент интересовался акцией", "<b>перезвонить</b>"):
        answer = open_service.ask("POST", f"/api/calls/{call}/notes", json={"note": note})
    assert answer["success"] is True
    assert answer["call"]["notes"] == "Клиент интересовался акцией\nперезвонить"
    kept = open_service.gateway.stored("SELECT note, source FROM call_notes WHERE call_pk = ? ORDER BY id", call)
    assert [row["note"] for row in kept] == ["Клиент интересовался акцией", "перезвонить"]
    open_service.refused("POST", f"/api/calls/{call}/notes", 400, "VALIDATION_ERROR", json={})
    open_service.refused("POST", f"/api/calls/{NEVER}/notes", 404, "CALL_NOT_FOUND", json={"note": "x"})


@covers("003 GET /health", "004 GET /health", "1.6 GET /health")
def test_health(open_service):
    body = open_service.ask("GET", "/health")
    assert_like(body, {
        "status": "ok", "service": "", "connected": True, "registeredUsers": 2, "version": "1.0.0", "uptime": 12.3,
        "timestamp": "2025-11-08T12:00:00.000Z", "services": [""]})
    assert (body["service"], body["status"]) == ("telephony-gateway", "ok")
    assert body["services"] == ["telephony-gateway", "pjsip-service", "calls-service"]


@covers("003 GET /api/extensions")
def test_extensions(open_service):
    body = open_service.ask("GET", "/api/extensions")
    assert {"extension": "1003", "username": "operator1", "displayName": "Иванов И.И."} in body["extensions"]


@covers("003 GET /api/pbx/connection")
def test_connection(open_service):
    body = open_service.ask("GET", "/api/pbx/connection")
    assert body["success"] is True and body["connected"] is False and body["server"] is None


@covers("003 POST /api/pbx/test-connection")
def test_test_connection(open_service):
    own = {"server": "127.0.0.1", "port": open_service.gateway.sip_port}
    for transport in ("UDP", "TCP"):
        body = open_service.ask("POST", "/api/pbx/test-connection", json=own | {"transport": transport})
        assert (body["success"], body["connected"], body["connectionType"]) == (True, True, transport), body
        assert body["message"]
    nobody = open_service.ask(
        "POST", "/api/pbx/test-connection", json={"server": "127.0.0.1", "port": 9, "transport": "TCP"})
    assert (nobody["success"], nobody["connected"]) == (False, False) and nobody["message"]
    open_service.refused("POST", "/api/pbx/test-connection", 400, "VALIDATION_ERROR", json={})
    open_service.refused("POST", "/api/pbx/test-connection", 400, "VALIDATION_ERROR", json=own | {"port": 70_000})
