"""Janus with its NoSIP plugin: WebRTC on one side, plain RTP by SDP on the other, driven over its Unix socket.

Option: loops=N event loops for all calls; Janus's default is a loop, and a thread, for each call.
peers/loopback.so makes it take 127.0.0.1 for an address to offer.
"""
import glob, json, os, shutil, socket, tempfile, time
from .util import *

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PLUGIN = "janus.plugin.nosip"
CONFIGURATION = {
    "janus": """general: {{
  configs_folder = "{folder}"
  plugins_folder = "{folder}/plugins"
  transports_folder = "{folder}/transports"
  events_folder = "{folder}/none"
  loggers_folder = "{folder}/none"
  debug_level = 3
  session_timeout = 0
  {loops}
}}
media: {{ rtp_port_range = "10000-18000" }}
nat: {{ ice_enforce_list = "lo" }}
""",
    "janus.transport.pfunix": """general: {{
  enabled = true
  json = "compact"
  path = "{folder}/socket"
}}
admin: {{ admin_enabled = false }}
""",
    PLUGIN: """general: {{
  local_ip = "127.0.0.1"
  rtp_port_range = "20000-30000"
}}
"""}


class Peer:
    def __init__(self, arguments):
        self.arguments, self.process, self.folder, self.count = arguments, None, None, 0
        self.options = dict(option.split("=", 1) for option in arguments.opt)

    def configure(self):
        """A folder with the three files and with no other plugin or transport than the two used."""
        self.folder = tempfile.mkdtemp(prefix="bench-janus-")
        loops = f"event_loops = {self.options['loops']}" if "loops" in self.options else ""
        for name, text in CONFIGURATION.items():
            with open(f"{self.folder}/{name}.jcfg", "w") as file: file.write(text.format(folder=self.folder, loops=loops))
        for kind, name in (("plugins", "libjanus_nosip.so"), ("transports", "libjanus_pfunix.so")):
            found = glob.glob(f"/usr/lib/*/janus/{kind}/{name}")
            if not found: raise RuntimeError(f"Janus has no {name}")
            os.makedirs(f"{self.folder}/{kind}")
            os.symlink(found[0], f"{self.folder}/{kind}/{name}")
        os.makedirs(self.folder + "/none")

    def start(self):
        for _ in range(30):
            if self.launch(): break
            self.stop()
        else: raise RuntimeError("janus does not answer, see results/janus.log")
        self.session = self.ask({"janus": "create"})["data"]["id"]

    def launch(self):
        """Starts it on any CPU and then moves it to its own.

        Janus's socket thread ends at once when it runs before the thread that made it goes on, which on a single CPU is
        more often the case than not, and now and then on two.
        """
        self.configure()
        self.process = spawn(
            ["janus", "-F", self.folder, "-C", self.folder + "/janus.jcfg"], "", HERE + "/results/janus.log",
            {"LD_PRELOAD": HERE + "/peers/loopback.so"})
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(5)
        for _ in range(30):
            time.sleep(0.1)
            if self.process.poll() is not None: break
            try: self.socket.connect(self.folder + "/socket")
            except OSError: continue
            pin(self.process, self.arguments.server_cpu)
            return True
        return False

    def ask(self, request):
        """Sends a request and answers its reply; acknowledgements and what concerns other requests are skipped."""
        self.count += 1
        transaction = f"t{self.count}"
        self.socket.send(json.dumps({**request, "transaction": transaction}).encode())
        while True:
            data = self.socket.recv(65536)
            if not data: raise RuntimeError("janus closed the socket")
            reply = json.loads(data)
            if reply.get("transaction") != transaction or reply["janus"] == "ack": continue
            if reply["janus"] == "error": raise RuntimeError(reply)
            return reply

    def pids(self): return [self.process.pid]

    def setup(self, call, offer, ip, port):
        own = {"session_id": self.session}
        own["handle_id"] = self.ask({**own, "janus": "attach", "plugin": PLUGIN})["data"]["id"]
        message = {**own, "janus": "message"}
        generated = self.ask({
            **message, "body": {"request": "generate"}, "jsep": {"type": "offer", "sdp": offer}})
        plain = generated["plugindata"]["data"]["result"]["sdp"]
        processed = self.ask({
            **message, "body": {"request": "process", "type": "answer", "sdp": sip_sdp(ip, port)}})
        return processed["jsep"]["sdp"], *rtp_addr(plain)

    def stop(self):
        if self.process: end(self.process)
        if self.folder: shutil.rmtree(self.folder, ignore_errors=True)
