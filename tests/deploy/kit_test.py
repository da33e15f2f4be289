#!/usr/bin/env python3
"""The parts of the roll-out kit in deploy/ fit each other, the program's settings and its metrics."""

import os
import re
import sys

import kit
from kit import CONTAINER, DEPLOY, KUBERNETES, OBJECTS, SERVERS, composed, of_kind, pod_of, pod_settings

from checks import check, check_equal, run
from monitoring_page import SELECTOR, read_documentation
from programs import Server

sys.path.insert(0, os.path.join(kit.ROOT, "bench", "scale"))

from inputs import Inputs  # noqa: E402

SPARE_SECONDS = 30  # of a stop, behind the drain
SETTINGS = kit.settings_of_the_program()
INSTANCES = ("a", "b", "c")  # of the compose file


# ---- its parts fit each other


def selectors_select():
    pods = {tuple(sorted(one["spec"]["template"]["metadata"]["labels"].items())) for one in kit.workloads()}
    for kind in ("Service", "PodDisruptionBudget", "NetworkPolicy"):
        for name, one in of_kind(OBJECTS, kind).items():
            selector = one["spec"].get("selector") or one["spec"].get("podSelector")
            labels = selector.get("matchLabels", selector)
            check(not labels or tuple(sorted(labels.items())) in pods, f"{kind} {name} selects pods of the kit", labels)
    target = of_kind(OBJECTS, "HorizontalPodAutoscaler")["mouthpiece"]["spec"]["scaleTargetRef"]
    check_equal((target["kind"], target["name"]), (SERVERS["kind"], SERVERS["metadata"]["name"]), "the autoscaler scales the servers")
    check(SERVERS["spec"]["serviceName"] in of_kind(OBJECTS, "Service"), "a Service names them")


def secrets_and_files_exist():
    known = {"Secret": of_kind(kit.examples(), "Secret"), "ConfigMap": of_kind(OBJECTS, "ConfigMap")}
    for pod in map(pod_of, kit.workloads()):
        for source in [*pod.get("volumes", []), *(source for container in pod["containers"] for source in container.get("envFrom", []))]:
            for key, field, kind in (("secret", "secretName", "Secret"), ("secretRef", "name", "Secret"), ("configMap", "name", "ConfigMap"), ("configMapRef", "name", "ConfigMap")):
                if key in source:
                    check(source[key][field] in known[kind], f"{kind} {source[key][field]} exists")
    _, compose, _ = composed()
    for name, service in compose["services"].items():
        check({secret["source"] for secret in service.get("secrets", [])} <= set(compose["secrets"]), f"Compose: the secrets of {name} exist")


def haproxy_knows_every_server():
    text = (KUBERNETES / "haproxy.cfg").read_text()
    scaled = of_kind(OBJECTS, "HorizontalPodAutoscaler")["mouthpiece"]["spec"]
    address = "{0} {0}." + f"{SERVERS['spec']['serviceName']}.{SERVERS['metadata']['namespace']}.svc.cluster.local:8001"
    expected = [address.format(f"mouthpiece-{number}") for number in range(scaled["maxReplicas"])]
    for backend in ("new_calls", "call_of_a_server"):
        own = text.partition(f"\nbackend {backend}\n")[2].partition("\nbackend ")[0]
        check_equal(re.findall(r"^    server (\S+ \S+)$", own, re.M), expected, f"{backend} has a server for each of maxReplicas")
    _, compose, _ = composed()
    text = (DEPLOY / "haproxy" / "haproxy.cfg").read_text()
    for name in INSTANCES:
        there = compose["services"][name]["networks"]["calls"]["ipv4_address"]
        check_equal(set(re.findall(rf"^    server {name} (\S+)$", text, re.M)), {f"{there}:8001"}, f"{name} of the compose file is where haproxy.cfg has it")
        check_equal(compose["services"][name]["environment"]["TRUSTED_PROXIES"], compose["services"]["balancer"]["networks"]["calls"]["ipv4_address"], f"{name} believes HAProxy")


def a_stop_lasts_as_long_as_the_drain():
    _, compose, _ = composed()
    haproxy = kit.seconds(re.search(r"hard-stop-after (\w+)", (KUBERNETES / "haproxy.cfg").read_text())[1])
    for name in INSTANCES:
        own = compose["services"][name]
        check_equal(kit.seconds(own["stop_grace_period"]), int(own["environment"]["DRAIN_SECONDS"]) + SPARE_SECONDS, f"Compose: {name} may finish its calls")
    check(kit.seconds(compose["services"]["balancer"]["stop_grace_period"]) >= haproxy, "Compose: HAProxy may finish them")
    check_equal(pod_of(SERVERS)["terminationGracePeriodSeconds"], int(pod_settings()["DRAIN_SECONDS"]) + SPARE_SECONDS, "Kubernetes: a server may finish its calls")
    check(pod_of(of_kind(OBJECTS, "Deployment")["mouthpiece-haproxy"])["terminationGracePeriodSeconds"] > haproxy, "Kubernetes: HAProxy may finish them")
    check(haproxy >= int(SETTINGS["MAX_CALL_SECONDS"]), "which is as long as the longest call")


# ---- and the program


def the_program_knows_every_setting():
    _, compose, _ = composed()
    settings_of = {"the pods": pod_settings()} | {f"Compose's {name}": compose["services"][name]["environment"] for name in INSTANCES}
    for what, settings in settings_of.items():
        check_equal(set(settings) - set(SETTINGS), set(), f"every setting of {what} is one of the program's")
        check_equal(kit.refusal(settings), None, "and it would start with them")
    check(kit.refusal(pod_settings() | {"DRAIN_SECONDS": "ten"}), "with DRAIN_SECONDS=ten it would not")


def probes_ask_what_is_answered():
    with Server() as server:
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            asked = CONTAINER[probe]["httpGet"]
            check_equal(server.get(asked["path"]).status_code, 200, f"{probe}: {asked['path']}")
            check_equal(asked["port"], CONTAINER["ports"][0]["name"], f"{probe}: at the server's port")


def metrics_of_the_autoscaler_exist():
    documented, values = read_documentation()
    scaled = of_kind(OBJECTS, "HorizontalPodAutoscaler")["mouthpiece"]["spec"]["metrics"]
    adapter = kit.yaml.safe_load((KUBERNETES / "prometheus-adapter.yaml").read_text())["rules"]["custom"]
    served = {rule["name"]["as"] for rule in adapter}
    for metric in (entry["pods"]["metric"] for entry in scaled):
        labels = metric.get("selector", {}).get("matchLabels", {})
        check(metric["name"] in documented and set(labels) <= set(documented[metric["name"]].labels), f"{metric['name']} is a metric with those labels", labels)
        check(all(value in values[label] for label, value in labels.items()), "and with those values", labels)
        check(metric["name"] in served, "which prometheus-adapter serves")
    for series, _ in (SELECTOR.search(rule["seriesQuery"]).groups() for rule in adapter):
        check(series in documented, f"prometheus-adapter asks for {series}, a metric")
    calls = next(entry["pods"]["target"]["averageValue"] for entry in scaled if "connections" in entry["pods"]["metric"]["name"])
    check(int(calls) * 3 <= int(pod_settings()["MAX_CALLS"]) * 2, "two servers of three have room for the calls of all", calls)


def redis_is_there_and_keeps_within_its_memory():
    _, compose, _ = composed()
    pod = pod_of(of_kind(OBJECTS, "Deployment")["mouthpiece-redis"])["containers"][0]
    hosts = {compose["services"][name]["environment"]["REDIS_URL"] for name in INSTANCES}
    check_equal(hosts, {"redis://redis:6379"}, "Compose: the servers know Redis by its service's name")
    name = re.fullmatch(r"redis://([\w-]+):6379", pod_settings()["REDIS_URL"])[1]
    check(name in of_kind(OBJECTS, "Service"), f"the pods' Redis, {name}, is a Service")
    for what, words, memory in (("Compose", compose["services"]["redis"]["command"], "768M"), ("the pods", pod["args"], "768Mi")):
        told = dict(zip(words, words[1:]))
        check_equal((told["--maxmemory"], told["--maxmemory-policy"]), ("512mb", "volatile-lru"), f"{what}: Redis drops what was not asked for longest")
        limit = compose["services"]["redis"]["deploy"]["resources"]["limits"]["memory"] if what == "Compose" else pod["resources"]["limits"]["memory"]
        check_equal(limit, memory, "before its container is full")


def one_haproxy_carries_all():
    plan = Inputs()
    cores_per_call = plan.balancer.cpu_ms_per_call_minute / 60_000
    scaled = of_kind(OBJECTS, "HorizontalPodAutoscaler")["mouthpiece"]["spec"]
    expected = next(int(entry["pods"]["target"]["averageValue"]) for entry in scaled["metrics"] if "connections" in entry["pods"]["metric"]["name"])
    limits = pod_of(of_kind(OBJECTS, "Deployment")["mouthpiece-haproxy"])["containers"][0]["resources"]["limits"]
    check_equal(int(limits["cpu"]), plan.balancer.cores, "docs/scale.md counts with HAProxy's limit")
    _, compose, _ = composed()
    calls = sum(int(compose["services"][name]["environment"]["MAX_CALLS"]) for name in INSTANCES)
    cpus = float(compose["services"]["balancer"]["deploy"]["resources"]["limits"]["cpus"])
    for what, calls, cores in (("the pods", expected * scaled["maxReplicas"], int(limits["cpu"])), ("Compose", calls, cpus)):
        needed = calls * cores_per_call
        check(needed <= cores * plan.server.cpu_share_max, f"{what}: one HAProxy carries {calls} calls with {needed:.1f} of {cores:g} cores")


if __name__ == "__main__":
    run(
        selectors_select,
        secrets_and_files_exist,
        haproxy_knows_every_server,
        a_stop_lasts_as_long_as_the_drain,
        the_program_knows_every_setting,
        probes_ask_what_is_answered,
        metrics_of_the_autoscaler_exist,
        one_haproxy_carries_all,
        redis_is_there_and_keeps_within_its_memory,
    )
