"""The table of the fault matrix, for the terminal and as Markdown."""

import re
import threading
from collections import Counter

from cells import NO_FAULT, POSITIONS, TRANSPORTS
from hearing import ASKED, EMBEDDED, LOST, PLAIN, THEN_EMBEDDED, THEN_PLAIN
from running import FIRST_WORD_MS_MAX, GREETING, SILENCE_MS_MAX

COMMAND = "BUILD_DIR=build/release python3 tests/matrix/fault_matrix.py --report docs/fault-matrix.md"
LETTERS = {ASKED: "A", EMBEDDED: "E", PLAIN: "P", THEN_EMBEDDED: "e", THEN_PLAIN: "p", LOST: "-"}
_lock = threading.Lock()


def voices_of(verdict):
    return "".join(LETTERS[voice] for voice in verdict.voices) or "-"


def milliseconds(value):
    return "-" if value is None else f"{value:.0f}"


def print_verdict(verdict):
    with _lock:
        mark = "ok   " if verdict.passed else "FAIL "
        print(f"{mark} {verdict.cell}: {voices_of(verdict)}, silence {verdict.silence_ms:.0f} ms, "
              f"first word {milliseconds(verdict.first_word_ms)} ms, struck {verdict.struck}", flush=True)  # fmt: skip
        if not verdict.passed:
            for line in verdict.failures + [f"gap {gap}" for gap in verdict.gaps] + verdict.log:
                print(f"      {line}", flush=True)


def print_crowd(cell, verdicts):
    with _lock:
        bad = [verdict for verdict in verdicts if not verdict.passed]
        print(f"{'FAIL ' if bad else 'ok   '} {len(verdicts)} at once, {cell}: {len(verdicts) - len(bad)} as they should be, "
              f"longest silence {max(v.silence_ms for v in verdicts):.0f} ms", flush=True)  # fmt: skip
        for verdict in bad[:3]:
            print(f"      {verdict.failures} {verdict.log}", flush=True)


def crowd_failures(cell, verdicts):
    """What went wrong, each kind of it once."""
    bad = [verdict for verdict in verdicts if not verdict.passed]
    if not bad:
        return
    reasons = Counter(reason for verdict in bad for reason in _reasons_logged(verdict))
    silence = max(verdict.silence_ms for verdict in bad)
    logged = ", ".join(f"{reason} ({count})" for reason, count in reasons.most_common())
    yield (f"50 at once, {cell}: {len(bad)} of {len(verdicts)} callers did not hear it all as they should, "
           f"longest silence {silence:.0f} ms; first of them: {bad[0].failures[0]}; logged: {logged}")  # fmt: skip


def _reasons_logged(verdict):
    for line in verdict.log:
        failed = re.search(r'speech failed source=(\w+) reason="?([^"]*)', line)
        if failed:
            yield f"{failed[1]}: {failed[2]}"
        elif "to=apology" in line:
            yield "apology instead of the message"


def _row(*columns):
    return "| " + " | ".join(str(column) for column in columns) + " |"


def _table(heads, rows):
    return [_row(*heads), _row(*("---" for _ in heads)), *(_row(*row) for row in rows)]


def _cell_rows(verdicts):
    for verdict in verdicts:
        cell = verdict.cell
        yield (
            cell.fault, cell.transport, cell.position, cell.times, "yes" if verdict.complete else "**no**",
            voices_of(verdict), f"{verdict.silence_ms:.0f}", milliseconds(verdict.first_word_ms),
            "" if verdict.passed else "falls short",
        )  # fmt: skip


def _crowd_rows(crowd):
    for cell, verdicts in crowd:
        good = sum(verdict.passed for verdict in verdicts)
        words = [verdict.first_word_ms for verdict in verdicts if verdict.first_word_ms is not None]
        yield (cell.fault, cell.transport, cell.position, f"{good} of {len(verdicts)}",
               f"{max(verdict.silence_ms for verdict in verdicts):.0f}", milliseconds(max(words, default=None)))  # fmt: skip


def _fault_rows(described):
    for fault in described:
        yield f"`{fault['name']}`", fault["http"].replace("|", "\\|"), fault["websocket"]


def write(path, described, verdicts, crowd, leak_lines, failures):
    ran = [verdict for verdict in verdicts if verdict.cell.fault != NO_FAULT]
    control = [verdict for verdict in verdicts if verdict.cell.fault == NO_FAULT]
    cells = {(verdict.cell.fault, verdict.cell.transport, verdict.cell.position) for verdict in ran}
    lines = [
        "# The fault matrix", "",
        "What a caller hears when ElevenLabs fails, for every fault the stand-in knows. Each row is one call through a",
        "fresh server and a fresh stand-in, judged by what the simulated caller heard. It is repeated with", "",
        f"    {COMMAND}", "",
        f"The message is \"{GREETING}\". *Once*: the fault strikes one request; *always*: every request from that point on,",
        "on the WebSocket and on HTTP. Before the first byte: the first sentence asked for. In a sentence: after one second",
        "of its audio; what concerns the beginning of an answer (a status, a hang before the first byte), or of a socket (an",
        "upgrade refused), cannot strike there, so the connection breaks there and the request for the rest, or the next",
        "upgrade, meets it. Between sentences: before the first byte of the second one.", "",
        "*Voices*, a letter a sentence: `A` the voice asked for, byte for byte; `E` the embedded voice (loudness curve like",
        "its own, 0.9 or better, and as long); `P` the plain embedded voice, byte for byte; `e` and `p` begun in the asked voice",
        f"and ended in the other, at most 15 % missing or said twice; `-` not heard. *Silence*: the longest inside the message, pauses between sentences included, in ms; at most",
        f"{SILENCE_MS_MAX}. *First word*: ms after pick-up; at most {FIRST_WORD_MS_MAX}.", "",
        "## Totals", "",
        f"- {len(described)} faults x {len(POSITIONS)} positions x {len(TRANSPORTS)} transports: {len(cells)} cells, each with a fault "
        "that strikes once and one that strikes always.",
        f"- {len(ran)} calls with a fault: {sum(v.complete for v in ran)} heard complete, {sum(v.passed for v in ran)} as they should be in everything.",
        f"- Longest silence {max((v.silence_ms for v in ran), default=0):.0f} ms; latest first word "
        f"{milliseconds(max((v.first_word_ms for v in ran if v.first_word_ms is not None), default=None))} ms.",
        f"- {len(control)} calls without a fault: {sum(v.passed for v in control)} as they should be, longest silence "
        f"{max((v.silence_ms for v in control), default=0):.0f} ms (a pause of the voice).",
        "", "## What falls short", "",
        *([f"- {failure}" for failure in failures] or ["Nothing."]),
        "", "## Fifty calls at once", "",
        "Every caller has a first sentence of his own; all ring in the same second. The fault strikes always.", "",
        *_table(("Fault", "Transport", "Position", "As they should be", "Longest silence", "Latest first word"), _crowd_rows(crowd)),
        "", "## Nothing stays behind", "",
        "One server for each transport lived through every fault, with callers who hang up in the middle:", "",
        *(f"- {line}" for line in leak_lines),
        "", "## Every call", "",
        *_table(("Fault", "Transport", "Position", "Strikes", "Complete", "Voices", "Silence", "First word", ""), _cell_rows(ran)),
        "", "## What the faults do", "",
        *_table(("Fault", "On HTTP", "On WebSocket"), _fault_rows(described)),
    ]  # fmt: skip
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")

