"""Document 003, a PBX service: its environment with the SIP server it names, its printed examples, and its events."""

import asyncio
import datetime
import threading

import pytest
from gateway import wait_for
from peers import SocketIO
from printed import (
    Added,
    Other,
    Replay,
    any_moment,
    any_uuid,
    call_of_all_documents,
)
from rawphone import RawPhone
from rows import covers
from shapes import Service
from upstream import Provider
from world import Deployment, OtherMachine, environment

ACCOUNTS = {"operator1": "pass123", "operator2": "pass456"}
CUSTOMER = "+79991234567"
NOVEMBER = int(datetime.datetime(2025, 11, 5, tzinfo=datetime.timezone.utc).timestamp() * 1000)

_SAMPLE = "the document prints a word for a UUID, and a time of its day"
_CALL = call_of_all_documents()
TABLE = {
    ("GET /health", "$"): Added("7: one body for documents 003 and 004", "version", "uptime", "services"),
    ("GET /health", "$.service"): Other("8.16: the name is that of SERVICE_NAME", "telephony-gateway"),
    ("GET /health", "$.timestamp"): any_moment(_SAMPLE),
    ("GET /api/calls/active", "$"): Added("1.6: document 002's answer on the same path", "success", "data"),
    ("GET /api/calls/active", "$.calls[]"): _CALL,
    ("GET /api/calls/active", "$.calls[].id"): any_uuid(_SAMPLE),
    ("GET /api/calls/active", "$.calls[].startTime"): any_moment(_SAMPLE),
    ("POST /api/calls/dial", "$.call"): _CALL,
    ("POST /api/calls/dial", "$.call.id"): any_uuid(_SAMPLE),
    ("GET /api/calls/stats/1001?from=2025-11-01&to=2025-11-08", "$"): Added("1.4: every answer says so", "success"),
}


@pytest.fixture(scope="module")
def provider():
    """The server at sip.example.com: it keeps registrations for a few seconds, so that their loss is seen soon."""
    with OtherMachine() as machine:
        server = machine.at(lambda: Provider(ACCOUNTS, machine.address, expires=20, port=5060))
        with server:
            yield server


@pytest.fixture(scope="module")
def service(world, provider):
    program = Deployment(world, environment("003"))
    service = Service(program, login=None)
    program.migrate()
    for index in range(150):
        far = {"caller_number": "1001", "receiver_number": CUSTOMER, "direction": "outgoing"} if index >= 100 else {}
        up = {"answered_at": NOVEMBER, "duration": 180} if index >= 10 else {"state": "missed", "duration": 0}
        service.insert_call(started_at=NOVEMBER, extension="1001", **far, **up)
    with program:
        yield service


@pytest.fixture(scope="module")
def phones(service):
    """Of both operators, each registered with us as its account is printed."""
    with RawPhone(service.gateway, "operator1", "pass123") as first, RawPhone(service.gateway, "operator2", "pass456") as second:
        yield first.register(), second.register()


@covers("9.7 document 003")
@pytest.mark.interface
def test_what_the_document_prints_is_answered(service, phones, provider):
    with Replay("003", TABLE).to_the_end() as replay:
        asyncio.run(everything(service, phones, provider, replay))


async def everything(service, phones, provider, replay):
    async def asked(request, path=None):
        """Asks what is printed, compares the answer where one is printed, and answers it."""
        example = replay.take(request=request)
        method, template = request.split(" ")
        body = {"json": example["body"]} if "body" in example else {}
        answer = await asyncio.to_thread(service.ask, method, path or template, **body)
        if "answer" in example:
            replay.compare(request, answer, example["answer"])
        return answer

    async with SocketIO(service.gateway) as page:
        await page.wait("sip:connected")
        replay.take(event="sip:connected")
        await asyncio.to_thread(
            wait_for, lambda: service.ask("GET", "/health")["registeredUsers"] == 2, 5, "both phones to be registered")
        await asked("GET /health")
        await asked("GET /api/calls/stats/1001?from=2025-11-01&to=2025-11-08")
        await taking(replay, page, provider, phones, asked)
        await answering_by_command(service, asked)
        made = await asked("POST /api/calls/dial")
        await asyncio.to_thread(service.ask, "POST", f"/api/calls/hangup/{made['call']['id']}")
        await looking_back(asked)
        # The server forgets who they are; a registration ends with its time.
        provider.accounts = {}
        await page.wait("sip:disconnected", seconds=40)
        replay.take(event="sip:disconnected")


async def taking(replay, page, provider, phones, asked):
    """A customer calls; everything is done to the call that can be done to one."""

    async def heard(event, **fields):
        replay.take(event=event)
        payload = await page.wait(event, lambda call: call["id"] == number)
        assert {key: payload[key] for key in fields} == fields, f"{event}: {payload}"
        return payload

    provider.call("operator1", CUSTOMER)
    new = await page.wait("call:new", lambda call: call["from"] == CUSTOMER)
    number = new["id"]
    invite = await asyncio.to_thread(phones[0].wait_request, "INVITE")
    phones[0].respond(invite, 180, "Ringing")
    await heard("call:new", direction="inbound", to="1001")
    await heard("call:ringing", status="ringing")
    await asked("GET /api/calls/active")
    phones[0].respond(invite, 200, "OK", phones[0].sdp)
    await heard("call:answered", status="answered")
    for phone in phones:
        threading.Thread(target=phone.take_all, daemon=True).start()
    for word, status in (("hold", "held"), ("unhold", "answered")):
        answer = await asked(f"POST /api/calls/{word}/:callId", f"/api/calls/{word}/{number}")
        assert answer["call"]["status"] == status
    await heard("call:held", status="held")
    for word, key in (("customer", "customerId"), ("order", "orderId"), ("notes", "note")):
        example = next(one for one in replay.examples if one.get("request") == f"POST /api/calls/:callId/{word}")
        answer = await asked(example["request"], f"/api/calls/{number}/{word}")
        assert answer["call"]["notes" if key == "note" else key] == example["body"][key]
    answer = await asked("POST /api/calls/transfer/:callId", f"/api/calls/transfer/{number}")
    assert answer["success"] is True and answer["call"]["id"] == number
    await heard("call:transferred")
    answer = await asked("POST /api/calls/hangup/:callId", f"/api/calls/hangup/{number}")
    assert answer["success"] is True
    over = await heard("call:ended", status="ended")
    assert isinstance(over["duration"], int)


async def answering_by_command(service, asked):
    """A telephone that rings is answered at the telephone; a call that another exchange has reported, by the command."""
    call = await asyncio.to_thread(service.reported, caller_number="+79160000000", receiver_number="1002")
    answer = await asked("POST /api/calls/answer/:callId", f"/api/calls/answer/{call['uuid']}")
    assert answer["success"] is True and answer["call"]["status"] == "answered"
    await asyncio.to_thread(service.ask, "POST", f"/api/calls/hangup/{call['uuid']}")


async def looking_back(asked):
    logs = await asked("GET /api/calls/logs?limit=100&offset=0")
    assert set(logs) == {"success", "logs", "total", "limit", "offset"} and len(logs["logs"]) == 100
    assert (logs["total"], logs["limit"], logs["offset"]) == (153, 100, 0)
    [answered] = [log for log in (await asked("GET /api/calls/logs/phone/+79991234567"))["logs"] if "orderId" in log]
    assert answered["from"] == CUSTOMER and answered["customerName"] == "Иван Иванов"
