"""Routes of no earlier system: what hangs on a call, queues, conferences, the way to a token."""

import pytest

from rows import covers
from shapes import assert_like, unauthorized

NOBODY = "00000000-0000-4000-8000-000000000000"


@covers("login POST /api/auth/login")
def test_a_password_for_a_token(service):
    body = {"login": "admin", "password": "admin-password"}
    answer = service.ask("POST", "/api/auth/login", login=None, json=body)["data"]
    assert_like(answer, {"token": "x.y.z", "expiresIn": 43200, "user": {"id": 1, "login": "admin", "role": "admin"}})
    service.refused(
        "POST", "/api/auth/login", 401, "UNAUTHORIZED", login=None, json={"login": "nobody", "password": "wrong"})
    service.refused("POST", "/api/auth/login", 400, "VALIDATION_ERROR", login=None, json={"login": "admin"})


@covers("calls GET /api/v1/calls/:id/sip", "calls GET /api/v1/calls/:id/diagnosis")
def test_how_a_call_went(service):
    call = service.reported()
    trace = service.ask("GET", f"/api/v1/calls/{call['uuid']}/sip")["data"]
    assert trace == {"callId": call["uuid"], "messages": []}
    assert service.raw("GET", f"/api/v1/calls/{call['id']}/sip", params={"format": "svg"}).text.startswith("<svg")
    diagnosis = service.ask("GET", f"/api/v1/calls/{call['id']}/diagnosis")["data"]
    assert diagnosis["callId"] == call["uuid"] and diagnosis["findings"][0]["severity"] == "note"
    text = service.raw("GET", f"/api/v1/calls/{call['id']}/diagnosis", params={"format": "text"})
    assert text.headers["Content-Type"].startswith("text/plain")
    page = service.raw("GET", f"/api/v1/calls/{call['id']}/diagnosis", params={"format": "html"})
    assert page.text.startswith("<!doctype html>") and call["uuid"] in page.text
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    for name in ("sip", "diagnosis"):
        service.refused("GET", f"/api/v1/calls/{NOBODY}/{name}", 404, "CALL_NOT_FOUND")
        service.refused("GET", f"/api/v1/calls/{call['id']}/{name}?format=x", 400, "VALIDATION_ERROR")
        unauthorized(service, "GET", f"/api/v1/calls/{call['id']}/{name}")


@covers("calls POST /api/v1/calls/:id/diagnosis/link")
def test_a_link_shows_a_browser_one_diagnosis(service):
    path = f"/api/v1/calls/{service.reported()['uuid']}/diagnosis"
    link = service.ask("POST", f"{path}/link")["data"]
    assert_like(link, {"url": "/api/v1/calls", "expiresAt": "2025-11-08T12:00:00.000Z"})
    page = service.raw("GET", link["url"], login=None)
    assert page.status_code == 200 and page.text.startswith("<!doctype html>")
    service.refused("GET", link["url"] + "x", 401, "UNAUTHORIZED", login=None)
    service.refused("POST", f"/api/v1/calls/{NOBODY}/diagnosis/link", 404, "CALL_NOT_FOUND")
    unauthorized(service, "POST", f"{path}/link")


@covers(
    "calls POST /api/v1/calls/:id/play", "calls POST /api/v1/calls/:id/play/stop",
    "calls GET /api/v1/calls/:id/recording",
    *(f"calls POST /api/v1/calls/:id/recording/{word}" for word in ("start", "stop", "pause", "resume")))
def test_commands_that_need_media_are_refused_without(service):
    call = service.reported()
    path = f"/api/v1/calls/{call['uuid']}"
    service.refused("POST", f"{path}/play", 409, "INVALID_STATE", json={"tone": "busy"})
    service.refused("POST", f"{path}/play", 400, "VALIDATION_ERROR", json={"tone": "busy", "file": "x.wav"})
    for command in ("play/stop", "recording/start", "recording/stop", "recording/pause", "recording/resume"):
        assert service.raw("POST", f"{path}/{command}").status_code in (200, 409), command
        service.refused("POST", f"/api/v1/calls/{NOBODY}/{command}", 404, "CALL_NOT_FOUND")
        unauthorized(service, "POST", f"{path}/{command}")
    service.refused("GET", f"{path}/recording", 404, "RECORDING_NOT_FOUND")


@covers(
    "calls POST /api/v1/calls/:id/streams", "calls GET /api/v1/calls/:id/streams",
    "calls DELETE /api/v1/calls/:id/streams/:streamId")
def test_streams_are_for_those_who_hear_every_call(service):
    path = f"/api/v1/calls/{service.reported()['uuid']}/streams"
    assert service.ask("GET", path)["data"] == []
    service.refused("GET", path, 403, "FORBIDDEN", login="anna")
    service.refused("POST", path, 400, "VALIDATION_ERROR", json={"url": "http://example.com"})
    service.refused("POST", path, 409, "INVALID_STATE", json={"url": "wss://example.com/audio"})
    service.refused("DELETE", f"{path}/none", 404, "STREAM_NOT_FOUND")


@pytest.fixture(scope="module")
def queue(service):
    service.ask("POST", "/api/v1/admin/queues", 201, json={"name": "sales", "extension": "7001"})
    yield "/api/v1/queues/sales"
    service.ask("DELETE", "/api/v1/admin/queues/sales")


@covers(
    "queues GET /api/v1/queues", "queues GET /api/v1/queues/:name", "queues POST /api/v1/queues/:name/members",
    "queues PUT /api/v1/queues/:name/members/:userId", "queues DELETE /api/v1/queues/:name/members/:userId")
def test_people_come_rest_and_go_in_a_queue(service, queue):
    anna = service.user_id("anna")
    assert "sales" in [entry["name"] for entry in service.ask("GET", "/api/v1/queues")["data"]]
    members = service.ask("POST", f"{queue}/members", 201, login="anna")["data"]["members"]
    assert [member["userId"] for member in members] == [anna]
    body = {"paused": True, "reason": "обед"}
    members = service.ask("PUT", f"{queue}/members/{anna}", login="anna", json=body)["data"]["members"]
    assert members[0]["paused"] is True and members[0]["reason"] == "обед"
    service.refused("PUT", f"{queue}/members/{anna}", 400, "VALIDATION_ERROR", login="anna", json={})
    assert service.ask("DELETE", f"{queue}/members/{anna}")["data"]["members"] == []
    assert service.ask("GET", queue)["data"]["waiting"] == []
    service.refused("GET", "/api/v1/queues/none", 404, "QUEUE_NOT_FOUND")
    unauthorized(service, "GET", queue)


CONFERENCE = "/api/v1/conferences/:name"


@covers(
    "conferences GET /api/v1/conferences", f"conferences GET {CONFERENCE}/participants",
    f"conferences POST {CONFERENCE}/participants", f"conferences DELETE {CONFERENCE}/participants/:callId",
    f"conferences POST {CONFERENCE}/participants/:callId/mute", f"conferences POST {CONFERENCE}/participants/:callId/unmute",
    f"conferences POST {CONFERENCE}/recording/start", f"conferences POST {CONFERENCE}/recording/stop",
    f"conferences GET {CONFERENCE}/recording")
def test_a_conference_in_which_nobody_is(service):
    room = service.ask("GET", "/api/v1/conferences")["data"][0]
    path = f"/api/v1/conferences/{room['name']}"
    assert service.ask("GET", f"{path}/participants")["data"] == room
    service.refused("GET", "/api/v1/conferences/none/participants", 404, "CONFERENCE_NOT_FOUND")
    service.refused("POST", f"{path}/participants", 400, "VALIDATION_ERROR", json={})
    service.refused("POST", f"{path}/participants", 403, "FORBIDDEN", login="anna", json={"to": "1001"})
    for method, command in (("DELETE", ""), ("POST", "/mute"), ("POST", "/unmute")):
        service.refused(method, f"{path}/participants/{NOBODY}{command}", 404, "CALL_NOT_FOUND")
    for command in ("start", "stop"):
        assert service.raw("POST", f"{path}/recording/{command}").status_code in (200, 409)
    service.refused("GET", f"{path}/recording", 404, "RECORDING_NOT_FOUND")
    unauthorized(service, "GET", f"{path}/participants")
