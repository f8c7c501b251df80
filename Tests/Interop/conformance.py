"""Cases of the SIP conformance table: SIPp on both sides of a gateway, and the record the call leaves."""

import dataclasses
import re
import socket

import pytest
from gateway import wait_for
from sipp import SIPp, wait_listening

PASSWORD = "telephone-secret"
# The scenario of a called side that must hear nothing.
NOBODY = "nobody"


@dataclasses.dataclass(frozen=True)
class Case:
    """A caller's scenario, the scenarios on the other side, and what the record of the call must say at the end.

    `ends` is state and reason of the record; None: no call was made of it. `hears` are the beginnings of messages
    that the last caller must have received, in this order among others.
    """

    name: str
    caller: str | None = None
    # One called side, or several; without any the number is the echo of ours.
    callee: str | tuple = ()
    ends: tuple | None = ("completed", "caller_hangup")
    hears: tuple = ()
    # Who calls: `trunk`, `phone` with the case's account, or `stranger`.
    by: str = "trunk"
    # What the called sides are: servers of one `trunk`, `trunks` with a number each, or `phones` of the account.
    at: str = "trunk"
    # How the phones register.
    registers: str = "register"
    # Another caller, who begins when the first talks and knows its dialog as `[replaces]`, and how its number ends.
    then: str | None = None
    then_to: str = ""
    talk: int = 200
    # Settings of the caller's and of the called side's trunk.
    left: dict = dataclasses.field(default_factory=dict)
    right: dict = dataclasses.field(default_factory=dict)
    transport: str = "udp"
    password: str = PASSWORD
    keys: dict = dataclasses.field(default_factory=dict)
    options: tuple = ()
    seconds: int = 10

    def __str__(self):
        return self.name


class Scene:
    """One case in the gateway that all share: its addresses, its numbers, and the processes that play it."""

    def __init__(self, gateway, port, index, case):
        self.gateway, self.port, self.case = gateway, port, case
        self.address = f"127.1.{index}.1"
        self.callees = (case.callee,) if isinstance(case.callee, str) else case.callee
        self.sides = [f"127.1.{index}.{2 + n}" for n in range(len(self.callees))]
        self.number, self.extension = f"7495{index:07}", f"3{index:03}"
        self.runs = []
        self.unheard = None

    def play(self):
        """Plays the case to its end; raises what is wrong with it."""
        try:
            self.prepare()
            for scenario, address in zip(self.callees, self.sides):
                if scenario == NOBODY:
                    self.unheard = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                    self.unheard.bind((address, self.port))
                    continue
                self.run(scenario, address)
                wait_listening(address, self.port, self.case.transport)
            callers = [self.run(self.case.caller, self.address, calls=True)]
            if self.case.then:
                replaces = self.wait_dialog(callers[0])
                callers.append(self.run(self.case.then, self.address, calls=True, to=self.case.then_to,
                                        port=self.port + 1, replaces=replaces))
            for run in callers + self.runs:
                run.wait(self.case.seconds)
            self.check(callers)
        except AssertionError as failure:
            raise AssertionError(f"{failure}\n{self.told()}") from None
        finally:
            for run in self.runs:
                run.stop()
            if self.unheard:
                self.unheard.close()

    def prepare(self):
        """Trunks, routes, accounts and registrations of the case; whoever it does not need is not there."""
        case, number = self.case, self.number
        if case.by == "phone" or case.at == "phones":
            self.gateway.add("sip-accounts", extension=self.extension, password=PASSWORD)
        if case.at == "phones":
            for address in self.sides:
                with SIPp(case.registers, self.gateway, address=address, port=self.port, tone=None,
                          options=["-s", self.extension, "-m", 1, *self.options()]) as registration:
                    registration.wait(5)
        elif self.callees:
            self.add_trunks()
        if case.by == "trunk":
            # No call of another case may go out by it.
            self.add_trunk("left", [self.address], sourceNetworks=[f"{self.address}/32"], numbers={"accepts": ["0"]},
                           **case.left)
            for place, destination in self.destinations():
                self.gateway.add("routes", trunk=f"left{number}", number=number + place, destination=destination)

    def add_trunks(self):
        number = self.number
        if self.case.at == "trunks":
            for place, address in zip(("", "9"), self.sides):
                self.add_trunk(f"right{place}", [address], numbers={"accepts": [number + place]}, **self.case.right)
        else:
            self.add_trunk("right", self.sides, numbers={"accepts": [number]}, **self.case.right)

    def add_trunk(self, name, addresses, **fields):
        targets = [{"host": address, "port": self.port, "transport": self.case.transport, "priority": 10 * (place + 1)}
                   for place, address in enumerate(addresses)]
        self.gateway.add("trunks", name=name + self.number, targets=targets, keepAliveSeconds=None, **fields)

    def destinations(self):
        """Where the numbers of the case lead: each the end of the number, and the destination."""
        if not self.callees:
            return [("", {"extension": "9196"})]
        if self.case.at == "phones":
            return [("", {"extension": self.extension})]
        places = ("", "9") if self.case.at == "trunks" else ("",)
        return [(place, {"trunk": f"right{place}{self.number}"}) for place in places]

    def options(self, to="", **more):
        # SIPp takes the blanks off the beginning of a line, but not those of a key.
        keys = {"caller": "74950000001", "ext": self.extension, "first": self.number, "blank": " ", **self.case.keys,
                **more}
        login = ["-au", self.extension, "-ap", self.case.password]
        if self.callees and self.case.by == "phone":
            # SIPp would sign for the server alone, which gives no right to call a number.
            login += ["-auth_uri", f"{self.number}{to}@127.0.0.1:{self.gateway.sip_port}"]
        return login + [word for name, value in keys.items() for word in ("-key", name, value)]

    def run(self, scenario, address, calls=False, to="", port=None, **keys):
        run = SIPp(
            scenario, self.gateway if calls else None, address=address, port=port or self.port,
            transport=self.case.transport, tone=None, options=[
                "-s", self.number + to, "-m", 1, "-d", self.case.talk, "-trace_msg", "-message_file", "messages.log",
                *self.options(to, **keys), *self.case.options])
        self.runs.append(run.start())
        return run

    def wait_dialog(self, run):
        """The dialog of a caller who talks, as Replaces in a URI would name it to the gateway (RFC 3891)."""
        log = run.folder / "messages.log"
        answered = wait_for(
            lambda: log.exists() and re.search(r"SIP/2.0 200 OK.*\nACK ", log.read_text(), re.DOTALL), 5,
            "the first caller to talk")
        answer = answered.group()
        call, theirs, ours = (re.search(pattern, answer).group(1) for pattern in (
            r"Call-ID: (\S+)", r"To:.*;tag=(\S+)", r"From:.*;tag=(\S+)"))
        escape = "{}%3Bto-tag%3D{}%3Bfrom-tag%3D{}" if "refers" in self.case.then else "{};to-tag={};from-tag={}"
        return escape.format(call.replace("@", "%40") if "refers" in self.case.then else call, theirs, ours)

    def check(self, callers):
        case = self.case
        assert_order(case.hears, received(callers[-1]))
        if self.unheard:
            with pytest.raises(BlockingIOError):
                self.unheard.recv(65536, socket.MSG_DONTWAIT)
        if case.ends is None:
            assert not self.rows(), self.rows()
            return
        row = wait_for(lambda: next((row for row in self.rows() if row["ended_at"]), None), 5, "a closed record")
        ended = row["state"], row["end_reason"]
        assert ended == case.ends, f"the record says {ended}"

    def rows(self):
        """What is written down of the case's first number and of its account."""
        return self.gateway.stored(
            "SELECT * FROM calls WHERE receiver_number IN (?, ?) OR caller_number = ? ORDER BY id",
            self.number, self.extension, self.extension)

    def told(self):
        """What each side saw, for people."""
        texts = []
        for run in self.runs:
            path = run.folder / "messages.log"
            log = path.read_text(errors="replace")[-6000:] if path.exists() else ""
            texts.append(f"---- {run.scenario}\n{log}")
        return "\n".join(texts)


def received(run):
    """First lines of the messages that one SIPp received."""
    log = (run.folder / "messages.log").read_text(errors="replace")
    return re.findall(r"message received[^\n]*\n\n([^\r\n]+)", log)


def assert_order(wanted, heard):
    rest = iter(heard)
    for beginning in wanted:
        assert any(line.startswith(beginning) for line in rest), f"no {beginning!r} in its place in {heard}"
