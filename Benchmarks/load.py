"""The load generator (mediaload) as the driver sees it: calls to offer, answers to hand over, traffic to ask for."""
import base64, json, os, re, subprocess
from peers.util import autogroup

HERE = os.path.dirname(os.path.abspath(__file__))


class Load:
    """`n` calls on the given CPU; `setup` is the a=setup of the offers, `uses_libsrtp` the generator's SRTP engine.

    `transcoded`: the web side speaks Opus alone, so that the gateway has to transcode; `loudness` of that speech in per cent.
    """

    def __init__(self, n, profile, cpu, nice, setup="actpass", uses_libsrtp=False, transcoded=False, loudness=100):
        command = [HERE + "/mediaload", "-n", str(n), "-p", profile]
        command += ["-L"] * uses_libsrtp + ["-t"] * transcoded + ["-a", str(loudness)]
        self.codec = (111, "opus/48000/2") if transcoded else (0, "PCMU/8000")
        if cpu != "": command = ["taskset", "-c", cpu] + command
        self.setup = setup
        self.process = autogroup(subprocess.Popen(
            ["nice", "-n", nice] + command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
            start_new_session=True))
        self.calls = []
        while not self.read_line(): pass

    def read_line(self):
        """Takes a line of what it says at its start; true for the last."""
        words = self.process.stdout.readline().split()
        if not words: raise RuntimeError("mediaload died")
        if words[0] == "FINGERPRINT": self.fingerprint = words[1] + " " + words[2]
        elif words[0] == "CALL":
            self.calls.append({
                "ufrag": words[2], "pwd": words[3], "web": (words[4], int(words[5])), "sip": (words[6], int(words[7]))})
        return words[0] == "READY"

    def offer(self, i):
        call = self.calls[i]
        ip, port = call["web"]
        payload_type, encoding = self.codec
        return "\r\n".join([
            "v=0", f"o=- {1000000 + i} 2 IN IP4 {ip}", "s=-", "t=0 0", "a=group:BUNDLE 0",
            f"m=audio {port} UDP/TLS/RTP/SAVPF {payload_type} 101", f"c=IN IP4 {ip}", "a=mid:0", "a=sendrecv", "a=rtcp-mux",
            f"a=rtpmap:{payload_type} {encoding}", "a=rtpmap:101 telephone-event/8000", "a=ptime:20",
            f"a=ice-ufrag:{call['ufrag']}", f"a=ice-pwd:{call['pwd']}",
            f"a=fingerprint:{self.fingerprint}", f"a=setup:{self.setup}", f"a=ssrc:{0x10000000 + i} cname:c{i}",
            f"a=candidate:1 1 udp 2130706431 {ip} {port} typ host", "a=end-of-candidates"]) + "\r\n"

    def answer(self, i, sdp, ip, port):
        """Hands over what the gateway answered and where the SIP side sends to."""
        def find(expression, otherwise=None):
            match = re.search(expression, sdp, re.M | re.I)
            return match.groups() if match else otherwise
        candidate = find(r"^a=candidate:\S+ 1 udp \d+ (\d+\.\d+\.\d+\.\d+) (\d+) typ host")
        web = " ".join(candidate or find(r"^c=IN IP4 (\S+)") + find(r"^m=audio (\d+)"))
        key = find(r"^a=crypto:\d+ \S+ inline:(\S+)")
        if key:
            self.say(f"KEYS {i} {web} {base64.b64decode(key[0]).hex()} {ip} {port}")
            return
        algorithm, value = find(r"^a=fingerprint:(\S+) (\S+)")
        ufrag, password = find(r"^a=ice-ufrag:(\S+)")[0], find(r"^a=ice-pwd:(\S+)")[0]
        setup = find(r"^a=setup:(\w+)", ("passive",))[0]
        self.say(f"ANSWER {i} {web} {ufrag} {password} {setup} {algorithm.lower()} {value} {ip} {port}")

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def wait(self, word):
        """The rest of the next line that begins with the word, and the lines before it."""
        before = []
        while True:
            line = self.process.stdout.readline()
            if not line: raise RuntimeError("mediaload died")
            if line.startswith(word): return line[len(word):].strip(), before
            before.append(line.strip())

    def connect(self, seconds):
        """ICE and DTLS of all answered calls: how many are up and failed, median and longest time in ms; complaints."""
        self.say(f"CONNECT {seconds}")
        numbers, complaints = self.wait("CONNECTED")
        return [float(number) for number in numbers.split()], complaints

    def run(self, seconds, warm_up, pids):
        self.say(f"RUN {seconds} {warm_up} {','.join(map(str, pids)) or '-'}")
        return json.loads(self.wait("RESULT")[0])

    def quit(self):
        try:
            self.say("QUIT")
            self.process.wait(3)
        except (OSError, subprocess.TimeoutExpired): self.process.kill()
