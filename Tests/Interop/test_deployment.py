"""k8s/, systemd/ and the Dockerfile: they build, they are valid, and they fit the program they run."""

import re
import shutil
import signal
import subprocess
import time

import kubernetes_validate
import pytest
import requests
import yaml
from gateway import REPOSITORY, Gateway, binary, wait_for
from manifests import built, only, pod, ports, settings
from rawphone import RawPhone

OVERLAYS = ["webrtc", "sip"]
# The oldest that has every field used, and the newest the validator knows.
VERSIONS = ["1.25", kubernetes_validate.latest_version()]


def variables():
    """The names in the README's table of the configuration."""
    table = (REPOSITORY / "README.md").read_text().split("## Configuration")[1].split("\n## ")[0]
    return {name for line in table.splitlines() if line.startswith("|")
            for name in re.findall(r"`([A-Z][A-Z0-9_]+)`", line.split("|")[1])}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_manifests_are_valid(overlay, version):
    for document in built(overlay):
        kubernetes_validate.validate(document, version, strict=True)


def test_the_secret_and_the_service_monitor_are_valid():
    secret = yaml.safe_load((REPOSITORY / "k8s" / "secret.example.yaml").read_text())
    kubernetes_validate.validate(secret, VERSIONS[-1], strict=True)
    assert set(secret["stringData"]) <= variables()
    [monitor] = built("monitoring")
    web = only(built("sip"), "Service")
    assert monitor["spec"]["selector"]["matchLabels"].items() <= web["metadata"]["labels"].items()
    assert monitor["spec"]["endpoints"][0]["port"] == web["spec"]["ports"][0]["name"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_manifests_fit_the_program(overlay):
    documents = built(overlay)
    spec = pod(documents)
    [container] = spec["containers"]
    values = settings(container)
    assert {one["name"] for one in container["env"]} <= variables()
    # As many WebRTC ports as there are workers, both in UDP and TCP.
    first, workers = int(values["WEBRTC_PORT"]), int(values["MEDIA_WORKERS"])
    if overlay == "webrtc":
        wanted = {(first + worker, protocol) for worker in range(workers) for protocol in ("UDP", "TCP")}
        assert wanted == set(ports(container)) - {(int(values["PORT"]), "TCP")}
        service = only(documents, "Service", "tandem-webrtc")["spec"]["ports"]
        assert {(one["nodePort"], one["protocol"]) for one in service} == wanted
        assert all(one["port"] == one["nodePort"] for one in service)
    else:
        assert spec["hostNetwork"] and spec["affinity"]["podAntiAffinity"]
        sip, tls = int(values["SIP_LISTEN_PORT"]), int(values["SIP_TLS_PORT"])
        assert {(sip, "UDP"), (sip, "TCP"), (tls, "TCP")} < set(ports(container))
        # Neither range meets the other, the node ports or what the kernel gives to anybody.
        assert first + workers <= int(values["RTP_PORT_MIN"]) and int(values["RTP_PORT_MAX"]) < 30000
    for service in (one for one in documents if one["kind"] == "Service"):
        for port in service["spec"]["ports"]:
            assert (port["targetPort"], port.get("protocol", "TCP")) in {
                (name, protocol) for (_, protocol), name in ports(container).items()}, service["metadata"]["name"]
        if service["spec"].get("type") in ("NodePort", "LoadBalancer"):
            assert service["spec"]["externalTrafficPolicy"] == "Local"
    deployment = only(documents, "Deployment")["spec"]
    assert deployment["replicas"] == 1 and deployment["strategy"]["rollingUpdate"]["maxSurge"] == 0
    assert container["securityContext"]["readOnlyRootFilesystem"] and spec["securityContext"]["runAsNonRoot"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_there_is_time_to_drain(overlay):
    spec = pod(built(overlay))
    [container] = spec["containers"]
    values = settings(container)
    wait = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    calls = (int(values["DRAIN_TIMEOUT_MS"]) + int(values["SHUTDOWN_TIMEOUT_MS"])) / 1000
    # What the program needs after its calls: deliveries, sockets, the store.
    assert spec["terminationGracePeriodSeconds"] >= wait + calls + 10


def test_the_policy_lets_out_what_the_program_asks_for():
    policy = only(built("webrtc"), "NetworkPolicy")["spec"]
    assert set(policy["policyTypes"]) == {"Ingress", "Egress"}
    out = {(port["protocol"], port.get("port")) for rule in policy["egress"] for port in rule["ports"]}
    assert ("UDP", None) in out, "browsers choose their ports"
    # Names, web, PostgreSQL, Redis and OTLP, and whatever has a port in the README's table of the configuration.
    table = (REPOSITORY / "README.md").read_text().split("## Configuration")[1].split("\n## ")[0]
    named = {int(port) for port in re.findall(r"https?://[\w-]+:(\d+)", table)}
    assert named >= {4317, 5009}
    assert {("TCP", port) for port in {53, 80, 443, 5432, 6379, 4318, *named}} <= out


def probe(gateway, container, name):
    """Asks as the kubelet would; its answer's status."""
    path = container[name]["httpGet"]["path"]
    return requests.get(gateway.url(path), timeout=container[name].get("timeoutSeconds", 1)).status_code


def test_a_pod_starts_drains_and_ends_as_the_kubelet_would_have_it():
    [container] = pod(built("sip"))["containers"]
    values = settings(container)
    own = {name: values[name] for name in ("AUTH_MODE", "LOG_DIR", "MEDIA_WORKERS", "DRAIN_TIMEOUT_MS",
                                          "SHUTDOWN_TIMEOUT_MS", "TRUST_PROXY")}
    gateway = Gateway(**own, JWT_SECRET="a secret of at least 32 bytes, really")
    try:
        gateway.start()
        assert probe(gateway, container, "startupProbe") == 200
        with RawPhone(gateway, "1001", gateway.users["anna"][2]) as anna, \
                RawPhone(gateway, "1002", gateway.users["petr"][2]) as petr:
            anna.register()
            petr.register()
            gateway.make_call("1002", login="anna")
            invite = petr.wait_request("INVITE")
            petr.respond(invite, 180, "Ringing")
            gateway.signal(signal.SIGTERM)
            wait_for(lambda: probe(gateway, container, "readinessProbe") == 503, 5, "the pod to be taken out")
            assert probe(gateway, container, "livenessProbe") == 200, "a draining pod is not killed"
            time.sleep(1)
            assert gateway.process.poll() is None, "the call is waited for"
            petr.respond(invite, 486, "Busy Here")
            assert gateway.wait(20) == 0
            gateway.process = None
    finally:
        if gateway.process is not None:
            gateway.kill()
        gateway.remove_folder()


# The unit


UNIT = REPOSITORY / "systemd" / "tandem.service"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="without systemd")
def test_the_unit_is_valid_and_hardened(tmp_path):
    # The program is elsewhere than on a machine where it is installed.
    text = UNIT.read_text().replace("/usr/local/bin/tandem", binary()).replace("User=tandem", "User=daemon").replace(
        "Group=tandem", "Group=daemon")
    copy = tmp_path / "tandem.service"
    copy.write_text(text)
    checked = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False)
    ours = [line for line in checked.stderr.splitlines() if "tandem" in line]
    assert ours == [], ours
    rated = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=20", str(copy)],
                           capture_output=True, text=True, check=False)
    assert rated.returncode == 0, rated.stdout.splitlines()[-1]


def test_the_unit_fits_the_program():
    unit = UNIT.read_text()
    values = dict(re.findall(r"^Environment=(\w+)=(.*)$", unit, re.M))
    assert set(values) <= variables()
    stop = int(re.search(r"^TimeoutStopSec=(\d+)$", unit, re.M).group(1))
    assert stop * 1000 >= int(values["DRAIN_TIMEOUT_MS"]) + int(values["SHUTDOWN_TIMEOUT_MS"]) + 10_000


# The image


def test_the_image_has_the_libraries_that_the_program_needs():
    """Every library that the program itself asks for comes from a package that the Dockerfile installs."""
    needed = re.findall(r"NEEDED\s+(lib\S+)", subprocess.run(
        ["objdump", "-p", binary()], capture_output=True, text=True, check=True).stdout)
    owners = subprocess.run(["dpkg", "-S", *(f"/*linux-gnu/{library}" for library in needed)],
                            capture_output=True, text=True, check=False).stdout
    packages = {line.split(":")[0] for line in owners.splitlines()} - {"libc6"}
    [stage] = re.findall(r"^FROM \S+ AS files$(.*?)^FROM", (REPOSITORY / "Dockerfile").read_text(), re.M | re.S)
    installed = stage.split()
    assert len(packages) > 10 and packages <= set(installed), packages - set(installed)


def test_the_image_names_variables_of_the_program():
    lines = re.findall(r"^ENV (.*)$", (REPOSITORY / "Dockerfile").read_text(), re.M)
    assert {name for line in lines for name in re.findall(r"(\w+)=", line)} - {"PATH"} <= variables()
