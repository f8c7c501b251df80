"""Document 002, a CRM's call API: its printed examples, asked of a store that holds what they show."""

import asyncio

import pytest
from peers import SocketIO
from printed import (
    Added,
    First,
    Other,
    Replay,
    any_moment,
    any_number,
    call_of_all_documents,
)
from rows import covers
from shapes import Service
from world import Deployment, environment

JANUARY = 1_705_314_600_000  # 2024-01-15T10:30:00Z
DAY = 86_400_000
PERIOD = "date_from=2024-01-01&date_to=2024-01-31"

_LIVE = "a call that is made now has a number and a time of its own"
_OVER = "8.9: what has ended is completed; the document's example keeps accepted on a call that is over"
_CALL = call_of_all_documents()
_ERROR = Added("0.7: repeated at the top for clients of documents 000 and 001", "message", "statusCode")

TABLE = {
    ("GET /api/calls", "$.data"): First("150 calls, 50 on a page, of which the document prints one"),
    ("GET /api/calls", "$.data[]"): _CALL,
    ("GET /api/calls", "$.data[].status"): Other(_OVER, pattern="completed|rejected|missed"),
    ("GET /api/calls/:id", "$.data"): _CALL,
    ("GET /api/calls/:id", "$.data.status"): Other(_OVER, "completed"),
    ("POST /api/calls", "$"): _CALL,
    ("PUT /api/calls/:id", "$"): _CALL,
    ("PUT /api/calls/:id", "$.tags"): Other("8.8: tags are one text in detail", "клиент, продажи, успех"),
    ("GET /api/calls/active", "$"): Added("1.6: document 003's answer on the same path", "calls"),
    ("GET /api/calls/active", "$.data[]"): _CALL,
    ("GET /api/calls/active", "$.data[].id"): any_number(_LIVE),
    ("GET /api/calls/active", "$.data[].started_at"): any_moment(_LIVE),
    ("authenticated", "$"): Added("2.2: what else a page needs", "role", "socketId", "rooms", "eventId"),
    ("incoming-call", "$"): Added(
        "2.3: what else the CRM's page shows", "status", "caller_company_name", "is_on_hold", "channel_id", "uuid", "eventId"),
    ("incoming-call", "$.id"): any_number(_LIVE),
    ("incoming-call", "$.timestamp"): any_moment(_LIVE),
    ("incoming-transfer", "$.callId"): any_number(_LIVE),
    ("incoming-transfer", "$.call"): _CALL,
    ("incoming-transfer", "$"): Added("0.1: the call's other name; and each event has one for replay", "uuid", "eventId"),
    ("call-hold-changed", "$.callId"): any_number(_LIVE),
    ("call-hold-changed", "$"): Added("0.1: the call's other name; and each event has one for replay", "uuid", "eventId"),
    ("CALL_NOT_FOUND", "$"): _ERROR,
}


def fill(service):
    """What the document's examples show: two people, a company, and 150 calls of January."""
    service.sql(
        "INSERT INTO users (id, login, name, first_name, last_name, role, presence, extension) VALUES "
        "(1, 'anna', 'Анна Иванова', 'Анна', 'Иванова', 'admin', 'online', '1001'), "
        "(2, 'petr', 'Петр Сидоров', 'Петр', 'Сидоров', 'operator', 'online', '1002'), "
        "(3, 'vera', 'Вера Новая', 'Вера', 'Новая', 'operator', 'offline', '1003')")
    service.sql("INSERT INTO user_phones (id, user_id, phone_number, is_primary) VALUES (1, 1, '+7 (495) 987-65-43', TRUE)")
    service.sql("INSERT INTO companies (id, name_companies, inn) VALUES (5, 'ООО Технологии', '1234567890')")
    service.sql(
        "INSERT INTO company_phones (company_id, phone_number, contact_person) VALUES (5, '+7 (495) 123-45-67', 'Иван Петров')")
    service.insert_call(
        id=1, caller_number="+7 (495) 123-45-67", receiver_number="+7 (495) 987-65-43", started_at=JANUARY,
        answered_at=JANUARY + 5000, ended_at=JANUARY + 205_000, duration=200, notes="Клиент интересовался услугами",
        assigned_user_id=1, answered_by_user_id=1, caller_company_id=5, customer_name="Иван Петров",
        customer_company="ООО Технологии", customer_email="ivan@tech.ru", call_purpose="sales",
        follow_up_date=1_705_759_200_000, outcome="Договорились о встрече", hold_seconds=300, transfer_count=5,
        recording_url="https://example.com/recordings/call_1.mp3")
    for position, tag in enumerate(("новый клиент", "продажи")):
        service.sql("INSERT INTO call_tags (call_pk, tag, pos) VALUES (1, ?, ?)", tag, position)
    # Of user 1: 20 answered in 3,900 seconds, 3 rejected, 2 missed; of nobody: 100 in 17,700, 17, 8.
    own, nobody = {"assigned_user_id": 1}, {}
    for whose, answered, seconds, rejected, missed in ((own, 19, 3700, 3, 2), (nobody, 100, 17_700, 17, 8)):
        for index in range(answered):
            each = seconds // answered + (index < seconds % answered)
            earlier(service, answered_at=JANUARY - DAY + 1000, duration=each, **whose)
        for index in range(rejected + missed):
            earlier(service, state="rejected" if index < rejected else "missed", duration=0, **whose)


def earlier(service, **columns):
    service.insert_call(started_at=JANUARY - DAY, caller_number="+79160000000", **columns)


@pytest.fixture(scope="module")
def service(world):
    program = Deployment(world, environment("002"))
    service = Service(program, login="anna")
    program.migrate()
    fill(service)
    with program:
        for login in ("anna", "petr", "vera"):
            program.take_token(login)
        yield service


@covers("9.7 document 002")
@pytest.mark.interface
def test_what_the_document_prints_is_answered(service):
    with Replay("002", TABLE).to_the_end() as replay:
        lists_and_details(service, replay)
        people_and_companies(service, replay)
        statistics(service, replay)
        errors(service, replay)
        asyncio.run(sockets(service, replay))


def asked(service, replay, request, path=None, status=200, **arguments):
    """Asks what the document prints, compares the answer with the printed one, and answers it."""
    example = replay.take(request=request)
    method, template = request.split(" ")
    answer = service.ask(method, path or template, status, **arguments)
    if "answer" in example:
        replay.compare(request, answer, example["answer"])
    return answer


def lists_and_details(service, replay):
    asked(service, replay, "GET /api/calls")
    # In its detail the same call has other notes and a third tag.
    detail = next(example for example in replay.examples if example.get("request") == "GET /api/calls/:id")
    change = {"notes": detail["answer"]["data"]["notes"], "tags": ["новый клиент", "продажи", "встреча"]}
    service.ask("PUT", "/api/calls/1", json=change)
    service.sql("UPDATE calls SET transfer_count = 0 WHERE id = 1")
    asked(service, replay, "GET /api/calls/:id", "/api/calls/1")
    service.sql("UPDATE calls SET transfer_count = 5 WHERE id = 1")
    example = replay.take(request="PUT /api/calls/:id")
    answer = service.ask("PUT", "/api/calls/1", json=example["body"])
    assert answer["success"] is True
    replay.compare("PUT /api/calls/:id", answer["data"], example["body"])
    example = replay.take(request="POST /api/calls")
    answer = service.ask("POST", "/api/calls", 201, json=example["body"])
    assert answer["success"] is True and answer["data"]["status"] == "incoming"
    replay.compare("POST /api/calls", answer["data"], example["body"])
    asked(service, replay, "GET /api/calls/active")


def people_and_companies(service, replay):
    asked(service, replay, "GET /api/users/available")
    asked(service, replay, "GET /api/users/:id/phones", "/api/users/1/phones")
    asked(service, replay, "GET /api/companies/by-phone/:phone", "/api/companies/by-phone/+7 (495) 123-45-67")


def statistics(service, replay):
    service.reported(assigned_user_id=2)  # The second of two active calls.
    asked(service, replay, "GET /api/statistics/overview", f"/api/statistics/overview?{PERIOD}")
    asked(service, replay, "GET /api/statistics/users", f"/api/statistics/users?{PERIOD}&userId=1")


def errors(service, replay):
    example = replay.take(error="CALL_NOT_FOUND")
    replay.compare("CALL_NOT_FOUND", service.ask("GET", "/api/calls/999999", 404), example["answer"])
    ended, live = 1, service.reported()["id"]
    service.ask("POST", f"/api/calls/answer/{live}")
    asks = {
        400: ("GET", "/api/calls?page=x", {}),
        401: ("GET", "/api/calls", {"headers": {"X-Forwarded-For": "192.0.2.1"}, "login": None}),
        403: ("GET", f"/api/calls/{ended}", {"login": "petr"}), 404: ("GET", "/api/nowhere", {}),
        409: ("POST", f"/api/calls/answer/{live}", {}),
    }
    for code, (method, path, arguments) in asks.items():
        text = replay.take(code=code)["text"]
        body = service.ask(method, path, code, **arguments)
        assert code == 409 or body["error"]["message"] == text, f"{code}: {body}"
    # Nothing that is sent from outside may lead to it (test_description.py).
    assert replay.take(code=500)["text"] == "Внутренняя ошибка сервера"
    service.ask("POST", f"/api/calls/hangup/{live}")


async def sockets(service, replay):
    replay.take(emit="authenticate", place="Подключение и аутентификация")
    async with SocketIO(service.gateway) as anna, SocketIO(service.gateway) as petr:
        for page, number, login in ((anna, 1, "anna"), (petr, 2, "petr")):
            await page.emit("authenticate", {"userId": number, "token": service.gateway.token(login)})
        example = replay.take(event="authenticated")
        replay.compare("authenticated", await anna.wait("authenticated"), {"userId": 1})
        await anna.wait("active-calls")
        replay.take(emit="authenticate")
        replay.take(event="active-calls")
        call = await incoming(service, replay, anna)
        await answering(replay, anna, call)
        await holding(replay, anna, call)
        await transferring(replay, anna, petr, call)
        await ending(replay, anna, call)
    assert example["payload"] == {"userId": None}


async def incoming(service, replay, anna):
    example = replay.take(event="incoming-call", place="Входящий звонок")
    replay.take(event="incoming-call")
    printed = example["payload"]
    body = {key: printed[key] for key in ("caller_number", "receiver_number", "assigned_user_id", "caller_company_id")}
    made = (await asyncio.to_thread(service.ask, "POST", "/api/calls", 201, json=body))["data"]
    heard = await anna.wait("incoming-call", lambda payload: payload["id"] == made["id"])
    replay.compare("incoming-call", heard, printed)
    return made["id"]


async def answering(replay, anna, call):
    example = replay.take(emit="answer-call", place="Ответ на звонок")
    replay.take(emit="answer-call")
    await anna.emit("answer-call", example["payload"] | {"callId": call})
    heard = await anna.wait("call-answered", lambda payload: payload["callId"] == call)
    replay.take(event="call-answered")
    assert (heard["action"], heard["userId"]) == ("accept", 1)
    assert heard["initialData"] == example["payload"]["initialData"]
    replay.take(emit="update-call-notes")
    await anna.emit("update-call-notes", {"callId": call, "notes": "Перезвонить"})
    heard = await anna.wait("call-notes-updated", lambda payload: payload["notes"] == "Перезвонить")
    replay.take(event="call-notes-updated")
    assert (heard["callId"], heard["userId"]) == (call, 1)


async def holding(replay, anna, call):
    example = replay.take(emit="hold-call", place="Постановка на ожидание")
    replay.take(emit="hold-call")
    await anna.emit("hold-call", example["payload"] | {"callId": call})
    printed = replay.take(event="call-hold-changed", place="Постановка на ожидание")["payload"]
    replay.take(event="call-hold-changed")
    heard = await anna.wait("call-hold-changed", lambda payload: payload["callId"] == call)
    replay.compare("call-hold-changed", heard, printed)
    await anna.emit("hold-call", {"callId": call, "isHold": False})
    await anna.wait("call-hold-changed", lambda payload: payload["isHold"] is False)


async def transferring(replay, anna, petr, call):
    example = replay.take(emit="transfer-call", place="Перевод звонка")
    replay.take(emit="transfer-call")
    await anna.emit("transfer-call", example["payload"] | {"callId": call})
    heard = await petr.wait("incoming-transfer", lambda payload: payload["callId"] == call)
    printed = replay.take(event="incoming-transfer", place="Перевод звонка")["payload"]
    replay.take(event="incoming-transfer")
    replay.compare("incoming-transfer", heard, printed)
    assert heard["call"]["caller_number"] == "+7 (495) 123-45-67"
    started = await anna.wait("transfer-initiated", lambda payload: payload["callId"] == call)
    replay.take(event="transfer-initiated")
    assert (started["targetUserId"], started["fromUser"]) == (2, 1)


async def ending(replay, anna, call):
    replay.take(emit="end-call")
    await anna.emit("end-call", {"callId": call, "callData": {"duration": 200}})
    heard = await anna.wait("call-ended", lambda payload: payload["callId"] == call)
    replay.take(event="call-ended")
    assert heard["status"] == "completed" and isinstance(heard["duration"], int)
