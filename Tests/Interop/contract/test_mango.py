"""Documents 000 and 001: webhooks of the Mango Office exchange, and what follows from them; with either engine.

Who is kept out at the door, a realtime service that is not there, where the flat dialect's recordings come from and how
links are signed concern no store: those run once, with the embedded one, for the minute they would take.
"""

import asyncio
import datetime
import json
import time
from unittest import mock

import pytest
import requests
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from bucket import s3_bucket
from gateway import Gateway, wait_for
from peers import SocketIO
from rows import covers
from shapes import Service, assert_like, unauthorized
from vendor import KEY, LINE, SALT, Exchange, Realtime, Story, signed

HOOK, FLAT = "/api/v1/webhook/mango", "/api/webhooks/mango"


@pytest.fixture(scope="module")
def realtime():
    server = Realtime()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def exchange():
    server = Exchange()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def service(make_database, realtime, exchange):
    """Somebody answers as extension 101, and the line is advertised in Moscow."""
    with Gateway(
        JWT_SECRET="contract-secret", TZ="Europe/Moscow", MANGO_OFFICE_API_KEY=KEY, MANGO_OFFICE_API_SALT=SALT,
        MANGO_API_URL=f"{exchange.url}/vpbx/", MANGO_API_ID="id", REALTIME_SERVICE_URL=realtime.url,
        WEBHOOK_TOKEN=Realtime.TOKEN, MANGO_WEBHOOK_URL="/hooks/mango", **make_database(),
    ) as running:
        service = Service(running, login="admin")
        service.sql("INSERT INTO phones (number, rk, city) VALUES (?, 'РК1', 'Москва')", "+" + LINE)
        running.add("users", login="mango-anna", name="Анна", extension="101", sipAddress="sip:anna@vpbx.example")
        yield service


def ended(story, status):
    """The record once it has this status."""
    record = wait_for(lambda: (story.record() or {}).get("status") == status and story.record(), 5, f"{status}")
    return wait_for(lambda: story.record()["duration"] is not None and story.record(), 5, record)


@covers("000 POST /api/v1/webhook/mango", "9.2 told", "9.2 told again")
def test_a_call_is_told_and_told_again(service, realtime):
    story = Story(service)
    events = [
        story.leg_event(1, "Appeared", 0), story.leg_event(2, "Connected", 5),
        story.leg_event(3, "Disconnected", 65, "1110"),
    ]
    replies = [story.post("/events/call", event).json() for event in events]
    assert replies == [
        {"success": True, "message": "Call appeared"},
        {"success": True, "message": "Call connected", "data": {"callId": story.call}},
        {"success": True, "message": "Call disconnected",
         "data": {"callId": story.call, "status": "answered", "duration": 60}},
    ]
    record = ended(story, "answered")
    assert record["duration"] == 60 and record["callId"] == story.call and record["entryId"] == story.entry
    assert (record["rk"], record["city"], record["phoneAts"]) == ("РК1", "Москва", LINE)
    assert record["operator"]["name"] == "Анна" and record["callDirection"] == "incoming"
    detail = service.ask("GET", f"/api/v1/calls/{record['id']}")["data"]
    assert detail["mangoData"]["call_state"] == "Disconnected"
    def heard():
        return realtime.events(phoneClient=story.client)

    names = wait_for(lambda: len(heard()) == 2 and heard(), 5)
    assert [name for name, _ in names] == ["call-new", "call-ended"]
    assert_like(names[0][1], {
        "token": Realtime.TOKEN, "rooms": ["operators"],
        "call": {"id": 1, "callId": "", "phoneClient": "", "phoneOperator": "", "direction": "incoming",
                 "callDate": "2025-11-08T12:00:00.000Z", "status": "answered", "operatorId": 1},
    })
    assert names[0][1]["rooms"] == ["operators", f"operator:{record['operatorId']}"]
    assert names[1][1]["call"]["duration"] == 60 and names[1][1]["rooms"] == ["operators"]
    # Copies are answered as the first was, and nothing follows from them.
    for event, reply in zip(events, replies):
        assert story.post("/events/call", event).json() == reply
        assert service.raw("POST", HOOK, login=None, json=event).json() == reply
    assert story.record() == record
    assert len(heard()) == 2
    assert len(service.gateway.stored("SELECT * FROM mango_events WHERE entry_id = ?", story.entry)) == 3


@covers("9.2 out of order")
def test_the_order_of_events_changes_nothing(service):
    story = Story(service)
    story.leg(3, "Disconnected", 65, "1110")
    story.leg(1, "Appeared", 0)
    story.leg(2, "Connected", 5)
    record = ended(story, "answered")
    assert record["duration"] == 60
    late = Story(service)
    late.leg(3, "Disconnected", 65, 1110)
    assert ended(late, "answered")["duration"] == 0
    late.leg(1, "Appeared", 0)
    late.leg(2, "Connected", 5)
    record = late.record()
    assert record["duration"] == 60 and service.gateway.seconds(record["dateCreate"]) == late.began


@covers("9.3 missed, busy, no answer", "9.3 corrected by a summary")
@pytest.mark.parametrize("reason, status", [("1110", "missed"), ("1121", "busy"), ("1111", "no_answer")])
def test_who_was_not_answered_is_told_why(service, reason, status):
    story = Story(service)
    story.leg(1, "Appeared", 0)
    assert story.leg(2, "Disconnected", 9, reason)["data"]["status"] == status
    assert ended(story, status)["duration"] == 0
    reply = story.summary(talk_time=story.began + 20, entry_result=1)
    assert reply == {
        "success": True, "message": "Summary processed",
        "data": {"callId": story.entry, "status": "answered", "duration": 40},
    }
    record = story.record()
    assert (record["status"], record["duration"], record["callId"]) == ("answered", 40, story.call)
    # The summary has the last word.
    story.leg(3, "Disconnected", 99, "1121")
    assert (story.record()["status"], story.record()["duration"]) == ("answered", 40)


@covers("9.2 wrong signature")
def test_a_wrong_signature_is_refused_and_leaves_nothing(service):
    story = Story(service)
    answer = story.post("/events/call", story.leg_event(1, "Appeared", 0), bad_sign=True)
    assert answer.status_code == 401 and answer.json()["error"]["code"] == "INVALID_SIGNATURE"
    other = story.post("/events/call", story.leg_event(1, "Appeared", 0), key="other")
    assert other.status_code == 401 and other.json()["error"]["code"] == "INVALID_API_KEY"
    assert service.gateway.stored("SELECT * FROM mango_events WHERE entry_id = ?", story.entry) == []
    for body in ("", "{", "[]", "json=", "json=[1]", "nonsense"):
        answer = service.raw("POST", HOOK, login=None, data=body.encode())
        assert answer.status_code == 400 and answer.json()["error"]["code"] == "INVALID_JSON", body


@covers("000 POST /api/v1/webhook/mango/recording")
def test_what_is_missing_is_said_without_an_error(service):
    def reply(path, event):
        answer = service.raw("POST", path, login=None, json=event)
        assert answer.status_code == 200
        return answer.json()

    assert reply(HOOK, {"call_state": "Appeared"}) == {"success": True, "message": "Call ID missing"}
    assert reply(HOOK, {"entry_result": 1}) == {"success": True, "message": "Entry ID missing"}
    assert reply(HOOK, {"hello": 1}) == {"success": True, "message": "Webhook processed (legacy)"}
    assert reply(HOOK + "/recording", {"x": 1}) == {"success": False, "message": "Missing recording_id"}
    unknown = {"recording_id": "nobodys", "recording_state": "Completed", "entry_id": "nobodys"}
    assert reply(HOOK + "/recording", unknown) == {"success": False, "message": "Call not found"}
    for path in ("/events/dtmf", "/events/sms", "/events/record/tagged", "/result/call/hangup", "/result/stat", "/ping"):
        for base in ("/api/v1/webhook", HOOK):
            assert reply(base + path, {"command_id": "x"})["success"] is True, base + path
        assert reply(FLAT + path, {"command_id": "x"}) == {"success": True}
    story = Story(service)
    menu = story.leg(1, "Appeared", 0, location="ivr")
    assert menu == {"success": True, "message": "IVR call ignored"} and story.record() is None


@covers("001 POST /api/webhooks/mango", "9.4 flat dialect")
def test_the_flat_dialect_makes_one_row_and_one_record(service):
    story = Story(service)
    base = {"call_id": story.call, "from": "+" + story.client, "to": "+" + LINE, "direction": "in",
            "line_number": "+" + LINE, "location": "location", "vpbx_api_id": "id", "vpbx_api_key": KEY}
    for path, status, second, more in (
        (FLAT, "start", 0, {}), ("/hooks/mango", "answer", 5, {}), (FLAT, "end", 125, {"duration": 120}),
        (FLAT, "end", 125, {"duration": 120}),
    ):
        body = {**base, "status": status, "timestamp": story.began + second, **more}
        answer = service.raw("POST", path, login=None, data=json.dumps(body), headers={"Content-Type": "application/json"})
        assert answer.status_code == 200 and answer.text == '{"success":true}', path
        row = service.gateway.stored("SELECT * FROM mango WHERE call_id = ?", story.call)
        assert [r["status"] for r in row] == [{"start": "started", "answer": "answered", "end": "completed"}[status]]
    assert (row[0]["direction"], row[0]["duration"], row[0]["phone_number"]) == ("in", 120, "+" + story.client)
    assert KEY not in str(row[0]["mango_data"])
    record = ended(story, "answered")
    assert (record["duration"], record["rk"], record["city"]) == (120, "РК1", "Москва")
    assert len(service.ask("GET", f"/api/v1/calls/by-phone/{story.client}")["data"]) == 1
    bad = {**base, "status": "start", "vpbx_api_key": "wrong"}
    service.refused("POST", FLAT, 401, "INVALID_API_KEY", login=None, json=bad)
    service.refused("POST", FLAT, 400, "INVALID_JSON", login=None, data=b"{")
    for name in ("call_id", "status"):
        body = {key: value for key, value in base.items() if key != name} | ({} if name == "status" else {"status": "end"})
        assert name in service.refused("POST", FLAT, 400, "VALIDATION_ERROR", login=None, json=body)["error"]["details"]
    vendor = Story(service, base=FLAT)
    assert vendor.leg(1, "Appeared", 0) == {"success": True}


BASES = {"000": ["/api/v1/webhook", HOOK], "001": [FLAT]}
PLACES = ["events/:first", "events/:first/:second", "result/:first", "result/:first/:second", "ping"]


@covers(*(f"{document} POST {base}/{place}" for document, bases in BASES.items() for base in bases for place in PLACES))
@pytest.mark.parametrize("base", [base for bases in BASES.values() for base in bases])
def test_each_address_takes_what_belongs_there(service, base):
    """Events and results are told apart by the address alone, and all are checked alike."""
    events = {
        "events/dtmf": {"seq": 1, "dtmf": "5", "timestamp": 1_700_000_000, "call_id": base, "entry_id": base},
        "events/record/tagged": {"entry_id": base, "recording_id": base, "timestamp": 1_700_000_000},
        "result/callback": {"command_id": "gw_unknown", "result": 1000},
        "result/call/hangup": {"command_id": "gw_unknown", "result": 4101},
        "ping": {},
    }
    for place, event in events.items():
        form = signed(event)
        answer = service.raw("POST", f"{base}/{place}", login=None, data=form)
        assert answer.status_code == 200 and answer.json()["success"] is True, f"{place}: {answer.text}"
        assert base != FLAT or answer.json() == {"success": True}
        forged = service.raw("POST", f"{base}/{place}", login=None, data={**form, "sign": "0" * 64})
        assert forged.status_code == 401 and forged.json()["error"]["code"] == "INVALID_SIGNATURE"


@covers("001 GET /api/webhooks/mango/settings", "001 GET /api/webhooks/mango/status")
def test_settings_and_status(service, exchange):
    assert service.ask("GET", FLAT + "/settings") == {
        "success": True,
        "data": {"webhookUrl": "/hooks/mango", "apiUrl": f"{exchange.url}/vpbx", "apiKey": "***", "apiId": "***"},
    }
    unauthorized(service, "GET", FLAT + "/settings")
    body = service.ask("GET", FLAT + "/status", login=None)
    assert_like(body, {"success": True, "data": {
        "status": "active", "timestamp": "", "version": "",
        "endpoints": {"webhook": FLAT, "summary": "", "status": "", "recording": "", "call": ""}}})


@covers("2.3 mango-new-call", "2.3 mango-call-updated")
def test_pages_follow_the_call(service):
    story = Story(service)

    async def talk():
        async with SocketIO(service.gateway, token=service.gateway.token("admin")) as socket:
            await socket.wait("authenticated")
            mine = lambda payload: payload.get("phoneClient") == story.client  # noqa: E731
            await asyncio.to_thread(story.leg, 1, "Appeared", 0)
            new = await socket.wait("call:new", mine)
            assert new["status"] == "ringing"
            await socket.wait("call:ringing", mine)
            await socket.wait("incoming-call", lambda call: call["caller_number"] == story.client)
            await socket.wait("mango-new-call", lambda payload: mine(payload["call"]))
            active = await asyncio.to_thread(service.ask, "GET", "/api/calls/active")
            assert [call["caller_number"] for call in active["data"] if call["id"] == new["numericId"]] == [story.client]
            await asyncio.to_thread(story.leg, 2, "Connected", 5)
            await socket.wait("call:answered", mine)
            updated = await socket.wait("mango-call-updated", lambda p: p["call"]["status"] == "answered" and mine(p["call"]))
            assert updated["callId"] == new["numericId"]
            await asyncio.to_thread(story.leg, 3, "OnHold", 10)
            assert (await socket.wait("call-hold-changed", lambda p: p["callId"] == new["numericId"]))["isHold"] is True
            await asyncio.to_thread(story.leg, 4, "Connected", 20)
            await socket.wait("call:resumed", mine)
            await asyncio.to_thread(story.leg, 5, "Disconnected", 65, "1110")
            over = await socket.wait("call:ended", mine)
            assert over["duration"] == 60 and over["status"] == "ended"
            assert socket.count("call:ended", mine) == 1 and socket.count("call:new", mine) == 1

    asyncio.run(talk())


def test_a_transfer_stays_one_call(service):
    story = Story(service)
    story.leg(1, "Appeared", 0)
    story.leg(2, "Connected", 2)
    story.leg(3, "Disconnected", 10, 1182)
    second = Story(service)
    second.entry, second.client, second.began = story.entry, story.client, story.began
    taken = {"from": {"number": story.client, "taken_from_call_id": story.call}}
    second.leg(1, "Appeared", 10, **taken)
    second.leg(2, "Connected", 12, **taken)
    second.leg(3, "Disconnected", 30, 1110, **taken)
    record = ended(story, "answered")
    assert record["duration"] == 28 and record["callId"] == story.call
    assert len(service.ask("GET", f"/api/v1/calls/by-phone/{story.client}")["data"]) == 1
    assert service.ask("GET", f"/api/calls/{record['id']}")["data"]["transfer_count"] == 1


def test_events_are_counted_and_no_secret_is_logged(service):
    assert service.gateway.metric("mango_webhooks_total", kind="call", result="accepted") > 10
    assert service.gateway.metric("mango_webhooks_total", kind="call", result="repeated") > 5
    assert service.gateway.metric("mango_webhooks_total", kind="call", result="refused") > 0
    log = "\n".join(service.gateway.output)
    assert SALT not in log and Realtime.TOKEN not in log and KEY not in log


def test_a_restart_loses_nothing(make_database):
    with Gateway(JWT_SECRET="s", MANGO_OFFICE_API_KEY=KEY, MANGO_OFFICE_API_SALT=SALT, **make_database()) as gateway:
        own = Service(gateway, login="admin")
        story = Story(own)
        story.leg(1, "Appeared", 0)
        story.leg(2, "Connected", 5)
        gateway.kill()
        gateway.start()
        reply = story.leg(3, "Disconnected", 65, 1110)
        assert reply["data"] == {"callId": story.call, "status": "answered", "duration": 60}
        record = ended(story, "answered")
        assert record["duration"] == 60 and record["callId"] == story.call
        assert story.leg(3, "Disconnected", 65, 1110) == reply
        assert len(own.ask("GET", f"/api/v1/calls/by-phone/{story.client}")["data"]) == 1


def test_strangers_are_kept_out():
    with Gateway(
        MANGO_API_KEY=KEY, MANGO_API_SALT=SALT, MANGO_REQUIRE_SIGN="true", MANGO_ALLOWED_IPS="81.88.80.132, 127.0.0.0/8",
    ) as gateway:
        service = Service(gateway, login="admin")
        story = Story(service)
        assert story.leg(1, "Appeared", 0)["success"] is True
        service.refused("POST", HOOK, 401, "INVALID_SIGNATURE", login=None, json=story.leg_event(2, "Connected", 1))
    with Gateway(MANGO_ALLOWED_IPS="81.88.80.132") as gateway:
        service = Service(gateway, login="admin")
        service.refused("POST", FLAT, 401, "UNAUTHORIZED", login=None, json={"call_id": "x", "status": "start"})
    bad = Gateway(MANGO_ALLOWED_IPS="81.88.80")
    finished = bad.run("check")
    bad.remove_folder()
    assert finished.returncode == 78 and "MANGO_ALLOWED_IPS" in finished.stdout + finished.stderr


# Broadcasts


@covers("realtime POST /api/v1/broadcast/call-new", "realtime POST /api/v1/broadcast/call-updated",
        "realtime POST /api/v1/broadcast/call-ended")
def test_broadcasts_of_others_are_told_on_sockets(service, realtime):
    call = {"id": 7, "callId": "others", "phoneClient": "79990001122", "status": "answered"}

    async def talk():
        async with SocketIO(service.gateway, token=service.gateway.token("admin")) as socket:
            await socket.wait("authenticated")
            for word, event in (("call-new", "call:new"), ("call-updated", "call:updated"), ("call-ended", "call:ended")):
                path = f"/api/v1/broadcast/{word}"
                body = {"token": Realtime.TOKEN, "call": call, "rooms": ["operators", "no such room"]}
                answer = await asyncio.to_thread(service.ask, "POST", path, login=None, json=body)
                assert answer["success"] is True
                told = await socket.wait(event, lambda payload: payload.get("callId") == "others")
                assert told.pop("eventId") and told == call

    asyncio.run(talk())
    path = "/api/v1/broadcast/call-new"
    for token in ("", "wrong", None):
        service.refused("POST", path, 401, "UNAUTHORIZED", login=None, json={"token": token, "call": call})
    service.refused("POST", path, 400, "VALIDATION_ERROR", login=None, json={"token": Realtime.TOKEN})
    service.refused("POST", path, 400, "INVALID_JSON", login=None, data=b"x")
    # What was told us is told nobody else.
    assert realtime.events(callId="others") == []


def test_a_realtime_service_that_is_away_delays_nothing_and_is_counted():
    with Gateway(
        AUTH_MODE="off", MANGO_API_KEY=KEY, MANGO_API_SALT=SALT, REALTIME_SERVICE_URL="http://127.0.0.1:9",
        WEBHOOK_TOKEN="x",
    ) as gateway:
        service = Service(gateway, login=None)
        story = Story(service)
        story.leg(1, "Appeared", 0)
        assert story.leg(2, "Connected", 5)["success"] is True
        gateway.wait_metric("realtime_broadcasts_total", 1, event="call-new", result="failed")


# Recordings


@pytest.fixture(scope="module")
def bucket():
    with s3_bucket() as client:
        yield client


@pytest.fixture(scope="module")
def recording_service(make_database, realtime, exchange, bucket):
    with Gateway(
        JWT_SECRET="s", MANGO_OFFICE_API_KEY=KEY, MANGO_OFFICE_API_SALT=SALT, MANGO_API_URL=f"{exchange.url}/vpbx",
        REALTIME_SERVICE_URL=realtime.url, WEBHOOK_TOKEN=Realtime.TOKEN, S3_BUCKET_NAME="calls",
        S3_ENDPOINT=bucket.meta.endpoint_url, S3_ACCESS_KEY_ID="access", S3_SECRET_ACCESS_KEY="secret",
        MANGO_RECORDING_DELAY_S=1, **make_database(),
    ) as running:
        yield Service(running, login="admin")


@pytest.fixture
def embedded(recording_service):
    """For what is the same with either engine."""
    if recording_service.gateway.database:
        pytest.skip("no matter of the store")
    return recording_service


def answered(service):
    story = Story(service)
    story.leg(1, "Appeared", 0)
    story.leg(2, "Connected", 5)
    story.leg(3, "Disconnected", 65, 1110)
    return story


def hurry(service, recording):
    """Waits for nothing: the next attempt is due now."""
    due = service.gateway.moment(0)
    service.sql("UPDATE recordings SET next_attempt_at = ? WHERE recording_id = ?", due, recording)


@covers("9.5 recording")
def test_a_recording_is_fetched_once_and_stored(recording_service, realtime, exchange, bucket):
    service = recording_service
    story = answered(service)
    identifier = f"MToxMDA/{story.call}"
    started = {"recording_id": identifier, "recording_state": "Started", "seq": 1, "entry_id": story.entry,
               "call_id": story.call, "timestamp": story.began}
    reply = story.post("/recording", started).json()
    assert reply == {"success": True, "message": "Recording started - waiting for completion"}
    added = {"entry_id": story.entry, "product_id": 1, "user_id": -1, "timestamp": story.began + 70,
             "recording_id": identifier}
    for _ in range(2):
        reply = story.post("/events/record/added", added).json()
        assert reply == {"success": True, "message": "Recording queued for processing", "data": {"callId": story.call}}
    completed = {**started, "recording_state": "Completed", "seq": 2, "completion_code": 1000}
    assert story.post("/events/recording", completed).json()["message"] == "Recording queued for processing"
    hurry(service, identifier)
    record = wait_for(lambda: (story.record() or {}).get("recordingPath") and story.record(), 8, "the recording")
    key = f"callcentre/recordings/{story.call}_{story.began * 1000}.mp3"
    assert record["recordingPath"] == key and record["recordUrl"] == f"s3://{key}"
    assert record["recordingProcessedAt"] is not None and record["status"] == "answered"
    stored = bucket.get_object(Bucket="calls", Key=key)
    assert stored["ContentType"] == "audio/mpeg"
    assert stored["Body"].read() == b"ID3" + identifier.encode() * 1000
    # One visit to the place the exchange led on to.
    assert len([o for o in exchange.orders("queries/recording/post") if o["recording_id"] == identifier]) == 1
    told = wait_for(
        lambda: [b for n, b in realtime.events(phoneClient=story.client) if n == "call-updated"], 5, "the broadcast")
    assert told[-1]["token"] == Realtime.TOKEN and told[-1]["call"]["recordFile"] == key
    assert told[-1]["call"]["recordUrl"] == f"s3://{key}"
    # Links that anybody may use.
    url = service.ask("GET", f"/api/v1/recordings/call/{record['id']}/download")["url"]
    assert requests.get(url, timeout=5).content.startswith(b"ID3") and "X-Amz-Expires=3600" in url
    detail = service.ask("GET", f"/api/calls/{record['id']}")["data"]
    assert requests.get(detail["recording_url"], timeout=5).status_code == 200
    bucket.delete_object(Bucket="calls", Key=key)
    service.refused("GET", f"/api/v1/recordings/call/{record['id']}/download", 404, "RECORDING_NOT_FOUND")
    assert list((service.gateway.folder / "fetched").iterdir()) == []
    assert service.gateway.metric("recordings_total", result="stored") >= 1


def test_a_recording_that_is_not_there_yet_is_tried_again_also_after_a_restart(recording_service, exchange, bucket):
    service = recording_service
    story = answered(service)
    exchange.failures = 1
    identifier = f"late-{story.call}"
    event = {"entry_id": story.entry, "timestamp": story.began, "recording_id": identifier}
    story.post("/events/record/added", event)
    hurry(service, identifier)

    def row():
        return service.gateway.stored("SELECT * FROM recordings WHERE recording_id = ?", identifier)[0]

    failed = wait_for(lambda: row()["attempts"] == 1 and row(), 8, "the first attempt")
    assert failed["last_error"] == "exchange: result 3320" and failed["state"] == "Added"
    now = time.time() * 1000
    assert service.gateway.moment(now + 50_000) < failed["next_attempt_at"] < service.gateway.moment(now + 61_000)
    service.gateway.kill()
    hurry(service, identifier)
    service.gateway.start()
    done = wait_for(lambda: row()["state"] == "Downloaded" and row(), 8, "the second attempt")
    assert done["attempts"] == 2 and done["s3_key"].endswith(f"{story.call}_{story.began * 1000}.mp3")
    # Another recording of the same moment does not replace it.
    second = {**event, "recording_id": f"second-{story.call}"}
    story.post("/events/record/added", second)
    hurry(service, second["recording_id"])
    key = done["s3_key"].replace(".mp3", "_2.mp3")
    wait_for(lambda: story.record()["recordingPath"] == key, 8, "the second recording")


def test_the_flat_dialects_recording_comes_from_its_address(embedded, exchange):
    service = embedded
    story = Story(service)
    body = {"call_id": story.call, "from": "+" + story.client, "to": "+" + LINE, "direction": "in", "status": "end",
            "timestamp": story.began, "duration": 9, "record_url": f"{exchange.url}/plain/{story.call}"}
    assert service.raw("POST", FLAT, login=None, json=body).json() == {"success": True}
    assert story.record() is None or story.record()["recordUrl"] == body["record_url"]
    hurry(service, f"j:{story.call}")
    record = wait_for(lambda: (story.record() or {}).get("recordingPath") and story.record(), 8, "the recording")
    assert record["recordUrl"].startswith("s3://callcentre/recordings/")


def test_links_are_those_of_botocore(embedded, bucket):
    """Names with all that must be escaped, signed by us and by Amazon's own library at the same moment."""
    service = embedded
    parameters = ("X-Amz-Date", "X-Amz-Signature")
    for name in ("plain.mp3", "with space+plus.mp3", "Саратов/ключ=1~._-.mp3", "a&b?c#d%20e.mp3", "(x)!*'@$,;:.mp3"):
        key = f"callcentre/recordings/{name}"
        bucket.put_object(Bucket="calls", Key=key, Body=b"x")
        record = service.record(recordUrl=f"s3://{key}")
        url = service.ask("GET", f"/api/v1/recordings/call/{record['id']}/download")["url"]
        assert requests.get(url, timeout=5).content == b"x", name
        query = dict(pair.split("=", 1) for pair in url.split("?", 1)[1].split("&"))
        moment = datetime.datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ")
        signer = S3SigV4QueryAuth(Credentials("access", "secret"), "s3", "us-east-1", expires=3600)
        theirs = AWSRequest(method="GET", url=url.split("?", 1)[0])
        with mock.patch("botocore.auth.get_current_datetime", return_value=moment):
            signer.add_auth(theirs)
        other = dict(pair.split("=", 1) for pair in theirs.url.split("?", 1)[1].split("&"))
        assert [query[p] for p in parameters] == [other[p] for p in parameters], name


# Commands


def test_people_command_calls_of_the_exchange(service, exchange):
    story = answered_live(service)
    record = story.record()
    service.ask("POST", f"/api/calls/hold/{record['id']}")
    held = exchange.order("commands/call/hold/on", call_id=story.call)
    assert held["initiator"] == "101" and held["command_id"].startswith("gw_")
    service.ask("POST", f"/api/calls/transfer/{record['id']}", json={"target": "102"})
    moved = exchange.order("commands/transfer", call_id=story.call)
    assert {"to_number": "102", "method": "blind", "initiator": "101"}.items() <= moved.items()
    service.ask("POST", f"/api/calls/hangup/{record['id']}")
    exchange.order("commands/call/hangup", call_id=story.call)
    # The call goes on until the exchange says that it is over.
    assert service.ask("GET", f"/api/calls/{record['id']}/status")["data"]["is_active"] is True
    service.refused("POST", f"/api/calls/answer/{record['id']}", 409, "CALL_ALREADY_ANSWERED")
    story.leg(3, "Disconnected", 65, 1110)
    ended(story, "answered")
    service.gateway.wait_metric("mango_commands_total", 1, command="commands/call/hangup", result="done")


def answered_live(service):
    story = Story(service)
    story.leg(1, "Appeared", 0)
    story.leg(2, "Connected", 5)
    return story


def test_a_call_that_no_trunk_can_carry_is_made_by_the_exchange(service, exchange):
    client = Story(service).client
    made = service.ask("POST", "/api/calls/dial", json={"from": "101", "to": client})["call"]
    assert made["direction"] == "outbound" and made["status"] == "ringing"
    order = exchange.order("commands/callback", to_number=client)
    assert order["from"] == {"extension": "101"}
    story = Story(service)
    story.client = client
    story.leg(1, "Appeared", 0, command_id=order["command_id"])
    story.leg(2, "Connected", 5)
    story.leg(3, "Disconnected", 65, 1110)
    record = ended(story, "answered")
    assert record["uuid"] == made["id"] and record["callDirection"] == "outgoing" and record["duration"] == 60
    assert len(service.ask("GET", f"/api/v1/calls/by-phone/{client}")["data"]) == 1
    # What the exchange refuses has failed.
    exchange.results["commands/callback"] = 2219
    other = Story(service).client
    failed = service.ask("POST", "/api/calls/dial", json={"from": "101", "to": other})["call"]
    wait_for(lambda: service.ask("GET", f"/api/calls/{failed['id']}/status")["data"]["is_active"] is False, 5, "the end")
    exchange.results.clear()


def test_a_callback_that_was_hung_up_before_it_began_is_ended_when_it_begins(service, exchange):
    before, story = len(exchange.orders("commands/call/hangup")), Story(service)
    made = service.ask("POST", "/api/calls/dial", json={"from": "101", "to": story.client})["call"]
    order = exchange.order("commands/callback", to_number=story.client)
    service.ask("POST", f"/api/calls/hangup/{made['id']}")
    assert len(exchange.orders("commands/call/hangup")) == before
    story.leg(1, "Appeared", 0, command_id=order["command_id"])
    exchange.order("commands/call/hangup", call_id=story.call)
    assert len(exchange.orders("commands/call/hangup")) == before + 1
    story.leg(2, "Disconnected", 3, 1110)
    wait_for(lambda: service.ask("GET", f"/api/calls/{made['id']}/status")["data"]["is_active"] is False, 5, "the end")


def test_a_queue_calls_as_the_group_of_its_number(service, exchange):
    service.gateway.add("queues", name="sales", extension="700", members=[])
    client = Story(service).client
    made = service.ask("POST", "/api/calls/dial", json={"from": "700", "to": client})["call"]
    order = exchange.order("commands/callback_group", to=client)
    assert order["from"] == "700" and order["command_id"].startswith("gw_")
    story = Story(service)
    story.client = client
    story.leg(1, "Appeared", 0, command_id=order["command_id"])
    story.leg(2, "Connected", 5)
    story.leg(3, "Disconnected", 65, 1110)
    assert ended(story, "answered")["uuid"] == made["id"]


def test_a_talk_is_recorded_by_the_exchange(service, exchange):
    story = answered_live(service)
    record = story.record()
    service.ask("POST", f"/api/v1/calls/{record['id']}/recording/start")
    order = exchange.order("commands/recording/start", call_id=story.call)
    assert order["call_party_number"] == "101"
    # It has no command that stops one.
    service.refused("POST", f"/api/v1/calls/{record['id']}/recording/stop", 409, "INVALID_STATE")
    story.leg(3, "Disconnected", 65, 1110)


def test_the_new_party_may_be_asked_before_it_has_the_call(service, exchange):
    story = answered_live(service)
    transfer = f"/api/calls/transfer/{story.record()['id']}"
    service.ask("POST", transfer, json={"target": "102", "consult": True})
    order = exchange.order("commands/transfer", call_id=story.call)
    assert (order["method"], order["to_number"], order["initiator"]) == ("hold", "102", "101")
    story.leg(3, "OnHold", 10)
    service.ask("POST", transfer, json={"action": "cancel"})
    exchange.order("commands/transfer_cancel", call_id=story.call)
    # The leg to the new party.
    held, story.call = story.call, story.call + "2"
    other = {"from": {"extension": "101"}, "to": {"extension": "102", "number": "102"}}
    story.leg(1, "Appeared", 11, **other)
    story.leg(2, "Connected", 12, **other)
    service.ask("POST", transfer, json={"action": "connect"})
    joined = exchange.order("commands/calls_connect", holded_call_id=held)
    assert (joined["transferred_call_id"], joined["transfer_initiator_number"]) == (story.call, "101")
    service.refused("POST", transfer, 400, "VALIDATION_ERROR", json={"action": "again"})
    story.leg(3, "Disconnected", 65, 1110, **other)
    story.call = held
    story.leg(4, "Disconnected", 66, 1110)
    # A call of our own is transferred otherwise.
    own = service.reported(receiver_number="1001")
    service.refused("POST", f"/api/calls/transfer/{own['uuid']}", 409, "INVALID_STATE", json={"action": "connect"})
    service.ask("PUT", f"/api/calls/{own['id']}/end", json={})


def test_limits_of_a_user_bind_calls_by_the_exchange(service, exchange):
    [anna] = [one for one in service.ask("GET", "/api/v1/admin/users")["data"] if one["login"] == "mango-anna"]
    own = f"/api/v1/admin/users/{anna['id']}"
    service.ask("PUT", own, json={"limits": {"denied": ["7916"]}})
    before = len(exchange.orders("commands/callback"))
    service.refused("POST", "/api/calls/dial", 403, "FORBIDDEN", json={"from": "101", "to": Story(service).client})
    story = answered_live(service)
    live = service.ask("GET", f"/api/v1/calls/by-phone/{story.client}")["data"][0]
    service.refused("POST", f"/api/calls/transfer/{live['id']}", 403, "FORBIDDEN", json={"target": "79160000001"})
    # One call within the hour, and no second one.
    service.ask("PUT", own, json={"limits": {"denied": [], "callsPerHour": 1}})
    allowed = Story(service).client
    service.ask("POST", "/api/calls/dial", json={"from": "101", "to": allowed})
    service.refused("POST", "/api/calls/dial", 403, "FORBIDDEN", json={"from": "101", "to": Story(service).client})
    exchange.order("commands/callback", to_number=allowed)
    assert len(exchange.orders("commands/callback")) == before + 1
    service.ask("PUT", own, json={"limits": {"denied": [], "callsPerHour": None}})
    story.leg(3, "Disconnected", 65, 1110)


def test_what_is_missing_is_brought_over(service, exchange):
    story, known = Story(service), Story(service)
    known.leg(1, "Appeared", 0)
    known.leg(2, "Disconnected", 9, 1121)
    ended(known, "busy")
    start = story.began
    lines = [
        f"{story.entry};{start};{start + 65};{start + 5};;{story.client};101;sip:anna@vpbx.example;1110;{LINE}",
        f"{known.entry};{start};{start + 9};0;;{known.client};101;;1121;{LINE}",
        "nonsense", ";;;",
    ]
    polls = iter([(204, ""), (200, "\n".join(lines))])
    exchange.content["stats/request"] = (200, '{"key":"k1"}')
    exchange.answers["stats/result"] = lambda: next(polls)
    finished = service.gateway.run("mango", "sync", "--from", "2025-01-01", "--to", "2025-01-31", seconds=30)
    assert finished.returncode == 0, finished.stderr
    assert json.loads(finished.stdout) == {"success": True, "data": {"found": 2, "added": 1}}
    record = story.record()
    assert (record["status"], record["duration"], record["operator"]["name"]) == ("answered", 60, "Анна")
    assert record["entryId"] == story.entry and record["rk"] == "РК1"
    assert len(service.ask("GET", f"/api/v1/calls/by-phone/{known.client}")["data"]) == 1
    path = "/api/v1/admin/mango/calls"
    for body in ({}, {"from": "2025-01-01", "to": "x"}, {"from": "2025-02-01", "to": "2025-01-01"},
                 {"from": "2025-01-01", "to": "2025-03-01"}):
        service.refused("POST", path, 400, "VALIDATION_ERROR", json=body)
    unauthorized(service, "POST", path, json={})
    exchange.content["stats/request"] = (401, '{"result":3105}')
    refused = service.refused("POST", path, 502, "DEPENDENCY_UNAVAILABLE", json={"from": "2025-01-01", "to": "2025-01-02"})
    assert refused["error"]["details"] == {"mango": "stats/request: result 3105"}


def test_users_take_over_their_extensions(service, exchange):
    user = service.gateway.add("users", login="boris", name="Борис", email="boris@example.com")
    exchange.content["config/users/request"] = (200, json.dumps({"users": [
        {"general": {"name": "Boris", "email": "Boris@example.com", "user_id": 77},
         "telephony": {"extension": 177, "numbers": [{"number": "sip:boris@vpbx.example", "protocol": "sip"}]}},
        {"general": {"name": "Nobody", "user_id": 78}, "telephony": {"extension": "178"}},
    ]}))
    finished = service.gateway.run("mango", "users")
    assert json.loads(finished.stdout)["data"] == {"changed": 1}, finished.stderr
    rows = service.gateway.stored("SELECT extension, sip_address, mango_user_id FROM users WHERE id = ?", user["id"])
    assert rows == [{"extension": "177", "sip_address": "boris@vpbx.example", "mango_user_id": 77}]
    assert json.loads(service.gateway.run("mango", "users").stdout)["data"] == {"changed": 0}
    assert service.gateway.run("mango", "nonsense").returncode == 64
