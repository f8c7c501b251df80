"""A gateway with telephones that are played here, each call with numbers of its own and sound as it is wanted."""

import contextlib
import itertools
import os
import re
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from gateway import wait_for
from rawphone import RawPhone

PASSWORD = "a-long-password-of-a-phone"
NOISE = os.urandom(160)


class Voice:
    """RTP of 50 packets a second from a phone to where a description says, until it is closed."""

    def __init__(self, phone, description, payload=NOISE, lose=0.0, reports=False):
        host = re.search(r"c=IN IP4 (\S+)", description).group(1)
        port = int(re.search(r"m=audio (\d+)", description).group(1))
        self.socket, self.target, self.control = phone.media, (host, port), (host, port + 1)
        self.payload, self.lose, self.reports = payload, lose, reports
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._speak, daemon=True)
        self._thread.start()

    def _speak(self):
        began = time.monotonic()
        for number in itertools.count(1):
            if self._over.wait(max(0, began + number * 0.02 - time.monotonic())):
                return
            if number * self.lose % 1 < self.lose and self.lose:
                continue
            header = struct.pack("!BBHIi", 0x80, 8, number & 0xFFFF, number * 160, 7)
            self.socket.sendto(header + self.payload, self.target)
            if self.reports and number % 50 == 0:
                # On what it sends, with nothing to say of what it hears.
                self.socket.sendto(struct.pack("!BBHiQIII", 0x80, 200, 6, 7, 0, 0, number, 0), self.control)

    def close(self):
        self._over.set()
        self._thread.join()


class Stage:
    """One gateway with phones of numbers that no other call has."""

    numbers = itertools.count(3000)

    def __init__(self, gateway, **phone):
        self.gateway, self.named = gateway, phone
        self._open = contextlib.ExitStack()

    def phone(self, registers=True, **named):
        extension = str(next(self.numbers))
        self.gateway.add("sip-accounts", extension=extension, password=PASSWORD)
        phone = self._open.enter_context(
            RawPhone(self.gateway, extension, PASSWORD, **{**self.named, **named}))
        return phone.register() if registers else phone

    def pair(self):
        return self.phone(), self.phone()

    def trunk(self, host, port, transport="UDP", **fields):
        """A trunk of its own number; answers that."""
        number = f"+7495000{next(self.numbers)}"
        self.gateway.add(
            "trunks", name=f"carrier{number[-4:]}", targets=[{"host": host, "port": port, "transport": transport}],
            numbers={"accepts": [number]}, keepAliveSeconds=None, **fields)
        return number

    def close(self):
        self._open.close()

    def uuid(self, number):
        """The call to a number."""
        found = lambda: self.gateway.stored("SELECT uuid FROM calls WHERE receiver_number = ?", number)  # noqa: E731
        return wait_for(found, 5, f"a call to {number}")[0]["uuid"]

    def diagnosis(self, number, form=None):
        path = f"/api/v1/calls/{self.uuid(number)}/diagnosis"
        answer = self.gateway.request("GET", path, login="admin", params={"format": form} if form else {})
        assert answer.status_code == 200, answer.text
        return answer.text if form else answer.json()["data"]

    def wait_over(self, number):
        uuid = self.uuid(number)
        over = lambda: self.gateway.stored(  # noqa: E731
            "SELECT 1 FROM calls WHERE uuid = ? AND ended_at IS NOT NULL", uuid)
        wait_for(over, 10, f"the call to {number} to be over")


@contextlib.contextmanager
def beside(function, *arguments):
    """Runs something on a thread of its own meanwhile."""
    with ThreadPoolExecutor(1) as thread:
        future = thread.submit(function, *arguments)
        yield future
        future.result(20)


def connect(caller, callee, acknowledges=True):
    """One phone calls another, which answers; answers the descriptions of the gateway for each."""
    with beside(callee.answer) as invite:
        dialog = caller.call(callee.username, acknowledges=acknowledges)
    return dialog.body, invite.result().body


def hang_up(caller, callee):
    with beside(callee.wait_request, "BYE") as bye:
        with beside(lambda: callee.respond(bye.result(), 200, "OK")):
            caller.hang_up()


def talk(stage, seconds, speaks=({}, {}), meanwhile=lambda caller, callee, voices: None, pair=None):
    """Two phones talk for a while; `speaks`: how each does, None: not at all. Answers the number and what was found."""
    caller, callee = pair or stage.pair()
    descriptions = connect(caller, callee)
    voices = [Voice(phone, description, **how) for phone, description, how in zip((caller, callee), descriptions, speaks)
              if how is not None]
    meanwhile(caller, callee, voices)
    time.sleep(seconds)
    live = stage.diagnosis(callee.username)
    hang_up(caller, callee)
    for voice in voices:
        voice.close()
    return callee.username, live


def dials(stage, number):
    """A phone calls a number and is refused."""
    caller = stage.phone()
    caller.dial(number)
    caller.wait_refusal()
    return number, None
