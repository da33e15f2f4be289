"""One line per check, every scenario run to its end, and an exit status that tells whether all held."""

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


def _run_one(scenario):
    try:
        scenario()
    except Exception:  # the other scenarios should still be heard
        name = getattr(scenario, "__name__", str(scenario)).replace("_", " ")
        check(False, f"{name}: runs to its end", traceback.format_exc().rstrip().replace("\n", "\n      "))


def run(*scenarios, at_once=1):
    """Runs the scenarios, `at_once` of them side by side, and ends the program."""
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(_run_one, scenarios))
    print(f"{_passed} passed, {_failed} failed")
    sys.exit(0 if _passed > 0 and _failed == 0 else 1)
