#!/usr/bin/env python3
"""Events to sockets: what one delivered event costs the server, beside node-ws and python-socketio, and how late it is.

  events.py [--clients 5000] [--events 100] [--reps 3] [--pause 30] [--sip 300]
            [--peers tandem,floor,node-ws,python-socketio]

A change of a call's notes is told to every client, by two events. The peers send the same texts to as many clients when
they are asked to by one request; the floor, a bare loop of `send` in C (floor/fanout.c), in one piece. Server on CPU 0, all
clients in one C program (fanout.c) on CPU 1; the delay is from the request's write to the read of each frame, so it has the
whole fan-out in it. Then the delay from a SIP message's write to the read of the event that tells of it, with one socket.
"""
import argparse, http.client, json, os, re, resource, shutil, socket, statistics, subprocess, sys, tempfile, time
from million import RESULTS, environment, program, wait_ready
from peers.tandem import WebSocket
from peers.util import end, free_ports, hurry, spawn

HERE = os.path.dirname(os.path.abspath(__file__))
SERVER_CPU, LOAD_CPU = "0", "1"
TRUNK = "127.0.0.2"
MESSAGES = RESULTS + "messages.json"


class Tandem:
    """As shipped, on a trusted network, where every socket hears of every call."""
    name = "tandem"

    def __enter__(self):
        self.folder, [self.port] = tempfile.mkdtemp(prefix="bench-events-", dir=RESULTS), free_ports(1)
        variables = environment(self.folder, self.port, AUTH_MODE="off", SIP_SERVER=TRUNK, SIP_PORT="5099")
        self.sip_port = int(variables["SIP_LISTEN_PORT"])
        self.process = spawn([program(), "serve"], SERVER_CPU, RESULTS + "tandem.log", variables, self.folder)
        wait_ready(self.process, f"http://127.0.0.1:{self.port}/health/ready")
        made = self.ask("POST", "/api/v1/calls?view=records", {"phoneClient": "79991234567", "status": "answered", "duration": 7})
        self.path = f"/api/calls/{made['data']['id']}"
        self.capture()
        return self

    def ask(self, method, path, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status not in (200, 201): raise RuntimeError(f"{path}: {answer.status} {text[:300]}")
        return json.loads(text)

    def capture(self):
        """Keeps what a client hears of one change, for the peers to repeat."""
        page = WebSocket(self.port, "/socket.io/?EIO=4&transport=websocket")
        page.send(40)
        page.socket.settimeout(1)
        self.ask("PUT", self.path, {"notes": "@WORD@"})
        heard = []
        try:
            while True: heard.append(text_frame(page))
        except TimeoutError: pass
        page.socket.close()
        with open(MESSAGES, "w") as file: json.dump([text for text in heard if "@WORD@" in text], file, ensure_ascii=False)

    def __exit__(self, *_):
        end(self.process, 20)
        shutil.rmtree(self.folder, ignore_errors=True)


def text_frame(page):
    """The next text frame, as it is."""
    while True:
        kind, size = page.take(2)
        size &= 127
        if size == 126: size = int.from_bytes(page.take(2), "big")
        elif size == 127: size = int.from_bytes(page.take(8), "big")
        text = page.take(size)
        if kind & 15 == 1: return text.decode()


class Other:
    path = "/publish"

    def __enter__(self):
        [self.port] = free_ports(1)
        self.process = spawn(self.command(), SERVER_CPU, f"{RESULTS}{self.name}.log")
        wait_ready(self.process, f"http://127.0.0.1:{self.port}/health")
        return self

    def __exit__(self, *_): end(self.process)


class Floor(Other):
    name = "floor"
    def command(self): return [HERE + "/floor/fanout", str(self.port), MESSAGES]


class NodeWS(Other):
    name = "node-ws"
    def command(self): return ["node", HERE + "/peers/fanout.js", str(self.port), MESSAGES]


class PythonSocketIO(Other):
    name = "python-socketio"
    def command(self): return [sys.executable, HERE + "/peers/fanout_socketio.py", str(self.port), MESSAGES]


def memory(pid): return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{pid}/status").read())[1]) / 1024


def measure(server, args):
    before = memory(server.process.pid)
    command = ["taskset", "-c", LOAD_CPU, HERE + "/fanout", str(server.port), str(args.clients), str(args.events),
               str(args.pause), "PUT", server.path, "-", str(server.process.pid)]
    heard = subprocess.run(command, capture_output=True, text=True)
    if heard.returncode: raise RuntimeError(f"{server.name}: {heard.stderr[-300:]}")
    return {**json.loads(heard.stdout), "peer": server.name, "before": before, "after": memory(server.process.pid)}


def fan_out(args):
    rows = []
    for rep in range(args.reps):
        for kind in (Tandem, Floor, NodeWS, PythonSocketIO):
            # Tandem comes in any case: it says what the others repeat. python-socketio takes minutes, so it comes once.
            if kind.name not in args.peers.split(",") and (kind is not Tandem or rep): continue
            if kind is PythonSocketIO and rep: continue
            with kind() as server:
                row = measure(server, args)
            rows.append({**row, "rep": rep})
            print(f"{row['peer']} rep {rep}: {row['cpu'] / row['delivered'] * 1e6:.2f} us an event, missed {row['missed']}, "
                  f"p50/p99/max {row['p50']}/{row['p99']}/{row['max']} us", file=sys.stderr, flush=True)
    return rows


# SIP

class Caller:
    """A trunk that calls extension 1001, whose page is there, and gives up as soon as it rings; over UDP."""
    def __init__(self, server):
        self.server = server
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((TRUNK, 5099))
        self.socket.settimeout(5)
        self.serial = time.time_ns()

    def message(self, method, number, to_tag="", body=""):
        return (f"{method} sip:1001@127.0.0.1:{self.server.sip_port} SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP {TRUNK}:5099;branch=z9hG4bK{self.serial}\r\nMax-Forwards: 70\r\n"
                f"From: <sip:79991234567@{TRUNK}>;tag=a{self.serial}\r\nTo: <sip:1001@127.0.0.1>{to_tag}\r\n"
                f"Call-ID: {self.serial}@bench\r\nCSeq: {number} {method}\r\nContact: <sip:a@{TRUNK}:5099>\r\n"
                + ("Content-Type: application/sdp\r\n" if body else "") + f"Content-Length: {len(body)}\r\n\r\n{body}").encode()

    def send(self, *words, **more): self.socket.sendto(self.message(*words, **more), ("127.0.0.1", self.server.sip_port))

    def final(self, method):
        """Status and tag of the final answer to a request; what comes besides is passed over."""
        while True:
            text = self.socket.recv(65536).decode()
            if re.match(r"SIP/2.0 [2-6]", text) and re.search(rf"^CSeq: \d+ {method}", text, re.M | re.I):
                return int(text[8:11]), re.search(r"^To:.*?(;tag=[^\s;]+)", text, re.M | re.I)[1]

    def call(self, page):
        """One call; milliseconds from INVITE to `incoming-call` and from CANCEL to `call:ended`."""
        self.serial += 1
        body = (f"v=0\r\no=- 1 1 IN IP4 {TRUNK}\r\ns=-\r\nc=IN IP4 {TRUNK}\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8 101\r\n"
                "a=rtpmap:101 telephone-event/8000\r\n")
        begin = time.perf_counter()
        self.send("INVITE", 1, body=body)
        wait(page, '"incoming-call"')
        new = time.perf_counter() - begin
        wait(page, '"call:ringing"')
        begin = time.perf_counter()
        self.send("CANCEL", 1)
        wait(page, '"call:ended"')
        ended = time.perf_counter() - begin
        status, tag = self.final("INVITE")
        if status != 487: raise RuntimeError(f"the INVITE ends with {status}")
        self.send("ACK", 1, to_tag=tag)
        return new * 1e3, ended * 1e3


def wait(page, name):
    while name not in text_frame(page): pass


def sip_delays(args):
    with Tandem() as server:
        page = WebSocket(server.port, "/ws")
        page.send({"type": "authenticate", "userId": 2})  # whose extension is 1001
        wait(page, '"authenticated"')
        caller = Caller(server)
        for _ in range(20): caller.call(page)
        taken = []
        for _ in range(args.sip):
            taken.append(caller.call(page))
            time.sleep(0.01)
    return [sorted(values) for values in zip(*taken)]


def print_tables(rows, delays):
    print("| peer | clients | reps | CPU us/event median (min-max) | × node-ws | × floor | missed | p50 ms | p99 ms | max ms | "
          "bytes/event | kB/client |\n|---|---|---|---|---|---|---|---|---|---|---|---|")
    cost = lambda row: row["cpu"] / row["delivered"] * 1e6

    def ratio(own, other):
        base = {row["rep"]: cost(row) for row in rows if row["peer"] == other}
        ratios = [cost(row) / base[row["rep"]] for row in own if row["rep"] in base and row["peer"] != other]
        return f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})" if ratios else ""

    for peer in dict.fromkeys(row["peer"] for row in rows):
        own = [row for row in rows if row["peer"] == peer]
        costs = [cost(row) for row in own]
        middle = lambda key: statistics.median(row[key] for row in own)
        print(f"| {peer} | {own[0]['clients']} | {len(own)} | {statistics.median(costs):.2f} ({min(costs):.2f}-{max(costs):.2f}) | "
              f"{ratio(own, 'node-ws')} | {ratio(own, 'floor')} | {sum(row['missed'] for row in own)} | "
              f"{middle('p50') / 1e3:.1f} | {middle('p99') / 1e3:.1f} | "
              f"{max(row['max'] for row in own) / 1e3:.1f} | {own[0]['bytes'] / own[0]['delivered']:.0f} | "
              f"{statistics.median((row['after'] - row['before']) * 1024 / row['clients'] for row in own):.1f} |")
    if not delays: return
    print("\n| from | to | calls | median ms | p99 ms | max ms | goal (p99) | |\n|---|---|---|---|---|---|---|---|")
    for (start, stop), values in zip((("INVITE", "incoming-call"), ("CANCEL", "call:ended")), delays):
        p99 = values[int(len(values) * 0.99)]
        print(f"| {start} | `{stop}` | {len(values)} | {values[len(values) // 2]:.2f} | {p99:.2f} | {values[-1]:.2f} | 10 | "
              f"{'met' if p99 < 10 else '**not met**'} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=5000)
    parser.add_argument("--events", type=int, default=100, help="changes that are told to all")
    parser.add_argument("--pause", type=int, default=30, help="milliseconds between them")
    parser.add_argument("--reps", type=int, default=3)
    parser.add_argument("--sip", type=int, default=300, help="calls whose events are timed; 0: none")
    parser.add_argument("--peers", default="tandem,floor,node-ws,python-socketio")
    args = parser.parse_args()
    hurry()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    delays = sip_delays(args) if args.sip else []
    print_tables(fan_out(args), delays)


if __name__ == "__main__": main()
