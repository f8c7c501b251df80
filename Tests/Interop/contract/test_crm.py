"""Document 002: /api with a token."""

from rows import covers
from shapes import assert_like, unauthorized

# The call of the document's examples.
STORED = {
    "caller_number": "+7 (495) 123-45-67", "receiver_number": "+7 (495) 987-65-43", "accepted_at": "2024-01-15T10:30:00Z",
    "answered_at": "2024-01-15T10:30:05Z", "ended_at": "2024-01-15T10:33:25Z", "duration": 200,
}
LISTED = STORED | {
    "id": 1, "status": "accepted", "notes": "Клиент интересовался услугами", "assigned_user_id": 1,
    "answered_by_user_id": 1, "caller_company_id": 5, "customer_name": "Иван Петров", "company": "ООО Технологии",
    "email": "ivan@tech.ru", "call_purpose": "sales", "priority": "medium", "is_on_hold": False,
    "tags": ["новый клиент", "продажи"],
}
DETAIL = STORED | {
    "id": 1, "status": "accepted", "notes": "Клиент интересовался услугами", "assigned_user_first_name": "Анна",
    "assigned_user_last_name": "Иванова", "answered_user_first_name": "Анна", "answered_user_last_name": "Иванова",
    "caller_company_name": "ООО Технологии", "caller_company_inn": "1234567890", "customer_name": "Иван Петров",
    "customer_company": "ООО Технологии", "customer_email": "ivan@tech.ru", "customer_phone": "+7 (495) 123-45-67",
    "call_purpose": "sales", "priority": "medium", "follow_up_date": "2024-01-20T14:00:00Z",
    "outcome": "Договорились о встрече", "recording_url": "https://example.com/recordings/call_1.mp3",
    "tags": "новый клиент, продажи, встреча", "transfer_count": 0,
}
ACTIVE = {
    "id": 1, "caller_number": "+7 (495) 123-45-67", "receiver_number": "+7 (495) 987-65-43", "status": "incoming",
    "started_at": "2024-01-15T10:30:00Z", "channel_id": "SIP/1001-00000001", "is_muted": False,
    "is_speaker_on": False, "is_on_hold": False, "assigned_user_first_name": "Анна",
    "assigned_user_last_name": "Иванова",
}
TEN_THIRTY = 1_705_314_600_000


def company(service):
    """The company of the examples; answers its id."""
    rows = service.gateway.stored("SELECT id FROM companies WHERE inn = '1234567890'")
    if rows:
        return rows[0]["id"]
    number = service.sql("INSERT INTO companies (name_companies, inn) VALUES ('ООО Технологии', '1234567890')")
    service.sql(
        "INSERT INTO company_phones (company_id, phone_number, contact_person) VALUES (?, ?, ?)",
        number, "+7 (495) 123-45-67", "Иван Петров")
    return number


def example(service, **columns):
    """The call of the examples in the store, and what the list is to show of it."""
    anna, owner = service.user_id("anna"), company(service)
    number = service.insert_call(
        caller_number=STORED["caller_number"], receiver_number=STORED["receiver_number"], started_at=TEN_THIRTY,
        answered_at=TEN_THIRTY + 5000, ended_at=TEN_THIRTY + 205_000, duration=200,
        notes="Клиент интересовался услугами", assigned_user_id=anna, answered_by_user_id=anna,
        caller_company_id=owner, customer_name="Иван Петров", customer_company="ООО Технологии",
        customer_email="ivan@tech.ru", call_purpose="sales", follow_up_date=1_705_759_200_000,
        outcome="Договорились о встрече", recording_url="https://example.com/recordings/call_1.mp3", **columns)
    for position, tag in enumerate(("новый клиент", "продажи", "встреча")):
        service.sql("INSERT INTO call_tags (call_pk, tag, pos) VALUES (?, ?, ?)", number, tag, position)
    ids = {"id": number, "assigned_user_id": anna, "answered_by_user_id": anna, "caller_company_id": owner}
    # What the document shows as accepted is over: its own word for that is completed.
    return number, ids | {"status": "completed"}


@covers("002 GET /api/calls")
def test_list(service):
    number, own = example(service)
    period = "date_from=2024-01-15T10:30:00Z&date_to=2024-01-15T10:30:00Z"
    body = service.ask("GET", f"/api/calls?page=1&limit=1&{period}&search=ИНТЕРЕСОВАЛСЯ")
    assert_like(body["data"], [LISTED])
    shown = {key: body["data"][0][key] for key in LISTED}
    assert shown == LISTED | own | {"id": body["data"][0]["id"], "tags": ["новый клиент", "продажи", "встреча"]}
    assert set(body["pagination"]) == {"page", "limit", "total", "pages"}
    assert service.ask("GET", "/api/calls")["pagination"]["limit"] == 50
    for search in ("(495) 123", "Иван Пет", "79991112200"):
        found = service.ask("GET", f"/api/calls?search={search}&{period}")["data"]
        assert (number in [call["id"] for call in found]) == (search != "79991112200"), search
    completed = service.ask("GET", f"/api/calls?status=completed&{period}&userId={own['assigned_user_id']}")["data"]
    assert number in [call["id"] for call in completed]
    assert service.ask("GET", f"/api/calls?status=missed&{period}")["data"] == []
    mine = service.ask("GET", "/api/calls?limit=200", login="anna")["data"]
    assert mine and {call["assigned_user_id"] for call in mine} == {own["assigned_user_id"]}
    for bad in ("status=ended", "page=x", "date_from=x", "userId=x"):
        service.refused("GET", f"/api/calls?{bad}", 400, "VALIDATION_ERROR")
    service.refused("GET", f"/api/calls?userId={own['assigned_user_id']}", 403, "FORBIDDEN", login="petr")
    unauthorized(service, "GET", "/api/calls")


@covers("002 GET /api/calls/:id")
def test_detail(service):
    number, own = example(service)
    data = service.ask("GET", f"/api/calls/{number}")["data"]
    assert {key: data[key] for key in DETAIL} == DETAIL | {"id": number, "status": own["status"]}
    assert data["tags_list"] == ["новый клиент", "продажи", "встреча"]
    assert data["statuses"]["gateway"] == "completed" and service.ask("GET", f"/api/calls/{data['uuid']}")["data"] == data
    service.refused("GET", "/api/calls/999999", 404, "CALL_NOT_FOUND")
    service.refused("GET", f"/api/calls/{number}", 403, "FORBIDDEN", login="petr")
    unauthorized(service, "GET", f"/api/calls/{number}")


@covers("002 POST /api/calls")
def test_create(service):
    anna, owner = service.user_id("anna"), company(service)
    body = {
        "caller_number": "+7 (495) 123-45-67", "receiver_number": "+7 (495) 987-65-43",
        "channel_id": "SIP/1001-00000001", "assigned_user_id": anna, "caller_company_id": owner,
    }
    data = service.ask("POST", "/api/calls", 201, json=body)["data"]
    for key, value in body.items():
        assert data[key] == value
    assert data["status"] == "incoming" and data["caller_company_name"] == "ООО Технологии"
    assert service.ask("POST", "/api/calls", 200, json=body)["data"]["id"] == data["id"]
    # Whoever reported a call may say so again, whoever it is assigned to; others are not told of it.
    mine = body | {"channel_id": "SIP/1001-00000002"}
    first = service.ask("POST", "/api/calls", 201, json=mine, login="petr")["data"]["id"]
    assert service.ask("POST", "/api/calls", 200, json=mine, login="petr")["data"]["id"] == first
    service.refused("POST", "/api/calls", 403, "FORBIDDEN", json=body, login="petr")
    service.ask("PUT", f"/api/calls/{first}/end", json={})
    found = service.reported(receiver_number="1001")
    assert (found["assigned_user_id"], found["caller_company_id"]) == (anna, owner)
    service.refused("POST", "/api/calls", 400, "VALIDATION_ERROR", json={})
    service.refused("POST", "/api/calls", 400, "INVALID_PHONE", json=body | {"caller_number": "<b>"})
    service.refused("POST", "/api/calls", 404, "USER_NOT_FOUND", json=body | {"assigned_user_id": 999})
    service.refused("POST", "/api/calls", 404, "COMPANY_NOT_FOUND", json=body | {"caller_company_id": 999})
    service.ask("PUT", f"/api/calls/{data['id']}/end", json={})
    unauthorized(service, "POST", "/api/calls", json=body)


@covers("002 PUT /api/calls/:id")
def test_update(service):
    number, _ = example(service)
    body = {
        "notes": "Обновленные заметки", "customer_name": "Иван Петров", "company": "ООО Технологии",
        "email": "ivan@tech.ru", "call_purpose": "sales", "priority": "high", "follow_up_date": "2024-01-20T14:00:00Z",
        "outcome": "Успешная продажа", "tags": ["клиент", "продажи", "успех"],
    }
    data = service.ask("PUT", f"/api/calls/{number}", json=body)["data"]
    assert_like(data, DETAIL)
    assert data["tags"] == "клиент, продажи, успех" and data["outcome"] == "Успешная продажа"
    kept = service.ask("GET", f"/api/calls/{number}")["data"]
    assert {key: kept[key] for key in ("notes", "priority", "follow_up_date")} == {
        key: body[key] for key in ("notes", "priority", "follow_up_date")}
    assert kept == data
    cleared = service.ask(
        "PUT", f"/api/calls/{number}", json={"notes": None, "tags": [], "customer_name": "<img src=x onerror=1>Иван"})
    assert (cleared["data"]["notes"], cleared["data"]["tags"]) == (None, "")
    assert cleared["data"]["customer_name"] == "Иван"
    for bad in ({"email": "ivan"}, {"priority": "urgent"}, {"tags": "x" * 200}, {"follow_up_date": "soon"}):
        service.refused("PUT", f"/api/calls/{number}", 400, "VALIDATION_ERROR", json=bad)
    service.refused("PUT", f"/api/calls/{number}", 403, "FORBIDDEN", json=body, login="petr")
    service.refused("PUT", "/api/calls/999999", 404, "CALL_NOT_FOUND", json=body)
    unauthorized(service, "PUT", f"/api/calls/{number}", json=body)


@covers("002 GET /api/users/available")
def test_available_users(service):
    service.sql("UPDATE users SET presence = 'online' WHERE login IN ('anna', 'petr')")
    body = service.ask("GET", "/api/users/available")
    assert_like(body, {"success": True, "data": [
        {"id": 1, "first_name": "Анна", "last_name": "Иванова", "status": "online"}]})
    assert {user["first_name"] for user in body["data"]} >= {"Анна", "Пётр"}
    unauthorized(service, "GET", "/api/users/available")


@covers("002 GET /api/users/:id/phones")
def test_user_phones(service):
    petr = service.user_id("petr")
    service.sql(
        "INSERT INTO user_phones (user_id, phone_number, is_primary) VALUES (?, '+7 (495) 987-65-43', TRUE)", petr)
    body = service.ask("GET", f"/api/users/{petr}/phones")
    assert_like(body["data"], [{"id": 1, "phone_number": "", "phone_type": "", "is_primary": True}])
    assert {"phone_number": "+7 (495) 987-65-43", "phone_type": "work", "is_primary": True}.items() <= next(
        phone for phone in body["data"] if phone["phone_type"] == "work").items()
    service.refused("GET", "/api/users/999/phones", 404, "USER_NOT_FOUND")
    unauthorized(service, "GET", f"/api/users/{petr}/phones")


@covers("002 GET /api/companies/by-phone/:phone")
def test_company_by_phone(service):
    owner = company(service)
    for path in ("+74951234567", "%2B7 (495) 123-45-67", "84951234567"):
        assert service.ask("GET", f"/api/companies/by-phone/{path}")["data"] == {
            "id": owner, "name_companies": "ООО Технологии", "inn": "1234567890", "status_companies": "active",
            "phone_numbers": [{
                "phone_number": "+7 (495) 123-45-67", "phone_type": "main", "contact_person": "Иван Петров"}],
        }, path
    service.refused("GET", "/api/companies/by-phone/79990000000", 404, "COMPANY_NOT_FOUND")
    service.refused("GET", "/api/companies/by-phone/abc", 400, "INVALID_PHONE")
    unauthorized(service, "GET", "/api/companies/by-phone/74951234567")


@covers("002 GET /api/calls/active")
def test_active(service):
    anna = service.user_id("anna")
    call = service.reported(assigned_user_id=anna)
    data = service.ask("GET", f"/api/calls/active?userId={anna}")["data"]
    assert_like(data, [ACTIVE | {"channel_id": None}])
    shown = next(active for active in data if active["id"] == call["id"])
    assert shown["assigned_user_first_name"] == "Анна" and shown["status"] == "incoming"
    service.refused("GET", f"/api/calls/active?userId={anna}", 403, "FORBIDDEN", login="petr")
    assert service.ask("GET", "/api/calls/active", login="petr")["data"] == []
    service.ask("POST", f"/api/calls/hangup/{call['uuid']}")
    unauthorized(service, "GET", "/api/calls/active")


def statistics_of_march(service):
    """Four calls of March 2023 of Anna's: two answered, one rejected, one missed; and one of nobody's."""
    anna, march = service.user_id("anna"), 1_679_000_000_000
    if not service.gateway.stored("SELECT id FROM calls WHERE started_at = ?", service.gateway.moment(march)):
        own = {"started_at": march, "assigned_user_id": anna}
        service.insert_call(answered_at=march, duration=100, hold_seconds=30, transfer_count=1, **own)
        service.insert_call(answered_at=march, duration=101, answered_by_user_id=anna, **own)
        service.insert_call(state="rejected", duration=0, **own)
        service.insert_call(state="busy", duration=0, **own)
        service.insert_call(state="missed", duration=0, started_at=march)
    return anna, "date_from=2023-03-01&date_to=2023-03-31"


@covers("002 GET /api/statistics/overview")
def test_overview(service):
    anna, march = statistics_of_march(service)
    live = len(service.ask("GET", f"/api/calls/active?userId={anna}")["data"])
    body = service.ask("GET", f"/api/statistics/overview?{march}&userId={anna}")
    assert body == {"success": True, "data": {
        "total_calls": 4, "accepted_calls": 2, "rejected_calls": 1, "missed_calls": 1, "active_calls": live,
        "avg_duration": 101, "total_duration": 201, "conversion_rate": 0.5, "total_hold_time": 30, "transfer_count": 1}}
    assert service.ask("GET", f"/api/statistics/overview?{march}")["data"]["total_calls"] == 5
    assert service.ask("GET", f"/api/statistics/overview?{march}", login="anna")["data"]["total_calls"] == 4
    assert service.ask("GET", f"/api/statistics/overview?{march}", login="petr")["data"]["total_calls"] == 0
    for period in ("today", "week", "month", "year"):
        service.ask("GET", f"/api/statistics/overview?period={period}")
    service.refused("GET", "/api/statistics/overview?period=century", 400, "VALIDATION_ERROR")
    service.refused("GET", f"/api/statistics/overview?userId={anna}", 403, "FORBIDDEN", login="petr")
    unauthorized(service, "GET", "/api/statistics/overview")


@covers("002 GET /api/statistics/users")
def test_statistics_by_user(service):
    anna, march = statistics_of_march(service)
    rows = service.ask("GET", f"/api/statistics/users?{march}")["data"]
    assert rows[0] == {
        "user_id": anna, "first_name": "Анна", "last_name": "Иванова", "total_calls": 4, "accepted_calls": 2,
        "rejected_calls": 1, "missed_calls": 1, "avg_duration": 101, "total_duration": 201}
    own = service.ask("GET", f"/api/statistics/users?{march}", login="petr")["data"]
    assert [row["user_id"] for row in own] == [service.user_id("petr")]
    unauthorized(service, "GET", "/api/statistics/users")


@covers("002 GET /api/health")
def test_health(service):
    body = service.ask("GET", "/api/health", login=None)
    assert_like(body, {"success": True, "message": "", "timestamp": "", "database": "connected"})
    assert body["database"] == "connected"


@covers("002 PUT /api/calls/:id/notes")
def test_notes(service):
    number, _ = example(service)
    body = service.ask("PUT", f"/api/calls/{number}/notes", json={"notes": "новые <b>заметки</b>", "userId": 1})
    assert body["success"] is True and body["data"]["notes"] == "новые заметки"
    for nothing in ("", None):
        service.ask("PUT", f"/api/calls/{number}/notes", json={"notes": "x"})
        assert not service.ask("PUT", f"/api/calls/{number}/notes", json={"notes": nothing})["data"]["notes"]
    service.refused("PUT", f"/api/calls/{number}/notes", 400, "VALIDATION_ERROR", json={})
    unauthorized(service, "PUT", f"/api/calls/{number}/notes", json={"notes": "x"})


@covers("002 PUT /api/calls/:id/end")
def test_end(service):
    call = service.reported()
    service.ask("POST", f"/api/calls/answer/{call['uuid']}")
    body = service.ask("PUT", f"/api/calls/{call['id']}/end", json={"duration": 200, "notes": "всё"})
    assert_like(body, {"success": True, "message": "", "endedAt": "2024-01-15T10:33:25.000Z", "duration": 200})
    assert body["duration"] == 200 and body["data"]["status"] == "completed" and body["data"]["notes"] == "всё"
    again = service.ask("PUT", f"/api/calls/{call['id']}/end", json={})
    assert (again["duration"], again["endedAt"]) == (200, body["endedAt"])
    service.refused("PUT", "/api/calls/999999/end", 404, "CALL_NOT_FOUND", json={})
    unauthorized(service, "PUT", f"/api/calls/{call['id']}/end", json={})


@covers("002 GET /api/calls/:id/status")
def test_status(service):
    call = service.reported()
    body = service.ask("GET", f"/api/calls/{call['id']}/status")
    assert_like(body, {"success": True, "data": {"id": 1, "status": "incoming", "is_active": True, "is_on_hold": False}})
    assert body["data"]["status"] == "incoming" and body["data"]["is_active"] is True
    service.ask("PUT", f"/api/calls/{call['id']}/end", json={})
    after = service.ask("GET", f"/api/calls/{call['id']}/status")["data"]
    assert (after["status"], after["is_active"]) == ("missed", False)
    unauthorized(service, "GET", f"/api/calls/{call['id']}/status")


@covers("002 POST /api/calls/outgoing")
def test_outgoing(service):
    body = service.ask("POST", "/api/calls/outgoing", json={"toNumber": "echo", "userId": service.user_id("anna")})
    assert_like(body, {"success": True, "callId": 1, "message": ""})
    service.ask("POST", f"/api/calls/hangup/{body['callId']}")
    service.refused("POST", "/api/calls/outgoing", 400, "VALIDATION_ERROR", json={})
    service.refused("POST", "/api/calls/outgoing", 400, "INVALID_PHONE", json={"toNumber": "<x>"})
    service.refused("POST", "/api/calls/outgoing", 404, "EXTENSION_NOT_FOUND", json={"toNumber": "77"})
    unauthorized(service, "POST", "/api/calls/outgoing", json={"toNumber": "echo"})


@covers("002 GET /api/calls/:id/recording-status")
def test_recording_status(service):
    number, _ = example(service)
    body = service.ask("GET", f"/api/calls/{number}/recording-status")
    assert_like(body, {"success": True, "data": {"status": "available", "reason": None, "hasRecording": True}})
    assert body["data"]["hasRecording"] is True
    bare = service.insert_call(state="missed")
    assert service.ask("GET", f"/api/calls/{bare}/recording-status")["data"]["hasRecording"] is False
    unauthorized(service, "GET", f"/api/calls/{number}/recording-status")


@covers("002 GET /api/statistics")
def test_statistics(service):
    _, march = statistics_of_march(service)
    assert (
        service.ask("GET", f"/api/statistics?{march}")["data"]
        == service.ask("GET", f"/api/statistics/overview?{march}")["data"])
    unauthorized(service, "GET", "/api/statistics")


@covers("002 GET /api/internal-numbers")
def test_internal_numbers(service):
    numbers = service.ask("GET", "/api/internal-numbers")["data"]
    assert_like(numbers, [{"number": "1001", "name": "Анна Иванова"}])
    assert [entry["number"] for entry in numbers] == ["1001", "1002"]
    unauthorized(service, "GET", "/api/internal-numbers")
