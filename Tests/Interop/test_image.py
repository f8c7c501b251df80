"""The built image, as a node of Kubernetes runs it by k8s/: nothing of its root can be written, it may do nothing, phones and
pages talk through it, and it ends as its manifest says. Run by scripts/image."""

import asyncio
import errno
import os
import re
import stat
import subprocess
import time
from pathlib import Path

import pytest
import requests
from audio import assert_tone
from container import Container, Image
from gateway import wait_for
from kubelet import Kubelet
from manifests import built, pod, settings
from measured import TABLES
from peers import Peer, PlainSocket, join
from phone import Phone
from rawphone import RawPhone
from records import newest_call, stored, wait_ended
from test_builtin_numbers import MILLIWATT_DB

pytestmark = [
    pytest.mark.interface,
    pytest.mark.skipif("TANDEM_IMAGE" not in os.environ, reason="without an image; scripts/image makes one"),
]
SECRETS = {"JWT_SECRET": "a secret of at least 32 bytes, really", "ADMIN_PASSWORD": "admin-password"}


@pytest.fixture(scope="module")
def image():
    return Image()


@pytest.fixture(scope="module")
def address():
    """The node's address."""
    shown = subprocess.run(["ip", "-4", "-o", "address", "show", "dev", "test0"], capture_output=True, text=True, check=True)
    return re.search(r"inet ([\d.]+)/", shown.stdout).group(1)


class Pod:
    """A pod of an overlay on this node: its container, and the kubelet that watches it.

    The address it announces is the one where the peers of tests are; the kubelet asks at the node's.
    """

    def __init__(self, overlay, image, address, **environment):
        self.spec, self.address = pod(built(overlay)), address
        # Tests ask more than people do.
        changed = {"PUBLIC_IP": "127.0.0.1", "RATE_LIMIT_MAX": "1000000", **SECRETS, **environment}
        self.gateway = Container(image, {**settings(self.spec["containers"][0]), **changed})

    def __enter__(self):
        self.gateway.launch()
        self.kubelet = Kubelet(self.spec, self.gateway, self.address)
        self.gateway.wait_until_ready()
        wait_for(lambda: self.kubelet.is_ready, 10, "the kubelet to find the pod ready")
        return self

    def __exit__(self, *_):
        self.kubelet.stop()
        if self.gateway.process is not None:
            self.gateway.kill()
        self.gateway.remove_folder()


@pytest.fixture
def running(image, address):
    with Pod("sip", image, address) as pod_of_phones:
        yield pod_of_phones.gateway
        assert not pod_of_phones.kubelet.restarted


# What it is


def test_it_says_what_it_is_and_how_it_is_run(image):
    assert image.entry == ["tandem"] and image.arguments == ["serve"]
    assert int(image.user) >= 10000 and image.directory == image.volume == "/data"
    assert image.stop_signal == "SIGTERM" and image.health_check["Test"] == ["CMD", "tandem", "health"]
    for label in ("title", "description", "version", "licenses"):
        assert image.labels[f"org.opencontainers.image.{label}"]


def test_nothing_in_it_gives_rights_or_takes_writes(image):
    writable, privileged = [], []
    for folder, folders, files in os.walk(image.root):
        for name in [*folders, *files]:
            found = os.lstat(os.path.join(folder, name))
            path = os.path.join(folder, name).removeprefix(str(image.root))
            if stat.S_ISLNK(found.st_mode):
                continue
            if found.st_mode & (stat.S_ISUID | stat.S_ISGID) and stat.S_ISREG(found.st_mode):
                privileged.append(path)
            if found.st_mode & stat.S_IWOTH or found.st_uid == int(image.user):
                writable.append(path)
    assert privileged == []
    assert set(writable) <= {"/data", "/tmp"}


# How it runs


def test_it_runs_without_rights_on_a_root_that_cannot_be_written(running, image):
    status = running.status()
    assert status["Uid"] == status["Gid"] == [image.user] * 4
    assert all(int(status[name][0], 16) == 0 for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"))
    assert status["NoNewPrivs"] == ["1"] and status["NSpid"][-1] == "1"
    inside = Path(f"/proc/{running.pid}/root")
    for place in ("", "tmp", "etc", "usr/local/bin"):
        with pytest.raises(OSError) as refused:
            (inside / place / "written").touch()
        assert refused.value.errno == errno.EROFS, place
    (inside / "data" / "written").touch()
    assert running.execute("tandem", "health").returncode == 0


def test_a_phone_hears_the_tone_and_itself(running):
    with Phone(running, "1001") as phone:
        phone.dial("9197")
        phone.wait_talking()
        samples, rate = phone.listen(1)
        assert_tone(samples, rate, 1004, level=MILLIWATT_DB, tolerance_db=0.5)
        phone.hang_up()
        phone.wait_closed()
        phone.dial("9196")
        phone.wait_talking(skip=1)
        phone.assert_hears(440)
        record = newest_call(running)
        phone.hang_up()
        assert wait_ended(running, record["uuid"])["state"] == "completed"


def talk_to_echo(gateway):
    """A page's call to the echo; what was heard of its tone."""
    async def run():
        made = gateway.make_call("echo", login="anna")
        async with PlainSocket(gateway, token=gateway.token("anna")) as client, Peer() as peer:
            await join(client, peer, made["id"])
            await peer.wait_frames(25)
            return await peer.listen(2)

    return asyncio.run(run())


@pytest.mark.parametrize("overlay", ["sip", "webrtc"])
def test_a_page_hears_itself(overlay, image, address):
    with Pod(overlay, image, address) as started:
        assert_tone(*talk_to_echo(started.gateway), 440, level=-15.0, tolerance_db=1.0)
        assert not started.kubelet.restarted


# How it ends


def test_it_ends_as_the_kubelet_would_have_it(image, address):
    """One that talks while the pod is deleted talks to the end; nobody else gets in; and then it is over at once."""
    with Pod("sip", image, address) as ending:
        gateway, kubelet = ending.gateway, ending.kubelet
        with Phone(gateway, "1001") as phone, RawPhone(gateway, "1002", gateway.users["petr"][2]) as late:
            late.register()
            phone.dial("9196")
            phone.wait_talking()
            record = newest_call(gateway)
            until_hooked = []
            kubelet.end(hooked=lambda: until_hooked.append(gateway.request("GET", "/health/ready").status_code))
            wait_for(lambda: not kubelet.is_ready, 30, "the kubelet to find the pod not ready")
            assert until_hooked == [200], "calls are taken while the hook waits"
            assert kubelet.hook_status == 0
            refused = gateway.request("POST", "/api/v1/calls", login="admin",
                                      json={"phoneNumber": "echo", "direction": "outgoing"})
            assert refused.status_code == 503 and int(refused.headers["Retry-After"]) > 0
            assert late.try_call("9196").status == 503
            assert requests.get(gateway.url("/health/live"), timeout=5).status_code == 200
            phone.assert_hears(440, seconds=2)
            hung_up = time.monotonic()
            phone.hang_up()
            status, _ = kubelet.finish()
            assert status == 0 and time.monotonic() - hung_up < kubelet.grace / 2, "it waited on although nobody talks"
        assert not kubelet.restarted
        row = stored(gateway, record["uuid"])
        assert (row["state"], row["end_reason"]) == ("completed", "caller_hangup")
        owners = {os.lstat(gateway.folder / name).st_uid for name in os.listdir(gateway.folder)}
        assert owners == {int(image.user)}


def test_a_call_without_end_is_ended_within_the_grace(image, address):
    with Pod("sip", image, address, DRAIN_TIMEOUT_MS="3000") as ending:
        gateway = ending.gateway
        with RawPhone(gateway, "1001", gateway.users["anna"][2]) as phone:
            phone.register()
            phone.call("9196")
            record = newest_call(gateway)
            ending.kubelet.end()
            phone.respond(phone.wait_request("BYE", 30), 200, "OK")
            status, seconds = ending.kubelet.finish()
        assert status == 0
        assert 8 <= seconds < ending.kubelet.grace - 300 + 3
        assert stored(gateway, record["uuid"])["end_reason"] == "shutdown"


def test_it_starts_at_once(image, address, request):
    """From nothing on an empty volume to ready, and again on what the first start left."""
    with Pod("sip", image, address) as started:
        gateway = started.gateway
        first, later = gateway.seconds_to_ready, []
        for _ in range(3):
            gateway.stop()
            gateway.start()
            later.append(gateway.seconds_to_ready)
    request.config.stash[TABLES].append(("Start of the image", [
        f"ready after {first:.2f} s with an empty volume, {sorted(later)[1]:.2f} s with a used one"]))
    assert max(first, *later) < 5
