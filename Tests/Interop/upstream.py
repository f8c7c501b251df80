"""A provider's SIP server of a few lines over UDP: registers accounts by digest, challenges calls and takes them."""

import hashlib
import re
import socket
import threading
import uuid

from gateway import wait_for
from rawphone import SDP, Message

REALM = "provider.example"


class Provider:
    """`accounts` maps user names to passwords. Every request received is kept in `requests`."""

    def __init__(self, accounts, address="127.0.0.2", expires=3600, port=0):
        self.accounts, self.address, self.expires = accounts, address, expires
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, port))
        self.port = self.socket.getsockname()[1]
        self.requests = []
        self.bindings = {}
        self.nonce = uuid.uuid4().hex
        # Whether calls need a digest, too.
        self.challenges_calls = True
        self._is_open = True

    def __enter__(self):
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._is_open = False
        self.socket.close()

    def _serve(self):
        while self._is_open:
            try:
                data, source = self.socket.recvfrom(65536)
            except OSError:
                return
            message = Message(data.decode())
            if message.method:
                self.requests.append(message)
                self._take(message, source)
            elif message.status == 200 and message.cseq_method == "INVITE":
                self._send_request("ACK", message["to"], message["from"], message["call-id"], source)

    def _take(self, request, source):
        if request.method == "REGISTER" or request.method == "INVITE" and self.challenges_calls:
            header, status = ("www-authenticate", 401) if request.method == "REGISTER" else ("proxy-authenticate", 407)
            if not self._is_proven(request):
                challenge = f'Digest realm="{REALM}", nonce="{self.nonce}", algorithm=MD5, qop="auth"'
                return self._respond(request, source, status, [(header.title(), challenge)])
        if request.method == "REGISTER" and "contact" not in request.headers:
            return self._respond(request, source, 200)
        if request.method == "REGISTER":
            user = re.search(r"sip:([^@>]+)@", request["to"]).group(1)
            seconds = int(request.headers.get("expires", ["3600"])[0])
            given = min(self.expires, seconds)
            contact = re.sub(r";expires=\d+", "", request["contact"])
            self.bindings[user] = (re.search(r"<([^>]+)>", contact).group(1), source) if seconds else None
            return self._respond(request, source, 200, [("Contact", f"{contact};expires={given}")] if seconds else [])
        if request.method == "INVITE":
            self._respond(request, source, 200, [("Contact", f"<sip:{self.address}:{self.port}>")],
                          SDP.format(port=self.port + 1))
        elif request.method != "ACK":
            self._respond(request, source, 200)

    def call(self, user, caller):
        """Calls where `user` is registered; whoever takes the call is acknowledged."""
        contact, source = self.bindings[user]
        self._send_request(
            "INVITE", f"<{contact}>", f"<sip:{caller}@{self.address}>;tag=caller", uuid.uuid4().hex, source,
            SDP.format(port=self.port + 1))

    def _send_request(self, method, to, caller, call_id, target, body=""):
        uri = re.search(r"<([^>]+)>", to).group(1)
        lines = [f"{method} {uri} SIP/2.0", "Max-Forwards: 70",
                 f"Via: SIP/2.0/UDP {self.address}:{self.port};branch=z9hG4bK{uuid.uuid4().hex};rport",
                 f"From: {caller}", f"To: {to}", f"Call-ID: {call_id}", f"CSeq: 1 {method}",
                 f"Contact: <sip:{self.address}:{self.port}>"]
        if body:
            lines.append("Content-Type: application/sdp")
        text = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body])
        self.socket.sendto(text.encode(), target)

    def _is_proven(self, request):
        fields = request.headers.get("authorization", []) + request.headers.get("proxy-authorization", [])
        if not fields:
            return False
        given = dict(re.findall(r'(\w+)="?([^",]+)"?', fields[0]))
        if given["nonce"] != self.nonce:
            return False
        digest = lambda text: hashlib.md5(text.encode()).hexdigest()  # noqa: E731
        first = digest(f"{given['username']}:{REALM}:{self.accounts.get(given['username'])}")
        second = digest(f"{request.method}:{given['uri']}")
        middle = f"{given['nonce']}:{given['nc']}:{given['cnonce']}:{given['qop']}"
        return given["response"] == digest(f"{first}:{middle}:{second}")

    def _respond(self, request, source, status, headers=(), body=""):
        to = request["to"] if "tag=" in request["to"] else f"{request['to']};tag=provider"
        lines = [f"SIP/2.0 {status} Provider", *[f"Via: {via}" for via in request.headers["via"]],
                 f"From: {request['from']}", f"To: {to}", f"Call-ID: {request['call-id']}", f"CSeq: {request['cseq']}",
                 *[f"{name}: {value}" for name, value in headers]]
        if body:
            lines.append("Content-Type: application/sdp")
        text = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body])
        self.socket.sendto(text.encode(), source)

    def wait_request(self, method, matching=lambda request: True, seconds=10):
        def found():
            return next((one for one in list(self.requests) if one.method == method and matching(one)), None)
        return wait_for(found, seconds, f"{method} at the provider")

    def count(self, method):
        return len([one for one in list(self.requests) if one.method == method])
