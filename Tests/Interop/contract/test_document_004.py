"""Document 004, a gateway between SIP and WebRTC: its environment, and each path, event and metric that it names.

It prints no bodies; their keys are those of the contract. The collector of its environment gets the spans of what is asked.
"""

import asyncio
import re

import pytest
from otlpreceiver import GRPCReceiver
from peers import SocketIO
from printed import Replay
from rows import covers
from shapes import Service, assert_like
from test_gateway import CALL
from test_rooms import CANDIDATE
from world import Deployment, environment


@pytest.fixture(scope="module")
def collector():
    """Where OTEL_EXPORTER_OTLP_ENDPOINT says: at the port that means gRPC."""
    endpoint = re.search(r"^OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:(\d+)$", environment("004"), re.MULTILINE)
    with GRPCReceiver(int(endpoint.group(1))) as receiver:
        yield receiver


@pytest.fixture(scope="module")
def service(world, collector):
    with Deployment(world, environment("004")) as program:
        assert world.redis("PING") == "PONG"
        yield Service(program, login=None)


@covers("9.7 document 004")
@pytest.mark.interface
def test_what_the_document_names_is_there(service, collector):
    with Replay("004", {}).to_the_end() as replay:
        calls(service, replay)
        health(service, replay)
        asyncio.run(sockets(service, replay))
    traced(collector)


def traced(collector):
    """Each request was a span of its route, by the service that this environment does not name otherwise."""
    answered = {
        "POST /api/v1/calls": 201, "GET /api/v1/calls/:id": 200, "PATCH /api/v1/calls/:id/status": 200,
        "GET /api/v1/calls": 200, "POST /api/v1/calls/:id/sessions": 201, "POST /api/v1/calls/:id/end": 200,
    }
    for route, status in answered.items():
        span = collector.wait(route, **{"http.route": route.split()[1], "http.response.status_code": status})
        assert span.resource["service.name"] == "telephony-gateway", route


def calls(service, replay):
    for request in ("POST /api/v1/calls", "GET /api/v1/calls/:id", "PATCH /api/v1/calls/:id/status", "GET /api/v1/calls",
                    "POST /api/v1/calls/:id/sessions", "POST /api/v1/calls/:id/end"):
        replay.take(request=request)
    made = service.ask("POST", "/api/v1/calls", 201, json={"phoneNumber": "+79991234567", "direction": "incoming"})["data"]
    assert_like(made, CALL)
    assert made["status"] == "initiated"
    path = f"/api/v1/calls/{made['id']}"
    assert service.ask("GET", path)["data"]["id"] == made["id"]
    assert service.ask("PATCH", f"{path}/status", json={"status": "answered"})["data"]["status"] == "answered"
    session = service.ask("POST", f"{path}/sessions", 201, json={"userId": 1})["data"]
    assert session["callId"] == made["id"] and session["isActive"] is True
    assert service.gateway.world.redis("HGET", f"call:{made['id']}", "state") == "answered"
    ended = service.ask("POST", f"{path}/end", json={"duration": 12, "sentiment": "positive"})["data"]
    assert (ended["status"], ended["sentiment"]) == ("completed", "positive")
    listed = service.ask("GET", "/api/v1/calls")["data"]
    assert [call["id"] for call in listed["calls"]] == [made["id"]]
    assert listed["pagination"] == {"page": 1, "limit": 10, "total": 1, "pages": 1, "totalPages": 1}


def health(service, replay):
    for path, word in (("/health", "ok"), ("/health/detailed", "ok"), ("/health/ready", "ready"), ("/health/live", "alive")):
        replay.take(request=f"GET {path}")
        assert service.ask("GET", path)["status"] == word
    checks = service.ask("GET", "/health/detailed")["checks"]
    assert (checks["database"]["status"], checks["redis"]) == ("ok", {"status": "ok", "message": "connected"})
    replay.take(request="GET /metrics")
    text = service.raw("GET", "/metrics").text
    for example in [one for one in replay.examples if "metric" in one]:
        assert f"# TYPE {replay.take(metric=example['metric'])['metric']} " in text


async def sockets(service, replay):
    """Two pages in one call: what one sends, the other receives."""
    for word in ("join-call", "leave-call"):
        replay.take(emit=word)
    for word in ("offer", "answer", "ice-candidate"):
        replay.take(emit=word)
        replay.take(event=word)
    body = {"phoneNumber": "+79991234567", "direction": "incoming"}
    call = (await asyncio.to_thread(service.ask, "POST", "/api/v1/calls", 201, json=body))["data"]["id"]
    async with SocketIO(service.gateway) as first, SocketIO(service.gateway) as second:
        for page in (first, second):
            await page.emit("join-call", {"callId": call})
            joined = await page.wait("joined-call")
            assert joined["callId"] == call and joined["connectionId"].startswith(f"{call}-")
        replay.take(event="joined-call")
        for sender, receiver, word in ((first, second, "offer"), (second, first, "answer")):
            await sender.emit(word, {"callId": call, "sdp": f"v=0 {word}"})
            heard = await receiver.wait(word)
            assert (heard["callId"], heard["sdp"]) == (call, f"v=0 {word}") and heard["from"]
        await first.emit("ice-candidate", {"callId": call, "candidate": CANDIDATE})
        assert (await second.wait("ice-candidate"))["candidate"] == CANDIDATE
        await first.emit("leave-call", {})
        await first.emit("join-call", {"callId": "no such call"})
        assert (await first.wait("error"))["message"] == "Ошибка при подключении к звонку"
        replay.take(event="error")
    await asyncio.to_thread(service.ask, "POST", f"/api/v1/calls/{call}/end", json={})
