"""Document 000, a call centre's records: its environment with the exchange, the storage and the realtime service that it
names, at their addresses and over TLS where it says so."""

import threading
import time

import boto3
import pytest
from gateway import wait_for
from moto.server import DomainDispatcherApplication, create_backend_app
from printed import Replay
from rawhttp import jwt
from rows import covers
from shapes import Service, assert_like
from test_records import CALL
from vendor import Exchange, Realtime, Story
from werkzeug.serving import make_server
from world import EXCHANGE, STORAGE, Deployment, environment

HOOK = "/api/v1/webhook/mango"


class Storage:
    """An S3 service at an address, over TLS."""

    NAME = "s3.selcdn.ru"

    def __init__(self, world):
        self.names = set()
        self.backend = DomainDispatcherApplication(create_backend_app)
        self.server = make_server(STORAGE, 443, self.answer, threaded=True, ssl_context=world.tls)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.client = boto3.client(
            "s3", endpoint_url=f"https://{STORAGE}", aws_access_key_id="your-key", aws_secret_access_key="your-secret",
            region_name="us-east-1", verify=False)
        self.client.create_bucket(Bucket="your-bucket")

    def answer(self, environ, start):
        """What stands before the first dot of a name would be taken for a bucket."""
        self.names.add(environ["HTTP_HOST"])
        return self.backend({**environ, "HTTP_HOST": STORAGE}, start)

    def stop(self):
        self.server.shutdown()


@pytest.fixture(scope="module")
def services(world):
    exchange = Exchange(
        "your-api-key", "your-api-salt", address=(EXCHANGE, 443), url="https://app.mango-office.ru", tls=world.tls)
    realtime = Realtime("your-webhook-token", address=("127.0.0.1", 5009))
    storage = Storage(world)
    yield world, exchange, realtime, storage
    for server in (exchange, realtime, storage):
        server.stop()


@pytest.fixture(scope="module")
def service(services):
    """An operator of the old system has a token of the old system."""
    program = Deployment(services[0], environment("000"))
    service = Service(program, login="anna")
    program.migrate()
    service.sql("INSERT INTO phones (number, rk, city) VALUES ('+74951234567', 'РК1', 'Москва')")
    service.sql(
        "INSERT INTO users (id, login, name, role, city, sip_address) VALUES "
        "(1, 'anna', 'Анна', 'operator', 'Москва', 'sip:anna@vpbx.example'), (2, 'boss', 'Ольга', 'director', NULL, NULL)")
    for login, number, role in (("anna", 1, "callcentre_operator"), ("boss", 2, "director")):
        claims = {"sub": number, "login": login, "role": role, "exp": int(time.time()) + 3600}
        program._tokens[login] = jwt(claims, "your-secret")
    with program:
        yield service


@covers("9.7 document 000")
@pytest.mark.interface
def test_what_the_document_prints_is_answered(service, services):
    _, exchange, realtime, storage = services
    with Replay("000", {}).to_the_end() as replay:
        record = a_call_of_the_exchange(service, replay, realtime)
        its_recording(service, replay, record, exchange, realtime, storage)
        records(service, replay)


def a_call_of_the_exchange(service, replay, realtime):
    story = Story(service, HOOK, "your-api-key", "your-api-salt")
    replay.take(request=f"POST {HOOK}")
    for seq, state, second in ((1, "Appeared", 0), (2, "Connected", 5), (3, "Disconnected", 65)):
        replay.take(webhook={"call_state": state})
        reply = story.post("", story.leg_event(seq, state, second, 1110 if state == "Disconnected" else None))
        assert reply.status_code == 200 and reply.json()["message"] == f"Call {state.lower()}"
    forged = story.post("", story.leg_event(4, "Connected", 70), bad_sign=True)
    assert forged.status_code == 401
    record = wait_for(lambda: (story.record() or {}).get("duration") and story.record(), 5, "the record")
    assert (record["status"], record["duration"], record["rk"], record["city"]) == ("answered", 60, "РК1", "Москва")
    assert record["operator"]["sipAddress"] == "sip:anna@vpbx.example"
    told = wait_for(lambda: len(realtime.events(id=record["id"])) >= 2 and realtime.events(id=record["id"]), 5, "broadcasts")
    assert [name for name, _ in told] == ["call-new", "call-ended"]
    assert told[0][1]["rooms"] == ["operators", "operator:1"]
    return story, record


def its_recording(service, replay, told, exchange, realtime, storage):
    story, record = told
    replay.take(request=f"POST {HOOK}/recording")
    replay.take(webhook={"recording_state": "Completed"})
    event = {"recording_id": f"rec-{story.call}", "recording_state": "Completed", "seq": 1, "entry_id": story.entry,
             "call_id": story.call, "timestamp": story.began, "completion_code": 1000}
    assert story.post("/recording", event).json() == {
        "success": True, "message": "Recording queued for processing", "data": {"callId": story.call}}
    service.sql("UPDATE recordings SET next_attempt_at = now() - interval '1 minute'")
    key = f"callcentre/recordings/{story.call}_{story.began * 1000}.mp3"
    stored = wait_for(lambda: (story.record() or {}).get("recordingPath"), 10, "the recording")
    assert stored == key and exchange.orders("queries/recording/post")[-1]["recording_id"] == event["recording_id"]
    assert storage.client.get_object(Bucket="your-bucket", Key=key)["Body"].read().startswith(b"ID3")
    assert storage.NAME in storage.names
    told = wait_for(lambda: [b for n, b in realtime.events(id=record["id"]) if n == "call-updated"], 5, "call-updated")
    assert told[-1]["call"]["recordFile"] == key
    url = service.ask("GET", f"/api/v1/recordings/call/{record['id']}/download")["url"]
    assert url.startswith(f"https://s3.selcdn.ru/your-bucket/{key.replace('=', '%3D')}?")


def records(service, replay):
    """The document names its paths and prints no body; the keys are those of the contract."""
    for request in ("GET /api/v1/calls", "GET /api/v1/calls/stats", "POST /api/v1/calls", "PUT /api/v1/calls/:id",
                    "GET /api/v1/calls/:id", "GET /api/v1/calls/by-phone/:phone"):
        replay.take(request=request)
    made = service.ask("POST", "/api/v1/calls", 201, json={"phoneClient": "79991234567", "status": "missed"})
    assert made["message"] == "Call created successfully" and made["data"]["operatorId"] == 1
    assert_like(made["data"], CALL | {"phoneAts": "", "duration": None})
    number = made["data"]["id"]
    changed = service.ask("PUT", f"/api/v1/calls/{number}", json={"status": "answered", "duration": 30})
    assert changed["message"] == "Call updated successfully" and changed["data"]["duration"] == 30
    assert_like(service.ask("GET", f"/api/v1/calls/{number}")["data"], changed["data"])
    [found] = service.ask("GET", "/api/v1/calls/by-phone/79991234567")["data"]
    assert found["id"] == number and found["status"] == "answered"
    listed = service.ask("GET", "/api/v1/calls", login="boss")["data"]
    assert listed["pagination"] == {"total": 2, "page": 1, "limit": 20, "totalPages": 1, "pages": 1}
    assert_like(listed["calls"], [CALL | {"duration": 1, "recordUrl": None}])
    assert service.ask("GET", "/api/v1/calls/stats", login="boss")["data"] == {
        "totalCalls": 2, "answeredCalls": 2, "missedCalls": 0, "busyCalls": 0, "noAnswerCalls": 0, "totalDuration": 90,
        "avgDuration": 45}
