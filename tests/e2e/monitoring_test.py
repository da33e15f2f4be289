#!/usr/bin/env python3
"""Metrics, their documentation, alert rules and dashboard belong together: what one names, the others have."""

import os
import re
import subprocess
import tempfile

import yaml

import monitoring_page as kit
from certificates import Authority
from checks import check, check_equal, run
from programs import Server, StandIn, new_directory, place_call
from redis_server import Redis

# Some metrics exist only where something is switched on. It all is here.
EVERYTHING_ON = {"GREETING": "You are being counted.", "ELEVENLABS_TRANSPORT": "websocket"}

DOCUMENT_IT = "add a row to docs/metrics.md: | `name{labels}` | type | meaning | worry when |"
SWITCH_IT_ON = "is it gone, or does EVERYTHING_ON in tests/e2e/monitoring_test.py not switch it on?"


def promtool(*arguments, stdin=None):
    program = os.path.join(kit.ROOT, "tools", "promtool")
    return subprocess.run([program, *arguments], input=stdin, capture_output=True, text=True, timeout=60)


def check_promtool(what, *arguments, stdin=None):
    result = promtool(*arguments, stdin=stdin)
    return check(result.returncode == 0, what, result.stdout + result.stderr)


def page_after_calls():
    """/metrics of a server that has taken a call and refused a request."""
    with StandIn() as standin, Redis() as redis:
        settings = standin.settings() | redis.settings() | EVERYTHING_ON | {"CACHE_DIR": new_directory(), "RECORDINGS_DIR": os.path.join(new_directory(), "r"), "NUMBERS_FILE": os.path.join(kit.ROOT, "deploy", "numbers.example.toml")}
        authority = Authority()
        with Server(settings, pair=authority.issue(), ca_file=authority.file) as server:
            check_equal(place_call(server, "--quiet", "300", "--ca-file", authority.file).status, 0, "a call, to have something to count")
            page = server.get("/metrics")
            check_equal(page.headers["Content-Type"].split(";")[0], "text/plain", "the page is text")
            return page.text


def the_page_is_as_documented():
    text = page_after_calls()
    live = kit.read_page(text)
    documented, label_values = kit.read_documentation()

    for name in sorted((live.keys() | kit.names_in_sources()) - documented.keys()):
        check(False, f"{name} is documented", DOCUMENT_IT)
    for name in sorted(documented.keys() - live.keys()):
        check(False, f"{name} exists", SWITCH_IT_ON)
    for name in sorted(live.keys() & documented.keys()):
        check_equal(live[name].kind, documented[name].kind, f"{name}: its type is documented")
        check_equal(set(live[name].labels), set(documented[name].labels), f"{name}: its labels are documented")
        for label, values in live[name].labels.items():
            known = label_values.get(label)
            check(known is None or values <= known, f"{name}: the values of {label} are documented", values - (known or set()))
    used = {label for family in documented.values() for label in family.labels}
    check_equal(set(label_values), used, "docs/metrics.md lists the values of every label")
    check(not complaints_of_promtool(text), "promtool finds nothing to improve in the page", complaints_of_promtool(text))

    queries_ask_for_what_exists(live, label_values)


def complaints_of_promtool(text):
    result = promtool("check", "metrics", stdin=text)
    return result.stdout + result.stderr + ("" if result.returncode == 0 else f"exit status {result.returncode}")


def queries_ask_for_what_exists(live, label_values):
    alerts = [(f"alert {rule['alert']}", rule["expr"]) for rule in kit.alert_rules()]
    panels = list(kit.dashboard_queries())
    check(len(alerts) > 10 and len(panels) > 20, "there are alerts and panels to look at", (len(alerts), len(panels)))
    for where, query in alerts + panels:
        complaints = list(kit.complaints_about(query, live, label_values))
        check(not complaints, f"{where} asks for what exists", "; ".join(complaints))


def alerts_fire_and_stay_quiet():
    check_promtool("the scrape example and the rules can be read", "check", "config", kit.SCRAPE_EXAMPLE)
    check_promtool("every rule fires, and stays quiet, as its test says", "test", "rules", *kit.ALERT_TESTS)
    tests = []
    for path in kit.ALERT_TESTS:
        with open(path, encoding="utf-8") as file:
            tests += yaml.safe_load(file)["tests"]
    fires, stays_quiet = [], []  # in tests in which it fires: before, that is, or after
    for test in tests:
        queries = test["promql_expr_test"]
        fired = {name for query in queries for sample in query["exp_samples"] for name in re.findall(r'alertname="(\w+)"', sample["labels"])}
        fires += fired
        stays_quiet += fired if any(query["exp_samples"] == [] for query in queries) else []
    names = [rule["alert"] for rule in kit.alert_rules()]
    check_equal(sorted(names), sorted(set(names)), "no two rules share a name")
    for rule in kit.alert_rules():
        name = rule["alert"]
        check(name in fires, f"{name} fires in a test", "add one to a test in deploy/prometheus")
        check(name in stays_quiet, f"{name} stays quiet there below its threshold", "add an eval_time with exp_samples: [] to its test")
        check({"summary", "description"} <= rule["annotations"].keys(), f"{name} says what it means and what to do")
        check(rule["labels"].get("severity") in ("page", "ticket"), f"{name} says whom to wake")


def the_dashboard_is_sound():
    board = kit.dashboard()
    check(board["schemaVersion"] >= 36 and board["uid"] == "mouthpiece" and board["id"] is None, "it can be imported")
    panels = board["panels"]
    check_equal(len({panel["id"] for panel in panels}), len(panels), "no two panels share an id")
    taken = {}
    for panel in panels:
        place = panel["gridPos"]
        check(place["x"] >= 0 and place["x"] + place["w"] <= 24, f"{panel['title']!r} is on the grid", place)
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        covered = {taken[cell] for cell in cells & taken.keys()}
        check(not covered, f"{panel['title']!r} covers no other panel", covered)
        taken |= dict.fromkeys(cells, panel["title"])
        wanted = {"type": "prometheus", "uid": "${datasource}"}
        sources = [panel.get("datasource", wanted)] + [target["datasource"] for target in panel.get("targets", [])]
        check(all(source == wanted for source in sources), f"{panel['title']!r} takes its source from the variable")
    # As recording rules, so that promtool reads them.
    rules = [{"record": f"panel:{number}", "expr": query} for number, (_, query) in enumerate(kit.dashboard_queries())]
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}, file)
        file.flush()
        check_promtool("every query of the dashboard can be read", "check", "rules", file.name)


if __name__ == "__main__":
    run(the_page_is_as_documented, alerts_fire_and_stay_quiet, the_dashboard_is_sound)
