"""Reads the roll-out kit as its own tools do: docker-compose, kustomize, the program's own list of settings."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "e2e"))

from monitoring_page import ROOT  # noqa: E402
from programs import environment_with, new_directory, program  # noqa: E402

DEPLOY = Path(ROOT, "deploy")
COMPOSE = DEPLOY / "compose.yaml"
KUBERNETES = DEPLOY / "kubernetes"
# Of the cluster's tools, and no objects of the kit.
NOT_APPLIED = {"kustomization.yaml", "prometheus-adapter.yaml", "secrets.example.yaml"}


def output_of(arguments, **options):
    """(exit status, standard output, standard error)"""
    result = subprocess.run(arguments, capture_output=True, text=True, timeout=120, check=False, **options)
    return result.returncode, result.stdout, result.stderr


def debian_program(package, path, *arguments):
    return output_of([os.path.join(ROOT, "tools", "debian_program"), package, path, *arguments])


# ---- Compose


def composed(change=lambda text: text):
    """(exit status, the file as docker-compose understands it, what it says), in a copy that has the files an operator adds."""
    folder = Path(new_directory())
    shutil.copytree(DEPLOY / "haproxy", folder / "haproxy")
    shutil.copy(DEPLOY / "compose.env.example", folder / "compose.env")
    for name in ("api_keys", "phone.pem"):
        (folder / name).touch()
    (folder / "compose.yaml").write_text(change(COMPOSE.read_text()))
    environment = os.environ | {"PUBLIC_HOST": "phone.example.org"}
    status, said, complaint = output_of(["docker-compose", "-f", "compose.yaml", "config"], cwd=folder, env=environment)
    return status, yaml.safe_load(said) if status == 0 else None, complaint


def seconds(duration):
    """Of 630s, 4h, 10m30s."""
    return sum(int(number) * {"h": 3600, "m": 60, "s": 1}[unit] for number, unit in re.findall(r"(\d+)([hms])", str(duration)))


# ---- Kubernetes


def kustomized():
    """The objects that `kubectl apply -k` would make."""
    status, said, complaint = debian_program("kubernetes-client", "usr/bin/kubectl", "kustomize", str(KUBERNETES))
    assert status == 0, complaint
    return list(yaml.safe_load_all(said))


def examples():
    return list(yaml.safe_load_all((KUBERNETES / "secrets.example.yaml").read_text()))


OBJECTS = kustomized()


def of_kind(objects, kind):
    return {one["metadata"]["name"]: one for one in objects if one["kind"] == kind}


def workloads():
    return [one for one in OBJECTS if one["kind"] in ("StatefulSet", "Deployment")]


def pod_of(workload):
    return workload["spec"]["template"]["spec"]


SERVERS = of_kind(OBJECTS, "StatefulSet")["mouthpiece"]
CONTAINER = pod_of(SERVERS)["containers"][0]


def pod_settings():
    """The environment of mouthpiece-0."""
    settings = next(one["data"] for name, one in of_kind(OBJECTS, "ConfigMap").items() if name.startswith("mouthpiece-settings"))
    secret = of_kind(examples(), "Secret")["mouthpiece-keys"]["stringData"]
    own = {entry["name"]: entry["value"] for entry in CONTAINER["env"] if "value" in entry}
    known = settings | secret | {"POD_NAME": SERVERS["metadata"]["name"] + "-0"}
    return settings | secret | {name: re.sub(r"\$\((\w+)\)", lambda word: known[word[1]], value) for name, value in own.items()}


def complaints(objects):
    """What the types of Kubernetes say of them: a list, empty when all is well."""
    judge = os.path.join(os.path.dirname(os.path.abspath(__file__)), "kubernetes.mjs")
    status, said, complaint = output_of(["node", judge], input=json.dumps(objects))
    assert status == 0, complaint
    return json.loads(said)


# ---- the program


def settings_of_the_program():
    """name -> default, as `mouthpiece settings` tells them."""
    _, said, _ = output_of([program("mouthpiece"), "settings"])
    return {name: default for default, name in re.findall(r"^# Default: (.*)\n#(\w+)=$", said, re.M)}


def refusal(settings):
    """Why the program would not start with these, or nothing. It asks whether one runs, which needs valid settings and no server."""
    folder = Path(new_directory())
    (folder / "keys").write_text("a-key-of-the-test\n")
    tried = environment_with(settings | {"API_KEYS_FILE": folder / "keys"})
    status, _, complaint = output_of([program("mouthpiece"), "ready"], env=tried, cwd=folder)
    return complaint if status == 2 else None
