"""A telephone whose only digits are INFO requests: it describes no telephone-event, and says that it takes INFO."""

import re
import threading
import uuid

from rawphone import RawPhone

SDP = """v=0\r
o=- 1 1 IN IP4 127.0.0.1\r
s=-\r
c=IN IP4 127.0.0.1\r
t=0 0\r
m=audio {port} RTP/AVP 8 0\r
a=rtpmap:8 PCMA/8000\r
a=rtpmap:0 PCMU/8000\r
a=sendrecv\r
"""
ALLOW = "INVITE, ACK, BYE, CANCEL, INFO"


class InfoPhone(RawPhone):
    """Once in a call, by `call` or `take_call`, a thread of its own says yes to all requests and keeps the digits."""

    def __init__(self, gateway, username, password):
        super().__init__(gateway, username, password, describe=lambda port: SDP.format(port=port))
        self.digits = ""
        self._accepted = []

    def send(self, first, headers, body=""):
        super().send(first, [*headers, ("Allow", ALLOW)], body)

    def call(self, number):
        answer = super().call(number)
        self._begin(answer["contact"], answer["from"], answer["to"], answer["call-id"])

    def take_call(self):
        """Answers the next call."""
        invite = super().answer()
        self._begin(invite["contact"], f"{invite['to']};tag=phone", invite["from"], invite["call-id"])

    def press(self, digits):
        """Sends digits, each when the one before it has been taken, in both forms in use by turns."""
        for number, digit in enumerate(digits):
            kind, body = (("application/dtmf-relay", f"Signal={digit}\r\nDuration=160\r\n"), ("application/dtmf", digit))[
                number % 2]
            self._say("INFO", [("Content-Type", kind)], body)
            self._wait_accepted("INFO")

    def hang_up(self):
        self._say("BYE")
        self._wait_accepted("BYE")

    def _begin(self, contact, own, other, call_id):
        self._target = re.search(r"<(.*?)>", contact).group(1)
        self._own, self._other, self._call_id = own, other, call_id
        self._has_answered = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while self._is_open:
            try:
                message = self.wait(lambda message: message.method != "ACK", "message", 1)
                if message.method is None:
                    with self._has_answered:
                        self._accepted.append((message.cseq_method, message.status))
                        self._has_answered.notify()
                    continue
                if message.method == "INFO":
                    self.digits += re.search(r"Signal=\s*(\S)", message.body).group(1)
                self.respond(message, 200, "OK", self.sdp if message.method == "INVITE" else "")
            except (AssertionError, OSError):
                # Nothing came, or the telephone is closed.
                continue

    def _say(self, method, headers=(), body=""):
        """A request in the call's dialog."""
        self._cseq += 1
        via = f"SIP/2.0/UDP {self.address}:{self.port};branch=z9hG4bK{uuid.uuid4().hex};rport"
        self.send(f"{method} {self._target} SIP/2.0", [
            ("Via", via), ("Max-Forwards", "70"), ("From", self._own), ("To", self._other), ("Call-ID", self._call_id),
            ("CSeq", f"{self._cseq} {method}"), ("Contact", self.contact), *headers], body)

    def _wait_accepted(self, method):
        with self._has_answered:
            assert self._has_answered.wait_for(lambda: (method, 200) in self._accepted, 5), f"{method}: {self._accepted}"
            self._accepted.remove((method, 200))
