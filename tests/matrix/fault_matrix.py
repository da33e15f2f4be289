#!/usr/bin/env python3
"""Every fault of the stand-in, at every position, over both transports: does the caller hear the whole message?

Judges by what the caller heard, writes the table, and ends with 1 when a cell falls short.
"""

import argparse
import os
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

import requests  # noqa: E402
from programs import StandIn  # noqa: E402

import report  # noqa: E402
from cells import CONTROLS, CROWD, QUICK, TRANSPORTS, all_cells  # noqa: E402
from leaks import run_leaks  # noqa: E402
from running import Verdict, Voices, run_cell, run_crowd  # noqa: E402


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one cell of every kind, without crowds and leaks")
    parser.add_argument("--only", metavar="FAULT", help="all cells of one fault")
    parser.add_argument("--crowd", action="store_true", help="nothing but fifty calls at once")
    parser.add_argument("--leaks", action="store_true", help="nothing but the server that lives through all faults")
    parser.add_argument("--at-once", type=int, default=10, help="cells side by side (default %(default)s)")
    parser.add_argument("--report", metavar="FILE", help="write the table there, as Markdown")
    return parser.parse_args()


def known_faults():
    with StandIn() as standin:
        return requests.get(f"{standin.url}/standin/faults", timeout=10).json()["known"]


def chosen_cells(arguments, faults):
    if arguments.quick:
        return QUICK
    return all_cells([arguments.only] if arguments.only else faults)


def attempt(voices, cell):
    try:
        verdict = run_cell(voices, cell)
    except Exception:  # the other cells are to be seen as well
        verdict = Verdict(cell, failures=[traceback.format_exc().strip().splitlines()[-1]])
    report.print_verdict(verdict)
    return verdict


def crowds(voices):
    for cell in CROWD:
        verdicts = run_crowd(voices, cell)
        report.print_crowd(cell, verdicts)
        yield cell, verdicts


def main():
    arguments = read_arguments()
    began = time.monotonic()
    described = known_faults()
    faults = [fault["name"] for fault in described]
    if arguments.only and arguments.only not in faults:
        sys.exit(f"no fault is called {arguments.only}: {', '.join(faults)}")
    whole = not (arguments.quick or arguments.only or arguments.crowd or arguments.leaks)
    cells = [] if arguments.crowd or arguments.leaks else CONTROLS + chosen_cells(arguments, faults)
    crowd, leak_lines, failures = [], [], []
    with Voices() as voices, ThreadPoolExecutor(len(TRANSPORTS)) as background:
        voices.greeting("11")
        leaks = [background.submit(run_leaks, to, faults) for to in TRANSPORTS if whole or arguments.leaks]
        with ThreadPoolExecutor(arguments.at_once) as pool:
            verdicts = list(pool.map(lambda cell: attempt(voices, cell), cells))
        if whole or arguments.crowd:
            crowd = list(crowds(voices))
        for done in leaks:
            try:
                lines, found = done.result()
            except Exception as error:
                lines, found = [], [f"leak check: {error}"]
            leak_lines += lines
            failures += found
    failures += [f"{verdict.cell}: {'; '.join(verdict.failures)}" for verdict in verdicts if not verdict.passed]
    failures += [failure for cell, all_of in crowd for failure in report.crowd_failures(cell, all_of)]
    for line in leak_lines:
        print(line)
    if arguments.report:
        report.write(arguments.report, described, verdicts, crowd, leak_lines, failures)
    print(f"{sum(verdict.passed for verdict in verdicts)} of {len(verdicts)} calls as they should be, "
          f"{len(failures)} failures, {time.monotonic() - began:.0f} s")  # fmt: skip
    for failure in failures:
        print(f"FAIL  {failure}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
