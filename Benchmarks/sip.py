#!/usr/bin/env python3
"""Signalling benchmark: SIPp calls SIPp through Tandem (a B2BUA between two trunks) and Kamailio (a stateful proxy).

  sip.py calls [--rates 500,1000,1500] [--secs 8] [--reps 3]   CPU a call, retransmissions, time from INVITE to INVITE
               [--peers kamailio,tandem]
  sip.py dialogs [--calls 2000]                                memory of calls that are merely up (Tandem)
  sip.py registrations [--accounts 10000]                      CPU of refreshes every 60 s (Tandem)

Tandem runs as shipped: it writes records, allocates RTP ports and logs at `info`. The server has CPU 0, SIPp CPU 1.
"""
import argparse, csv, ctypes, http.client, json, os, re, resource, shutil, socket, statistics, struct, tempfile, threading, time
from peers.util import end, spawn
from phones import Phones

HERE = os.path.dirname(os.path.abspath(__file__))
RESULTS, SCENARIOS = HERE + "/results/", HERE + "/sip/"
CALLER, CALLEE = "127.0.0.2", ("127.0.0.3", 5080)
SERVER_CPU, LOAD_CPU = "0", "1"


def cpu_seconds(pids):
    """User and system time of processes so far, in nanosecond resolution (the process CPU clock of each)."""
    return sum(time.clock_gettime_ns(~pid << 3 | 2) for pid in pids) / 1e9


def memory(pids):
    lines = (line for pid in pids for line in open(f"/proc/{pid}/smaps_rollup"))
    return sum(int(line.split()[1]) for line in lines if line.startswith("Anonymous:"))


class Kamailio:
    name, address = "kamailio", ("127.0.0.1", 5062)

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="bench-kamailio-")
        command = ["kamailio", "-f", SCENARIOS + "kamailio.cfg", "-DD", "-E", "-m", "512", "-M", "16", "-Y", self.folder]
        self.process = spawn(command, SERVER_CPU, RESULTS + "kamailio.log")
        time.sleep(2)
        if self.process.poll() is not None: raise RuntimeError("kamailio does not start, see results/kamailio.log")
        return self

    @property
    def pids(self):
        """The main process and its workers."""
        own = self.process.pid
        return [own] + [int(pid) for pid in open(f"/proc/{own}/task/{own}/children").read().split()]

    def __exit__(self, *_):
        end(self.process)
        shutil.rmtree(self.folder, ignore_errors=True)


class Tandem:
    """Calls from the load generator's address, which is a trunk, are routed to the callee, which is another."""
    name, address = "tandem", ("127.0.0.1", 5964)
    port = 3900

    def __init__(self, environment=(), has_trunks=True):
        self.folder, self.has_trunks = tempfile.mkdtemp(prefix="bench-tandem-"), has_trunks
        self.environment = {
            "DATA_DIR": self.folder, "PORT": str(self.port), "SIP_LISTEN_HOST": "127.0.0.1",
            "SIP_LISTEN_PORT": str(self.address[1]), "SIP_TLS_PORT": "5965", "PUBLIC_IP": "127.0.0.1", "MEDIA_WORKERS": "1",
            **({"SIP_SERVER": CALLEE[0], "SIP_PORT": str(CALLEE[1])} if has_trunks else {}), "RTP_PORT_MIN": "10000", "RTP_PORT_MAX": "59998",
            "WEBRTC_PORT": "60000", "ADMIN_PASSWORD": "benchmark", "RATE_LIMIT_MAX": "1000000", **dict(environment)}

    def __enter__(self):
        program = os.environ.get("TANDEM", os.path.join(os.path.dirname(HERE), ".build/release/tandem"))
        self.process = spawn([program, "serve"], SERVER_CPU, RESULTS + "tandem.log", self.environment, self.folder)
        for _ in range(300):
            try:
                if self.ask("GET", "/health/ready")[0] == 200: break
            except OSError: time.sleep(0.1)
        else: raise RuntimeError("tandem does not answer, see results/tandem.log")
        if self.has_trunks: self.route_calls()
        return self

    def ask(self, method, path, body=None, token=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Content-Type": "application/json", **({"Authorization": "Bearer " + token} if token else {})}
        connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")

    def route_calls(self):
        status, answer = self.ask("POST", "/api/auth/login", {"login": "admin", "password": "benchmark"})
        token = answer["data"]["token"]
        load = {"name": "load", "targets": [{"host": CALLER, "port": 5070, "transport": "udp"}],
                "sourceNetworks": [CALLER + "/32"], "keepAliveSeconds": None}
        route = {"trunk": "load", "number": "*", "destination": {"trunk": "default"}}
        for path, body in (("trunks", load), ("routes", route)):
            status, answer = self.ask("POST", "/api/v1/admin/" + path, body, token)
            if status != 201: raise RuntimeError(f"{path}: {status} {answer}")

    pids = property(lambda self: [self.process.pid])

    def __exit__(self, *_):
        end(self.process, 20)
        shutil.rmtree(self.folder, ignore_errors=True)


PEERS = {peer.name: peer for peer in (Kamailio, Tandem)}


def peers(names):
    unknown = set(names.split(",")) - set(PEERS)
    if unknown: raise argparse.ArgumentTypeError(f"unknown {', '.join(sorted(unknown))}; there are {', '.join(PEERS)}")
    return [PEERS[name] for name in names.split(",")]


class Forwarding(threading.Thread):
    """Times each INVITE from its arrival at the server to the one that leaves it, by the kernel's own clock.

    Both are seen on the loopback interface; the number called is in both.
    """

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.running = server, True
        self.arrived, self.delays = {}, []
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
        self.socket.bind(("lo", 0x0800))
        self.socket.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
        self.socket.setsockopt(socket.SOL_SOCKET, 35, 1)  # SO_TIMESTAMPNS
        self._only_invites()
        self.socket.settimeout(0.2)

    def _only_invites(self):
        """A classic BPF program: UDP whose payload begins with INVI; all else costs us nothing."""
        program = [(0x30, 0, 0, 9), (0x15, 0, 4, 17), (0xb1, 0, 0, 0), (0x40, 0, 0, 8), (0x15, 0, 1, 0x494E5649),
                   (0x6, 0, 0, 0xFFFF), (0x6, 0, 0, 0)]
        code = b"".join(struct.pack("HBBI", *step) for step in program)
        buffer = ctypes.create_string_buffer(code)
        head = struct.pack("HL", len(program), ctypes.addressof(buffer))
        self.socket.setsockopt(socket.SOL_SOCKET, 26, head)  # SO_ATTACH_FILTER

    def run(self):
        while self.running:
            try: data, ancillary, _, source = self.socket.recvmsg(400, 256)
            except TimeoutError: continue
            if source[2] == 4: continue  # outgoing: on loopback each packet is seen twice
            seconds, nanoseconds = struct.unpack("qq", ancillary[0][2][:16])
            self.take(data, seconds + nanoseconds / 1e9)

    def take(self, data, at):
        port = struct.unpack(">H", data[22:24])[0]
        found = re.search(rb"INVITE sip:(9\d+)@", data)
        if not found: return
        if port == self.server[1]: self.arrived.setdefault(found[1], at)
        elif port == CALLEE[1] and found[1] in self.arrived: self.delays.append(at - self.arrived.pop(found[1]))

    def percentiles(self):
        """Median, 99th percentile and maximum in milliseconds."""
        found = sorted(delay * 1e3 for delay in self.delays)
        return [found[min(len(found) - 1, int(len(found) * part))] for part in (0.5, 0.99, 1)] if found else [0, 0, 0]


def caller(server, rate, count, talk, log, timeout):
    if os.path.exists(RESULTS + "uac.csv"): os.unlink(RESULTS + "uac.csv")
    command = ["sipp", "-sf", SCENARIOS + "uac.xml", "-i", CALLER, "-p", "5070", "-r", str(rate), "-m", str(count),
               "-l", "30000", "-d", str(talk), "-nostdin", "-buff_size", "4194304", "-trace_stat", "-stf",
               RESULTS + "uac.csv", "-fd", "1", "-timeout", f"{int(timeout)}s", "%s:%d" % server]
    return spawn(command, LOAD_CPU, RESULTS + log)


def callee():
    command = ["sipp", "-sf", SCENARIOS + "uas.xml", "-i", CALLEE[0], "-p", str(CALLEE[1]), "-nostdin",
               "-buff_size", "4194304"]
    process = spawn(command, LOAD_CPU, RESULTS + "uas.log")
    time.sleep(0.5)
    return process


def counted():
    """The last line of SIPp's statistics."""
    with open(RESULTS + "uac.csv") as file: last = list(csv.DictReader(file, delimiter=";"))[-1]
    number = lambda name: int(float(last.get(name) or 0))
    return number("SuccessfulCall(C)"), number("FailedCall(C)"), number("Retransmissions(C)")


def measure(server, rate, seconds):
    count = int(rate * seconds)
    watch = Forwarding(server.address)
    watch.start()
    pids = server.pids
    before, began = cpu_seconds(pids), time.time()
    load = caller(server.address, rate, count, 1000, "uac.log", seconds + 15)
    load.wait(seconds + 30)
    used = cpu_seconds(pids) - before
    watch.running = False
    watch.join()
    good, failed, repeated = counted()
    return {"peer": server.name, "rate": rate, "calls": count, "failed": failed + count - good - failed,
            "retransmissions": repeated, "us": used * 1e6 / max(1, good),
            "core": 100 * used / (time.time() - began), "forwarding": watch.percentiles()}


def calls(arguments):
    rows = []
    for _ in range(arguments.reps):  # interleaved, so that the machine's moods meet both alike
        for peer in arguments.peers:
            with peer() as server:
                answering = callee()
                try:
                    for rate in arguments.rates: rows.append(measure(server, rate, arguments.secs))
                finally: end(answering)
    print("| peer | calls/s | CPU us/call median (min-max) | % of a core | failed | retransmissions | "
          "INVITE to INVITE ms median/p99/max |\n|---|---|---|---|---|---|---|")
    for key in sorted({(row["peer"], row["rate"]) for row in rows}):
        same = [row for row in rows if (row["peer"], row["rate"]) == key]
        us = [row["us"] for row in same]
        times = "/".join(f"{statistics.median(row['forwarding'][i] for row in same):.2f}" for i in range(3))
        print(f"| {key[0]} | {key[1]} | {statistics.median(us):.0f} ({min(us):.0f}-{max(us):.0f}) | "
              f"{statistics.median(row['core'] for row in same):.0f} | {sum(row['failed'] for row in same)} of "
              f"{sum(row['calls'] for row in same)} | {sum(row['retransmissions'] for row in same)} | {times} |")


def dialogs(arguments):
    # Nobody speaks, which would end the calls; the trace ring, of a fixed size for all calls, is full after the warm-up.
    with Tandem({"MEDIA_TIMEOUT_S": "86400", "SIP_TRACE_MB": "1"}) as server:
        answering = callee()
        try:
            caller(server.address, 200, 200, 100, "warm.log", 20).wait(30)
            time.sleep(1)
            before = memory(server.pids)
            load = caller(server.address, 400, arguments.calls, 3_600_000, "idle.log", 600)
            time.sleep(arguments.calls / 400 + 40)  # past every transaction's end
            grown = memory(server.pids) - before
            end(load)
        finally: end(answering)
    print(f"{arguments.calls} idle calls: {grown} KiB, {grown / arguments.calls / 2:.1f} KiB a dialog (a call has two)")


def registrations(arguments):
    count, period = arguments.accounts, 60
    # A UDP socket each, and as many descriptors.
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + 1000, count + 1000))
    server = Tandem({"LOG_LEVEL": "warn"}, has_trunks=False)
    with open(server.folder + "/.env", "w") as file:
        file.write("SIP_USERS=" + ",".join(f"phone{i}:secret:{100000 + i}:Phone" for i in range(count)) + "\n")
    with server:
        crowd = Phones(count, server.address, period)
        os.sched_setaffinity(0, {int(LOAD_CPU)})
        crowd.run(period)
        before, began, good = cpu_seconds(server.pids), time.time(), crowd.good
        crowd.run(period)
        share = 100 * (cpu_seconds(server.pids) - before) / (time.time() - began)
        status, answer = server.ask("GET", "/health")
    print(f"{count} registrations, each refreshed every {period} s with a challenge: {share:.1f} % of a core; "
          f"{crowd.good - good} refreshes, {crowd.bad} refused, {answer['registeredUsers']} registered at the end")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["calls", "dialogs", "registrations"])
    parser.add_argument("--rates", type=lambda text: [int(rate) for rate in text.split(",")], default=[500, 750, 1000, 1500])
    parser.add_argument("--peers", type=peers, default=list(PEERS.values()))
    parser.add_argument("--secs", type=float, default=8)
    parser.add_argument("--reps", type=int, default=3)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--accounts", type=int, default=10_000)
    arguments = parser.parse_args()
    os.makedirs(RESULTS, exist_ok=True)
    {"calls": calls, "dialogs": dialogs, "registrations": registrations}[arguments.what](arguments)


if __name__ == "__main__":
    main()
