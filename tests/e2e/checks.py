"""One line per check, every scenario run to its end, and an exit status that tells whether all held."""

import functools
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor

_lock = threading.Lock()
_passed = 0
_failed = 0


def check(holds, what, detail=""):
    """Prints `what`, a statement that should be true, and counts it. `detail` explains a failure."""
    global _passed, _failed
    with _lock:
        if holds:
            _passed += 1
            print(f"ok    {what}", flush=True)
        else:
            _failed += 1
            print(f"FAIL  {what}" + (f"\n      {detail}" if detail != "" else ""), flush=True)
    return bool(holds)


def check_equal(found, expected, what):
    return check(found == expected, what, f"found    {found!r}\n      expected {expected!r}")


class NoTime(Exception):
    """The machine was too busy for a judgement about time."""


def on_a_machine_with_time(scenario, attempts=4):
    """The scenario, again when it raises NoTime. One that never had the time to judge has failed."""

    @functools.wraps(scenario)
    def tried():
        for attempt in range(attempts):
            try:
                return scenario()
            except NoTime as reason:
                print(f"      {scenario.__name__.replace('_', ' ')}, attempt {attempt + 1}: {reason}", flush=True)
        return check(False, f"{scenario.__name__.replace('_', ' ')}: judged in one of {attempts} attempts")

    return tried


def _run_one(scenario):
    try:
        scenario()
    except Exception:  # the other scenarios should still be heard
        name = getattr(scenario, "func", scenario).__name__.replace("_", " ")
        check(False, f"{name}: runs to its end", traceback.format_exc().rstrip().replace("\n", "\n      "))


def run(*scenarios, at_once=1):
    """Runs the scenarios, `at_once` of them side by side, and ends the program."""
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(_run_one, scenarios))
    print(f"{_passed} passed, {_failed} failed")
    sys.exit(0 if _passed > 0 and _failed == 0 else 1)
