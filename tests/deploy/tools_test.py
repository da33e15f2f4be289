#!/usr/bin/env python3
"""docker-compose, the types of Kubernetes and HAProxy accept the roll-out kit in deploy/, and each refuses what is wrong."""

import copy
import os

import kit
from kit import DEPLOY, KUBERNETES, OBJECTS, SERVERS, complaints, composed

from certificates import Authority
from checks import check, check_equal, run
from programs import new_directory


def docker_compose_reads_it():
    status, _, complaint = composed()
    check_equal(status, 0, "docker-compose accepts the file") or print(complaint)
    for old, new in {"stop_grace_period": "stop_grace_perod", "cache-a:/var": "cache-x:/var", "cpus: \"2\"": "cpu: 2"}.items():
        status, _, _ = composed(lambda text, old=old, new=new: text.replace(old, new, 1))
        check(status != 0, f"and refuses {new}")


def kubernetes_would_take_it():
    check_equal(complaints(OBJECTS + kit.examples()), [], f"{len(OBJECTS)} objects are as Kubernetes defines them")
    for path, value in {
        "template.spec.terminationGracePeriodSeconds": "630",
        "template.spec.containers.0.readinesProbe": {},
        "template.spec.containers.0.ports.0.containerPort": None,
        "selector": None,
    }.items():
        check(complaints([broken(SERVERS, path, value)]), f"and a server with {path} = {value!r} is not")
    files = {path.name for path in KUBERNETES.glob("*.yaml")} - kit.NOT_APPLIED
    listed = set(kit.yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())["resources"])
    check_equal(files, listed, "the kustomization has every file")


def broken(workload, path, value):
    """With another value in its spec; None takes it out."""
    changed = copy.deepcopy(workload)
    place, *steps = changed["spec"], *path.split(".")
    for step in steps[:-1]:
        place = place[int(step)] if isinstance(place, list) else place[step]
    if value is None:
        del place[steps[-1]]
    else:
        place[steps[-1]] = value
    return changed


def haproxy_reads_both_files():
    pem = Authority().issue().in_one_file()
    for path, certificate in ((DEPLOY / "haproxy" / "haproxy.cfg", "/etc/haproxy/phone.example.org.pem"), (KUBERNETES / "haproxy.cfg", "/etc/haproxy/phone.pem")):
        text = path.read_text().replace(certificate, pem)
        check_equal(haproxy_complaint(text), None, f"HAProxy accepts {path.relative_to(DEPLOY)}")
        check(haproxy_complaint(text.replace("use_backend", "use_backends")), "and not a misspelled one")


def haproxy_complaint(text):
    path = os.path.join(new_directory(), "haproxy.cfg")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    status, _, complaint = kit.debian_program("haproxy", "usr/sbin/haproxy", "-c", "-f", path)
    return complaint if status else None


if __name__ == "__main__":
    run(docker_compose_reads_it, kubernetes_would_take_it, haproxy_reads_both_files)
