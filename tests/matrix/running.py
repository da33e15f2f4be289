"""One cell: a stand-in with the fault armed, a fresh server, a call, and the verdict on what the caller heard."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from audio import RATE_HZ, pcm_in_wav
from programs import PlacedCalls, Server, StandIn

from cells import ALWAYS, BETWEEN, MIDDLE
from hearing import Hearing, Sentence

TEMPLATE = (
    "Welcome caller {name} to the night desk of the lighthouse. ",
    "Our harbour office opens again at seven. ",
    "You reach the harbour guard by pressing nine. ",
    "Please leave a message for the harbour now.",
)
GREETING = "".join(TEMPLATE)
FROM_THE_SECOND_ON, IN_THE_SECOND = "harbour", "opens again"
MIDDLE_BYTES = 8_001  # a second of speech, and no whole frame

SILENCE_MS_MAX = 1_500
FIRST_WORD_MS_MAX = 4_000
GAP_MS_MIN = 40  # shorter ones are this machine's own lateness
CALL_SECONDS_MAX = 60


def sentences_for(name):
    return [part.replace("{name}", name) for part in TEMPLATE]


def mulaw_of_pcm(samples):
    """G.711, so that the embedded voice's WAV can be compared with what was heard."""
    return bytes(map(_MULAW_OF.__getitem__, (sample + 32768 for sample in samples)))


def _encoded(sample):
    sign, magnitude = (0x80, -sample) if sample < 0 else (0, sample)
    magnitude = min(magnitude, 32635) + 132
    segment = max(magnitude.bit_length() - 8, 0)
    return ~(sign | segment << 4 | magnitude >> (segment + 3) & 0x0F) & 0xFF


_MULAW_OF = [_encoded(sample) for sample in range(-32768, 32768)]


class Voices:
    """Each sentence as each voice says it undisturbed. Asked for once."""

    def __init__(self):
        self._standin = StandIn("--first-byte-ms", "0", "--plan", "1000")
        self._server = Server({})
        self._known, self._embedded, self._lock = {}, {}, threading.Lock()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.__exit__()
        self._standin.__exit__()

    def embedded(self, text):
        with self._lock:
            if text not in self._embedded:
                self._embedded[text] = mulaw_of_pcm(pcm_in_wav(self._server.synthesise(text).content))
            return self._embedded[text]

    def sentence(self, text):
        embedded = self.embedded(text)
        with self._lock:
            if text not in self._known:
                self._known[text] = Sentence(text, self._standin.audio_of(text), embedded, self.embedded)
            return self._known[text]

    def greeting(self, name):
        return [self.sentence(text) for text in sentences_for(name)]


@dataclass
class Verdict:
    cell: object  # None: no fault, for control
    voices: list = field(default_factory=list)
    silence_ms: float = 0.0
    first_word_ms: float | None = None
    complete: bool = False
    failures: list = field(default_factory=list)
    log: list = field(default_factory=list)
    gaps: list = field(default_factory=list)
    struck: int = 0

    @property
    def passed(self):
        return not self.failures


def arm(standin, cell):
    fields = {"after_bytes": MIDDLE_BYTES if cell.position == MIDDLE else 0}
    if cell.times != ALWAYS:
        fields["times"] = 1
    if cell.position == BETWEEN:
        fields["match_text"] = FROM_THE_SECOND_ON if cell.times == ALWAYS else IN_THE_SECOND
    standin.arm(cell.fault, **fields)


def settings_for(standin, transport):
    return standin.settings() | {
        "GREETING": GREETING, "ELEVENLABS_TRANSPORT": transport, "THREADS": 1, "AFTER_SPEECH": "hangup",
    }  # fmt: skip


def struck_by(standin, fault):
    return sum(request["fault"] == fault for request in standin.requests_seen())


def log_of_call(server, call_sid):
    lines = server.log_lines(call_sid) + server.log_lines("breaker")
    return [re.sub(rf" ?call_sid={call_sid}", "", line.split(maxsplit=1)[1]) for line in lines]


def without_gaps(heard, gaps):
    """The audio that came, without the silence while none did; that is judged by itself."""
    whole, end, shift = [], 0, 0.0
    for gap in gaps:
        begin = round(gap["position_ms"] * RATE_HZ / 1000 + shift)
        shift += gap["length_ms"] * RATE_HZ / 1000
        whole.append(heard[end : begin + 2])  # rather a little silence too much than a sample too few
        end = max(begin + 2, round(gap["position_ms"] * RATE_HZ / 1000 + shift) - 2)
    return b"".join([*whole, heard[end:]])


def judge(verdict, call, heard, sentences):
    """Fills in the verdict on one call."""
    stream = call["streams"][0] if call["streams"] else None
    if stream is None:
        verdict.failures.append(f"no stream: {call['notices']}")
        return
    hearing = Hearing(without_gaps(heard, stream["gaps"]), sentences)
    verdict.voices, verdict.complete = hearing.voices, not hearing.faults
    verdict.failures += hearing.faults
    verdict.gaps = [gap for gap in stream["gaps"] if gap["length_ms"] > GAP_MS_MIN]
    judge_times(verdict, stream)
    if stream["end"] != "the server closed it" or call["notices"]:
        verdict.failures.append(f"the stream's end: {stream['end']}, notices {call['notices']}")


def judge_times(verdict, stream):
    cell = verdict.cell
    longest_gap = max((gap["length_ms"] for gap in stream["gaps"]), default=0.0)
    verdict.silence_ms = max(longest_gap, stream["longest_silence_ms"])
    verdict.first_word_ms = stream["start_to_first_audio_ms"]
    if verdict.silence_ms > SILENCE_MS_MAX:
        verdict.failures.append(f"{verdict.silence_ms:.0f} ms of silence inside the message")
    if verdict.first_word_ms is None or verdict.first_word_ms > FIRST_WORD_MS_MAX:
        verdict.failures.append(f"first word after {verdict.first_word_ms} ms")
    may_gap = cell is not None and not cell.harmless
    own_lateness = stream["simulator_lateness_ms"]
    unasked = [gap for gap in verdict.gaps if not may_gap and gap["length_ms"] > own_lateness]
    if unasked:
        verdict.failures.append(f"gaps where no fault was injected: {unasked}")


def run_cell(voices, cell):
    verdict = Verdict(cell)
    with StandIn() as standin:
        if cell:
            arm(standin, cell)
        with Server(settings_for(standin, cell.transport if cell else "http")) as server:
            webhook = server.api("/call/incoming?name=11")
            with PlacedCalls(webhook, "--hold", str(CALL_SECONDS_MAX)) as placed:
                result = placed.result()
            judge(verdict, result.report, result.heard, voices.greeting("11"))
            verdict.log = log_of_call(server, result.report["call_sid"])
            if cell:
                verdict.struck = struck_by(standin, cell.fault)
                if verdict.struck == 0:
                    verdict.failures.append("the fault never struck")
    return verdict


def run_crowd(voices, cell, callers=50):
    """So many calls at once, each with a name of its own: no two share a first sentence."""
    names = [str(11 + number) for number in range(callers)]
    with StandIn("--plan", "1000") as standin:
        arm(standin, cell)
        with Server(settings_for(standin, cell.transport)) as server:

            def one(name):
                verdict = Verdict(cell)
                webhook = server.api(f"/call/incoming?name={name}")
                with PlacedCalls(webhook, "--hold", str(CALL_SECONDS_MAX)) as placed:
                    result = placed.result()
                judge(verdict, result.report, result.heard, voices.greeting(name))
                verdict.log = log_of_call(server, result.report["call_sid"])
                return verdict

            with ThreadPoolExecutor(callers) as pool:
                return list(pool.map(one, names))

