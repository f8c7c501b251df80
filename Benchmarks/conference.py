#!/usr/bin/env python3
"""A conference in which all speak at once: its CPU, whether everybody hears something every 20 ms, and how late.

  conference.py [--participants 32] [--secs 10] [--reps 3]

Half of them are pages (DTLS-SRTP, Opus), half are telephones (PCMU), of which two are ours: one says a chirp once a second,
the other finds it in what it hears. The delay is from the chirp's first packet sent to its first sample's packet arrived: the
gateway's jitter buffer, its wait for the others and all codecs are in it. Needs numpy.
"""
import argparse, json, os, re, resource, socket, statistics, struct, sys, threading, time
import numpy
from load import Load
from peers import tandem
from peers.util import hurry, rtp_addr, sip_sdp

HERE = os.path.dirname(os.path.abspath(__file__))
ROOM = "8000"
FRAME, RATE = 160, 8000
# Per cent of a loud voice: thirty of them together do not overdrive the sum.
LOUDNESS = 10


class Caller:
    """A telephone behind the trunk's address that dials the room."""

    def __init__(self, server):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(server)
        self.socket.settimeout(5)

    def call(self, number, sdp):
        """Dials; answers the description that came back."""
        host, port = self.socket.getsockname()
        here, branch = f"{host}:{port}", os.urandom(8).hex()
        common = [f"From: <sip:100@{here}>;tag={branch}", f"Call-ID: {branch}", "Max-Forwards: 70",
                  f"Contact: <sip:100@{here}>"]
        request = lambda method, to, body: "\r\n".join([
            f"{method} sip:{number}@{host} SIP/2.0", f"Via: SIP/2.0/UDP {here};branch=z9hG4bK{branch}{method}",
            f"To: {to}", f"CSeq: 1 {method}", *common, "Content-Type: application/sdp", f"Content-Length: {len(body)}", "", body])
        self.socket.send(request("INVITE", f"<sip:{number}@{host}>", sdp).encode())
        while True:
            answer = self.socket.recv(65536).decode()
            status = int(answer.split(" ")[1]) if answer.startswith("SIP/2.0") else 0
            if status >= 300: raise RuntimeError(answer)
            if status >= 200: break
        self.socket.send(request("ACK", tandem.header(answer, "To")[0], "").encode())
        return answer.split("\r\n\r\n", 1)[1]


class Room(tandem.Peer):
    """Tandem with a room: each call of the load is a page and a telephone in it."""

    def __init__(self, arguments):
        super().__init__(arguments, CONFERENCE_ROOMS=ROOM + ":bench", SIP_LISTEN_HOST="127.0.0.1")

    def start(self):
        super().start()
        token = self.ask("POST", "/api/auth/login", {"login": "admin", "password": "benchmark"})["data"]["token"]
        route = {"trunk": "default", "number": "*", "destination": {"extension": ROOM}}
        self.ask("POST", "/api/v1/admin/routes", route, token)

    def ask(self, method, path, body=None, token=None):
        headers = {"Content-Type": "application/json", **({"Authorization": "Bearer " + token} if token else {})}
        self.http.request(method, path, json.dumps(body) if body else None, headers)
        answer = self.http.getresponse()
        data = answer.read()
        if answer.status >= 300: raise RuntimeError(f"{path}: {answer.status} {data}")
        return json.loads(data)

    def dial(self, ip, port):
        """A telephone at this address comes in; answers where it sends to."""
        return rtp_addr(Caller(("127.0.0.1", self.sip)).call(ROOM, sip_sdp(ip, port)))

    def setup(self, call, offer, ip, port):
        return self.bring_page(call, ROOM, offer), *self.dial(ip, port)

    def figures(self):
        self.http.request("GET", "/metrics")
        text = self.http.getresponse().read().decode()
        return {name: float(value) for name, value in re.findall(r'^(\w+)\{service="[^"]*"\} (\S+)$', text, re.M)}


def ulaw_table():
    """The sample that each byte of µ-law means (ITU-T G.711)."""
    code = ~numpy.arange(256) & 0xFF
    size = (((code & 15) * 8 + 132) << (code >> 4 & 7)) - 132
    return numpy.where(code & 0x80, -size, size)


DECODED = ulaw_table()


def encoded(samples):
    """µ-law by the nearest of its values."""
    order = numpy.argsort(DECODED, kind="stable")
    values = DECODED[order]
    place = numpy.clip(numpy.searchsorted(values, samples), 1, 255)
    nearer = numpy.abs(values[place - 1] - samples) <= numpy.abs(values[place] - samples)
    return order[numpy.where(nearer, place - 1, place)].astype(numpy.uint8)


def chirp():
    """100 ms from 300 to 3,000 Hz, loud."""
    seconds = numpy.arange(5 * FRAME) / RATE
    return 12000 * numpy.sin(2 * numpy.pi * (300 * seconds + (3000 - 300) / 0.2 * seconds**2))


class Listener(threading.Thread):
    """Two telephones, for so long: one chirps once a second, the other listens."""

    def __init__(self, room, seconds):
        super().__init__()
        self.seconds, self.said, self.heard = seconds, [], []
        self.phones = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        for number, phone in enumerate(self.phones):
            phone.bind((f"127.48.0.{number + 1}", 0))
            phone.connect(room.dial(*phone.getsockname()))
            phone.setblocking(False)

    def run(self):
        silence, words = b"\xff" * FRAME, encoded(chirp()).tobytes()
        begin = time.monotonic()
        for number in range(int(self.seconds * 50)):
            time.sleep(max(0, begin + number * 0.02 - time.monotonic()))
            place = number % 50 * FRAME
            chirping = number >= 50 and place < len(words)
            if chirping and place == 0: self.said.append(time.monotonic())
            self.send(0, number, words[place:place + FRAME] if chirping else silence)
            self.send(1, number, silence)
            self.receive()
        for phone in self.phones: phone.close()

    def send(self, who, number, payload):
        self.phones[who].send(struct.pack("!BBHII", 0x80, 0, number & 0xFFFF, number * FRAME, 77 + who) + payload)

    def receive(self):
        """Waits a little, so that what arrives between two of our packets gets a time of its own."""
        until = time.monotonic() + 0.017
        while time.monotonic() < until:
            for who, phone in enumerate(self.phones):
                try: packet = phone.recv(2048)
                except BlockingIOError: continue
                if who == 1 and packet[1] & 0x7F == 0: self.heard.append((time.monotonic(), packet))
            time.sleep(0.0005)

    def delays(self):
        """Milliseconds of each chirp that was found."""
        numbers = numpy.array([struct.unpack("!H", packet[2:4])[0] for _, packet in self.heard])
        times = {number: at for number, (at, _) in zip(numbers, self.heard)}
        first = int(numbers[0])
        sound = numpy.zeros((int(numbers[-1]) - first + 1) * FRAME)
        for number, (_, packet) in zip(numbers, self.heard):
            place = (int(number) - first) * FRAME
            sound[place:place + FRAME] = DECODED[numpy.frombuffer(packet[12:12 + FRAME], numpy.uint8)]
        likeness = numpy.abs(numpy.correlate(sound, chirp()))
        return [delay for at in self.said if (delay := self.delay(at, likeness, first, times)) is not None]

    @staticmethod
    def delay(at, likeness, first, times):
        """Of the chirp said then: looks at what arrived within 0.7 s from there."""
        window = [number for number, arrived in times.items() if at <= arrived < at + 0.7]
        if not window: return None
        begin = (min(window) - first) * FRAME
        around = likeness[begin:begin + len(window) * FRAME]
        place = int(numpy.argmax(around))
        if around[place] < 8 * numpy.median(around): return None
        number, rest = first + (begin + place) // FRAME, (begin + place) % FRAME
        return (times[number] - at) * 1e3 + rest * 1e3 / RATE if number in times else None


def measure(arguments):
    room, load = Room(arguments), None
    pairs = (arguments.participants - 2) // 2
    try:
        room.start()
        load = Load(pairs, "AES_CM", arguments.load_cpu, arguments.nice, transcoded=True, loudness=LOUDNESS)
        for call in range(pairs):
            answer, ip, port = room.setup(call, load.offer(call), *load.calls[call]["sip"])
            load.answer(call, answer, ip, port)
        (up, failed, _, _), complaints = load.connect(30)
        if failed: sys.exit(f"{failed:.0f} calls failed: {complaints[:3]}")
        listener = Listener(room, arguments.secs + 2)
        listener.start()
        row = load.run(arguments.secs, 1.5, room.pids())
        row["participants"] = room.figures()["media_conference_participants"]
        listener.join()
        row["delays"], row["chirps"] = listener.delays(), len(listener.said)
        return row
    finally:
        if load: load.quit()
        room.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--participants", type=int, default=32)
    parser.add_argument("--secs", type=float, default=10)
    parser.add_argument("--reps", type=int, default=3)
    parser.add_argument("--server-cpu", default="0")
    parser.add_argument("--load-cpu", default="1")
    parser.add_argument("--nice", default="-15")
    parser.add_argument("--opt", action="append", default=[], help="an option of peers/tandem.py")
    arguments = parser.parse_args()
    os.environ["BENCH_NICE"] = arguments.nice
    hurry()
    os.makedirs(HERE + "/results", exist_ok=True)
    print("| participants | server % of a core | µs a participant and 20 ms | packets to participants | expected | without sound | "
          "chirps heard | delay ms min/median/max |\n|---|---|---|---|---|---|---|---|")
    for _ in range(arguments.reps):
        row = measure(arguments)
        delays = sorted(row["delays"]) or [0]
        got, sent = row["recv_sip"] + row["recv_web"], row["sent_sip"] + row["sent_web"]
        cost = row["server_cpu_pct"] / 100 * 20000 / row["participants"]
        print(f"| {row['participants']:.0f} | {row['server_cpu_pct']} | {cost:.0f} | {got} | {sent} | {row['corrupt']} | "
              f"{len(row['delays'])} of {row['chirps']} | {delays[0]:.0f}/{statistics.median(delays):.0f}/{delays[-1]:.0f} |",
              flush=True)


if __name__ == "__main__": main()
