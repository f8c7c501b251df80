"""Section 2.5: what pages of document 004 send each other through the gateway, alone and through Redis, on either engine.

That sound follows is shown in test_rooms.py.
"""

import asyncio
import contextlib
import json

import pytest
import requests
from peers import PlainSocket, SocketIO
from rows import covers
from test_rooms import CANDIDATE
from websockets.sync.client import connect


@pytest.fixture
def service(event_service):
    return event_service


@contextlib.contextmanager
def call(service):
    """A call without a telephone, which is over afterwards."""
    made = service.room()
    yield made["id"]
    service.ask("POST", f"/api/v1/calls/{made['id']}/end", json={})


async def joined(socket, call, sent):
    await socket.emit("join-call", sent)
    told = await socket.wait("joined-call", lambda payload: payload["callId"] == call)
    assert told["connectionId"].startswith(f"{call}-")
    return told["connectionId"].removeprefix(f"{call}-")


@covers("2.5 join-call", "2.5 joined-call", "2.5 offer", "2.5 answer", "2.5 ice-candidate", "2.5 leave-call",
        "2.5 left-call", "2.5 call-status")
def test_two_pages_negotiate_through_the_call(service):
    token = service.gateway.token("admin")

    async def run(number):
        def mine(payload):
            return payload.get("callId") == number

        async with SocketIO(service.gateway, token=token) as first, \
                PlainSocket(service.gateway, style="flat", token=token) as second:
            names = {"first": await joined(first, number, number), "second": await joined(
                second, number, {"callId": number, "userId": 1})}
            await first.emit("offer", {"callId": number, "sdp": "v=0 offer"})
            heard = await second.wait("offer", mine)
            assert (heard["sdp"], heard["from"]) == ("v=0 offer", names["first"])
            await second.emit("answer", {"callId": number, "sdp": {"type": "answer", "sdp": "v=0 answer"}})
            heard = await first.wait("answer", mine)
            assert (heard["sdp"], heard["from"]) == ("v=0 answer", names["second"]), "in the form that the page uses"
            await first.emit("ice-candidate", {"callId": number, "candidate": CANDIDATE})
            heard = await second.wait("ice-candidate", mine)
            assert (heard["candidate"], heard["from"]) == (CANDIDATE, names["first"])
            await first.emit("ice-candidate", {"callId": number, "candidate": None})
            await second.wait("ice-candidate", lambda payload: mine(payload) and payload.get("candidate") != CANDIDATE)
            path = f"/api/v1/calls/{number}/status"
            await asyncio.to_thread(service.ask, "PATCH", path, json={"status": "answered"})
            for page in (first, second):
                await page.wait("call-status", lambda payload: mine(payload) and payload["status"] == "answered")
            await first.emit("leave-call", {})
            await first.wait("left-call", mine)

    with call(service) as number:
        asyncio.run(run(number))


@covers("2.5 error")
def test_what_makes_no_sense_is_told_to_whoever_sent_it(service):
    token = service.gateway.token("admin")

    async def run(number):
        async with SocketIO(service.gateway, token=token) as page:
            await page.emit("join-call", {"callId": "no such call"})
            assert (await page.wait("error"))["message"] == "Ошибка при подключении к звонку"
            for event, message in (("offer", "Ошибка при обработке предложения"), ("answer", "Ошибка при обработке ответа")):
                await page.emit(event, {"callId": number, "sdp": "v=0"})
                told = await page.wait("error", lambda payload: payload.get("event") == event)  # noqa: B023
                assert told["message"] == message and told["code"]

    with call(service) as number:
        asyncio.run(run(number))


@covers("2.5 plain WebSocket")
def test_a_plain_websocket_speaks_in_the_style_of_its_last_frame(service):
    address = service.gateway.url("/ws/signaling").replace("http", "ws")
    with call(service) as number, connect(f"{address}?token={service.gateway.token('admin')}") as socket:

        def ask(frame, wanted):
            socket.send(frame if isinstance(frame, str) else json.dumps(frame))
            for text in socket:
                answer = json.loads(text)
                if wanted(answer):
                    return answer
            raise AssertionError("it closed")

        assert ask({"type": "ping"}, lambda answer: answer.get("type") == "pong")
        flat = ask({"type": "join-call", "callId": number}, lambda answer: answer.get("type") == "joined-call")
        assert flat["callId"] == number
        wrapped = {"event": "join-call", "data": {"callId": number}, "id": 7}
        reply = ask(wrapped, lambda answer: answer.get("type") == "ack")
        assert (reply["id"], reply["success"]) == (7, True)
        told = ask(wrapped | {"id": 8}, lambda answer: answer.get("event") == "joined-call")
        assert told["data"]["callId"] == number
        refused = ask("{", lambda answer: "error" in (answer.get("type"), answer.get("event")))
        assert refused.get("data", refused)["code"] == "INVALID_JSON"


@covers("9.6 EIO=3")
def test_the_old_engine_protocol_is_refused(service):
    answer = requests.get(service.gateway.url("/socket.io/?EIO=3&transport=polling"), timeout=5)
    assert answer.status_code == 400
    assert answer.json() == {"code": 5, "message": "Unsupported protocol version"}
