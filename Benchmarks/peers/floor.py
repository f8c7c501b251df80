"""The floor: a bare relay in C with the socket layout of Tandem's media worker (floor/relay.c).

Its calls come with SRTP keys (a=crypto, RFC 4568) instead of ICE and DTLS, so its set-up is no gateway's.
"""
import base64, os, subprocess
from .util import *

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SUITES = {"AES_CM": ("AES_CM_128_HMAC_SHA1_80", 30), "GCM": ("AEAD_AES_128_GCM", 28)}


class Peer:
    def __init__(self, arguments):
        self.arguments, self.process = arguments, None

    def start(self):
        self.process = spawn(
            [HERE + "/floor/relay", self.arguments.profile], self.arguments.server_cpu, HERE + "/results/floor.log",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.web = self.read("WEB")

    def read(self, word):
        words = self.process.stdout.readline().split()
        if len(words) != 2 or words[0] != word: raise RuntimeError("the relay does not answer, see results/floor.log")
        return int(words[1])

    def pids(self): return [self.process.pid]

    def setup(self, call, offer, ip, port):
        suite, length = SUITES[self.arguments.profile]
        key = os.urandom(length)
        web_ip, web_port = rtp_addr(offer)
        self.process.stdin.write(f"CALL {web_ip} {web_port} {ip} {port} {key.hex()}\n")
        self.process.stdin.flush()
        inline = base64.b64encode(key).decode()
        answer = sip_sdp("127.0.0.1", self.web).replace("RTP/AVP", "RTP/SAVP") + f"a=crypto:1 {suite} inline:{inline}\r\n"
        return answer, "127.0.0.1", self.read("RTP")

    def stop(self):
        if self.process: end(self.process)
