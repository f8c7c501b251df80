"""Dashboards/ against a running gateway: Prometheus scrapes it, and whatever is asked there has an answer."""

import math
import re
import subprocess
import time

import pytest
import requests
import yaml
from gateway import REPOSITORY, wait_for
from prometheus import RULES, Prometheus, dashboards, fill, rules
from traffic import busy_gateway, run

# Units of Grafana that are used, by their ids.
UNITS = {"bytes", "cpm", "none", "percentunit", "pps", "reqps", "s", "short"}
ALERTS = {rule["alert"]: rule for rule in rules("alerts.yml")}
RECORDED = {rule["record"]: rule for rule in rules("recording.yml")}
PANELS = [(name, panel) for name, board in dashboards().items() for panel in board["panels"] if panel["type"] != "row"]
RUNBOOK = (REPOSITORY / "docs" / "runbook.md").read_text()
RULE_TESTS = REPOSITORY / "Tests" / "Rules" / "alerts.yml"


@pytest.fixture(scope="module")
def scraped():
    """A gateway and the Prometheus that has watched it for some seconds of traffic."""
    with busy_gateway() as gateway, Prometheus(gateway) as prometheus:
        # What has happened before the first scrape has no rate, and that may be seconds after Prometheus is ready.
        wait_for(lambda: prometheus.now("active_calls"), 10, "a scrape before the traffic")
        run(gateway)
        last = time.time()
        wait_for(lambda: prometheus.now("timestamp(active_calls)")[0][1] > last, 10, "a scrape after the traffic")
        yield gateway, prometheus


def promtool(*arguments, **options):
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def sections(page):
    """The anchors of a page's headings."""
    return {re.sub(r"[^\w\- ]", "", line.lstrip("# ")).strip().lower().replace(" ", "-")
            for line in page.splitlines() if line.startswith("#")}


# What is asked returns data


@pytest.mark.parametrize("board", dashboards())
def test_every_panel_shows_something(scraped, board):
    _, prometheus = scraped
    silent = []
    for name, panel in PANELS:
        for target in panel["targets"] if name == board else []:
            series = prometheus.now(fill(target["expr"], interval="1m"))
            if not series or any(math.isnan(value) for _, value in series):
                silent.append((panel["title"], target["expr"], series))
            # A legend names labels that the series have.
            for label in re.findall(r"{{(\w+)}}", target["legendFormat"]):
                if series and "0 * sum(" not in target["expr"] and not any(label in labels for labels, _ in series):
                    silent.append((panel["title"], f"no label {label}", series))
    assert silent == []


@pytest.mark.parametrize("board", dashboards())
def test_every_choice_of_a_dashboard_has_values(scraped, board):
    _, prometheus = scraped
    for variable in dashboards()[board]["templating"]["list"]:
        if variable["type"] == "query":
            metric, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"]).groups()
            assert any(label in labels for labels, _ in prometheus.now(fill(metric))), variable["name"]


def test_annotations_can_be_asked_for(scraped):
    _, prometheus = scraped
    for board in dashboards().values():
        for annotation in board["annotations"]["list"]:
            prometheus.now(fill(annotation["expr"]))


def test_every_recorded_figure_is_there(scraped):
    _, prometheus = scraped
    for name in RECORDED:
        series = prometheus.now(name)
        assert series and not any(math.isnan(value) for _, value in series), (name, series)
        assert all(labels["service"] == "telephony-gateway" for labels, _ in series), (name, series)


def test_every_rule_is_evaluated_and_asks_for_metrics_that_are_there(scraped):
    _, prometheus = scraped
    found = [rule for group in prometheus.ask("rules")["groups"] for rule in group["rules"]]
    assert {rule["name"] for rule in found} == {*ALERTS, *RECORDED}
    assert [rule for rule in found if rule["health"] != "ok"] == []
    for name, rule in ALERTS.items():
        bare = re.sub(r"\{[^}]*\}|\[\w+\]|\bby \([^)]*\)|\bon \([^)]*\)", "", rule["expr"])
        for metric in re.findall(r"\b[a-z]\w*(?:_|:)[\w:]+\b|\bup\b", bare):
            assert prometheus.now(metric), f"{name}: {metric}"


def test_the_exposition_is_clean(scraped):
    gateway, _ = scraped
    assert promtool("check", "metrics", input=requests.get(gateway.url("/metrics"), timeout=5).text) == ""


# The files themselves


def test_rules_are_well_formed():
    promtool("check", "rules", RULES / "recording.yml", RULES / "alerts.yml")
    promtool("check", "config", RULES / "prometheus.yml")


def test_each_alert_fires_and_clears():
    promtool("test", "rules", RULE_TESTS)
    proven = {}
    for case in yaml.safe_load(RULE_TESTS.read_text())["tests"]:
        for check in case.get("promql_expr_test", []):
            name = re.search(r'alertname="(\w+)", alertstate="firing"', check["expr"]).group(1)
            proven.setdefault(name, []).append(check["exp_samples"][0]["value"])
    assert proven == {name: [0, 1, 0] for name in ALERTS}


def test_each_alert_and_panel_leads_to_a_section_of_the_runbook():
    anchors = sections(RUNBOOK)
    for name, rule in ALERTS.items():
        page, anchor = rule["annotations"]["runbook_url"].split("#")
        assert (page, anchor) == ("docs/runbook.md", name.lower()) and anchor in anchors, name
        assert rule["labels"]["severity"] in ("critical", "warning") and rule["annotations"]["summary"], name
    linked = [link["url"] for _, panel in PANELS for link in panel.get("links", [])]
    assert linked
    for url in linked:
        assert url.startswith("${runbooks}#") and url.split("#")[1] in anchors, url


@pytest.mark.parametrize("board", dashboards())
def test_dashboards_are_whole(board):
    content = dashboards()[board]
    assert content["uid"] == f"tandem-{board}" and content["schemaVersion"] >= 36 and content["description"]
    assert {"datasource", "service", "instance"} <= {variable["name"] for variable in content["templating"]["list"]}
    ids = [panel["id"] for panel in content["panels"]]
    assert len(ids) == len(set(ids))
    taken = set()
    for panel in content["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])}
        assert place["x"] + place["w"] <= 24 and not cells & taken, panel["title"]
        taken |= cells
        if panel["type"] == "row":
            continue
        assert panel["title"] and len(panel["description"]) > 10, panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS, panel["title"]
        assert panel["datasource"]["uid"] == "${datasource}"
        for target in panel["targets"]:
            assert 'service="$service"' in target["expr"] and 'instance=~"$instance"' in target["expr"], panel["title"]
