#!/usr/bin/env python3
"""Calls that come and go for an hour: is anything left of them, does memory grow, is a packet lost?

  soak.py [--calls 500] [--churn 5] [--stay 50]      for SOAK_SECONDS (3600)

Browsers (ICE, DTLS-SRTP) talk to telephones (RTP) through Tandem, G.711 every 20 ms both ways, as in bench.py. So many
calls are always up; as many as `--churn` a second end, the oldest first, and as many begin, every other one ended by the
telephone's BYE; `--stay` of them stay from first to last. Prints a line a minute. Fails unless

* anonymous memory never rises by more than 5 % over what it was when it had settled, after five minutes (a run of less than
  ten is not judged by it),
* when all calls have ended, no port, descriptor, dialog, leg, session or actor is left of them,
* every packet of an established call has arrived, and at nobody else,
* no call failed, and the gateway counted no error.

A program that gets no CPU for seconds loses packets, too: what the system dropped because nobody fetched it is told apart. On
a machine that does other work as well, --real-time puts the media threads and the generator before it.

The latest SIP messages, which are kept in a ring of fixed size (SIP_TRACE_MB), have a small one here, so that it is full
before memory is looked at.
"""
import argparse, heapq, http.client, json, os, re, resource, signal, sys, threading, time
from load import Load
from peers import tandem
from peers.util import hurry

HERE = os.path.dirname(os.path.abspath(__file__))
WARM_CALLS = 20
GROWTH, SETTLED_AFTER, JUDGED_AFTER = 1.05, 300, 600
# Seconds: from the last packet that counts to the hang-up, from there to the end of sound, for a call to come up.
LAST_WORDS, FAREWELL, PATIENCE = 0.5, 1.0, 20
# What must be zero when no call is up; the resting ports are used again after a while.
LEFTOVERS = re.compile(
    r"^(active_calls|active_webrtc_connections|control_loop_actors|sockets_connected|http_websockets|media_legs|"
    r"media_tcp_connections|media_transcoders|media_conferences|media_tie_lines|audio_streams_active|recordings_active|"
    r"sip_transactions|sip_dialogs|sip_legs|webrtc_port_legs|store_pending_writes|store_reads_open|"
    r'rtp_port_pairs\{state="(used|resting)")')
ERRORS = re.compile(r"^(errors_total|store_write_failures_total|store_rows_dropped_total|rtp_send_failures_total|"
                    r"srtp_failures_total|rtp_malformed_total|sip_timeouts_total)\b")


class Gateway:
    """The program as it is seen from outside: its figures, and what the kernel says of it."""

    def __init__(self, arguments):
        self.peer = tandem.Peer(arguments, SIP_TRACE_MB="4")
        self.peer.start()
        self.pid = self.peer.pids()[0]

    def figures(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.peer.web, timeout=30)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        text = re.sub(r'service="[^"]*",?', "", text).replace("{}", "")
        return {name: float(value) for name, value in re.findall(r"^([a-z_]+(?:\{[^}]*\})?) (\S+)$", text, re.M)}

    def memory(self):
        """Anonymous and all resident memory in KiB."""
        found = dict(re.findall(r"^(\w+):\s+(\d+) kB", open(f"/proc/{self.pid}/smaps_rollup").read(), re.M))
        return int(found["Anonymous"]), int(found["Rss"])

    def descriptors(self): return len(os.listdir(f"/proc/{self.pid}/fd"))

    def cpu_seconds(self): return time.clock_gettime_ns(~self.pid << 3 | 2) / 1e9

    def left(self):
        return {name: value for name, value in self.figures().items() if value and LEFTOVERS.match(name)}

    def settle(self, seconds):
        """Waits until nothing is left of any call; answers what still is."""
        deadline = time.time() + seconds
        while (left := self.left()) and time.time() < deadline: time.sleep(1)
        return left


def put_first(pid, name):
    """Gives the threads of a process whose names begin so the CPU before all ordinary ones."""
    for thread in os.listdir(f"/proc/{pid}/task"):
        if open(f"/proc/{pid}/task/{thread}/comm").read().startswith(name):
            os.sched_setscheduler(int(thread), os.SCHED_FIFO, os.sched_param(1))


class Traffic:
    """The generator while its calls come and go by themselves."""

    def __init__(self, places, arguments):
        self.load = Load(places, "AES_CM", arguments.load_cpu, arguments.nice)
        self.load.say("FLOW")
        self.up, self.failures, self.freed, self.tallies = set(), [], {}, []
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.load.process.stdout:
            word, _, rest = line.strip().partition(" ")
            if word == "UP": self.up.add(int(rest.split()[0]))
            elif word == "TALLY": self.tallies.append(json.loads(rest))
            elif word == "FREED":
                place, name, password, *numbers = rest.split()
                self.load.calls[int(place)].update(ufrag=name, pwd=password)
                self.freed[int(place)] = [int(number) for number in numbers]
            else: self.failures.append(line.strip())

    def tally(self):
        seen = len(self.tallies)
        self.load.say("TALLY")
        for _ in range(1000):
            if len(self.tallies) > seen: return self.tallies[-1]
            time.sleep(0.01)
        raise RuntimeError("mediaload does not answer")


class Soak:
    def __init__(self, arguments):
        self.arguments = arguments
        # A few places more than calls: one that has ended says its farewell while the next is up already.
        places = arguments.calls + int(arguments.churn * (LAST_WORDS + FAREWELL + 2)) + WARM_CALLS
        self.gateway, self.traffic = Gateway(arguments), Traffic(places, arguments)
        if arguments.real_time:
            put_first(self.gateway.pid, "media-")
            put_first(self.traffic.load.process.pid, "mediaload")
        self.free, self.talking, self.agenda, self.sequence = list(range(places)), [], [], 0
        self.begun, self.ended, self.lost, self.sent, self.complaints = 0, 0, 0, 0, []

    def later(self, seconds, action, *values):
        self.sequence += 1
        heapq.heappush(self.agenda, (time.monotonic() + seconds, self.sequence, action, values))

    def work(self, seconds):
        """What is due, for so long."""
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            if self.agenda and self.agenda[0][0] <= now:
                _, _, action, values = heapq.heappop(self.agenda)
                action(*values)
            else: time.sleep(max(0, min(end, self.agenda[0][0] if self.agenda else end) - now))

    def begin(self):
        place = self.free.pop(0)
        traffic, peer = self.traffic, self.gateway.peer
        peer.trunk.ended.discard(place)
        answer, ip, port = peer.setup(place, traffic.load.offer(place), *traffic.load.calls[place]["sip"])
        traffic.load.answer(place, answer, ip, port)
        traffic.load.say(f"JOIN {place}")
        self.talking.append(place)
        self.begun += 1
        self.later(PATIENCE, self.check, place, self.begun)

    def check(self, place, number):
        if place in self.talking and place not in self.traffic.up:
            self.complaints.append(f"call {number} did not come up in {PATIENCE} s")

    def finish(self, place):
        self.talking.remove(place)
        self.traffic.load.say(f"LEAVE {place}")
        self.later(LAST_WORDS, self.hang_up, place)

    def hang_up(self, place):
        self.ended += 1
        if self.ended % 2: self.gateway.peer.trunk.hang_up(place)
        else: self.gateway.peer.hang_up(place)
        self.later(FAREWELL, self.say_farewell, place)

    def say_farewell(self, place, waited=0):
        if place not in self.gateway.peer.trunk.ended:
            if waited < PATIENCE: return self.later(0.1, self.say_farewell, place, waited + 0.1)
            self.complaints.append(f"the telephone of a call heard nothing of its end in {PATIENCE} s")
        self.traffic.up.discard(place)
        self.traffic.load.say(f"FREE {place}")
        self.gateway.peer.close_page(place)
        self.later(0.5, self.count, place)

    def count(self, place):
        """What was sent in a call and has arrived, now that it is over."""
        if place not in self.traffic.freed: return self.later(0.1, self.count, place)
        sent_web, got_sip, sent_sip, got_web = self.traffic.freed.pop(place)
        self.sent += sent_web + sent_sip
        lost = sent_web - got_sip, sent_sip - got_web
        if any(lost):
            self.lost += sum(map(abs, lost))
            self.complaints.append(f"a call lost {lost[0]} of {sent_web} packets to the telephone, {lost[1]} of {sent_sip} back")
        self.free.append(place)

    def exchange(self):
        """One call ends, another begins."""
        self.later(1 / self.arguments.churn, self.exchange)
        self.begin()
        self.finish(self.talking[self.arguments.stay])

    def raise_to(self, count):
        while len(self.talking) < count:
            self.begin()
            self.work(0.04)

    def end_all(self):
        self.agenda = [entry for entry in self.agenda if entry[2] != self.exchange]
        heapq.heapify(self.agenda)
        while self.talking:
            self.finish(self.talking[0])
            self.work(0.02)
        self.work(LAST_WORDS + FAREWELL + 1)


def describe(soak, minute, before):
    """The line of a minute; answers anonymous memory and the figures that the next line needs."""
    gateway, figures, tally = soak.gateway, soak.gateway.figures(), soak.traffic.tally()
    anonymous, resident = gateway.memory()
    now = {"at": time.monotonic(), "cpu": gateway.cpu_seconds(), "generator": tally["cpu_s"]}
    share = lambda name: 100 * (now[name] - before[name]) / (now["at"] - before["at"]) if before else 0
    of = lambda name: f"{figures[name]:.0f}"
    cells = [
        f"{minute:.1f}", of("active_calls"), tally["up"], soak.begun, soak.ended, f"{anonymous / 1024:.1f}", f"{resident / 1024:.1f}",
        gateway.descriptors(), of('rtp_port_pairs{state="used"}') + "+" + of('rtp_port_pairs{state="resting"}'),
        of("sip_dialogs"), of('control_loop_actors{kind="session"}'), of('media_legs{kind="browser"}'),
        sum(tally["sent"]) + soak.sent, soak.lost, sum(tally["sent"]) - sum(tally["got"]), "/".join(map(str, tally["w2s_us"])),
        "/".join(map(str, tally["s2w_us"])), f"{share('cpu'):.0f}", f"{share('generator'):.0f}", tally["late_max_us"],
        tally["udp_rcvbuf_errors"], tally["srtp_fail"], tally["corrupt"] + tally["foreign"]]
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)
    return anonymous, now


COLUMNS = [
    "minute", "calls", "with media", "begun", "ended", "anonymous MiB", "resident MiB", "descriptors", "port pairs used+resting",
    "dialogs", "sessions", "browser legs", "packets sent", "lost", "under way", "web->sip us med/p99/max",
    "sip->web us med/p99/max", "server % of a core", "generator %", "generator late us", "UDP buffers overrun", "bad SRTP",
    "corrupt or another's"]


def run(soak, seconds):
    """The whole of it; answers what was not as it should be."""
    arguments, gateway = soak.arguments, soak.gateway
    soak.raise_to(WARM_CALLS)
    soak.work(3)
    soak.end_all()
    if left := gateway.settle(120): return [f"left of the first {WARM_CALLS} calls: {left}"]
    descriptors = gateway.descriptors()
    print(f"Before: {gateway.memory()[0] / 1024:.1f} MiB anonymous, {descriptors} descriptors\n")
    print("| " + " | ".join(COLUMNS) + " |\n|" + "---|" * len(COLUMNS), flush=True)
    soak.raise_to(arguments.calls)
    soak.exchange()
    began, step, before, memory = time.monotonic(), min(60, seconds / 6), None, []
    while time.monotonic() < began + seconds:
        soak.work(step)
        minute = (time.monotonic() - began) / 60
        anonymous, before = describe(soak, minute, before)
        if minute * 60 >= min(SETTLED_AFTER, seconds / 2) - 1: memory.append(anonymous)
    soak.end_all()
    complaints, left = soak.complaints, gateway.settle(120)
    describe(soak, (time.monotonic() - began) / 60, before)
    if seconds >= JUDGED_AFTER and max(memory) > GROWTH * memory[0]:
        complaints.append(f"memory rose from {memory[0] / 1024:.1f} to {max(memory) / 1024:.1f} MiB")
    if left: complaints.append(f"left when no call is up: {left}")
    if gateway.descriptors() > descriptors: complaints.append(f"{gateway.descriptors()} descriptors, {descriptors} before")
    errors = {name: value for name, value in gateway.figures().items() if value and ERRORS.match(name)}
    if errors: complaints.append(f"errors: {errors}")
    tally = soak.traffic.tally()
    if tally["udp_rcvbuf_errors"]: complaints.append(f"{tally['udp_rcvbuf_errors']} datagrams dropped, for nobody fetched them in time")
    if tally["foreign"] or tally["corrupt"]: complaints.append(f"{tally['foreign']} packets reached another call, {tally['corrupt']} are broken")
    complaints += soak.traffic.failures
    print(f"\n{soak.begun} calls, {soak.sent} packets, {soak.lost} lost; anonymous memory {memory[0] / 1024:.1f} MiB when settled, "
          f"{min(memory) / 1024:.1f} to {max(memory) / 1024:.1f} from there on; {gateway.memory()[0] / 1024:.1f} MiB and "
          f"{gateway.descriptors()} descriptors at the end")
    return complaints


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--churn", type=float, default=5, help="calls that begin and end a second")
    parser.add_argument("--stay", type=int, default=50, help="calls that stay from first to last")
    parser.add_argument("--server-cpu", default="", help="CPU list for the server, '' = not pinned")
    parser.add_argument("--load-cpu", default="")
    parser.add_argument("--nice", default="-10")
    parser.add_argument("--real-time", action="store_true", help="before other work of the machine; needs root")
    parser.add_argument("--opt", action="append", default=[], help="an option of peers/tandem.py")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that the server is stopped as well
    os.environ["BENCH_NICE"] = arguments.nice
    hurry()
    os.makedirs(HERE + "/results", exist_ok=True)
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    soak = Soak(arguments)
    try: complaints = run(soak, float(os.environ.get("SOAK_SECONDS", "3600")))
    finally:
        soak.traffic.load.quit()
        soak.gateway.peer.stop()
    for complaint in complaints[:50]: print("not good: " + complaint)
    print(f"{len(complaints)} complaints" if complaints else "all well")
    sys.exit(bool(complaints))


if __name__ == "__main__": main()
