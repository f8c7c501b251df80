"""The Mango Office exchange and a realtime service, as small servers on this machine, and the exchange's events."""

import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from gateway import wait_for

KEY, SALT = "testkey", "testsalt"
LINE, CLIENT = "74951234567", "79161234567"


def sign(text, key=KEY, salt=SALT):
    return hashlib.sha256((key + text + salt).encode()).hexdigest()


def signed(event, key=KEY, salt=SALT):
    """The form in which the exchange posts an event."""
    text = json.dumps(event, ensure_ascii=False)
    return {"vpbx_api_key": key, "sign": sign(text, key, salt), "json": text}


class Server:
    """An HTTP server that remembers what it was asked; `answer(server, request)` gives status, headers and body.

    With `tls`, a server's context, it speaks HTTPS; `url` is what others know it by, where that is not its address.
    """

    def __init__(self, answer, address=("127.0.0.1", 0), url=None, tls=None):
        self.requests = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def respond(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                request = {
                    "method": self.command, "path": urlsplit(self.path).path, "query": parse_qs(urlsplit(self.path).query),
                    "headers": dict(self.headers), "body": body, "time": time.time(),
                }
                owner.requests.append(request)
                status, headers, content = answer(owner, request)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_HEAD = respond

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(address, Handler)
        self.server.daemon_threads = True
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.url = url or f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Exchange(Server):
    """The vendor's API: commands are checked for their signature, recordings are led on to and can be had once."""

    def __init__(self, key=KEY, salt=SALT, **place):
        self.key, self.salt = key, salt
        self.recordings = {}
        self.failures = 0
        self.results = {}
        self.content = {}
        self.answers = {}
        super().__init__(Exchange.answer, **place)

    def answer(self, request):
        path = request["path"]
        if path.startswith("/storage/"):
            content = self.recordings.pop(path.removeprefix("/storage/"), None)
            if content is None:
                return 404, {}, b"gone"
            return 200, {"Content-Type": "audio/mpeg"}, content
        if path.startswith("/plain/"):
            return 200, {"Content-Type": "audio/mpeg"}, b"plain " + path.encode()
        form = {name: values[0] for name, values in parse_qs(request["body"].decode()).items()}
        if form.get("vpbx_api_key") != self.key or form.get("sign") != sign(form.get("json", ""), self.key, self.salt):
            return 401, {}, b'{"result":3102}'
        order = json.loads(form["json"])
        request["order"] = order
        command = path.removeprefix("/vpbx/")
        if command == "queries/recording/post":
            if self.failures > 0:
                self.failures -= 1
                return 200, {"Content-Type": "application/json"}, b'{"result":3320}'
            token = hashlib.sha256(order["recording_id"].encode()).hexdigest()[:12]
            self.recordings[token] = b"ID3" + order["recording_id"].encode() * 1000
            return 302, {"Location": f"{self.url}/storage/{token}"}, b""
        if command in self.answers:
            status, content = self.answers[command]()
            return status, {"Content-Type": "text/csv"}, content.encode()
        status, content = self.content.get(command, (200, json.dumps({"result": self.results.get(command, 1000)})))
        return status, {"Content-Type": "application/json"}, content.encode()

    def orders(self, command):
        """The commands that came to this path, as they were meant."""
        return [request["order"] for request in self.requests if request["path"] == f"/vpbx/{command}" and "order" in request]

    def order(self, command, **fields):
        """The command with these fields, past or coming."""
        def matching():
            return [order for order in self.orders(command) if fields.items() <= order.items()]

        return wait_for(matching, 5, f"{command} with {fields}")[-1]


class Realtime(Server):
    """The realtime service of document 000's system."""

    TOKEN = "webhook-secret"

    def __init__(self, token=TOKEN, **place):
        self.token = token
        # While true, everything is refused with 503.
        self.is_away = False
        super().__init__(Realtime.answer, **place)

    def answer(self, request):
        if self.is_away:
            return 503, {}, b""
        body = json.loads(request["body"])
        request["json"] = body
        if body.get("token") != self.token:
            return 401, {}, b"{}"
        return 200, {"Content-Type": "application/json"}, b'{"success":true}'

    def events(self, **call):
        """(event, call) of each broadcast about a call."""
        found = [(request["path"].rsplit("/", 1)[1], request["json"]) for request in list(self.requests) if "json" in request]
        return [(name, body) for name, body in found if all(body["call"].get(key) == value for key, value in call.items())]


class Story:
    """One call as the exchange tells it: `with story: story.leg(...)`."""

    _number = int(time.time()) % 100000 * 1000

    def __init__(self, service, base="/api/v1/webhook/mango", key=KEY, salt=SALT):
        Story._number += 1
        self.service, self.base, self.key, self.salt = service, base, key, salt
        self.entry, self.call = f"entry-{Story._number}", f"MTox{Story._number}="
        self.client = f"7916{Story._number % 10_000_000:07d}"
        self.began = int(time.time()) - 100

    def post(self, path, event, key=None, bad_sign=False):
        form = signed(event, key or self.key, self.salt)
        if bad_sign:
            form["sign"] = "0" * 64
        return self.service.raw("POST", self.base + path, login=None, data=form)

    def leg_event(self, seq, state, second, reason=None, **fields):
        event = {
            "entry_id": self.entry, "call_id": self.call, "timestamp": self.began + second, "seq": seq,
            "call_state": state, "location": "abonent", "from": {"number": self.client},
            "to": {"extension": "101", "number": "sip:anna@vpbx.example", "line_number": LINE}, **fields,
        }
        if reason is not None:
            event["disconnect_reason"] = reason
        return event

    def leg(self, seq, state, second, reason=None, **fields):
        answer = self.post("/events/call", self.leg_event(seq, state, second, reason, **fields))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def summary(self, **fields):
        event = {
            "entry_id": self.entry, "call_direction": 1, "from": {"number": self.client}, "to": {"extension": "101"},
            "line_number": LINE, "create_time": self.began, "forward_time": 0, "talk_time": 0,
            "end_time": self.began + 60, "entry_result": 0, "disconnect_reason": 1110, **fields,
        }
        answer = self.post("/events/summary", event)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def record(self):
        """The call's record, or None."""
        calls = self.service.ask("GET", f"/api/v1/calls/by-phone/{self.client}")["data"]
        return calls[0] if calls else None
