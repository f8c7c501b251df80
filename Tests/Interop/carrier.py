"""A carrier's switch of a few lines over UDP: gives every INVITE the same fate, and counts what it was asked."""

import re
import socket
import threading

from rawphone import Message

SDP = ("v=0\r\no=carrier 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8\r\n"
       "a=rtpmap:8 PCMA/8000\r\n")
PHRASES = {200: "OK", 486: "Busy Here", 503: "Service Unavailable", 603: "Decline"}


class Carrier:
    """`status` is what every INVITE gets; OPTIONS is answered 200 unless `is_deaf`, which answers nothing at all."""

    def __init__(self, address, port=0, status=200, headers=(), is_deaf=False):
        self.address, self.status, self.headers, self.is_deaf = address, status, headers, is_deaf
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, port))
        self.port = self.socket.getsockname()[1]
        self.invites = []
        self._known = set()

    def __enter__(self):
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.socket.close()

    def _serve(self):
        while True:
            try:
                data, source = self.socket.recvfrom(65536)
            except OSError:
                return
            request = Message(data.decode())
            if request.method and request.method != "ACK" and not self.is_deaf:
                self._take(request, source)

    def _take(self, request, source):
        if request.method != "INVITE":
            return self._respond(request, source, 200)
        branch = re.search(r"branch=([^;,\s]+)", request["via"]).group(1)
        if branch not in self._known:
            self._known.add(branch)
            self.invites.append(request)
        body = SDP.format(address=self.address) if self.status == 200 else ""
        self._respond(request, source, self.status, body)

    def _respond(self, request, source, status, body=""):
        to = request["to"] if "tag=" in request["to"] else request["to"] + ";tag=carrier"
        lines = [f"SIP/2.0 {status} {PHRASES.get(status, 'Status')}", *[f"Via: {via}" for via in request.headers["via"]],
                 f"From: {request['from']}", f"To: {to}", f"Call-ID: {request['call-id']}", f"CSeq: {request['cseq']}",
                 f"Contact: <sip:carrier@{self.address}:{self.port}>", *self.headers]
        if body:
            lines.append("Content-Type: application/sdp")
        lines += [f"Content-Length: {len(body)}", "", body]
        self.socket.sendto("\r\n".join(lines).encode(), source)
