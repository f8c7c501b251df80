"""Webhooks and what waits for them, as administrators keep it; what the servers are told is in test_webhooks.py."""

import pytest
from gateway import wait_for
from rows import covers
from shapes import unauthorized

HOOKS, OUTBOX = "/api/v1/admin/webhooks", "/api/v1/admin/outbox"
SECRET = "a secret of sixteen or more"


@pytest.fixture
def hook(service):
    """A webhook at a server that nobody finds."""
    body = {"name": "nowhere", "url": "https://crm.invalid/calls", "secret": SECRET, "events": ["call.filed"]}
    made = service.ask("POST", HOOKS, 201, json=body)["data"]
    yield made
    service.raw("DELETE", f"{HOOKS}/{made['id']}")


@covers(f"admin POST {HOOKS}", f"admin GET {HOOKS}", f"admin GET {HOOKS}/:id", f"admin PUT {HOOKS}/:id",
        f"admin DELETE {HOOKS}/:id")
def test_a_webhook_is_kept_and_its_secret_not_shown(service, hook):
    own = f"{HOOKS}/{hook['id']}"
    for shown in (hook, service.ask("GET", own)["data"], service.ask("GET", f"{HOOKS}/nowhere")["data"]):
        assert shown["url"] == "https://crm.invalid/calls" and shown["events"] == ["call.filed"]
        assert SECRET not in str(shown)
    assert service.ask("PUT", own, json={"active": False})["data"] == {**hook, "active": False}
    assert {**hook, "active": False} in service.ask("GET", HOOKS)["data"]
    service.refused("POST", HOOKS, 409, "CONFLICT", json={"name": "nowhere", "url": "https://x.invalid/", "secret": SECRET})
    service.refused("PUT", own, 400, "VALIDATION_ERROR", json={"url": "ftp://crm.invalid/"})
    unauthorized(service, "GET", HOOKS)
    service.refused("GET", HOOKS, 403, "FORBIDDEN", login="anna")
    assert service.ask("DELETE", own) == {"success": True}
    service.refused("GET", own, 404, "NOT_FOUND")


@covers(f"admin GET {OUTBOX}", f"admin POST {OUTBOX}/:id/retry", f"admin DELETE {OUTBOX}/:id",
        f"admin POST {HOOKS}/:id/replay", f"admin POST {HOOKS}/:id/test")
def test_what_waits_is_seen_tried_again_and_dropped(service, hook):
    own = f"{HOOKS}/{hook['id']}"

    def waiting():
        items = service.ask("GET", OUTBOX, params={"kind": "webhook", "limit": 200})["data"]["items"]
        return [item for item in items if item["orderingKey"].endswith(f":{hook['id']}")]

    told = service.ask("POST", f"{own}/test", json={})["data"]
    assert told["delivered"] is False and told["error"]
    record = service.record()
    item = wait_for(lambda: waiting() and waiting()[0], 5, "an item")
    assert item["body"]["event"] == "call.filed" and item["body"]["call"]["id"] == record["uuid"]
    assert service.ask("POST", f"{OUTBOX}/{item['id']}/retry")["data"]["state"] == "pending"
    wait_for(lambda: waiting()[0]["lastError"], 5, "the failure")
    service.record()
    wait_for(lambda: len(waiting()) == 2, 5, "the second item")
    assert service.ask("DELETE", f"{OUTBOX}/{waiting()[1]['id']}") == {"success": True}
    assert len(waiting()) == 1
    # What came after the first event was dropped, and is wanted again.
    assert service.ask("POST", f"{own}/replay", 202, json={"from": item["messageId"]})["data"] == {"queued": 1}
    assert len(waiting()) == 2
    service.refused("POST", f"{own}/replay", 404, "NOT_FOUND", json={"from": "unheard of"})
    service.refused("POST", f"{own}/replay", 400, "VALIDATION_ERROR", json={})
    service.refused("DELETE", f"{OUTBOX}/{10**12}", 404, "NOT_FOUND")
    service.refused("GET", OUTBOX, 400, "VALIDATION_ERROR", params={"state": "lost"})
    service.refused("GET", OUTBOX, 403, "FORBIDDEN", login="anna")
    service.ask("DELETE", own)
    assert waiting() == []
