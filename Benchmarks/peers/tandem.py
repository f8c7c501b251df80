"""Tandem itself, as a whole gateway: pages at /ws on one side, a SIP trunk (a UAS over UDP, played here) on the other.

Each call is what a page does: POST /api/v1/calls, join-call, offer; the trunk answers the INVITE with the SIP side's
description. TANDEM names another program. Options: workers=N, engine=openssl|libsrtp2. Calls end by their page's wish
(`hang_up`) or by the trunk's BYE (`Trunk.hang_up`).
"""
import base64, hashlib, hmac, http.client, json, os, re, selectors, shutil, socket, struct, tempfile, threading, time
from .util import *

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FIRST_NUMBER = 79990000000
SECRET = "a secret of the benchmark, 32 bytes and more"
# Seconds for an answer: on a busy machine one may come late, and lateness of answers is not what is measured here.
PATIENCE = 30


def token(user):
    """An access token for one more person: in a call centre every page is somebody's, and hears of its own calls."""
    text = lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
    signed = text({"alg": "HS256", "typ": "JWT"}) + "." + text({"sub": user, "role": "master", "exp": int(time.time()) + 86400})
    code = hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).digest()
    return signed + "." + base64.urlsafe_b64encode(code).decode().rstrip("=")


class WebSocket:
    def __init__(self, port, path):
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
                             f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer: self.fill()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        if b" 101 " not in head.split(b"\r\n")[0]: raise RuntimeError(head.decode("latin1"))

    def fill(self):
        data = self.socket.recv(65536)
        if not data: raise RuntimeError("the socket was closed")
        self.buffer += data

    def send(self, value): self.write(1, json.dumps(value).encode())

    def write(self, kind, data):
        mask = os.urandom(4)
        size = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + struct.pack(">H", len(data))
        stream = (mask * (len(data) // 4 + 1))[: len(data)]
        masked = (int.from_bytes(data, "big") ^ int.from_bytes(stream, "big")).to_bytes(len(data), "big")
        self.socket.sendall(bytes([0x80 | kind]) + size + mask + masked)

    def take(self, count):
        while len(self.buffer) < count: self.fill()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def receive(self):
        """The next text frame; our server does not fragment what a test asks for."""
        while True:
            kind, size = self.take(2)
            size &= 127
            if size == 126: size = struct.unpack(">H", self.take(2))[0]
            elif size == 127: size = struct.unpack(">Q", self.take(8))[0]
            data = self.take(size)
            if kind & 15 == 1: return json.loads(data)
            if kind & 15 == 8: raise RuntimeError(f"closed: {data!r}")

    def overhear(self):
        """Reads what is there and heeds none of it but pings, whose answers the server waits for."""
        self.fill()
        while (size := self.frame_size()) and len(self.buffer) >= size:
            frame, self.buffer = self.buffer[:size], self.buffer[size:]
            if frame[0] & 15 == 9: self.write(10, frame[2:])

    def frame_size(self):
        """Of the frame that the buffer begins with; zero while its head is not there."""
        head, length = self.buffer[:10], self.buffer[1] & 127 if len(self.buffer) > 1 else 0
        if len(head) < {126: 4, 127: 10}.get(length, 2): return 0
        if length == 126: return 4 + struct.unpack(">H", head[2:4])[0]
        return 10 + struct.unpack(">Q", head[2:10])[0] if length == 127 else 2 + length

    def await_event(self, name):
        while True:
            frame = self.receive()
            event = frame.get("event") or frame.get("type")
            if event == "error": raise RuntimeError(frame)
            if event == name: return frame.get("data", frame)


def header(message, name):
    return re.findall(rf"^{name}\s*:\s*(.*?)\r?$", message.split("\r\n\r\n", 1)[0], re.M | re.I)


class Trunk(threading.Thread):
    """Answers each INVITE with the description of that call's SIP side; the called number tells the calls apart."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.sip, self.rtp, self.stopping = {}, {}, False
        # The INVITE of each call and where it came from; the calls by Call-ID; what ended for the trunk.
        self.invites, self.calls, self.ended = {}, {}, set()

    def run(self):
        self.socket.settimeout(0.5)
        while not self.stopping:
            try: data, source = self.socket.recvfrom(65536)
            except socket.timeout: continue
            message = data.decode("utf8", "replace")
            method = message.split(" ", 1)[0]
            if method in ("ACK", "SIP/2.0"): continue
            call_id = header(message, "Call-ID")[0]
            lines = [f"Via: {via}" for via in header(message, "Via")]
            lines += [f"{name}: {header(message, name)[0]}" for name in ("From", "Call-ID", "CSeq")]
            to, body = header(message, "To")[0], ""
            if method == "INVITE":
                number = re.match(r"INVITE sips?:\+?(\d+)@", message)
                # One in a dialog refreshes its session: after a quarter of an hour the gateway asks whether we are there.
                call = int(number[1]) - FIRST_NUMBER if number else self.calls.get(call_id)
                if call not in self.sip: continue  # nobody's of this bench
                body = sip_sdp(*self.sip[call], sid=call + 1)
                self.rtp[call] = rtp_addr(message.split("\r\n\r\n", 1)[1])
                if number: self.invites[call], self.calls[call_id] = (message, source), call
            elif method == "BYE": self.ended.add(self.calls.get(call_id))
            if ";tag=" not in to: to += ";tag=trunk"
            lines += ["To: " + to, f"Contact: <sip:trunk@127.0.0.1:{self.port}>"]
            if body: lines.append("Content-Type: application/sdp")
            answer = ["SIP/2.0 200 OK", *lines, f"Content-Length: {len(body)}", "", body]
            self.socket.sendto("\r\n".join(answer).encode(), source)

    def hang_up(self, call):
        """A BYE in the dialog of the call's INVITE; its answer is not waited for."""
        invite, source = self.invites[call]
        field = lambda name: header(invite, name)[0]
        target = re.search(r"<([^>]+)>", field("Contact"))[1]
        lines = [
            f"BYE {target} SIP/2.0", f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{os.urandom(8).hex()}",
            "Max-Forwards: 70", f"From: {field('To')};tag=trunk", f"To: {field('From')}", f"Call-ID: {field('Call-ID')}",
            "CSeq: 1 BYE", "Content-Length: 0", "", ""]
        self.socket.sendto("\r\n".join(lines).encode(), source)
        self.ended.add(call)


class Reader(threading.Thread):
    """Reads on behalf of pages that wait for nothing: events keep coming, and a page that does not read is dropped."""

    def __init__(self):
        super().__init__(daemon=True)
        self.selector = selectors.DefaultSelector()
        self.stopping = False

    def add(self, page):
        self.selector.register(page.socket, selectors.EVENT_READ, page)

    def remove(self, page):
        try: self.selector.unregister(page.socket)
        except (KeyError, ValueError): pass  # was removed already

    def run(self):
        while not self.stopping:
            for key, _ in self.selector.select(0.2):
                try: key.data.overhear()
                except (OSError, RuntimeError): self.remove(key.data)


class Peer:
    def __init__(self, arguments, **environment):
        self.options = {
            "bin": os.environ.get("TANDEM", os.path.join(os.path.dirname(HERE), ".build/release/tandem")), "workers": "1",
            "engine": "openssl",
            **dict(option.split("=", 1) for option in arguments.opt)}
        self.arguments, self.environment = arguments, environment
        self.process, self.trunk, self.pages = None, None, {}

    def start(self):
        self.folder = tempfile.mkdtemp(prefix="tandem-bench-")
        self.trunk = Trunk()
        self.trunk.start()
        self.reader = Reader()
        self.reader.start()
        self.web, self.sip, sip_tls, browsers = free_ports(4)
        environment = {
            "DATA_DIR": self.folder, "PORT": str(self.web), "SIP_LISTEN_PORT": str(self.sip), "SIP_TLS_PORT": str(sip_tls),
            "WEBRTC_PORT": str(browsers), "SIP_SERVER": "127.0.0.1", "SIP_PORT": str(self.trunk.port),
            "JWT_SECRET": SECRET, "PUBLIC_IP": "127.0.0.1", "LOG_LEVEL": "warn",
            "MEDIA_WORKERS": self.options["workers"], "SRTP_ENGINE": self.options["engine"],
            "RATE_LIMIT_MAX": "1000000", "ADMIN_PASSWORD": "benchmark", **self.environment}
        program = os.path.abspath(self.options["bin"])
        self.process = spawn([program, "serve"], self.arguments.server_cpu, HERE + "/results/tandem.log", environment,
                             self.folder)
        for _ in range(100):
            try:
                self.http = http.client.HTTPConnection("127.0.0.1", self.web, timeout=PATIENCE)
                self.http.request("GET", "/health/ready")
                answer = self.http.getresponse()
                answer.read()
                if answer.status == 200: return
            except OSError: time.sleep(0.1)
        raise RuntimeError("tandem does not answer, see results/tandem.log")

    def pids(self): return [self.process.pid]

    def setup(self, call, offer, ip, port):
        self.trunk.sip[call] = (ip, port)
        return self.bring_page(call, f"+{FIRST_NUMBER + call}", offer), *self.trunk.rtp[call]

    def bring_page(self, call, number, offer):
        """A page of its own calls the number; answers what the gateway answers to its offer."""
        body = json.dumps({"phoneNumber": number, "direction": "outgoing"})
        self.http.request("POST", "/api/v1/calls", body, {
            "Content-Type": "application/json", "Authorization": "Bearer " + token(10000 + call)})
        reply = json.loads(self.http.getresponse().read())
        if not reply.get("success"): raise RuntimeError(reply)
        call_id = reply["data"]["id"]
        page = WebSocket(self.web, "/ws?token=" + token(10000 + call))
        self.pages[call] = page, call_id
        page.send({"event": "join-call", "data": {"callId": call_id}})
        page.await_event("joined-call")
        page.send({"event": "offer", "data": {"callId": call_id, "sdp": offer}})
        sdp = page.await_event("answer")["sdp"]
        self.reader.add(page)
        return sdp if isinstance(sdp, str) else sdp["sdp"]

    def hang_up(self, call):
        page, call_id = self.pages[call]
        page.send({"event": "end-call", "data": {"callId": call_id}})

    def close_page(self, call):
        page, _ = self.pages.pop(call)
        self.reader.remove(page)
        page.socket.close()

    def stop(self):
        if self.trunk: self.trunk.stopping = self.reader.stopping = True
        if self.process: end(self.process)
        shutil.rmtree(self.folder, ignore_errors=True)
