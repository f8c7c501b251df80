"""A PostgreSQL server for tests, which may be stopped, killed and started again."""

import itertools
import subprocess
import tempfile
from pathlib import Path

import psycopg
from gateway import REPOSITORY, wait_for

_names = itertools.count(1)


class Postgres:
    """One running server in a folder of its own; it ends with the test, however that ends."""

    def __init__(self, port=None):
        self.port = port
        self.folder = tempfile.mkdtemp(prefix="tandem-postgres-")
        arguments = [str(port)] if port else []
        self._process = subprocess.Popen(
            [REPOSITORY / "scripts/postgres", self.folder, *arguments], stdin=subprocess.PIPE, text=True)
        self._wait("up")

    def _wait(self, state):
        path = Path(self.folder, "state")
        wait_for(lambda: path.exists() and path.read_text().strip() == state, 30, f"the server to be {state}")

    def _tell(self, command, state):
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        self._wait(state)

    def stop(self):
        self._tell("stop", "down")

    def kill(self):
        self._tell("kill", "down")

    def start(self):
        self._tell("start", "up")

    def url(self, database):
        return f"postgresql://tandem@/{database}?host={self.folder}" + (f"&port={self.port}" if self.port else "")

    def make_database(self):
        """A new, empty database; answers its URL."""
        name = f"test{next(_names)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait(20)
