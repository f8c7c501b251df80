"""Runs the built image as an engine under Kubernetes would, where none can: its file system is the root of processes in
namespaces of their own, read-only, as the image's user, without capabilities; a folder is its volume. scripts/image brings
the file system and says where (TANDEM_IMAGE)."""

import json
import os
import signal
import subprocess
from pathlib import Path

from gateway import Gateway, wait_for

# Capabilities that are needed until the process stands in its root as its user; then it has none.
UNTIL_INSIDE = ["setpriv", "--no-new-privs", "--bounding-set", "-all,+sys_chroot,+sys_admin,+sys_ptrace,+setuid,+setgid"]

# $1 is the root, $2 the folder of the volume and $3 its place; what follows is executed. Every mount ends with the namespace.
INSIDE = """
root=$1 data=$2 volume=$3
shift 3
mount --bind "$root" "$root"
cd "$root"
mount -t proc -o nosuid,nodev,noexec proc proc
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
mount -t tmpfs -o nosuid,mode=755,size=64k tmpfs dev
mkdir dev/shm
mount -t tmpfs -o nosuid,nodev,noexec,mode=1777,size=64m tmpfs dev/shm
for device in null zero full random urandom tty; do
  touch dev/$device
  mount --bind /dev/$device dev/$device
done
for file in hosts resolv.conf; do mount --bind -o ro /etc/$file etc/$file; done
mount --bind "$data" ".$volume"
mount -o remount,bind,ro "$root"
exec "$@"
"""


class Image:
    """An image's file system, and what it says about how it is run."""

    def __init__(self):
        folder = Path(os.environ["TANDEM_IMAGE"])
        self.root = folder / "root"
        described = json.loads((folder / "image.json").read_text())
        self.labels = described["config"]["Labels"]
        self.entry, self.arguments = described["config"]["Entrypoint"], described["config"]["Cmd"]
        self.user, self.directory = described["config"]["User"], described["config"]["WorkingDir"]
        [self.volume] = described["config"]["Volumes"]
        self.stop_signal, self.health_check = described["config"]["StopSignal"], described["config"]["Healthcheck"]
        self.environment = dict(one.split("=", 1) for one in described["config"]["Env"])
        # What an engine puts over the file system.
        for place in ("proc", "sys", "dev", "etc"):
            (self.root / place).mkdir(exist_ok=True)
        for file in ("hosts", "resolv.conf"):
            (self.root / "etc" / file).touch()


class Container(Gateway):
    """A gateway from the image, with the environment that a manifest gives it; the network is that of the test."""

    def __init__(self, image, environment):
        super().__init__()
        self.image = image
        self.folder.chmod(0o2770)
        # As fsGroup does it.
        os.chown(self.folder, 0, int(image.user))
        self.environment = {**image.environment, **environment}
        self.port, self.sip_port = int(environment["PORT"]), int(environment.get("SIP_LISTEN_PORT", 5060))
        self.tls_port = int(environment.get("SIP_TLS_PORT", 5061))

    def command_line(self, *arguments):
        return ["unshare", "--mount", "--pid", "--ipc", "--uts", "--fork", "sh", "-euc", INSIDE, "container",
                str(self.image.root), str(self.folder), self.image.volume,
                *UNTIL_INSIDE, "unshare", "--root", str(self.image.root), "--wd", self.image.directory,
                "--setgid", self.image.user, "--setuid", self.image.user, "--", *self.image.entry, *arguments]

    def execute(self, *words, seconds=20):
        """Runs a command beside the program, as `kubectl exec` and hooks do; answers the finished process."""
        into = ["nsenter", "--target", str(self.pid), "--mount", "--pid", "--ipc", "--uts", "--root", "--wd",
                "--setgid", self.image.user, "--setuid", self.image.user, "--"]
        return subprocess.run([*UNTIL_INSIDE, *into, *words], env=self.environment, text=True, capture_output=True,
                              timeout=seconds, check=False)

    @property
    def data_folder(self):
        """The volume from outside."""
        return self.folder

    @property
    def pid(self):
        """Outside, the number of the process that is 1 inside."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return int(wait_for(children.read_text, 5, "the container's process"))

    def signal(self, number):
        os.kill(self.pid, number)

    def kill(self):
        if self.process.poll() is None:
            self.signal(signal.SIGKILL)
        self.wait()
        self.process = None

    def status(self):
        """What the kernel says of the program: lines of its `status`."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return {name: value.split() for name, value in (line.split(":", 1) for line in lines)}
