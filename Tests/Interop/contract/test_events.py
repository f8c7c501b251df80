"""What sockets are told of what REST clients do: the events that the rows of section 1 name."""

import asyncio

import pytest
from peers import SocketIO

INCOMING = {"id", "caller_number", "receiver_number", "timestamp", "assigned_user_id", "caller_company_id"}


@pytest.fixture
def service(event_service):
    return event_service


def hear(service, login, talk):
    """Runs `talk(socket, ask)` while a page of `login` listens; `ask` is the service's, off this thread."""
    async def run():
        async with SocketIO(service.gateway, token=service.gateway.token(login)) as socket:
            await socket.wait("authenticated")
            await talk(socket, lambda *words, **more: asyncio.to_thread(service.ask, *words, **more))

    asyncio.run(run())


def of(call):
    names = {call["numericId"], call["uuid"]}
    return lambda payload: bool(names & {payload.get(key) for key in ("id", "callId", "uuid", "numericId")})


def test_a_record_is_broadcast_when_it_is_made_and_when_it_changes(service):
    async def talk(socket, ask):
        body = {"phoneClient": "79991234567", "status": "answered", "duration": 3}
        made = (await ask("POST", "/api/v1/calls", 201, json=body))["data"]
        new = await socket.wait("call-new", of(made))
        assert new["id"] == made["id"] and new["status"] == "answered" and new["phoneClient"] == "79991234567"
        assert (await socket.wait("call:new", of(made)))["operatorId"] == made["operatorId"]
        await ask("PUT", f"/api/v1/calls/{made['id']}", json={"status": "missed"})
        assert (await socket.wait("call-updated", of(made)))["status"] == "missed"
        assert (await socket.wait("call:updated", of(made)))["status"] == "no_answer"
        assert socket.count("incoming-call", of(made)) == 0

    hear(service, "anna", talk)


def test_a_reported_call_rings_where_it_is_assigned(service):
    anna = service.user_id("anna")

    async def talk(socket, ask):
        body = {"caller_number": "+79991234567", "receiver_number": "1001", "assigned_user_id": anna}
        made = (await ask("POST", "/api/calls", 201, json=body))["data"]
        shown = await socket.wait("incoming-call", of(made))
        assert INCOMING <= set(shown) and shown["id"] == made["id"] and shown["assigned_user_id"] == anna
        await socket.wait("call:new", of(made))
        await socket.wait("active-calls", lambda calls: any(call["id"] == made["id"] for call in calls))
        await socket.emit("answer-call", {"callId": made["id"], "action": "accept"})
        answered = await socket.wait("call-answered", of(made))
        assert (answered["action"], answered["userId"]) == ("accept", anna)
        await ask("PUT", f"/api/calls/{made['id']}", json={"notes": "заметка", "priority": "high"})
        assert (await socket.wait("call-notes-updated", of(made)))["notes"] == "заметка"
        await ask("PUT", f"/api/calls/{made['id']}", json={"priority": "low"})
        await socket.wait("call:updated", of(made), skip=1)
        await ask("PUT", f"/api/calls/{made['id']}/end", json={"duration": 5})
        assert (await socket.wait("call-ended", of(made)))["status"] == "completed"
        await socket.wait("call:ended", of(made))
        await ask("POST", f"/api/calls/{made['id']}/notes", json={"note": "позже"})
        later = await socket.wait("call-notes-updated", of(made), skip=1)
        assert later["notes"] == "заметка\nпозже"
        assert socket.count("call-notes-updated", of(made)) == 2 and socket.count("incoming-call", of(made)) == 1

    hear(service, "anna", talk)


def test_an_incoming_call_names_the_callers_company(service):
    anna = service.user_id("anna")
    company = service.sql("INSERT INTO companies (name_companies) VALUES ('ООО Ромашка')")

    async def talk(socket, ask):
        body = {"caller_number": "+79991234567", "receiver_number": "1001", "assigned_user_id": anna}
        made = (await ask("POST", "/api/calls", 201, json=body | {"caller_company_id": company}))["data"]
        shown = await socket.wait("incoming-call", of(made))
        await ask("PUT", f"/api/calls/{made['id']}/end", json={})
        assert made["caller_company_name"] == shown["caller_company_name"] == "ООО Ромашка"

    hear(service, "anna", talk)
