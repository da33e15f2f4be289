#!/usr/bin/env python3
"""Measures Mouthpiece beside the bare server and beside what many run today. Called by ./dev bench; bench/README.md says what is measured how."""

import argparse
import json
import os
import sys
import time

import experiments
import machine
import page
import servers
from runs import Bench


def read_arguments():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these of: {', '.join(experiments.ALL)}")
    parser.add_argument("--quick", action="store_true", help="two minutes in place of an hour; leaves docs/ alone")
    parser.add_argument("--lock", metavar="FILE", help="hold this lock during each run, so that several checkouts measure in turn")
    parser.add_argument("--page-only", action="store_true", help="write the page again from the last results")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(experiments.ALL)
    if unknown:
        parser.error(f"no such measurement: {', '.join(sorted(unknown))}")
    return arguments


def measure(arguments, results_file):
    """Keeps what is already there of the measurements that are not asked for, and writes after each one."""
    plan = experiments.QUICK if arguments.quick else experiments.FULL
    names = arguments.names or (experiments.QUICK_ONES if arguments.quick else experiments.possible())
    begun, commit = time.monotonic(), machine.commit_of(servers.ROOT)
    kept = []
    if arguments.names and os.path.exists(results_file):
        with open(results_file) as file:
            kept = [run for run in json.load(file)["runs"] if run["measurement"] not in names]
    for name in names:
        bench = Bench(arguments.lock, lambda text: print(f"{time.monotonic() - begun:6.0f} s  {text}", flush=True))
        experiments.ALL[name](bench, plan)
        kept += [run | {"measurement": name, "commit": commit} for run in bench.runs]
        with open(results_file, "w") as file:
            json.dump({"machine": machine.description(), "runs": kept}, file)


def main():
    arguments = read_arguments()
    machine.check()
    name = "quick" if arguments.quick else "results"
    results_file = os.path.join(servers.BUILD, f"{name}.json")
    folder = servers.BUILD if arguments.quick else os.path.join(servers.ROOT, "docs")
    if not arguments.page_only:
        measure(arguments, results_file)
    with open(results_file) as file:
        page.Page(json.load(file), folder).write()
    print(f"written: {os.path.relpath(folder, servers.ROOT)}/performance.md, from {os.path.relpath(results_file, servers.ROOT)}")


if __name__ == "__main__":
    sys.exit(main())
