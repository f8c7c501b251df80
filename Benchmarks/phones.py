"""Many phones that register and refresh, each from an address of its own in 127.0.0.0/8.

A phone's refresh is a REGISTER without credentials, the challenge, and a REGISTER that answers it: what phones do that
keep no nonce, and twice the work of those that do.
"""
import hashlib, heapq, re, selectors, socket, time

REALM = re.compile(rb'realm="([^"]*)"')
NONCE = re.compile(rb'nonce="([^"]*)"')


def digest(*parts):
    return hashlib.md5(":".join(parts).encode()).hexdigest()


class Phone:
    def __init__(self, number, server):
        self.name, self.server = f"phone{number}", server
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.address = f"127.{1 + number // 62500}.{number // 250 % 250}.{number % 250 + 1}"
        self.socket.bind((self.address, 5060))
        self.socket.connect(server)
        self.cseq, self.pending = 0, None

    def register(self, authorization=""):
        self.cseq += 1
        here, host = f"{self.address}:5060", self.server[0]
        lines = [f"REGISTER sip:{host} SIP/2.0", f"Via: SIP/2.0/UDP {here};branch=z9hG4bK{self.name}x{self.cseq}",
                 "Max-Forwards: 70", f"From: <sip:{self.name}@{host}>;tag={self.name}", f"To: <sip:{self.name}@{host}>",
                 f"Call-ID: {self.name}", f"CSeq: {self.cseq} REGISTER", f"Contact: <sip:{self.name}@{here}>",
                 *([authorization] if authorization else []), "Expires: 120", "Content-Length: 0", "", ""]
        self.pending = "\r\n".join(lines).encode()
        self.socket.send(self.pending)

    def answer(self, challenge):
        realm, nonce = REALM.search(challenge)[1].decode(), NONCE.search(challenge)[1].decode()
        uri, count, client = f"sip:{self.server[0]}", "00000001", "0a4f113b"
        secret = digest(digest(self.name, realm, "secret"), nonce, count, client, "auth",
                        digest("REGISTER", uri))
        self.register(f'Authorization: Digest username="{self.name}",realm="{realm}",nonce="{nonce}",uri="{uri}",'
                      f'response="{secret}",algorithm=MD5,qop=auth,nc={count},cnonce="{client}"')

    def receive(self):
        """The status of what came, if it is final for this refresh; a challenge is answered."""
        try: message = self.socket.recv(4096)
        except (BlockingIOError, ConnectionRefusedError): return None
        status = int(message[8:11])
        if status == 401 and b"Authorization" not in self.pending:
            self.answer(message)
            return None
        return status


class Phones:
    """Every phone refreshes once in `period` seconds, evenly spread, until `seconds` have passed."""

    def __init__(self, count, server, period=60):
        self.phones = [Phone(number, server) for number in range(count)]
        self.period, self.good, self.bad = period, 0, 0
        self.selector = selectors.EpollSelector()
        for phone in self.phones: self.selector.register(phone.socket, selectors.EVENT_READ, phone)

    def run(self, seconds):
        began = time.monotonic()
        step = self.period / len(self.phones)
        due = [(began + index * step, index) for index in range(len(self.phones))]
        while (now := time.monotonic()) < began + seconds:
            while due[0][0] <= now:
                at, index = due[0]
                self.phones[index].register()
                heapq.heapreplace(due, (at + self.period, index))
            for key, _ in self.selector.select(max(0, min(due[0][0] - now, 0.05))):
                status = key.data.receive()
                if status == 200: self.good += 1
                elif status and status >= 200: self.bad += 1
