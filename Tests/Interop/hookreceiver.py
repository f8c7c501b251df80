"""A server that webhooks tell: it checks what it gets, and can refuse, dawdle or be dead for a while."""

import hashlib
import hmac
import http.server
import json
import threading
import time
from collections import namedtuple

from gateway import free_ports, wait_for

Delivery = namedtuple("Delivery", "id name body headers at")


class Receiver:
    """`answer(delivery)` says with which status each is answered; None leaves it without one."""

    def __init__(self, secret="a secret of sixteen or more"):
        self.secret, self.port = secret, free_ports(56000, 59000, 1)
        self.deliveries, self.bad = [], []
        self.answer = lambda delivery: 204
        self._lock = threading.Lock()
        self._server = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/hook?key=1"

    def start(self):
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.take(self.headers, body)
                if status is None:
                    self.close_connection = True
                    return
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", receiver.url)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *_):
                pass

        self._server = Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self):
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def take(self, headers, body):
        signed = headers["Tandem-Timestamp"].encode() + b"." + body
        code = hmac.new(self.secret.encode(), signed, hashlib.sha256).hexdigest()
        text = json.loads(body)
        delivery = Delivery(headers["Tandem-Event-Id"], headers["Tandem-Event"], text, dict(headers), time.monotonic())
        fits = delivery.id == text["eventId"] and delivery.name == text["event"]
        fresh = abs(time.time() - int(headers["Tandem-Timestamp"])) < 5
        with self._lock:
            if headers["Tandem-Signature"] != f"sha256={code}" or not fits or not fresh:
                self.bad.append(delivery)
                return 401
            self.deliveries.append(delivery)
        return self.answer(delivery)

    def clear(self):
        with self._lock:
            self.deliveries.clear()

    def of(self, *calls):
        """What was told of these calls: each event's id once, in the order of the first telling."""
        wanted = {call["uuid"] for call in calls}
        with self._lock:
            heard = [one for one in self.deliveries if one.body["call"] and one.body["call"]["uuid"] in wanted]
        return list({one.id: one for one in heard}.values())

    def names(self, *calls):
        return [one.name for one in self.of(*calls)]

    def wait(self, name, *calls, seconds=15):
        return wait_for(
            lambda: [one for one in self.of(*calls) if one.name == name], seconds, f"{name} of {calls}")[0]

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
