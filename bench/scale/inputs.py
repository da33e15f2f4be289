"""The plan's inputs: inputs.toml, and the tables of docs/ it points to."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FILE = Path(__file__).resolve().parent / "inputs.toml"


class Input:
    def __init__(self, value, source):
        self.value, self.source = value, source


def number_in(cell):
    """1,234 of "1,234 (200 to 1,000 calls)"."""
    found = re.match(r"([\d,]+(?:\.\d+)?)", cell)
    return float(found[1].replace(",", "")) if found else None


def cell_of(text, section, row, column):
    """The number in that row (its first cells) and column of the section's first table; None when there is no such cell."""
    own = re.search(rf"^## {re.escape(section)}$(.*?)(?=^## |\Z)", text, re.M | re.S)
    lines = [line for line in (own[1] if own else "").splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    if not rows or column not in rows[0]:
        return None
    for cells in rows[2:]:
        if cells[: len(row)] == row:
            return number_in(cells[rows[0].index(column)])
    return None


def read(entry, pages=None):
    if "value" in entry:
        return Input(entry["value"], entry["source"])
    text = pages[entry["page"]] if pages else (ROOT / entry["page"]).read_text()
    for choice in entry["choices"]:
        value = cell_of(text, choice["section"], choice["row"], choice["column"])
        if value is not None:
            return Input(value, f"{entry['page']}, {choice['section']}: {', '.join(choice['row'])}, {choice['column']}")
    if "otherwise" in entry:
        return read(entry["otherwise"])
    raise LookupError(f"{entry['page']} no longer has what inputs.toml wants of it: {entry['choices']}")


class Group:
    """Of the file's tables: `inputs.server.cores` is the value, `inputs.server["cores"]` has its source as well."""

    def __init__(self, entries):
        self._entries = {name: entry if name == "plans" else read(entry) for name, entry in entries.items()}

    def __getitem__(self, name):
        return self._entries[name]

    def __getattr__(self, name):
        entry = self._entries[name]
        return entry.value if isinstance(entry, Input) else entry

    def items(self):
        return self._entries.items()


class Inputs:
    def __init__(self, path=FILE, changes=None):
        """`changes`: {"call.cached_share": 0.9}"""
        groups = tomllib.loads(path.read_text())
        for name, value in (changes or {}).items():
            group, _, entry = name.partition(".")
            if entry not in groups.get(group, {}):
                raise LookupError(f"{name} is no input; {path.name} has them all")
            groups[group][entry] = {"value": value, "source": "command line"}
        self.groups = {name: Group(entries) for name, entries in groups.items()}
        self.__dict__ |= self.groups
