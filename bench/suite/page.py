"""docs/performance.md and its pictures, from the runs alone."""

import os

import svg
from figures import Figures
from servers import title

CALLS_SHOWN = {"mouthpiece": "Mouthpiece", "bare": "bare epoll, 20 ms frames", "bare-messages": "bare epoll, our messages",
               "fastapi": "FastAPI, uvloop, httpx", "node": "Node, ws, official SDK"}  # fmt: skip


def shown(value, digits=3, unit=""):
    if value is None:
        return "-"
    text = f"{value:,.0f}" if value >= 1000 else f"{value:.{digits}g}"
    return text + unit


def ratio(ours, theirs):
    return "-" if not ours or not theirs else f"{ours / theirs:.2f}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])


class Page:
    def __init__(self, result, folder):
        self.figures, self.about, self.folder = Figures(result["runs"]), result["machine"], folder
        self.parts = []
        os.makedirs(os.path.join(folder, "performance"), exist_ok=True)

    def say(self, *paragraphs):
        self.parts += paragraphs

    def picture(self, name, alternative, content):
        if not content:
            return
        with open(os.path.join(self.folder, "performance", f"{name}.svg"), "w") as file:
            file.write(content)
        self.say(f"![{alternative}](performance/{name}.svg)")

    def write(self):
        self.introduction()
        for section in (self.cpu, self.whole_calls, self.held, self.latency, self.first_word, self.webhooks, self.memory, self.instructions):
            section()
        self.shortfalls()
        with open(os.path.join(self.folder, "performance.md"), "w") as file:
            file.write("\n\n".join(self.parts) + "\n")

    def introduction(self):
        about = self.about
        versions = ", ".join(f"{name.removeprefix('python3-')} {version}" for name, version in about["versions"].items())
        self.say(
            "# Performance",
            "Written by `./dev bench`, which repeats every figure here; the raw reports are then in `build/bench/results.json`. "
            "One core for the server, one for the load, both on this machine over loopback. Absolute times are this machine's; what carries over "
            "is the ratio to the bare server, measured right beside: one thread, epoll, the least that can be done for a call "
            "([bench/README.md](../bench/README.md)). FastAPI and Node are small programs of our own in `bench/peers/`, written as well as we could. "
            "Figures are medians of their repetitions. A call lasts 12 s and says 10 s; the caller sends 50 frames a second all along; as one "
            "ends, another takes its place.",
            f"Machine: {about['cpu']}, {about['cores']} cores, Linux {about['kernel']}; scheduling: {about['priority']}. "
            f"Commit {', '.join(self.figures.commits())}. {versions}.",
        )  # fmt: skip

    def cpu(self):
        levels = self.figures.levels("growth", "mouthpiece")
        rows = []
        for tls in (False, True):
            for calls in self.figures.levels("growth", "mouthpiece", tls):
                ours, bare, same = (self.figures.cpu_ms(kind, calls, tls) for kind in ("mouthpiece", "bare", "bare-messages"))
                rows.append(["TLS" if tls else "plain", calls, shown(ours), shown(bare), ratio(ours, bare), shown(same), ratio(ours, same)])
        if not rows:
            return
        self.say(
            "## CPU per call-minute",
            "Milliseconds of the server's core that one call costs in a minute. The greeting comes from the cache; there is no webhook in front.",
            table(["", "calls", "Mouthpiece", "bare, 20 ms frames", "ratio", "bare, our messages", "ratio"], rows),
        )
        for kind in ("fastapi", "node"):
            cells = [f"{shown(self.figures.cpu_ms(kind, calls))} at {calls} calls" for calls in self.figures.levels("growth", kind)]
            if cells:
                self.say(f"{title(kind)}: {', '.join(cells)}.")
        if len(levels) > 1:
            series = {
                name: [(calls, self.figures.cpu_ms(kind, calls)) for calls in self.figures.levels("growth", kind)]
                for kind, name in CALLS_SHOWN.items()
            }
            self.picture("cpu", "CPU per call-minute against calls",
                         svg.lines("CPU per call-minute", "calls at once", "ms of one core", {n: p for n, p in series.items() if p}))  # fmt: skip
        self._listening()

    def whole_calls(self):
        kinds = [kind for kind in ("mouthpiece", "mouthpiece-own", "fastapi", "node") if self.figures.levels("whole calls", kind)]
        if kinds:
            self.say(
                "## Whole calls",
                "CPU of the server, in milliseconds per call-minute, with the signed webhook in front of every call; 50 calls. The others ask "
                "ElevenLabs for every greeting, as Mouthpiece does when every greeting is new.",
                table(["server", "ms"], [[title(kind), shown(self.figures.cpu_ms(kind, 50, experiment="whole calls"))] for kind in kinds]),
            )

    def _listening(self):
        for calls in self.figures.levels("listening", "mouthpiece-listening"):
            ours, bare = (self.figures.cpu_ms(kind, calls, experiment="listening") for kind in ("mouthpiece-listening", "bare-listening"))
            self.say(f"When the level of the caller's audio is measured, at {calls} calls: {shown(ours)} ms, the bare server {shown(bare)} ms; ratio {ratio(ours, bare)}.")

    def held(self):
        rows, drawn = [], []
        for kind in ("mouthpiece", "mouthpiece-listening", "mouthpiece-own", "bare", "bare-listening", "node", "fastapi"):
            plain, tls = self.figures.held(kind), self.figures.held(kind, True)
            if plain is None:
                continue
            cells = ["-" if one is None else f"{one[0]:,}{' or more' if one[1] else ''}" for one in (plain, tls)]
            rows.append([title(kind), *cells])
            drawn.append((title(kind), plain[0]))
        if rows:
            self.say(
                "## Calls on one core",
                "The most calls at which no caller heard a gap, each got its ten seconds, and p99 of the added latency (of Mouthpiece and the bare server: of the wait from `start`, without ElevenLabs' part) is at most 50 ms. \"Or more\": the load generator, not the server, ended the search.",
                table(["server", "plain", "TLS"], rows),
                "When every greeting is new, the search ends not with the server but with what it asks of ElevenLabs at once, 64 requests here; beyond "
                "that the embedded voice speaks in turn, and costs a core.",
            )
            self.picture("calls", "Calls on one core", svg.bars("Calls on one core, no gap heard", "plain sockets", drawn))

    def latency(self):
        rows, histograms = [], {}
        for calls in (1, 50, 200):
            for kind in ("mouthpiece-at-once", "node", "fastapi"):
                for tls in (False, True):
                    values = [self.figures.median(lambda r, q=q: r["latency_ms"][q], "latency", kind, calls, tls=tls) for q in ("p50", "p99", "p999")]
                    if values[0] is not None:
                        rows.append([title(kind) + (", TLS" if tls else ""), calls, *(shown(value) for value in values)])
        for kind, calls in (("mouthpiece-at-once", 200), ("node", 200), ("fastapi", 50)):
            if self.figures.levels("latency", kind):
                histograms[f"{title(kind)}, {calls} calls"] = self.figures.buckets("latency_ms", "latency", kind, calls)
        if not rows:
            return
        self.say(
            "## Added latency",
            "From a chunk leaving ElevenLabs' side to its audio arriving at Twilio's, in milliseconds: both are the load's, so one clock sees both. "
            "Mouthpiece runs with a lead that holds nothing back. New greetings, 250 ms chunks at ten times real time.",
            table(["server", "calls", "p50", "p99", "p99.9"], rows),
        )
        drawn = {name: buckets for name, buckets in histograms.items() if buckets}
        if drawn:
            self.picture("latency", "Histogram of added latency", svg.histogram("Added latency", "milliseconds", "% of chunks", drawn))

    def first_word(self):
        kinds = [kind for kind in ("mouthpiece", "mouthpiece-own", "node", "fastapi") if self.figures.levels("whole calls", kind)]
        rows = [[title(kind), *(shown(self.figures.median(lambda r, q=q: r["first_media_ms"][q], "whole calls", kind, 50)) for q in ("p50", "p99"))] for kind in kinds]
        if rows:
            self.say(
                "## The first word",
                "From `start` to the first media message, in milliseconds, 50 calls. ElevenLabs' first byte takes 225 ms here, and the telephone "
                "rings for 500 ms after the webhook: Mouthpiece prepares the speech meanwhile.",
                table(["server", "p50", "p99"], rows),
            )

    def webhooks(self):
        rows, drawn = [], []
        for kind in ("mouthpiece", "node", "fastapi"):
            cells = [
                self.figures.median(lambda r, name=name: r[name], "webhooks", kind, tls=tls)
                for tls in (False, True) for name in ("requests_per_second", "requests_per_cpu_second")
            ]  # fmt: skip
            rows.append([title(kind).split(",")[0], *(shown(cell) for cell in cells)])
            drawn.append((title(kind).split(",")[0], cells[1] or 0))
        if drawn[0][1] == 0:
            return
        ours, theirs = (self.figures.median(lambda r: r["requests_per_cpu_second"], "webhooks", kind) for kind in ("mouthpiece", "fastapi"))
        self.say(
            "## Webhooks",
            f"Signed, checked, answered with TwiML, each for another call, over 16 connections. Ratio to FastAPI per CPU-second: {ratio(ours, theirs)}. "
            "Mouthpiece has the greeting in its cache and enters each call in its register; the others do nothing but answer.",
            table(["server", "a second", "a CPU-second", "TLS: a second", "TLS: a CPU-second"], rows),
        )
        self.picture("webhooks", "Webhooks per CPU-second", svg.bars("Signed webhooks", "a CPU-second", drawn))

    def memory(self):
        rows = [[title(kind), self._memory_cell(kind, False), self._memory_cell(kind, True)] for kind in ("mouthpiece", "bare", "node", "fastapi")]
        if not self.figures.levels("growth", "mouthpiece"):
            return
        self.say("## Memory", "Resident kilobytes that one more call costs; Mouthpiece's and the bare server's calls share their audio.",
                 table(["server", "plain", "TLS"], rows))  # fmt: skip

    def _memory_cell(self, kind, tls):
        levels = [level for level in self.figures.levels("growth", kind, tls) if level <= 1500]
        if len(levels) < 2:
            return "-"
        low, high = 200 if 200 in levels[:-1] else levels[0], levels[-1]
        return f"{shown(self.figures.memory_kb(kind, low, high, tls))} ({low} to {high:,} calls)"

    def instructions(self):
        ours, bare = (self.figures.median(lambda r: r["instructions_per_frame"], "instructions", kind) for kind in ("mouthpiece", "bare-silent"))
        if ours:
            self.say("## Instructions per caller frame",
                     f"User instructions from a frame's arrival to its end, counted by callgrind, 20 calls that nobody talks to: Mouthpiece {shown(ours, 4)}, "
                     f"the bare server {shown(bare, 4)}; ratio {ratio(ours, bare)}.")  # fmt: skip

    def shortfalls(self):
        figures = self.figures
        lines = []
        for run in figures.imperfect():
            report = run["report"]
            lines.append(f"- {run['experiment']}, {title(run['kind'])}{', TLS' if run['tls'] else ''}, {run['calls']} calls: {report['underruns']} underruns "
                         f"(longest {report['longest_underrun_ms']:.0f} ms), {report['refused']} refused, {report['lost']} lost, {report['too_short']} too short")  # fmt: skip
        late = figures.unclean()
        if late:
            runs = sorted({f"{run['experiment']}, {run['kind']}, {run['calls']} calls" for run in late})
            lines.append(f"- the load was late itself, so that the figures are no better than its own: {'; '.join(runs)}")
        self.say("## What went wrong in these runs", "\n".join(lines) or "Nothing: no gap, no refusal, no lost call in any run of ours outside the search for the limit.")
