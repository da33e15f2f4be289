"""The log's grammar, and what docs/log.md says of its lines. Read by tools/check_log and tests/e2e/log_test.py."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "log.md"

EVENT_ROW = re.compile(r"^\| `([^`]+)` \| (debug|info|warning|error) \|([^|]*)\|", re.M)
FIELD_ROW = re.compile(r"^\| `(\w+)` \| (number|truth|string) \|", re.M)

LINE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (debug|info|warning|error) (.*)")
FIELD = re.compile(r' ([a-z][a-z0-9_]*)=("(?:[^"\\]|\\(?:["\\nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}))*"|[^ "]*)(?= |$)')
NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")


@dataclass(frozen=True)
class Event:
    name: str
    level: str
    fields: tuple = field(default=())  # names, in their order


def documented(text=None):
    """(name -> Event, field -> kind) of docs/log.md."""
    text = PAGE.read_text(encoding="utf-8") if text is None else text
    events = {name: Event(name, level, tuple(re.findall(r"`(\w+)`", fields))) for name, level, fields in EVENT_ROW.findall(text)}
    return events, dict(FIELD_ROW.findall(text))


def read_line(line):
    """(Event, name -> value) of a line of the log; ValueError when it is not one."""
    whole = LINE.fullmatch(line)
    if not whole:
        raise ValueError(f"not 'time level event field=value …': {line!r}")
    _, level, message = whole.groups()
    first = FIELD.search(message)
    name, rest = (message[: first.start()], message[first.start() :]) if first else (message, "")
    values = dict(FIELD.findall(rest))
    if FIELD.sub("", rest):
        raise ValueError(f"{FIELD.sub('', rest)!r} is left over when the fields are read: {line!r}")
    return Event(name, level, tuple(values)), values


def read_json_line(line):
    """The same of a line with LOG_FORMAT=json."""
    values = json.loads(line)
    if list(values)[:3] != ["time", "level", "event"]:
        raise ValueError(f"does not begin with time, level, event: {line!r}")
    _, level, name = (values.pop(key) for key in ("time", "level", "event"))
    return Event(name, level, tuple(values)), values


def complaint_about(event, events):
    """What docs/log.md has against it; None when it is as documented."""
    if event.name not in events:
        fields = ", ".join(f"`{name}`" for name in event.fields)
        return f"add a row to docs/log.md: | `{event.name}` | {event.level} | {fields} | when |"
    if event != events[event.name]:
        known = events[event.name]
        return f"'{event.name}' is {event.level} with {', '.join(event.fields) or 'no fields'}; docs/log.md says {known.level} with {', '.join(known.fields) or 'no fields'}"
    return None


def is_of_kind(value, kind):
    """A value as it stands in a text line, or as JSON has it."""
    if kind == "number":
        return NUMBER.fullmatch(value) is not None if isinstance(value, str) else isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind == "truth":
        return value in ("true", "false") if isinstance(value, str) else isinstance(value, bool)
    return isinstance(value, str)
