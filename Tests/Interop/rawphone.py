"""A telephone of a few lines over UDP: registers, makes and takes calls, and keeps every message; it has no sound.

For tests that must see or decide each message themselves. Where sound matters, baresip and SIPp are the phones.
"""

import hashlib
import queue
import re
import socket
import threading
import time
import uuid

SDP = """v=0\r
o=- 1 1 IN IP4 127.0.0.1\r
s=-\r
c=IN IP4 127.0.0.1\r
t=0 0\r
m=audio {port} RTP/AVP 8 0 101\r
a=rtpmap:8 PCMA/8000\r
a=rtpmap:0 PCMU/8000\r
a=rtpmap:101 telephone-event/8000\r
a=sendrecv\r
"""


class Message:
    """One SIP message: first line, headers in lower case (each a list), body."""

    def __init__(self, text):
        head, _, self.body = text.partition("\r\n\r\n")
        self.first, *lines = head.split("\r\n")
        self.headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            self.headers.setdefault(name.strip().lower(), []).append(value.strip())

    def __getitem__(self, name):
        return self.headers[name][0]

    @property
    def method(self):
        return None if self.first.startswith("SIP/2.0") else self.first.split()[0]

    @property
    def status(self):
        return int(self.first.split()[1]) if self.first.startswith("SIP/2.0") else None

    @property
    def cseq_method(self):
        return self["cseq"].split()[1]


class RawPhone:
    def __init__(self, gateway, username, password="", describe=lambda port: SDP.format(port=port), address="127.0.0.1",
                 media_address=None, server="127.0.0.1", open_socket=None):
        """`describe` makes the session description of a media port; `open_socket` opens a UDP socket elsewhere."""
        self.gateway, self.username, self.password, self._describe = gateway, username, password, describe
        self.address, self.server = address, server
        open_socket = open_socket or (lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self.socket = open_socket()
        self.socket.bind((address, 0))
        self.port = self.socket.getsockname()[1]
        self.media = open_socket()
        self.media.bind((media_address or address, 0))
        self.messages = []
        self._inbox = queue.Queue()
        self._cseq = 0
        self._is_open = True
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while self._is_open:
            try:
                data = self.socket.recv(65536)
            except OSError:
                return
            message = Message(data.decode("utf-8", "replace"))
            self.messages.append(message)
            self._inbox.put(message)

    def close(self):
        self._is_open = False
        self.socket.close()
        self.media.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # Messages

    def send(self, first, headers, body=""):
        lines = [first, *(f"{name}: {value}" for name, value in headers), f"Content-Length: {len(body)}", "", body]
        self._last = "\r\n".join(lines).encode()
        self.send_again()

    def send_again(self):
        """Repeats the latest message."""
        self.socket.sendto(self._last, (self.server, self.gateway.sip_port))

    def wait(self, matching, what, seconds=10):
        """The next message that `matching` accepts; others are passed over (they stay in `messages`)."""
        end = time.monotonic() + seconds
        while True:
            try:
                message = self._inbox.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                heard = [message.first for message in self.messages]
                raise AssertionError(f"no {what} in {seconds} s; heard {heard}") from None
            if matching(message):
                return message

    def wait_request(self, method, seconds=10):
        return self.wait(lambda message: message.method == method, method, seconds)

    def wait_final(self, method, seconds=10):
        return self.wait(
            lambda message: message.status and message.status >= 200 and message.cseq_method == method,
            f"final answer to {method}", seconds)

    def respond(self, request, status, reason, body="", tag="phone"):
        headers = [("Via", via) for via in request.headers["via"]]
        headers += [("Record-Route", route) for route in request.headers.get("record-route", [])]
        to = request["to"] if "tag=" in request["to"] else f"{request['to']};tag={tag}"
        headers += [("From", request["from"]), ("To", to), ("Call-ID", request["call-id"]), ("CSeq", request["cseq"])]
        headers += [("Contact", self.contact)]
        if body:
            headers.append(("Content-Type", "application/sdp"))
        self.send(f"SIP/2.0 {status} {reason}", headers, body)

    @property
    def contact(self):
        return f"<sip:{self.username}@{self.address}:{self.port}>"

    @property
    def sdp(self):
        return self._describe(self.media.getsockname()[1])

    # What a phone does

    @staticmethod
    def _md5(text):
        return hashlib.md5(text.encode()).hexdigest()

    def _request(self, method, target, to, call_id, tag, extra=(), body=""):
        self._cseq += 1
        branch = f"z9hG4bK{uuid.uuid4().hex}"
        headers = [
            ("Via", f"SIP/2.0/UDP {self.address}:{self.port};branch={branch};rport"), ("Max-Forwards", "70"),
            ("From", f"<sip:{self.username}@tandem>;tag={tag}"), ("To", to), ("Call-ID", call_id),
            ("CSeq", f"{self._cseq} {method}"), ("Contact", self.contact), *extra,
        ]
        if body:
            headers.append(("Content-Type", "application/sdp"))
        self.send(f"{method} {target} SIP/2.0", headers, body)
        return branch

    def _authorize(self, challenge, method, target):
        name = "www-authenticate" if challenge.status == 401 else "proxy-authenticate"
        offer = next(value for value in challenge.headers[name] if "MD5" in value or "algorithm" not in value)
        field = dict(re.findall(r'(\w+)="([^"]*)"', offer))
        first = self._md5(f"{self.username}:{field['realm']}:{self.password}")
        second = self._md5(f"{method}:{target}")
        parts = [
            f'username="{self.username}"', f'realm="{field["realm"]}"', f'nonce="{field["nonce"]}"', f'uri="{target}"',
            "algorithm=MD5",
        ]
        if "qop" in field:
            cnonce = uuid.uuid4().hex
            answer = self._md5(f"{first}:{field['nonce']}:00000001:{cnonce}:auth:{second}")
            parts += ["qop=auth", "nc=00000001", f'cnonce="{cnonce}"']
        else:
            answer = self._md5(f"{first}:{field['nonce']}:{second}")
        if "opaque" in field:
            parts.append(f'opaque="{field["opaque"]}"')
        parts.append(f'response="{answer}"')
        header = "Authorization" if challenge.status == 401 else "Proxy-Authorization"
        return [(header, "Digest " + ", ".join(parts))]

    def register(self, expires=300):
        call_id, tag, target = uuid.uuid4().hex, uuid.uuid4().hex[:8], "sip:tandem"
        to, extra = f"<sip:{self.username}@tandem>", [("Expires", str(expires))]
        self._request("REGISTER", target, to, call_id, tag, extra)
        challenge = self.wait_final("REGISTER")
        assert challenge.status == 401, challenge.first
        self._request("REGISTER", target, to, call_id, tag, extra + self._authorize(challenge, "REGISTER", target))
        accepted = self.wait_final("REGISTER")
        assert accepted.status == 200, accepted.first
        return self

    def answer(self, ring_first=True):
        """Takes the next INVITE to the ACK; answers the INVITE."""
        invite = self.wait_request("INVITE")
        if ring_first:
            self.respond(invite, 180, "Ringing")
        self.respond(invite, 200, "OK", self.sdp)
        self.wait_request("ACK")
        return invite

    def take_all(self):
        """Says yes to whatever it is asked from now on, until it is closed: for a thread."""
        while self._is_open:
            try:
                request = self.wait(lambda message: message.method not in (None, "ACK"), "request", 1)
                self.respond(request, 200, "OK", self.sdp if request.method == "INVITE" else "")
            except (AssertionError, OSError):
                # Nothing came, or the telephone is closed.
                continue

    def invite(self, number, extra=()):
        """Sends an INVITE and nothing else; `refused` takes the answer to one that nobody accepts."""
        self._target = f"sip:{number}@{self.server}:{self.gateway.sip_port}"
        self._request("INVITE", self._target, f"<{self._target}>", uuid.uuid4().hex, uuid.uuid4().hex[:8], extra, self.sdp)

    def refused(self):
        """The final answer to `invite`."""
        answer = self.wait_final("INVITE")
        self._acknowledge(answer, self._target)
        return answer

    def dial(self, number, extra=()):
        """Calls a number, and waits for nothing but the question who calls. `give_up` ends it."""
        target = f"sip:{number}@{self.server}:{self.gateway.sip_port}"
        call_id, tag = uuid.uuid4().hex, uuid.uuid4().hex[:8]
        self._request("INVITE", target, f"<{target}>", call_id, tag, body=self.sdp)
        challenge = self.wait_final("INVITE")
        assert challenge.status in (401, 407), challenge.first
        self._acknowledge(challenge, target)
        extra = [*extra, *self._authorize(challenge, "INVITE", target)]
        branch = self._request("INVITE", target, f"<{target}>", call_id, tag, extra, self.sdp)
        self._dialled = target, branch, call_id, tag, self._cseq

    def give_up(self):
        """Takes back what `dial` began."""
        target, branch, call_id, tag, number = self._dialled
        self.send(f"CANCEL {target} SIP/2.0", [
            ("Via", f"SIP/2.0/UDP {self.address}:{self.port};branch={branch};rport"), ("Max-Forwards", "70"),
            ("From", f"<sip:{self.username}@tandem>;tag={tag}"), ("To", f"<{target}>"), ("Call-ID", call_id),
            ("CSeq", f"{number} CANCEL")])
        refused = self.wait_final("INVITE")
        assert refused.status == 487, refused.first
        self._acknowledge(refused, target)

    def wait_refusal(self, seconds=15):
        """The status that the call of `dial` is refused with."""
        refused = self.wait_final("INVITE", seconds)
        assert refused.status >= 300, refused.first
        self._acknowledge(refused, self._dialled[0])
        return refused.status

    def call(self, number, extra=(), acknowledges=True):
        """Calls a number, to the ACK; answers the 200 of whoever took the call. `hang_up` ends it."""
        self.dial(number, extra)
        return self.take_dialog(acknowledges)

    def try_call(self, number):
        """Calls a number; answers the last word about it, acknowledged."""
        target = f"sip:{number}@{self.server}:{self.gateway.sip_port}"
        call_id, tag = uuid.uuid4().hex, uuid.uuid4().hex[:8]
        self._request("INVITE", target, f"<{target}>", call_id, tag, body=self.sdp)
        answer = self.wait_final("INVITE")
        if answer.status in (401, 407):
            self._acknowledge(answer, target)
            extra = self._authorize(answer, "INVITE", target)
            self._request("INVITE", target, f"<{target}>", call_id, tag, extra, self.sdp)
            answer = self.wait_final("INVITE", 15)
        self._dialog = answer
        self._acknowledge(answer, self._remote_target if answer.status == 200 else target)
        return answer

    def take_dialog(self, acknowledges=True):
        """Acknowledges the 200 of whoever took the call that was dialled."""
        self._dialog = self.wait_final("INVITE", 15)
        assert self._dialog.status == 200, self._dialog.first
        if acknowledges:
            self._acknowledge(self._dialog, self._remote_target)
        return self._dialog

    @property
    def _remote_target(self):
        return re.search(r"<(.*?)>", self._dialog["contact"]).group(1)

    def _acknowledge(self, answer, target):
        via = answer["via"]
        if answer.status == 200:
            via = re.sub("branch=[^;]+", f"branch=z9hG4bK{uuid.uuid4().hex}", via)
        self.send(f"ACK {target} SIP/2.0", [
            ("Via", via), ("Max-Forwards", "70"), ("From", answer["from"]), ("To", answer["to"]),
            ("Call-ID", answer["call-id"]), ("CSeq", answer["cseq"].split()[0] + " ACK")])

    def _ask(self, method, body=""):
        """A request in the dialog of `call`; answers its response."""
        tag = re.search("tag=([^;]+)", self._dialog["from"]).group(1)
        self._request(method, self._remote_target, self._dialog["to"], self._dialog["call-id"], tag, body=body)
        return self.wait_final(method)

    def hang_up(self):
        """Ends the call that `call` made."""
        assert self._ask("BYE").status == 200

    def hold(self):
        """Puts the call on hold by re-INVITE."""
        held = self._ask("INVITE", self.sdp.replace("a=sendrecv", "a=sendonly"))
        assert held.status == 200, held.first
        self._acknowledge(held, self._remote_target)
