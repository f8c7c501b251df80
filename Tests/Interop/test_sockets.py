"""The call events of documents 002 and 003, as clients of both transports hear them while calls happen."""

import asyncio
import contextlib
import sys
from pathlib import Path

import pytest
import socketio
import websockets

sys.path.insert(0, str(Path(__file__).parent / "contract"))

from gateway import Gateway
from peers import Peer, PlainSocket, SocketIO, join


@pytest.fixture(scope="module")
def gateway():
    with Gateway(AUTH_MODE="required") as running:
        yield running


KINDS = {
    "python-socketio": SocketIO,
    "flat /ws": lambda gateway, **more: PlainSocket(gateway, style="flat", **more),
    "wrapped /ws": PlainSocket,
}


@pytest.fixture(params=KINDS.values(), ids=KINDS.keys())
def kind(request):
    return request.param


async def authenticate(client, gateway, login):
    """Document 002: `authenticate`, then `authenticated` and one's own `active-calls`."""
    account = gateway.login(login)
    await client.emit("authenticate", {"userId": account["user"]["id"], "token": account["token"]})
    told = await client.wait("authenticated")
    assert told["userId"] == account["user"]["id"]
    assert told["socketId"]
    assert f"user:{account['user']['id']}" in told["rooms"]
    return account["user"], told


def about(made):
    """Events about one call, named by number or UUID in `callId`, `id`, `uuid` or `numericId`."""
    names = {made["id"], made["numericId"]}
    return lambda payload: bool(names & {payload.get(key) for key in ("callId", "id", "uuid", "numericId")})


def error_of(body):
    """The error object of documents 002's format; every family has the same."""
    assert body["success"] is False
    error = body["error"]
    assert set(error) >= {"code", "message", "details"}
    return error["code"]


# Authentication


def test_authenticated_then_active_calls(gateway, kind):
    async def run():
        async with kind(gateway) as client:
            user, told = await authenticate(client, gateway, "anna")
            assert told["role"] == "operator"
            assert await client.wait("active-calls") == []
            names = [name for name, _ in client.events]
            assert names.index("authenticated") < names.index("active-calls")
            assert client.count("authenticated") == 1

    asyncio.run(run())


@pytest.mark.parametrize("way", ["connect auth", "header", "query"])
def test_a_token_in_the_handshake_authenticates(gateway, way):
    token = gateway.token("anna")
    if way == "connect auth":
        client = SocketIO(gateway, token=token)
    elif way == "header":
        client = SocketIO(gateway, headers={"Authorization": f"Bearer {token}"})
    else:
        client = PlainSocket(gateway, token=token)

    async def run():
        async with client:
            assert (await client.wait("authenticated"))["role"] == "operator"
            await client.wait("active-calls")

    asyncio.run(run())


def test_a_wrong_token_is_refused_and_the_socket_stays(gateway, kind):
    user = gateway.login("anna")["user"]

    async def run():
        async with kind(gateway) as client:
            await client.emit("authenticate", {"userId": user["id"], "token": "no.such.token"})
            assert (await client.wait("auth_error"))["code"] == "UNAUTHORIZED"
            assert (await client.wait("error"))["code"] == "UNAUTHORIZED"
            foreign = gateway.token("petr")
            refused = await client.ask("authenticate", {"userId": user["id"], "token": foreign})
            assert error_of(refused) == "FORBIDDEN", "petr's token does not make anna"
            await authenticate(client, gateway, "anna")

    asyncio.run(run())


def test_nothing_is_told_to_whom_is_not_authenticated(gateway, kind):
    async def run():
        async with kind(gateway) as stranger, PlainSocket(gateway, token=gateway.token("admin")) as admin:
            await admin.wait("active-calls")
            for name, payload in [
                ("join-call", {"callId": 1}), ("get-active-calls", {}), ("answer-call", {"callId": 1}),
                ("initiate-outgoing-call", {"toNumber": "echo"}), ("join-room", {"room": "operators"}),
            ]:
                assert error_of(await stranger.ask(name, payload)) == "UNAUTHORIZED"
            await stranger.emit("join-call", {"callId": 1})
            assert (await stranger.wait("error"))["code"] == "UNAUTHORIZED"
            made = gateway.make_call("echo", login="anna")
            await admin.wait("call:new", about(made))
            end(gateway, made)
            await admin.wait("call:ended", about(made))
            assert {name for name, _ in stranger.events} <= {"error"}

    asyncio.run(run())


def end(gateway, made):
    answer = gateway.request("POST", f"/api/v1/calls/{made['id']}/end", login="admin", json={})
    assert answer.status_code == 200, answer.text


# Events


LIFE = ("call:new", "call:ringing", "call:answered", "call:held", "call:resumed", "call:ended")


def test_a_call_between_two_pages_is_told_once_each(gateway, kind):
    """Anna's page calls 1002; Petr's page rings, answers, is held and resumed, and hangs up."""

    async def run():
        async with contextlib.AsyncExitStack() as stack:
            anna = await stack.enter_async_context(kind(gateway))
            petr = await stack.enter_async_context(kind(gateway))
            caller, callee = [await stack.enter_async_context(Peer(tone)) for tone in (440, 660)]
            anna_user, _ = await authenticate(anna, gateway, "anna")
            petr_user, _ = await authenticate(petr, gateway, "petr")
            made = gateway.make_call("1002", login="anna")
            told = await anna.wait("call:new", about(made))
            assert told["id"] == made["id"] and told["numericId"] == made["numericId"]
            assert (told["from"], told["to"], told["status"]) == ("1001", "1002", "ringing")
            # The caller's page comes with its offer; then Petr's page rings.
            await anna.emit("join-call", {"callId": made["id"]})
            await anna.wait("joined-call")
            await anna.emit("offer", {"callId": made["id"], "sdp": await caller.offer()})
            shown = await petr.wait("incoming-call", about(made))
            assert shown["caller_number"] == "1001" and shown["receiver_number"] == "1002"
            assert shown["status"] == "incoming" and isinstance(shown["id"], int)
            await anna.wait("call:ringing", about(made))
            assert anna.count("incoming-call") == 0, "it rings at the callee's only"
            listed = await petr.wait("active-calls", lambda calls: any(call["id"] == shown["id"] for call in calls))
            assert listed[0]["caller_number"] == "1001"
            accepted = await petr.ask("answer-call", {
                "callId": shown["id"], "action": "accept", "initialData": {"customerName": "Иван Петров"}})
            assert accepted["success"]
            await join(petr, callee, made["id"])
            await caller.accept((await anna.wait("answer"))["sdp"])
            for client in (anna, petr):
                answered = await client.wait("call-answered", about(made))
                assert answered["action"] == "accept" and answered["userId"] == petr_user["id"]
                assert answered["callId"] == made["numericId"]
                assert (await client.wait("call:answered", about(made)))["status"] == "answered"
            assert anna.all("call-answered")[0]["initialData"] == {"customerName": "Иван Петров"}
            again = await anna.ask("answer-call", {"callId": made["id"], "action": "accept"})
            assert error_of(again) == "CALL_ALREADY_ANSWERED"
            for on in (True, True, False):
                assert (await anna.ask("hold-call", {"callId": made["id"], "isHold": on}))["success"]
            for client in (anna, petr):
                await client.wait("call:resumed", about(made))
                held = client.all("call-hold-changed", about(made))
                assert [one["isHold"] for one in held] == [True, False], "a repeated hold changes nothing"
                assert held[0]["userId"] == anna_user["id"]
                assert client.all("call:held", about(made))[0]["status"] == "held"
            await asyncio.sleep(1)
            assert (await petr.ask("end-call", {"callId": made["id"], "callData": {"notes": "Всё"}}))["success"]
            for client in (anna, petr):
                over = await client.wait("call-ended", about(made))
                assert over["callId"] == made["numericId"] and over["status"] == "completed"
                assert over["duration"] >= 1 and over["endedAt"]
                ended = await client.wait("call:ended", about(made))
                assert ended["status"] == "ended" and ended["duration"] == over["duration"]
                # The first list was empty too: it came with the authentication.
                await client.wait("active-calls", lambda calls: calls == [], skip=1)
                for name in LIFE:
                    assert client.count(name, about(made)) == 1, f"{name} once"
                for name in ("call-answered", "call-ended"):
                    assert client.count(name, about(made)) == 1, f"{name} once"
                order = [name for name, payload in client.events if name in LIFE]
                assert order == list(LIFE)
            record = gateway.call(made["id"])
            assert record["status"] == "completed" and record["notes"] == "Всё"

    asyncio.run(run())


def test_a_rejected_call_is_told_as_such(gateway):
    async def run():
        async with SocketIO(gateway) as anna, PlainSocket(gateway, style="flat") as petr, Peer() as caller:
            await authenticate(anna, gateway, "anna")
            user, _ = await authenticate(petr, gateway, "petr")
            made = gateway.make_call("1002", login="anna")
            await anna.emit("join-call", {"callId": made["id"]})
            await anna.wait("joined-call")
            await anna.emit("offer", {"callId": made["id"], "sdp": await caller.offer()})
            shown = await petr.wait("incoming-call", about(made))
            await petr.emit("answer-call", {"callId": str(shown["id"]), "action": "reject"})
            for client in (anna, petr):
                over = await client.wait("call-ended", about(made))
                assert over["status"] == "rejected" and over["duration"] == 0 and over["reason"] == "rejected"
                [rejected] = client.all("call-answered", about(made))
                assert rejected["action"] == "reject" and rejected["userId"] == user["id"]
                assert (await client.wait("call:ended", about(made)))["duration"] == 0
                assert client.count("call:ended", about(made)) == 1
                names = [name for name, _ in client.events]
                assert names.index("call-answered") < names.index("call-ended")
            assert gateway.call(made["id"])["status"] == "busy"

    asyncio.run(run())


def test_rest_commands_are_heard_on_sockets(gateway):
    """Document 003: dial, answer, hold, unhold and hang up by REST, heard as call:… events."""

    async def run():
        async with SocketIO(gateway) as anna, Peer() as peer:
            await authenticate(anna, gateway, "anna")
            made = gateway.make_call("milliwatt", login="anna")
            await join(anna, peer, made["id"])
            await anna.wait("call:answered", about(made))
            for action, event, status in [
                ("hold", "call:held", "held"), ("unhold", "call:resumed", "answered"),
                ("hangup", "call:ended", "ended"),
            ]:
                answer = gateway.request("POST", f"/api/calls/{action}/{made['id']}", login="anna")
                assert answer.status_code == 200, answer.text
                assert answer.json()["call"]["status"] == status
                assert (await anna.wait(event, about(made)))["status"] == status
                assert anna.count(event, about(made)) == 1
            again = gateway.request("POST", f"/api/calls/hangup/{made['id']}", login="anna")
            assert again.status_code == 409 and error_of(again.json()) == "CALL_ALREADY_ENDED"

    asyncio.run(run())


# Refusals


def test_foreign_calls_are_refused(gateway):
    """A call of Anna with the echo is none of Petr's, who is an operator; the administrator sees all."""

    async def run():
        async with PlainSocket(gateway) as anna, PlainSocket(gateway) as petr, PlainSocket(gateway) as admin, \
                Peer() as peer:
            for client, login in ((anna, "anna"), (petr, "petr"), (admin, "admin")):
                await authenticate(client, gateway, login)
            made = gateway.make_call("echo", login="anna")
            await join(anna, peer, made["id"])
            await anna.wait("call:answered", about(made))
            refused = await petr.ask("join-call", {"callId": made["id"]})
            assert error_of(refused) == "FORBIDDEN"
            assert refused["error"]["message"] == "Ошибка при подключении к звонку"
            for name, payload in [
                ("end-call", {}), ("hold-call", {"isHold": True}), ("transfer-call", {"targetUserId": 1}),
                ("answer-call", {"action": "accept"}), ("update-call-notes", {"notes": "x"}), ("get-call-status", {}),
            ]:
                refused = await petr.ask(name, {"callId": made["id"], **payload})
                assert error_of(refused) == "FORBIDDEN", name
            user = gateway.login("anna")["user"]
            assert error_of(await petr.ask("join-room", {"room": f"user:{user['id']}"})) == "FORBIDDEN"
            refused = await petr.ask("join-room", {"room": f"call-{made['id']}"})
            assert error_of(refused) in ("FORBIDDEN", "CALL_NOT_FOUND")
            assert (await admin.ask("join-room", {"room": f"user:{user['id']}"}))["success"]
            assert (await admin.ask("get-call-status", {"callId": made["id"]}))["success"]
            assert gateway.call(made["id"])["status"] == "answered", "nothing of that touched the call"
            assert gateway.request("POST", f"/api/calls/hangup/{made['id']}", login="petr").status_code == 403
            assert (await admin.ask("end-call", {"callId": made["id"]}))["success"]

    asyncio.run(run())


def test_refusals_have_the_error_body(gateway):
    async def run():
        async with SocketIO(gateway) as client:
            await authenticate(client, gateway, "anna")
            missing = "00000000-0000-4000-8000-000000000000"
            for name, payload, code in [
                ("end-call", {"callId": missing}, "CALL_NOT_FOUND"), ("end-call", {"callId": "x"}, "VALIDATION_ERROR"),
                ("end-call", {}, "VALIDATION_ERROR"), ("no-such-event", {}, "VALIDATION_ERROR"),
                ("join-call", {"callId": 99999}, "CALL_NOT_FOUND"), ("offer", {"sdp": "v=0"}, "VALIDATION_ERROR"),
                ("initiate-outgoing-call", {"toNumber": "not a number"}, "INVALID_PHONE"),
                ("initiate-outgoing-call", {"toNumber": "4711"}, "EXTENSION_NOT_FOUND"),
                ("transfer-call", {"callId": missing, "targetUserId": 1}, "CALL_NOT_FOUND"),
            ]:
                assert error_of(await client.ask(name, payload)) == code, (name, payload)
            await client.emit("end-call", {"callId": missing})
            told = await client.wait("error", lambda error: error["code"] == "CALL_NOT_FOUND")
            assert told["callId"] == missing and told["event"] == "end-call" and told["message"] == "Звонок не найден"

    asyncio.run(run())


def test_what_is_no_json_is_refused_and_ends_the_connection_in_the_end(gateway):
    async def run():
        async with PlainSocket(gateway, style="flat") as client:
            for _ in range(9):
                await client.connection.send("{")
            await client.emit("ping")
            await client.wait("pong")
            assert client.count("error", lambda error: error["code"] == "INVALID_JSON") == 9
            for _ in range(10):
                await client.connection.send("[1]")
            await client.connection.wait_closed()
            assert client.connection.close_code == 1008
        async with PlainSocket(gateway) as client:
            await client.connection.send("x" * 1_100_000)
            await client.connection.wait_closed()
            assert client.connection.close_code == 1009

    asyncio.run(run())


def test_a_foreign_page_needs_a_token(gateway):
    """CORS_ORIGIN is `*` here: foreign pages are served, but only with a token of their own in the handshake."""

    async def run():
        with pytest.raises(websockets.InvalidStatus) as refused:
            await PlainSocket(gateway, origin="https://evil.example").open()
        assert refused.value.response.status_code == 401
        async with PlainSocket(gateway, origin="https://crm.example", token=gateway.token("anna")) as client:
            await client.wait("authenticated")
        async with PlainSocket(gateway, origin=gateway.url().rstrip("/")) as client:
            await authenticate(client, gateway, "anna")

    asyncio.run(run())


def test_a_page_that_is_not_listed_is_refused():
    with Gateway(CORS_ORIGINS="https://crm.example", AUTH_MODE="required") as gateway:
        async def run():
            with pytest.raises(websockets.InvalidStatus) as refused:
                await PlainSocket(gateway, origin="https://evil.example", token=gateway.token("anna")).open()
            assert refused.value.response.status_code == 403
            async with PlainSocket(gateway, origin="https://crm.example") as client:
                await authenticate(client, gateway, "anna")
            with pytest.raises(socketio.exceptions.ConnectionError):
                await SocketIO(gateway, headers={"Origin": "https://evil.example"}).open()

        asyncio.run(run())


# Engine.IO


@pytest.mark.parametrize("transports", [["polling"], ["websocket"], ["polling", "websocket"]],
                         ids=["polling", "websocket", "upgrade"])
def test_each_transport_carries_events_and_acknowledgements(gateway, transports):
    async def run():
        async with SocketIO(gateway, token=gateway.token("anna"), transports=transports) as client:
            await client.wait("authenticated")
            if len(transports) == 2:
                assert client.client.transport() == "websocket", "upgraded"
            made = gateway.make_call("echo", login="anna")
            await client.wait("call:new", about(made))
            assert (await client.ask("get-call-status", {"callId": made["id"]}))["success"]
            end(gateway, made)
            await client.wait("call:ended", about(made))

    asyncio.run(run())
