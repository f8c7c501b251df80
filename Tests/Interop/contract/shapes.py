"""Asking a gateway, and comparing its answers with the documents' examples key by key."""

import contextlib
import itertools
import sqlite3
import uuid
from pathlib import Path

import psycopg
import requests

_numbers = itertools.count(1000)


def assert_like(actual, example, path="$"):
    """Every key of the example is there, with a value of its kind; null in the example stands for anything."""
    if example is None:
        return
    if isinstance(example, bool) or not isinstance(example, (int, float)):
        kind = type(example)
    else:
        kind = (int, float) if isinstance(example, float) else int
    if isinstance(kind, type) and kind is not bool:
        assert not isinstance(actual, bool) or kind is bool, f"{path} is {actual!r}"
    assert isinstance(actual, kind), f"{path} is {actual!r}, not like {example!r}"
    if isinstance(example, dict):
        for key, value in example.items():
            assert key in actual, f"{path}.{key} is missing"
            assert_like(actual[key], value, f"{path}.{key}")
    if isinstance(example, list) and example:
        assert actual, f"{path} is empty"
        for index, value in enumerate(actual):
            assert_like(value, example[0], f"{path}[{index}]")


class Service:
    """A running gateway as clients of one kind see it."""

    def __init__(self, gateway, login):
        self.gateway, self.login = gateway, login

    def ask(self, method, path, status=200, login="", **arguments):
        """The JSON of an answer that must have this status."""
        answer = self.raw(method, path, login, **arguments)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def raw(self, method, path, login="", **arguments):
        return self.gateway.request(method, path, login=self.login if login == "" else login, **arguments)

    def refused(self, method, path, status, code, **arguments):
        """An answer that refuses, in the body every family reads."""
        body = self.ask(method, path, status, **arguments)
        assert body["success"] is False and body["error"]["code"] == code, body
        assert body["message"] == body["error"]["message"] and body["statusCode"] == status
        assert isinstance(body["error"]["details"], dict)
        return body

    def sql(self, script, *arguments):
        """What an administrator types into the database; answers the number of the row of an INSERT."""
        if self.gateway.database:
            script = script.replace("?", "%s")
            if script.lstrip().startswith("INSERT") and "call_tags" not in script:
                script += " RETURNING id"
            with psycopg.connect(self.gateway.database) as server:
                cursor = server.execute(script, arguments)
                return cursor.fetchone()[0] if cursor.description else None
        path = next(Path(self.gateway.folder).glob("*.db"))
        with contextlib.closing(sqlite3.connect(path, timeout=10)) as store, store:
            return store.execute(script, arguments).lastrowid

    def insert_call(self, **columns):
        """A call of the past, by SQL; answers its number. Moments are milliseconds."""
        row = {
            # Far from the numbers that the running program counts on.
            "id": 500_000 + next(_numbers), "uuid": str(uuid.uuid4()), "source": "sip", "direction": "incoming", "state": "completed",
            "caller_number": "+79991234567", "receiver_number": "1001", "started_at": 1_705_314_600_000,
            **columns,
        }
        for end in ("caller", "receiver"):
            row.setdefault(f"{end}_norm", "".join(filter(str.isdigit, row[f"{end}_number"])))
        if "ended_at" not in row:
            row["ended_at"] = row["started_at"] + 60_000
        for name in row:
            if name.endswith(("_at", "_date")):
                row[name] = self.gateway.moment(row[name])
        names = ", ".join(row)
        return self.sql(f"INSERT INTO calls ({names}) VALUES ({', '.join('?' * len(row))})", *row.values())

    # Things that tests need

    def record(self, status="answered", **fields):
        """A call written down by a client of document 000."""
        body = {"phoneClient": "79991234567", "status": status, **fields}
        return self.ask("POST", "/api/v1/calls", 201, json=body)["data"]

    def reported(self, **fields):
        """A live call reported by a client of document 002."""
        body = {
            "caller_number": "+7 (495) 123-45-67", "receiver_number": "+7 (495) 987-65-43",
            "channel_id": f"SIP/1001-{next(_numbers)}", **fields,
        }
        return self.ask("POST", "/api/calls", 201, json=body)["data"]

    def room(self, **fields):
        """A live call made by a client of document 004."""
        body = {"phoneNumber": "+79991234567", "direction": "incoming", **fields}
        return self.ask("POST", "/api/v1/calls", 201, json=body)["data"]

    def user_id(self, login):
        return self.gateway.login(login)["user"]["id"]


def unauthorized(service, method, path, **arguments):
    """Nobody is answered without a token."""
    answer = requests.request(
        method, service.gateway.url(path), timeout=10, headers={"X-Forwarded-For": "192.0.2.1"}, **arguments)
    assert answer.status_code == 401 and answer.json()["error"]["code"] == "UNAUTHORIZED"
