"""One cell: a stand-in with the fault armed, a fresh server, a call, and the verdict on what the caller heard."""

import re
import threading
from dataclasses import dataclass, field

from audio import RATE_HZ, pcm_in_wav
from programs import PlacedCalls, Server, StandIn

from cells import ALWAYS, BETWEEN, MIDDLE, NO_FAULT
from hearing import Hearing, Sentence

TEMPLATE = (
    "Welcome caller {name} to the night desk of the lighthouse. ",
    "Our harbour office opens again at seven. ",
    "You reach the harbour guard by pressing nine. ",
    "Please leave a message for the harbour now.",
)
GREETING = "".join(TEMPLATE)
# Of the stand-in: it speaks as fast as the recorded live ones (15 letters a second), and not like an embedded voice.
ASKED_VOICE = "nPczCjzI2devNBz1zQrb"
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
    """Any text as each voice says it undisturbed. Asked for once."""

    def __init__(self):
        self._standin = StandIn("--first-byte-ms", "0", "--plan", "1000")
        self._pleasant, self._plain = (Server({"EMBEDDED_VOICE": name, "THREADS": 1}) for name in ("slt", "kal"))
        self._known, self._lock = {}, threading.Lock()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for program in (self._pleasant, self._plain, self._standin):
            program.__exit__()

    def _once(self, voice, text, ask):
        with self._lock:
            if (voice, text) not in self._known:
                self._known[voice, text] = ask()
            return self._known[voice, text]

    def embedded(self, text):
        return self._once("slt", text, lambda: mulaw_of_pcm(pcm_in_wav(self._pleasant.synthesise(text).content)))

    def plain(self, text):
        return self._once("kal", text, lambda: mulaw_of_pcm(pcm_in_wav(self._plain.synthesise(text).content)))

    def asked(self, text):
        return self._once("asked", text, lambda: self._standin.audio_of(text, ASKED_VOICE))

    def sentence(self, text):
        return Sentence(text, self.asked(text), self)

    def greeting(self, name):
        return [self.sentence(text) for text in sentences_for(name)]


@dataclass
class Verdict:
    cell: object
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
    if cell.fault == NO_FAULT:
        return
    fields = {"after_bytes": MIDDLE_BYTES if cell.position == MIDDLE else 0}
    if cell.times != ALWAYS:
        fields["times"] = 1
    if cell.position == BETWEEN:
        fields["match_text"] = FROM_THE_SECOND_ON if cell.times == ALWAYS else IN_THE_SECOND
    standin.arm(cell.fault, **fields)


def settings_for(standin, transport):
    return standin.settings() | {
        "GREETING": GREETING, "ELEVENLABS_TRANSPORT": transport, "THREADS": 1, "AFTER_SPEECH": "hangup",
        "VOICE_ID": ASKED_VOICE,
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
    cell, own_lateness = verdict.cell, stream["simulator_lateness_ms"]
    longest_gap = max((gap["length_ms"] for gap in stream["gaps"]), default=0.0)
    verdict.silence_ms = max(longest_gap, stream["longest_silence_ms"])
    verdict.first_word_ms = stream["start_to_first_audio_ms"]
    if verdict.silence_ms > SILENCE_MS_MAX + own_lateness:
        verdict.failures.append(f"{verdict.silence_ms:.0f} ms of silence inside the message")
    if verdict.first_word_ms is None or verdict.first_word_ms > FIRST_WORD_MS_MAX:
        verdict.failures.append(f"first word after {verdict.first_word_ms} ms")
    unasked = [gap for gap in verdict.gaps if cell.harmless and gap["length_ms"] > own_lateness]
    if unasked:
        verdict.failures.append(f"gaps where no fault was injected: {unasked}")


def run_cell(voices, cell):
    verdict = Verdict(cell)
    with StandIn() as standin:
        arm(standin, cell)
        with Server(settings_for(standin, cell.transport)) as server:
            webhook = server.api("/call/incoming?name=11")
            with PlacedCalls(webhook, "--hold", str(CALL_SECONDS_MAX)) as placed:
                result = placed.result()
            judge(verdict, result.report, result.heard, voices.greeting("11"))
            verdict.log = log_of_call(server, result.report["call_sid"])
            verdict.struck = struck_by(standin, cell.fault)
            if verdict.struck == 0 and cell.fault != NO_FAULT:
                verdict.failures.append("the fault never struck")
    return verdict


def run_crowd(voices, cell, callers=50):
    """So many calls at once, each with a name of its own: no two share a first sentence."""
    with StandIn("--plan", "1000") as standin:
        arm(standin, cell)
        with Server(settings_for(standin, cell.transport)) as server:
            webhook = server.api("/call/incoming?name={n}")
            options = ("--calls", str(callers), "--rate", "10000", "--hold", str(CALL_SECONDS_MAX))
            with PlacedCalls(webhook, *options) as placed:
                calls = placed.result().calls
            verdicts = []
            for call in calls:
                verdict, number = Verdict(cell), call["number"]
                judge(verdict, call, placed.heard_by(number), voices.greeting(str(number)))
                verdict.log = log_of_call(server, call["call_sid"])
                verdicts.append(verdict)
            return verdicts

