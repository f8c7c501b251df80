"""The machines that the documents' example environments name, all on this one: under the printed names, at the printed
ports, with certificates that the program trusts. What is printed is used as it stands.

It binds the ports of everyday services, and so belongs into a network namespace (scripts/namespace).
"""

import contextlib
import ctypes
import os
import queue
import re
import shutil
import ssl
import subprocess
import tempfile
import threading
from pathlib import Path

import psycopg
import requests
from gateway import Gateway, wait_for
from names import NameServer
from postgres import Postgres

DOCUMENTS = Path(__file__).parent / "documents"
EXCHANGE, STORAGE, SIP_SERVER = "127.0.1.1", "127.0.1.2", "198.18.1.2"
# Where each of the names is; the rest of the world is not there.
ADDRESSES = {
    "host": "127.0.0.1", "postgres": "127.0.0.1", "redis": "127.0.0.1", "realtime-service": "127.0.0.1",
    "app.mango-office.ru": EXCHANGE, "s3.selcdn.ru": STORAGE, "sip.example.com": SIP_SERVER,
}
# What is no address in the documents, but a word for one.
PLACEHOLDERS = {"@host:port/": "@host:5432/"}


def environment(document, name="environment.env"):
    """An example environment, as it is printed."""
    text = (DOCUMENTS / document / name).read_text()
    for word, value in PLACEHOLDERS.items():
        text = text.replace(word, value)
    return text


class World:
    """Name server, authority, PostgreSQL and Redis; what else there is, tests put up themselves."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="tandem-world-"))
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        self._stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        records = [f"address=/{name}/{address}" for name, address in ADDRESSES.items()]
        names = self._stack.enter_context(NameServer(*records, port=53))
        (self.folder / "resolv.conf").write_text(f"nameserver {names.address}\n")
        self._make_authority()
        self.postgres = self._stack.enter_context(Postgres(5432))
        self._demand_passwords()
        self._start_redis()
        return self

    def __exit__(self, *_):
        self._stack.close()

    def _make_authority(self):
        names = ",".join(f"DNS:{name}" for name in ADDRESSES)
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
             "2", "-keyout", self.folder / "key.pem", "-out", self.folder / "authorities.pem", "-subj", "/CN=world",
             "-addext", f"subjectAltName={names}"], check=True, capture_output=True)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(self.folder / "authorities.pem", self.folder / "key.pem")

    def _demand_passwords(self):
        rules = Path(self.postgres.folder, "data/pg_hba.conf")
        rules.write_text("local all all trust\nhost all all all scram-sha-256\n")
        with self.administer() as server:
            server.execute("SELECT pg_reload_conf()")

    def administer(self, database="postgres"):
        """A connection of whoever owns the server."""
        return psycopg.connect(self.postgres.url(database), autocommit=True)

    def make_database(self, url):
        """The user and the empty database that a URL names."""
        user, password, name = re.fullmatch(r"postgresql://(\w+):(\w+)@[\w-]+:5432/(\w+)", url).groups()
        with self.administer() as server:
            server.execute(f"CREATE ROLE \"{user}\" LOGIN PASSWORD '{password}'")
            server.execute(f'CREATE DATABASE {name} OWNER "{user}"')
        return self.postgres.url(name)

    def _start_redis(self):
        redis = subprocess.Popen(
            ["redis-server", "--port", "6379", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
            stdout=subprocess.DEVNULL)
        self._stack.callback(redis.wait, 5)
        self._stack.callback(redis.terminate)
        wait_for(lambda: self.redis("PING") == "PONG", 5, "redis-server")

    @staticmethod
    def redis(*words):
        return subprocess.run(["redis-cli", *words], capture_output=True, text=True, check=False).stdout.strip()


class Deployment(Gateway):
    """The program in a folder with a document's environment as `.env`, and nothing else said to it."""

    def __init__(self, world, text):
        super().__init__()
        self.world = world
        (self.folder / ".env").write_text(text)
        # The default is a folder of this one; for tests they are the same.
        os.symlink(".", self.folder / "data")
        self.printed = dict(line.split("=", 1) for line in text.splitlines() if re.match(r"\w+=", line))
        self.port = int(self.printed.get("PORT", 3000))
        self.sip_port = 5060
        kept = {key: value for key, value in os.environ.items() if key.endswith("SAN_OPTIONS")}
        self.environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **kept}
        mounts = 'mount --bind "$0/resolv.conf" /etc/resolv.conf; ' \
            'mount --bind "$0/authorities.pem" /etc/ssl/certs/ca-certificates.crt; exec "$@"'
        self.wrapper = ["unshare", "--mount", "sh", "-ec", mounts, world.folder]
        url = self.printed.get("DATABASE_URL") or self.printed.get("POSTGRES_URL")
        self._server = world.make_database(url) if url else None
        world.redis("FLUSHALL")

    def start(self):
        super().start()
        assert requests.get(self.url("/health"), timeout=5).status_code == 200
        return self

    @property
    def database(self):
        return self._server

    def migrate(self):
        """Makes the tables, so that they can be filled before the first start."""
        done = self.run("db", "migrate")
        assert done.returncode == 0, done.stderr

    def take_token(self, login):
        """Has the program make the token of a user."""
        made = self.run("token", "--login", login)
        assert made.returncode == 0, made.stderr
        self._tokens[login] = made.stdout.strip()


class OtherMachine:
    """A network namespace at the other end of a cable: its sockets are made by `at`, and used from anywhere."""

    def __init__(self, address=SIP_SERVER, own="198.18.1.1"):
        self.address, self.own = address, own
        self._orders, self._results = queue.Queue(), queue.Queue()

    def __enter__(self):
        threading.Thread(target=self._live, daemon=True).start()
        self.at(lambda: None)
        subprocess.run(["ip", "link", "add", "cable0", "type", "veth", "peer", "name", "cable1", "netns",
                        str(self._thread)], check=True)
        self._plug("cable0", self.own)
        self.at(lambda: self._plug("cable1", self.address))
        return self

    def __exit__(self, *_):
        subprocess.run(["ip", "link", "delete", "cable0"], check=True)
        self._orders.put(None)

    @staticmethod
    def _plug(device, address):
        for words in (["address", "add", f"{address}/24", "dev", device], ["link", "set", device, "up"],
                      ["link", "set", "lo", "up"]):
            subprocess.run(["ip", *words], check=True)

    def at(self, function):
        """What `function` answers over there."""
        self._orders.put(function)
        result = self._results.get(timeout=10)
        if isinstance(result, Exception):
            raise result
        return result

    def _live(self):
        clone_newnet = 0x40000000
        status = ctypes.CDLL(None, use_errno=True).unshare(clone_newnet)
        self._thread = threading.get_native_id()
        while (order := self._orders.get()) is not None:
            try:
                if status != 0:
                    raise OSError(ctypes.get_errno(), "no right to make a network namespace")
                self._results.put(order())
            except Exception as error:
                self._results.put(error)

