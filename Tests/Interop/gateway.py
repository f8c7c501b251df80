"""Runs the built program for a test: its own ports, its own data folder, stopped at the end."""

import contextlib
import datetime
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import psycopg
import psycopg.rows
import requests

REPOSITORY = Path(__file__).resolve().parents[2]


def binary() -> str:
    """The program under test: TANDEM, or what scripts/test built."""
    return os.environ.get("TANDEM", str(REPOSITORY / ".build/release/tandem"))


def free_port(kind=socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def free_ports(first, last, size) -> int:
    """The first of some ports in a row that nobody uses now, neither TCP nor UDP.

    Taken outside of those that the kernel gives to anybody, they stay free until they are used.
    """
    while True:
        start = random.randrange(first, last, size)
        if all(_is_free(port) and _is_free(port, socket.SOCK_STREAM) for port in range(start, start + size)):
            return start


def free_udp_block(first, last, size, step) -> int:
    """The first port of a block of UDP ports that nobody uses now; other tests may run beside this one."""
    starts = list(range(first, last - size, step))
    offset = random.randrange(len(starts))
    for start in starts[offset:] + starts[:offset]:
        if all(_is_free(port) for port in (start, start + 1, start + size // 2, start + size - 1)):
            return start
    raise AssertionError("no block of UDP ports is free")


def _is_free(port, kind=socket.SOCK_DGRAM) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind(("0.0.0.0", port))
        except OSError:
            return False
        return True


def wait_for(condition, seconds=10.0, what="condition"):
    """Waits until `condition()` is true and answers its value; fails with `what` otherwise."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds} s for {what}")


class Gateway:
    """One running gateway. `users` maps logins to (password, extension, SIP password)."""

    # What the program is started by, such as a command that shows it other files.
    wrapper = ()

    def __init__(self, folder=None, **environment):
        self.folder = Path(folder or tempfile.mkdtemp(prefix="tandem-test-"))
        self.owns_folder = folder is None
        self.port = free_ports(61000, 65400, 4)
        self.sip_port, self.tls_port = self.port + 1, self.port + 2
        browsers = free_udp_block(30000, 32700, 4, 4)
        phones = free_udp_block(20000, 29999, 400, 400)
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "PORT": str(self.port),
            "SIP_LISTEN_PORT": str(self.sip_port),
            "SIP_TLS_PORT": str(self.tls_port),
            "SIP_LISTEN_HOST": "127.0.0.1",
            "PUBLIC_IP": "127.0.0.1",
            "WEBRTC_PORT": str(browsers),
            "RTP_PORT_MIN": str(phones),
            "RTP_PORT_MAX": str(phones + 399),
            "DATA_DIR": str(self.folder),
            "ADMIN_PASSWORD": "admin-password",
            "LOG_LEVEL": "debug",
            "RATE_LIMIT_MAX": "1000000",
            # A sanitizer the program may be built with (scripts/test-long).
            **{key: value for key, value in os.environ.items() if key.endswith("SAN_OPTIONS")},
            **{key: str(value) for key, value in environment.items()},
        }
        self.output = []
        self.users = {}
        self.process = None
        self._tokens = {}
        self.seconds_to_ready = None

    # Life

    def command_line(self, *arguments):
        """What runs the program with some arguments."""
        return [*self.wrapper, binary(), *arguments]

    def start(self):
        self.launch()
        return self.wait_until_ready()

    def launch(self):
        """Starts the program, which may not get ready by itself."""
        self.launched_at = time.monotonic()
        self.process = subprocess.Popen(
            self.command_line("serve"), env=self.environment, cwd=self.folder, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, errors="replace",
        )
        self._readers = [
            threading.Thread(target=self._collect, args=(stream,), daemon=True)
            for stream in (self.process.stdout, self.process.stderr)
        ]
        for reader in self._readers:
            reader.start()

    def wait_until_ready(self):
        wait_for(lambda: self._ready() or self.process.poll() is not None, 20, "the gateway to be ready")
        self.seconds_to_ready = time.monotonic() - self.launched_at
        assert self.process.poll() is None, "\n".join(self.output)
        wait_for(self._read_banner, 5, "the banner")
        return self

    def _collect(self, stream):
        for line in stream:
            self.output.append(line.rstrip("\n"))

    def run(self, *arguments, seconds=10):
        """Runs the program to its end, such as `check` or a start that must fail; answers the finished process."""
        return subprocess.run(
            self.command_line(*arguments), env=self.environment, cwd=self.folder, text=True, capture_output=True,
            timeout=seconds, check=False,
        )

    def _ready(self):
        try:
            return requests.get(self.url("/health/ready"), timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def _read_banner(self):
        pattern = re.compile(r"login (\S+)\s+password (\S+)(?:\s+extension (\S+)\s+SIP password (\S+))?")
        for line in list(self.output):
            match = pattern.search(line)
            if match:
                login, password, extension, sip_password = match.groups()
                self.users[login] = (password, extension, sip_password)
        return any("try      log in" in line for line in self.output)

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, seconds=15):
        """Waits for the program's own end and answers its status."""
        status = self.process.wait(seconds)
        for reader in self._readers:
            reader.join(2)
        return status

    def stop(self):
        """Ends the program in good order; one that ended before, or ends badly, fails the test."""
        if self.process is None:
            return
        status = self.process.poll()
        assert status is None, f"the gateway ended by itself with status {status}:\n" + "\n".join(self.output[-30:])
        self.signal(signal.SIGTERM)
        try:
            status = self.wait()
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("the gateway does not stop on SIGTERM") from None
        self.process = None
        assert status == 0, f"the gateway stopped with status {status}:\n" + "\n".join(self.output[-30:])

    def kill(self):
        self.process.kill()
        self.wait()
        self.process = None

    def remove_folder(self):
        if self.owns_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        try:
            self.stop()
        finally:
            self.remove_folder()

    # Asking

    def url(self, path="/"):
        return f"http://127.0.0.1:{self.port}{path}"

    def login(self, login="admin"):
        password = self.users.get(login, ("admin-password",))[0]
        answer = requests.post(self.url("/api/auth/login"), json={"login": login, "password": password}, timeout=5)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def token(self, login="admin"):
        if login not in self._tokens:
            self._tokens[login] = self.login(login)["token"]
        return self._tokens[login]

    def request(self, method, path, login=None, **arguments):
        headers = arguments.pop("headers", {})
        if login:
            headers["Authorization"] = f"Bearer {self.token(login)}"
        return requests.request(method, self.url(path), headers=headers, timeout=10, **arguments)

    def add(self, kind, **fields):
        """Makes a trunk, route, queue, account or user as the administrator."""
        answer = self.request("POST", f"/api/v1/admin/{kind}", login="admin", json=fields)
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]

    def metrics(self):
        """All series as {(name, frozenset of labels without service): value}."""
        series = {}
        for line in requests.get(self.url("/metrics"), timeout=5).text.splitlines():
            if line.startswith("#") or not line.strip():
                continue
            name, labels, value = re.match(r"([a-zA-Z_:]+)(?:\{(.*)\})? (\S+)$", line).groups()
            pairs = re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels or "")
            series[(name, frozenset(p for p in pairs if p[0] != "service"))] = float(value)
        return series

    def metric(self, name, **labels):
        """The sum of a metric's series that carry the labels given."""
        wanted = set(labels.items())
        return sum(v for (n, l), v in self.metrics().items() if n == name and wanted <= l)

    def wait_metric(self, name, value, seconds=10, **labels):
        """Waits until a metric has that value, or fails with the value it has."""
        try:
            wait_for(lambda: self.metric(name, **labels) == value, seconds)
        except AssertionError:
            raise AssertionError(
                f"{name}{labels} is {self.metric(name, **labels)} after {seconds} s instead of {value}") from None

    def wait_idle(self, *others):
        """Waits until no call and no leg is left, nor anything that these gauges count."""
        for name in ("active_calls", "media_legs", *others):
            self.wait_metric(name, 0)

    def rtp(self, direction, kind):
        """RTP packets counted by the media workers: `direction` in or out, `kind` browser or sip."""
        return self.metric("rtp_packets_total", direction=direction, kind=kind)

    def call(self, key, login="admin", view="gateway"):
        """One call as a view shows it."""
        answer = self.request("GET", f"/api/v1/calls/{key}", login=login, params={"view": view})
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    @property
    def database(self):
        """The URL of the PostgreSQL server the gateway uses; None with the embedded store."""
        url = self.environment.get("DATABASE_URL", "")
        return url if url.startswith("postgres") else None

    def moment(self, milliseconds):
        """A time as the store has it."""
        if not self.database:
            return milliseconds
        return datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.timezone.utc)

    @property
    def data_folder(self):
        return Path(self.environment.get("DATA_DIR", self.folder))

    def stored(self, query, *arguments):
        """Rows of the store, each a dictionary; also when the gateway does not run."""
        if self.database:
            with psycopg.connect(self.database, row_factory=psycopg.rows.dict_row) as server:
                return server.execute(query.replace("?", "%s"), arguments).fetchall()
        path = next(self.data_folder.glob("*.db"))
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as store:
            store.row_factory = sqlite3.Row
            return [dict(row) for row in store.execute(query, arguments)]

    @staticmethod
    def seconds(time_text):
        """A time of the API since the epoch."""
        return datetime.datetime.fromisoformat(time_text.replace("Z", "+00:00")).timestamp()

    def make_call(self, number, direction="outgoing", login=None, **body):
        """POST /api/v1/calls; answers the call's gateway view."""
        answer = self.request(
            "POST", "/api/v1/calls", login=login, json={"phoneNumber": number, "direction": direction, **body})
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]

    def calls(self, login="admin", **query):
        answer = self.request("GET", "/api/v1/calls", login=login, params={"view": "gateway", **query})
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]["calls"]
