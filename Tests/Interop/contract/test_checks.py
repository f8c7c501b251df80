"""Section 9's check of a call by SIP: what each family shows of it, and what sockets are told."""

import asyncio

import pytest
from peers import Peer, SocketIO, join
from rawphone import RawPhone
from rows import covers

TOLD = ("incoming-call", "call:new", "call-answered", "call:answered", "call-ended", "call:ended")


@pytest.fixture
def service(event_service):
    return event_service


@pytest.fixture
def telephone(service):
    """Anna's, which calls."""
    _, extension, secret = service.gateway.users["anna"]
    with RawPhone(service.gateway, extension, secret) as phone:
        yield phone.register()


@covers("9.1 one call by SIP")
def test_a_call_by_sip_is_listed_once_in_each_list_and_answered_once(service, telephone):
    """The callee has a page, for the command to be of use: a telephone that rings is answered at the telephone."""
    extension = service.gateway.users["petr"][1]

    async def ask(*words, **more):
        return await asyncio.to_thread(service.ask, *words, **more)

    async def run():
        async with SocketIO(service.gateway, token=service.gateway.token("petr")) as page, Peer() as peer:
            await page.wait("active-calls")
            calling = asyncio.create_task(asyncio.to_thread(telephone.call, extension))
            shown = await page.wait("incoming-call")
            number, uuid = shown["id"], shown["uuid"]
            listed = await ask("GET", "/api/calls/active")
            assert [call["status"] for call in listed["data"] if call["id"] == number] == ["incoming"]
            assert [call["status"] for call in listed["calls"] if call["id"] == uuid] == ["ringing"]
            path = f"/api/calls/answer/{uuid}"
            assert (await ask("POST", path, login="petr"))["success"] is True
            await join(page, peer, uuid)
            await calling
            await page.wait("call:answered", lambda call: call["id"] == uuid)
            await asyncio.to_thread(service.refused, "POST", path, 409, "CALL_ALREADY_ANSWERED", login="petr")
            await asyncio.to_thread(telephone.hang_up)
            await page.wait("call-ended", lambda call: call["callId"] == number)
            assert (await page.wait("call:ended", lambda call: call["id"] == uuid))["status"] == "ended"
            for event in TOLD:
                assert page.count(event, lambda call: {number, uuid} & {call.get("id"), call.get("callId")}) == 1, event

    asyncio.run(run())
