"""Prometheus itself, with the rules of Dashboards/, scraping the gateways of a test every second."""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import requests
import yaml
from gateway import REPOSITORY, free_ports, wait_for

RULES = REPOSITORY / "Dashboards" / "prometheus"
# What Grafana puts in place of its own names; the range holds enough scrapes of one second.
GRAFANA = {"$__rate_interval": "15s", "$service": "telephony-gateway"}


def fill(expression, interval="15s"):
    """A dashboard's expression as Prometheus takes it: every choice is All."""
    for name, value in {**GRAFANA, "$__rate_interval": interval}.items():
        expression = expression.replace(name, value)
    return expression.replace('=~"$instance"', '=~".*"').replace('=~"$trunk"', '=~".*"').replace(
        '=~"$endpoint"', '=~".*"')


def dashboards():
    """All dashboards by the names of their files."""
    return {path.stem: json.loads(path.read_text()) for path in sorted((REPOSITORY / "Dashboards").glob("*.json"))}


def rules(name):
    """The rules of a file of Dashboards/prometheus, in their order."""
    return [rule for group in yaml.safe_load((RULES / name).read_text())["groups"] for rule in group["rules"]]


class Prometheus:
    """One server on a port and in a folder of its own; use as a context."""

    def __init__(self, *gateways):
        self.port = free_ports(54000, 55900, 1)
        self.folder = Path(tempfile.mkdtemp(prefix="tandem-prometheus-"))
        self.targets = [f"127.0.0.1:{gateway.port}" for gateway in gateways]
        self.process = None

    def __enter__(self):
        configuration = {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(self.folder / "*.yml")],
            "scrape_configs": [{"job_name": "tandem", "static_configs": [{"targets": self.targets}]}],
        }
        for name in ("recording.yml", "alerts.yml"):
            text = (RULES / name).read_text().replace("interval: 15s", "interval: 1s")
            (self.folder / name).write_text(text)
        (self.folder / "prometheus.json").write_text(json.dumps(configuration))
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={self.folder}/prometheus.json", f"--storage.tsdb.path={self.folder}/data",
             f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=error"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        wait_for(self._is_ready, 20, "Prometheus to be ready")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _is_ready(self):
        assert self.process.poll() is None, self.process.stderr.read()
        try:
            return requests.get(f"http://127.0.0.1:{self.port}/-/ready", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def ask(self, path, **query):
        answer = requests.get(f"http://127.0.0.1:{self.port}/api/v1/{path}", params=query, timeout=10)
        assert answer.status_code == 200, f"{query}: {answer.text}"
        return answer.json()["data"]

    def now(self, expression):
        """Each series' labels with its value at this moment."""
        found = self.ask("query", query=expression)
        assert found["resultType"] == "vector", expression
        return [(series["metric"], float(series["value"][1])) for series in found["result"]]

    def course(self, expression, start, end, step=1):
        """Each series' labels with its (time, value) pairs."""
        found = self.ask("query_range", query=expression, start=start, end=end, step=step)["result"]
        return [(series["metric"], [(at, float(value)) for at, value in series["values"]]) for series in found]
