#!/usr/bin/env python3
"""docs/limits.md names options that exist, counters that exist, and every limit there is."""

import os
import re
import subprocess

import requests

from checks import check, check_equal, run
from monitoring_page import ROOT, read_page
from programs import Server, new_directory, program

PAGE = os.path.join(ROOT, "docs", "limits.md")
REACHED = "mouthpiece_limits_reached_total"


def rows():
    """limit, default, option, policy, counter: the columns of the page's tables."""
    with open(PAGE, encoding="utf-8") as file:
        lines = [line for line in file.read().splitlines() if line.startswith("| ")]
    return [row for row in ([column.strip() for column in line.split("|")[1:-1]] for line in lines) if row[0] != "limit"]


def names_in(text):
    return re.findall(r"`([\w-]+)`", text)


def options_of_the_program():
    """variable -> standard value, as `mouthpiece settings` tells them."""
    text = subprocess.run([program("mouthpiece"), "settings"], capture_output=True, text=True, check=True).stdout
    return {variable: standard for standard, variable in re.findall(r"^# Default: (.*)\n#(\w+)=$", text, re.M)}


def the_page_and_the_program_agree():
    table = rows()
    check(len(table) > 10, "the page has rows", table)
    check(all(len(names_in(row[4])) == 1 for row in table), "each names one counter", [row[4] for row in table])

    options = options_of_the_program()
    for row in table:
        for option in names_in(row[2]):
            if check(option in options, f"{option} ({row[0]}) is an option"):
                documented, real = numbers(row[1]), numbers(options[option])
                check(not real or real == documented, f"its default is the documented one: {row[1]}", options[option])

    everything = {"RECORDINGS_DIR": os.path.join(new_directory(), "r"), "REDIS_URL": "redis://127.0.0.1:1", "ELEVEN_LABS_API_KEY": "sk_nobody"}
    with Server(everything | {"ELEVENLABS_BASE_URL": "http://127.0.0.1:1"}) as server:
        families = read_page(requests.get(server.url("/metrics"), timeout=10).text)
    limits = families[REACHED].labels["limit"]
    counters = {names_in(row[4])[0] for row in table}
    for counter in sorted(counters - limits):
        check(counter in families, f"{counter} is a metric")
    check_equal(sorted(limits - counters), [], "every limit that is counted stands on the page")


def numbers(text):
    """The figures in it, without their units."""
    return [figure.replace(",", "") for figure in re.findall(r"\d[\d,]*", text)]


if __name__ == "__main__":
    run(the_page_and_the_program_agree)
