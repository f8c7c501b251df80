"""`eventId` and `lastEventId`: what a client is told that was away for a while."""

import asyncio
import json

import pytest
import socketio
import websockets

CONVERSATION = ("call-new", "call-updated")


class Page:
    """A client that remembers which event it saw last, as the README shows it."""

    def __init__(self, service, login):
        self.gateway, self.token = service.gateway, service.gateway.token(login)
        self.last = ""
        self.heard = []

    def take(self, name, payload, number):
        self.heard.append((name, payload))
        self.last = number or self.last

    async def until(self, name):
        """Waits for an event; answers its payload."""
        for _ in range(200):
            for heard, payload in self.heard:
                if heard == name:
                    return payload
            await asyncio.sleep(0.05)
        raise AssertionError(f"no {name} among {[heard for heard, _ in self.heard]}")

    def all(self, *names):
        return [(name, payload["id"]) for name, payload in self.heard if name in names]


class RawPage(Page):
    """At /ws, frame by frame."""

    async def open(self):
        self.heard = []
        url = self.gateway.url(f"/ws?token={self.token}&lastEventId={self.last}").replace("http", "ws", 1)
        self.socket = await websockets.connect(url)
        self.reader = asyncio.create_task(self.read())

    async def read(self):
        async for text in self.socket:
            frame = json.loads(text)
            assert "eventId" in frame, frame
            self.take(frame["type"], frame.get("data", frame), frame["eventId"])

    async def close(self):
        await self.socket.close()
        await self.reader


class LibraryPage(Page):
    """With python-socketio."""

    async def open(self):
        self.heard = []
        self.client = socketio.AsyncClient(reconnection=False)

        @self.client.on("*")
        async def heard(name, *arguments):
            carrier = arguments[-1] if arguments else None
            assert isinstance(carrier, dict) and carrier["eventId"], (name, arguments)
            self.take(name, arguments[0], carrier["eventId"])

        await self.client.connect(self.gateway.url(), auth={"token": self.token, "lastEventId": self.last})

    async def close(self):
        await self.client.disconnect()


@pytest.fixture
def service(event_service):
    return event_service


@pytest.fixture(params=[RawPage, LibraryPage], ids=["websocket", "python-socketio"])
def page(request, service):
    return request.param(service, "anna")


async def make(service):
    return (await asyncio.to_thread(service.record))["id"]


def test_a_client_that_was_away_is_told_what_it_missed(service, page):
    async def run():
        await page.open()
        await page.until("active-calls")
        seen = await make(service)
        assert (await page.until("call-new"))["id"] == seen
        await asyncio.sleep(0.2)
        await page.close()
        missed = [await make(service) for _ in range(2)]
        await asyncio.to_thread(service.ask, "PUT", f"/api/v1/calls/{missed[0]}", json={"status": "missed"})
        await page.open()
        replayed = await page.until("events-replayed")
        assert page.all(*CONVERSATION) == [
            ("call-new", missed[0]), ("call-new", missed[1]), ("call-updated", missed[0])]
        assert replayed["count"] == len([1 for name, _ in page.heard if name.startswith("call")
                                         and name != "calls:active"])
        await page.until("active-calls")
        await page.close()
        await page.open()
        assert (await page.until("events-replayed"))["count"] == 0
        await page.close()

    asyncio.run(run())


def test_a_name_of_an_earlier_run_makes_the_client_load_anew(service, page):
    async def run():
        page.last = "earlier-12"
        await page.open()
        told = await page.until("events-missed")
        assert (told["reason"], told["lastEventId"]) == ("restarted", "earlier-12")
        await page.until("active-calls")
        await page.close()

    asyncio.run(run())
