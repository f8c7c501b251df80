"""What is changed about generated requests that keep to the description, so that they are about something that exists.

A description says what each value may be, not which of them belong together: one request in two is about a call that is
up, sounds and streams are where servers of the test are, and values that must agree with each other do. schemathesis
loads this file (SCHEMATHESIS_HOOKS).
"""

import datetime
import itertools
import os
import threading

import requests
import schemathesis

GATEWAY, TOKEN = os.environ["GATEWAY"], os.environ["TOKEN"]
SOUND, STREAM = os.environ["SOUND"], os.environ["STREAM"]
# Whose telephone is registered, and which sound the gateway has.
EXTENSION, FILE = "1001", "hello.wav"

_turns = itertools.count()
_local = threading.local()


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    path, body = case.operation.path, case.body if isinstance(case.body, dict) else {}
    is_real = next(_turns) % 2 == 0
    if is_real:
        name_a_live_call(path, case.path_parameters)
        name_what_is_there(path, body)
    agree(path, case.path_parameters, body)


def name_a_live_call(path, parameters):
    """The call of a path is one that is up, unless its record is what the path is about."""
    name = next((name for name in ("id", "callId") if f"{{{name}}}" in path), None)
    if name is None or not path.startswith(("/api/calls", "/api/v1/calls")):
        return
    live = ask("GET", "/api/calls/active").json()["calls"]
    if not live:
        ask("POST", "/api/calls/dial", json={"from": EXTENSION, "to": "1002"})
        live = ask("GET", "/api/calls/active").json()["calls"]
    if live:
        parameters[name] = live[-1]["id"]


def ask(method, path, **arguments):
    if not hasattr(_local, "session"):
        _local.session = requests.Session()
        _local.session.headers["Authorization"] = f"Bearer {TOKEN}"
    return _local.session.request(method, GATEWAY + path, timeout=20, **arguments)


def name_what_is_there(path, body):
    for member in ("from", "fromNumber"):
        if path in ("/api/calls/dial", "/api/calls/outgoing") and member in body:
            body[member] = EXTENSION
    if path.endswith("/play") and body.get("file") is not None:
        body["file"] = FILE


def agree(path, parameters, body):
    """What no schema can say of values that the gateway compares."""
    if path.endswith("/play") and body.get("url") is not None:
        body["url"] = SOUND
    if path.endswith("/streams"):
        body["url"] = STREAM
    if path.endswith("/sessions") and body.get("callId") is not None:
        body["callId"] = parameters["id"]
    if path.startswith("/api/v1/admin/"):
        keep_from_dialling(body)
        make_expressions(body)
    if path.endswith("/mango/calls"):
        make_period(body)
    if path.endswith("/admin/settings") or path.endswith("/settings/check"):
        make_range(body)


def keep_from_dialling(body):
    """An extension that a request makes has no telephone: a letter in front, and no other request calls it."""
    for member in ("extension", "username"):
        if body.get(member):
            body[member] = "e" + body[member][1:]


def make_expressions(value, name=""):
    """What stands between slashes is an expression: there is no pattern of those."""
    for key, each in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(each, (dict, list)):
            make_expressions(each, key if isinstance(value, dict) else name)
        elif isinstance(each, str) and len(each) > 2 and each[0] == each[-1] == "/":
            if (key if isinstance(value, dict) else name) in ("match", "number", "accepts"):
                value[key] = "/8[0-9]{10}/"


def make_period(body):
    """From the earlier moment to the later one, a month at most."""
    try:
        first, last = sorted(datetime.datetime.fromisoformat(body[name]) for name in ("from", "to"))
        month = datetime.timedelta(days=31)
        last = last if first < last <= first + month else first + month
    except (ValueError, OverflowError, TypeError):
        first, last = datetime.datetime(2025, 1, 1), datetime.datetime(2025, 1, 31)
    body["from"], body["to"] = (f"{moment.replace(tzinfo=None).isoformat()}Z" for moment in (first, last))


def make_range(body):
    """The first port is below the last one, whichever of them the settings have already."""
    names = ("rtpPortMin", "rtpPortMax")
    if not any(name in body for name in names):
        return
    first, last = sorted((body.get(names[0], 1024), body.get(names[1], 65_535)))
    body[names[0]], body[names[1]] = (first, last) if first < last else (1024, 65_535)
