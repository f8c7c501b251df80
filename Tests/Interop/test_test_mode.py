"""TEST_MODE: test data in memory, everything works on it, and nothing real is touched."""

import asyncio
import json
import sqlite3

import pytest
import requests
from gateway import Gateway, free_port, wait_for
from peers import SocketIO

NUMBERS = {"caller_number": "+7 (495) 222-33-44", "receiver_number": "+7 (495) 987-65-43"}


@pytest.fixture(scope="module")
def gateway():
    """With the environment of a real gateway, whose database and Redis are not there."""
    nowhere = free_port()
    with Gateway(
        TEST_MODE="true", DATABASE_URL=f"postgresql://u:s3cret@127.0.0.1:{nowhere}/x",
        REDIS_URL=f"redis://127.0.0.1:{nowhere}", WEBHOOK_TOKEN="token", LOG_LEVEL="info",
        REALTIME_SERVICE_URL=f"http://127.0.0.1:{nowhere}",
    ) as running:
        yield running


def data(gateway, path, **query):
    answer = gateway.request("GET", path, login="admin", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["X-Test-Mode"] == "true"
    return answer.json()


def test_it_is_ready_without_a_database_and_says_that_it_is_a_test(gateway):
    ready = requests.get(gateway.url("/health/ready"), timeout=5)
    assert ready.status_code == 200 and "degraded" not in ready.json()
    assert requests.get(gateway.url("/health"), timeout=5).json()["testMode"] is True
    detailed = requests.get(gateway.url("/health/detailed"), timeout=5)
    assert detailed.status_code == 200
    checks = detailed.json()["checks"]
    assert "test data" in checks["database"]["message"] and checks["redis"]["message"] == "not configured"
    assert checks["realtime"]["message"] == "not configured"
    text = "\n".join(gateway.output)
    assert "TEST MODE" in text and "not used: the database, REDIS_URL, WEBHOOK_TOKEN" in text


def test_what_the_document_prints_is_there(gateway):
    [call] = data(gateway, "/api/calls", search="Иван Петров")["data"]
    assert {key: call[key] for key in (
        "id", "caller_number", "status", "accepted_at", "answered_at", "ended_at", "duration", "assigned_user_id",
        "caller_company_id", "customer_name", "company", "email", "priority", "tags",
    )} == {
        "id": 1, "caller_number": "+7 (495) 123-45-67", "status": "completed", "accepted_at": "2024-01-15T10:30:00Z",
        "answered_at": "2024-01-15T10:30:05Z", "ended_at": "2024-01-15T10:33:25Z", "duration": 200,
        "assigned_user_id": 1, "caller_company_id": 5, "customer_name": "Иван Петров", "company": "ООО Технологии",
        "email": "ivan@tech.ru", "priority": "medium", "tags": ["новый клиент", "продажи"],
    }
    assert data(gateway, "/api/calls/1")["data"]["caller_company_inn"] == "1234567890"
    assert [user["id"] for user in data(gateway, "/api/users/available")["data"]] == [1, 2]
    assert "+7 (495) 987-65-43" in [phone["phone_number"] for phone in data(gateway, "/api/users/1/phones")["data"]]
    assert data(gateway, "/api/companies/by-phone/+74951234567")["data"]["name_companies"] == "ООО Технологии"
    [live] = [one for one in data(gateway, "/api/calls/active")["data"] if one["channel_id"] == "SIP/1001-00000001"]
    assert live["status"] == "incoming" and live["assigned_user_first_name"] == "Анна"
    sums = data(gateway, "/api/statistics/overview", date_to="2030-01-01")["data"]
    assert {key: sums[key] for key in ("accepted_calls", "rejected_calls", "missed_calls", "avg_duration",
                                       "total_duration", "total_hold_time", "transfer_count")} == {
        "accepted_calls": 120, "rejected_calls": 20, "missed_calls": 10, "avg_duration": 180, "total_duration": 21600,
        "total_hold_time": 300, "transfer_count": 5}
    [anna] = [one for one in data(gateway, "/api/statistics/users")["data"] if one["user_id"] == 1]
    assert (anna["accepted_calls"], anna["rejected_calls"], anna["missed_calls"], anna["avg_duration"]) == (20, 3, 2, 195)


def test_calls_and_events_work_and_everybody_may_make_them_up(gateway):
    async def run():
        async with SocketIO(gateway, token=gateway.token("anna")) as socket:
            await socket.wait("authenticated")
            made = await socket.ask("incoming-call", NUMBERS)
            assert made["success"] is True
            number = made["data"]["callId"]
            assert number > 150
            shown = await socket.wait("incoming-call", lambda call: call["id"] == number)
            assert shown["caller_number"] == NUMBERS["caller_number"] and shown["assigned_user_id"] == 1
            await socket.emit("answer-call", {"callId": number, "action": "accept"})
            await socket.wait("call-answered", lambda call: call["callId"] == number)
            await socket.emit("end-call", {"callId": number})
            await socket.wait("call-ended", lambda call: call["callId"] == number)
            refused = await socket.ask("incoming-call", {"caller_number": "nobody", "receiver_number": "1001"})
            assert refused["error"]["code"] == "INVALID_PHONE"
            return number

    number = asyncio.run(run())
    assert data(gateway, f"/api/calls/{number}")["data"]["status"] == "completed"


def test_tokens_are_asked_for_as_ever(gateway):
    stranger = requests.get(gateway.url("/api/calls"), headers={"X-Forwarded-For": "192.0.2.1"}, timeout=5)
    assert stranger.status_code == 401
    refused = gateway.run("token", "--login", "admin")
    assert refused.returncode == 78 and refused.stderr.startswith("tandem: TEST_MODE: ")


def test_every_line_of_the_log_says_so(gateway):
    data(gateway, "/api/calls", limit=1)

    def lines():
        return [json.loads(line) for line in list(gateway.output) if line.startswith("{")]

    wait_for(lambda: any("request" in line["message"] for line in lines()), 5, "the request in the log")
    assert lines() and all(line["message"].startswith("[TEST MODE] ") for line in lines())
    assert any(line["message"] == "[TEST MODE] command" and line["event"] == "incoming-call" for line in lines())


def test_nothing_of_it_is_written_and_nothing_real_is_read():
    with Gateway() as real:
        real.add("users", login="olga", password="long-enough-1")
        before = real.stored("SELECT count(*) AS calls FROM calls")
        path = next(real.folder.glob("*.db"))
        real.stop()
        contents = sqlite3.connect(path).execute("SELECT login FROM users ORDER BY id").fetchall()
        real.environment["TEST_MODE"] = "true"
        real._tokens.clear()
        real.start()
        made = real.request("POST", "/api/calls", login="admin", json=NUMBERS)
        assert made.status_code == 201
        assert "olga" not in [user["login"] for user in real.request(
            "GET", "/api/v1/admin/users", login="admin").json()["data"]]
        real.stop()
        assert real.stored("SELECT count(*) AS calls FROM calls") == before
        assert sqlite3.connect(path).execute("SELECT login FROM users ORDER BY id").fetchall() == contents
        # And nothing is left of it when it starts as itself again.
        del real.environment["TEST_MODE"]
        real._tokens.clear()
        real.start()
        assert "testMode" not in requests.get(real.url("/health"), timeout=5).json()
        assert "X-Test-Mode" not in real.request("GET", "/api/calls", login="admin").headers
        assert real.request("GET", "/api/calls", login="admin").json()["pagination"]["total"] == 0


@pytest.mark.parametrize("value", ["maybe", "2", "test"])
def test_what_is_neither_true_nor_false_does_not_start(value):
    gateway = Gateway(TEST_MODE=value)
    refused = gateway.run("check")
    assert refused.returncode == 78 and refused.stderr.startswith("tandem: TEST_MODE: ")
    gateway.remove_folder()


def test_only_administrators_make_up_calls_otherwise():
    with Gateway(AUTH_MODE="required") as gateway:
        async def make_up(login):
            async with SocketIO(gateway, token=gateway.token(login)) as socket:
                await socket.wait("authenticated")
                return await socket.ask("incoming-call", NUMBERS)

        assert asyncio.run(make_up("anna"))["error"]["code"] == "FORBIDDEN"
        assert asyncio.run(make_up("admin"))["success"] is True
