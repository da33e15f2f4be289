"""Reads what the monitoring kit is made of: a page of metrics, docs/metrics.md, and the queries of alerts and dashboard."""

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
ALERTS = os.path.join(ROOT, "deploy", "prometheus", "mouthpiece-alerts.yml")
ALERT_TESTS = [os.path.join(ROOT, "deploy", "prometheus", f"mouthpiece-alerts{what}_test.yml") for what in ("", "_days")]
SCRAPE_EXAMPLE = os.path.join(ROOT, "deploy", "prometheus", "prometheus.yml")
DASHBOARD = os.path.join(ROOT, "deploy", "grafana", "mouthpiece.json")
METRICS_PAGE = os.path.join(ROOT, "docs", "metrics.md")

# Put there by Prometheus itself.
LABELS_OF_PROMETHEUS = {"job", "instance", "le"}
SERIES_OF_PROMETHEUS = {"up", "ALERTS"}

SAMPLE = re.compile(r'^(\w+)(?:\{(.*)\})? \S+$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
DOCUMENTED = re.compile(r"^\| `(\w+)(?:\{([\w,]+)\})?` \| (\w+) \|")
SELECTOR = re.compile(r"\b((?:mouthpiece|process)_\w+|up|ALERTS)\b(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
GROUPING = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")


@dataclass
class Family:
    kind: str
    labels: dict = field(default_factory=dict)  # name -> values seen


def read_page(text):
    """name -> Family, of a page in Prometheus' text format."""
    families = {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            name, kind = line.split()[2:]
            families[name] = Family(kind)
        elif line and not line.startswith("#"):
            name, labels = SAMPLE.match(line).groups()
            family = families[family_of(name, families)]
            for label, value in LABEL.findall(labels or ""):
                if label not in LABELS_OF_PROMETHEUS:
                    family.labels.setdefault(label, set()).add(value)
    return families


def family_of(series, families):
    """A histogram's series carry a suffix."""
    if series in families:
        return series
    stem = re.sub(r"_(bucket|sum|count)$", "", series)
    return stem if stem in families and families[stem].kind == "histogram" else series


def read_documentation():
    """name -> Family without values, and label -> its values, of docs/metrics.md."""
    families, values = {}, {}
    with open(METRICS_PAGE, encoding="utf-8") as file:
        metrics, _, labels = file.read().partition("\n## Labels\n")
    for row in filter(None, map(DOCUMENTED.match, metrics.splitlines())):
        name, its_labels, kind = row.groups()
        families[name] = Family(kind, {label: set() for label in (its_labels or "").split(",") if label})
    for row in re.finditer(r"^\| `(\w+)` \| (.*) \|$", labels, re.M):
        values[row[1]] = None if "…" in row[2] or "`" not in row[2] else set(re.findall(r"`([\w]+)`", row[2]))
    return families, values  # None: an open set


def names_in_sources():
    """Metrics that the program can write, whether or not it does today."""
    names = set()
    for path in Path(ROOT, "src").rglob("*.cpp"):
        names |= set(re.findall(r'"(mouthpiece_\w+)"', path.read_text(encoding="utf-8")))
    return names


def alert_rules():
    with open(ALERTS, encoding="utf-8") as file:
        return [rule for group in yaml.safe_load(file)["groups"] for rule in group["rules"]]


def dashboard():
    with open(DASHBOARD, encoding="utf-8") as file:
        return json.load(file)


def dashboard_queries():
    """(where it stands, query)"""
    board = dashboard()
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            yield f"panel {panel['title']!r}", plain_query(target["expr"])
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            yield f"variable {variable['name']!r}", re.match(r"label_values\((\w+), \w+\)$", variable["definition"])[1]
    for annotation in board["annotations"]["list"]:
        yield f"annotation {annotation['name']!r}", annotation["expr"]


def plain_query(query):
    """With Grafana's variables filled in."""
    return query.replace("$__rate_interval", "5m").replace("$instance", ".*")


def complaints_about(query, families, label_values):
    """What in a query does not exist on the page."""
    for series, matchers in SELECTOR.findall(query):
        name = family_of(series, families)
        if name in SERIES_OF_PROMETHEUS:
            continue
        if name not in families:
            yield f"{series} is not on the page"
            continue
        for label, operator, value in MATCHER.findall(matchers):
            if label in LABELS_OF_PROMETHEUS:
                continue
            if label not in families[name].labels:
                yield f"{series} has no label {label}"
            known = label_values.get(label)
            unknown = known is not None and set(value.split("|")) - known
            if unknown:
                yield f"{label}{operator}{value!r}: docs/metrics.md does not know {', '.join(sorted(unknown))}"
    used = {family_of(series, families) for series, _ in SELECTOR.findall(query)}
    possible = LABELS_OF_PROMETHEUS.union(*(families[name].labels for name in used if name in families))
    for labels in GROUPING.findall(query):
        for label in filter(None, map(str.strip, labels.split(","))):
            if label not in possible:
                yield f"grouped by {label}, which none of its metrics has"
