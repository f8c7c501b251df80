"""A page in Chromium that speaks Engine.IO and Socket.IO by hand, over each transport; its script is byhand.js."""

from pathlib import Path

import pytest
from gateway import wait_for
from playwright.sync_api import Error
from rows import covers
from vendor import Server

SCRIPT = (Path(__file__).parent / "byhand.js").read_text()
PAGE = f"<!DOCTYPE html><meta charset=utf-8><title>By hand</title><script>{SCRIPT}</script>".encode()
TRANSPORTS = {"polling": ["polling"], "websocket": ["websocket"], "upgrade": ["polling", "websocket"]}


@pytest.fixture(scope="module")
def elsewhere():
    """A page's server of somebody else: it is at localhost, the gateway at 127.0.0.1."""
    server = Server(lambda _, request: (200, {"Content-Type": "text/html"}, PAGE))
    yield server.url.replace("127.0.0.1", "localhost") + "/"
    server.stop()


class HandMade:
    """The page's client, driven from here."""

    def __init__(self, page, service, transports, query=""):
        self.page, self.transports = page, transports
        page.evaluate("([origin, query]) => { window.client = new Client(origin, query); }",
                      [service.gateway.url("").rstrip("/"), query])

    def _do(self, method, *arguments):
        return self.page.evaluate(
            "([method, words]) => within(10, method, client[method](...words))", [method, list(arguments)])

    def open(self, **auth):
        self._do("open", self.transports, auth)

    def ask(self, name, payload):
        return self._do("ask", name, payload)

    def wait(self, name, **fields):
        return self._do("wait", name, fields)

    def close(self):
        self._do("close")

    def get(self, expression):
        return self.page.evaluate(f"client.{expression}")


@pytest.fixture
def page(chrome):
    opened = chrome.new_page()
    yield opened
    assert opened.problems == []
    chrome.close_pages()


@covers("9.6 upgrade", "9.6 token", "9.6 acknowledgement")
@pytest.mark.parametrize("transports", TRANSPORTS.values(), ids=TRANSPORTS.keys())
def test_a_page_is_told_answers_leaves_and_comes_back(service, page, transports):
    anna, token = service.user_id("anna"), service.gateway.token("anna")
    # Some document of the gateway's own; a page made up on the way would be no local one to Chromium, and may not connect.
    page.goto(service.gateway.url("/docs"))
    page.evaluate(f"() => {{ {SCRIPT} }}")
    client = HandMade(page, service, transports)
    client.open(token=token, lastEventId="")
    assert set(client.get("handshake")) == {"sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"}
    assert client.get("transport") == transports[-1]
    assert f"user:{anna}" in client.wait("authenticated", userId=anna)["rooms"]
    client.wait("active-calls")
    assert client.ask("join-room", {"room": "news"})["success"] is True
    call = service.reported(assigned_user_id=anna)
    assert client.wait("incoming-call", id=call["id"])["assigned_user_id"] == anna
    answer = {"callId": call["id"], "action": "accept", "initialData": {"customerName": "Иван Петров"}}
    assert client.ask("answer-call", answer)["success"] is True
    assert client.wait("call-answered", callId=call["id"])["userId"] == anna
    assert client.ask("answer-call", answer)["error"]["code"] == "CALL_ALREADY_ANSWERED"
    told = lambda: [name for name, payload in client.get("events") if about(call, payload)]
    wait_for(lambda: told()[-1] == "call:updated", what="all events of the answer")
    assert "call:answered" in told()
    last = client.get("lastEventId")
    client.close()
    service.ask("PUT", f"/api/calls/{call['id']}", json={"notes": "пока страницы нет"})
    service.ask("PUT", f"/api/calls/{call['id']}/end", json={"duration": 5})
    client.open(token=token, lastEventId=last)
    client.wait("events-replayed", lastEventId=last)
    assert told() == ["call-notes-updated", "call:updated", "call-ended", "call:ended"]
    assert client.wait("call-notes-updated", callId=call["id"])["notes"] == "пока страницы нет"
    assert client.wait("call-ended", callId=call["id"])["duration"] == 5
    client.close()


def about(call, payload):
    names = {call["id"], call["uuid"]}
    return isinstance(payload, dict) and bool(names & {payload.get(key) for key in ("id", "callId", "uuid", "numericId")})


@pytest.mark.parametrize("transports", TRANSPORTS.values(), ids=TRANSPORTS.keys())
def test_a_page_of_another_origin_is_served_with_a_token_of_its_own(service, page, elsewhere, transports):
    page.goto(elsewhere)
    client = HandMade(page, service, transports, f"&token={service.gateway.token('anna')}")
    client.open()
    client.wait("authenticated", userId=service.user_id("anna"))
    record = service.record()
    assert client.wait("call-new", id=record["id"])["status"] == "answered"
    client.close()
    stranger = HandMade(page, service, transports)
    with pytest.raises(Error, match="Не авторизован"):
        stranger.open()
