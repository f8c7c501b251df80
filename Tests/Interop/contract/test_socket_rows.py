"""Each event of sections 2.2 to 2.4, with its payload, alone and through Redis: two people and a call of theirs."""

import asyncio
import contextlib

import pytest
from gateway import wait_for
from peers import SocketIO
from rows import covers


@pytest.fixture
def service(event_service):
    return event_service


def about(call):
    names = {call["id"], call["uuid"]}
    return lambda payload: bool(names & {payload.get(key) for key in ("id", "callId", "uuid", "numericId")})


@contextlib.asynccontextmanager
async def page(service, login):
    async with SocketIO(service.gateway) as socket:
        user = service.user_id(login)
        await socket.emit("authenticate", {"userId": user, "token": service.gateway.token(login)})
        told = await socket.wait("authenticated")
        assert told["userId"] == user and {f"user:{user}", f"operator:{user}"} <= set(told["rooms"])
        yield socket, user


def reported(service, **fields):
    return asyncio.to_thread(service.reported, **fields)


@covers("2.3 authenticated", "2.3 auth_error", "2.3 error", "2.3 active-calls", "2.3 calls:active", "2.4 authenticate",
        "2.4 get-active-calls")
def test_who_comes_is_told_what_is_live(service):
    async def run():
        call = await reported(service, assigned_user_id=service.user_id("anna"))
        async with page(service, "anna") as (anna, _):
            assert call["id"] in [one["id"] for one in await anna.wait("active-calls")]
            assert call["uuid"] in [one["id"] for one in await anna.wait("calls:active")]
            listed = await anna.ask("get-active-calls")
            assert listed["success"] is True and call["id"] in [one["id"] for one in listed["data"]]
        async with SocketIO(service.gateway) as stranger:
            await stranger.emit("get-active-calls")
            assert (await stranger.wait("error"))["code"] == "UNAUTHORIZED"
            refused = await stranger.ask("authenticate", {"userId": service.user_id("anna"), "token": "no.such.token"})
            assert refused["success"] is False and refused["error"]["code"] == "UNAUTHORIZED"
            assert (await stranger.wait("auth_error"))["code"] == "UNAUTHORIZED"
            assert stranger.count("active-calls") == 0
        await asyncio.to_thread(service.ask, "POST", f"/api/calls/hangup/{call['uuid']}")

    asyncio.run(run())


@covers("2.3 incoming-call", "2.3 call:new", "2.3 call-answered", "2.3 call:answered", "2.3 call-notes-updated",
        "2.3 call:updated", "2.3 call-hold-changed", "2.3 call:held", "2.3 call:resumed", "2.3 call-ended",
        "2.3 call:ended", "2.3 call-status", "2.4 answer-call", "2.4 update-call-notes", "2.4 hold-call", "2.4 end-call",
        "2.4 get-call-status")
def test_a_call_from_its_begin_to_its_end(service):
    async def run():
        async with page(service, "anna") as (anna, user), page(service, "petr") as (petr, _):
            call = await reported(service, assigned_user_id=user)
            mine, number = about(call), call["id"]
            shown = await anna.wait("incoming-call", mine)
            assert (shown["id"], shown["status"], shown["assigned_user_id"]) == (number, "incoming", user)
            assert petr.count("incoming-call", mine) == 0
            for socket in (anna, petr):
                assert (await socket.wait("call:new", mine))["status"] == "ringing"
            customer = {"customerName": "Иван Петров", "company": "ООО Технологии", "quickNotes": "Звонок"}
            answer = {"callId": number, "action": "accept", "initialData": customer}
            assert (await anna.ask("answer-call", answer))["success"] is True
            for socket in (anna, petr):
                told = await socket.wait("call-answered", mine)
                assert (told["callId"], told["action"], told["userId"]) == (number, "accept", user)
                assert (await socket.wait("call:answered", mine))["status"] == "answered"
            again = await petr.ask("answer-call", answer)
            assert again["error"]["code"] in ("CALL_ALREADY_ANSWERED", "FORBIDDEN")
            assert (await anna.ask("get-call-status", {"callId": call["uuid"]}))["success"] is True
            assert (await anna.wait("call-status", mine))["status"]
            notes = {"callId": str(number), "notes": "важно", "customerData": {"customerName": "Пётр"}}
            await anna.emit("update-call-notes", notes)
            told = await petr.wait("call-notes-updated", lambda payload: payload.get("notes") == "важно")
            assert (told["callId"], told["userId"], told["customerData"]) == (number, user, notes["customerData"])
            await petr.wait("call:updated", mine)
            for name, value, event in (("isHold", True, "call:held"), ("isOnHold", False, "call:resumed")):
                await anna.emit("hold-call", {"callId": number, name: value})
                changed = await petr.wait("call-hold-changed", lambda told: mine(told) and told["isHold"] is value)
                assert changed["userId"] == user
                await petr.wait(event, mine)
            await anna.emit("end-call", {"callId": number, "callData": {"duration": 7}})
            for socket in (anna, petr):
                over = await socket.wait("call-ended", mine)
                assert (over["callId"], over["status"], over["duration"]) == (number, "completed", 7)
                assert (await socket.wait("call:ended", mine))["duration"] == 7
            for event in ("incoming-call", "call-answered", "call:answered", "call-ended", "call:ended"):
                assert anna.count(event, mine) == 1, event

    asyncio.run(run())


def transfers(service, number):
    """The stored transfers of a call that are done."""
    return service.gateway.stored("SELECT * FROM call_transfers WHERE call_pk = ? AND status = 'completed'", number)


@covers("2.3 incoming-transfer", "2.3 transfer-initiated", "2.3 call-transferred", "2.3 call:transferred",
        "2.3 transfer-error", "2.4 transfer-call")
def test_a_call_moves_to_somebody_else(service):
    async def run():
        async with page(service, "anna") as (anna, user), page(service, "petr") as (petr, other):
            call = await reported(service, assigned_user_id=user)
            mine, number = about(call), call["id"]
            await anna.ask("answer-call", {"callId": number, "action": "accept"})
            refused = await anna.ask("transfer-call", {"callId": number, "targetUserId": 999_999})
            assert refused["success"] is False
            assert (await anna.wait("transfer-error"))["message"]
            await anna.emit("transfer-call", {"callId": number, "targetUserId": other, "transferReason": "Специалист"})
            told = await petr.wait("incoming-transfer", mine)
            assert (told["fromUser"], told["transferReason"], told["call"]["id"]) == (user, "Специалист", number)
            begun = await anna.wait("transfer-initiated", mine)
            assert (begun["targetUserId"], begun["fromUser"]) == (other, user) and begun["transferId"]
            await petr.emit("answer-call", {"callId": number, "action": "accept"})
            done = await anna.wait("call-transferred", mine)
            assert (done["fromUserId"], done["toUserId"]) == (user, other)
            await anna.wait("call:transferred", mine)
            assert (await asyncio.to_thread(service.ask, "GET", f"/api/calls/{number}"))["data"]["transfer_count"] == 1
            [row] = await asyncio.to_thread(wait_for, lambda: transfers(service, number), 5, "the transfer's row")
            assert (row["from_user_id"], row["to_user_id"], row["reason"]) == (user, other, "Специалист")
            assert (str(row["id"]), row["kind"]) == (begun["transferId"], "user") and row["completed_at"]
            await asyncio.to_thread(service.ask, "POST", f"/api/calls/hangup/{number}")

    asyncio.run(run())


@covers("2.3 call-new", "2.3 call-updated", "2.3 statistics", "2.4 get-statistics", "2.4 join-room", "2.4 leave-room",
        "2.4 join-operator")
def test_records_statistics_and_rooms(service):
    async def run():
        async with page(service, "anna") as (anna, user):
            record = await asyncio.to_thread(service.record)
            assert (await anna.wait("call-new", about(record)))["status"] == "answered"
            await asyncio.to_thread(service.ask, "PUT", f"/api/v1/calls/{record['id']}", json={"status": "missed"})
            assert (await anna.wait("call-updated", about(record)))["status"] == "missed"
            assert (await anna.ask("get-statistics"))["success"] is True
            assert {"total_calls", "active_calls"} <= set(await anna.wait("statistics"))
            for name, room in (("join-room", "news"), ("leave-room", "news")):
                reply = await anna.ask(name, {"room": room})
                assert (reply["success"], reply["room"]) == (True, room), reply
            assert (await anna.ask("join-operator", user))["success"] is True
            other = f"operator:{service.user_id('petr')}"
            assert (await anna.ask("join-room", {"room": other}))["success"] is False

    asyncio.run(run())


@covers("2.3 call:ringing", "2.3 outgoing-call-initiated", "2.4 initiate-outgoing-call")
def test_a_call_is_made_from_a_page(service):
    async def run():
        async with page(service, "anna") as (anna, _):
            made = await anna.ask("initiate-outgoing-call", {"fromNumber": "1001", "toNumber": "9196"})
            assert made["success"] is True, made
            told = await anna.wait("outgoing-call-initiated")
            mine = lambda payload: told["callId"] in (payload.get("numericId"), payload.get("id"))  # noqa: E731
            await anna.wait("call:new", mine)
            await asyncio.to_thread(service.ask, "POST", f"/api/calls/hangup/{told['callId']}")
            await anna.wait("call:ended", mine)

    asyncio.run(run())


@covers("9.6 ping")
def test_a_socket_at_rest_is_pinged_and_stays(service_alone):
    """The server asks every 25 s, which have passed here when other tests came before, and awaits an answer for 20 s."""
    socket, packets = service_alone.resting
    wait_for(lambda: "2" in packets, 30, "a ping")
    socket.send('427["get-active-calls",{}]')
    [reply] = wait_for(lambda: [packet for packet in packets if packet.startswith("437[")], 5, "the acknowledgement")
    assert "UNAUTHORIZED" in reply
