"""The ways to a caller's first word, and how long each takes: real programs over real sockets, times taken by the caller.

A way's cost is what it adds to the first byte of ElevenLabs. So every call says words of its own, which the stand-in's log
gives its own time to the first byte for, and that is subtracted call by call.
"""

import math
import os
import sys
from dataclasses import dataclass

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "e2e"))

from programs import PlacedCalls, Program, Server, new_directory, program

GREETING = "Caller {name}, you hear this sentence for the first time."
THE_SAME = "Everybody who calls hears this very same sentence."
RING_MS = 300


@dataclass
class Call:
    """Milliseconds, as the simulated caller and the stand-in measured them."""

    after_pick_up: float  # `start` sent until the first media message
    after_webhook: float  # the webhook asked until the first media message
    upstream: float  # of which the stand-in needed until its own first byte; 0: it was not asked

    @property
    def added(self):
        """What we add: to the stand-in's first byte, or where nobody was asked, to the moment of pick-up."""
        return self.after_webhook - self.upstream if self.upstream else self.after_pick_up

    @property
    def waited(self):
        """What the caller waits after pick-up for our sake: longer than the stand-in needed, or where nobody was asked, at all."""
        return self.after_pick_up - self.upstream


def percentile(values, percent):
    """The value that `percent` of all are not above."""
    ordered = sorted(values)
    return ordered[max(math.ceil(len(ordered) * percent / 100), 1) - 1]


def place(server, calls, rate, ring_ms, query=""):
    """The reports of so many calls, in the order in which they began."""
    options = ["--calls", str(calls), "--rate", str(rate), "--stream-after", str(ring_ms), "--quiet", "100", "--light"]
    with PlacedCalls(server.api("/call/incoming" + query), *options) as placed:
        result = placed.result()
    reports = sorted(result.calls, key=lambda report: report["number"])
    silent = [report for report in reports if not report["heard_speech"] or report["spoken"]]
    if silent:
        raise RuntimeError(f"{len(silent)} of {calls} calls heard no speech of ours: {silent[0]}")
    return reports


def call_of(report, upstream):
    stream = report["streams"][0]
    return Call(stream["start_to_first_audio_ms"], stream["webhook_to_first_audio_ms"], upstream)


class Asked:
    """ElevenLabs is asked in every call, since every call says something new."""

    _block = 0

    def __init__(self, standin, settings):
        self.standin = standin
        self.server = Server(standin.settings() | {"GREETING": GREETING} | settings)

    def calls(self, count, rate, ring_ms):
        Asked._block += 1
        name = f"{Asked._block} {{n}}"
        self.standin.disarm()  # an empty log
        reports = place(self.server, count, rate, ring_ms, "?name=" + name.replace(" ", "%20"))
        upstream = {entry["text"].strip(): entry["first_audio_ms"] for entry in self.standin.requests_seen() if entry["text"]}
        texts = [GREETING.replace("{name}", name.replace("{n}", str(report["number"]))) for report in reports]
        return [call_of(report, upstream[text]) for report, text in zip(reports, texts)]

    def close(self):
        self.server.__exit__()


class Cached:
    """What is said was said before, and is in memory."""

    def __init__(self, standin, settings):
        self.server = Server(standin.settings() | {"GREETING": THE_SAME} | settings)
        self.server.synthesise(THE_SAME).raise_for_status()

    def calls(self, count, rate, ring_ms):
        return [call_of(report, 0) for report in place(self.server, count, rate, ring_ms)]

    def close(self):
        self.server.__exit__()


class OnDisk:
    """What is said was said before the server's last start, and is on disk only."""

    def __init__(self, standin, settings, count):
        self._left = list(range(1, count + 1))
        directory = new_directory()
        phrases = os.path.join(directory, "phrases.txt")
        with open(phrases, "w", encoding="utf-8") as file:
            file.writelines(GREETING.replace("{name}", f"0 {number}") + "\n" for number in self._left)
        own = standin.settings() | {"GREETING": GREETING, "CACHE_DIR": os.path.join(directory, "cache")} | settings
        with Program([program("mouthpiece"), "warm", phrases], own) as warming:
            if warming.await_end(seconds=600) != 0:
                raise RuntimeError(f"warm failed:\n{warming.log()}")
        self._settings = own
        self.server = None

    def calls(self, count, rate, ring_ms):
        self.close()
        self.server = Server(self._settings)  # so that nothing is in memory
        return [call_of(report, 0) for report in place(self.server, count, rate, ring_ms, "?name=0%20{n}")]

    def close(self):
        if self.server is not None:
            self.server.__exit__()
