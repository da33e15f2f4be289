"""What a caller heard, held against what should have been said: sentence by sentence, in which voice, how much of it."""

import re

from audio import FRAME_BYTES, PCM_OF_MULAW, RATE_HZ

ASKED, EMBEDDED, BOTH, LOST = "asked", "embedded", "both", "lost"

LOUDNESS = [abs(sample) for sample in PCM_OF_MULAW]
QUIET = 400  # of 32124: below it a sample belongs to a pause
LIKE_MIN = 0.9  # correlation of two loudness curves of the same words in the same voice
LENGTH_OFF_MAX = 0.05  # the embedded voice says the same sentence a little differently every time
PART_OFF_MAX = 0.15  # of a sentence that was begun in one voice and ended in another
SAME_BYTES_MIN = 800  # 100 ms: enough to know a piece by
RESUMED_BYTES_MIN = 60
SWITCH_FRAMES = 30  # of quiet that a change of voices may bring
ANCHOR_BYTES = 1200
LOST_BYTES_MAX = 2 * FRAME_BYTES  # frame padding, and the words' edges


def loudness(mulaw):
    """The mean loudness of each 20 ms."""
    frames = range(0, len(mulaw) - FRAME_BYTES + 1, FRAME_BYTES)
    return [sum(map(LOUDNESS.__getitem__, mulaw[at : at + FRAME_BYTES])) / FRAME_BYTES for at in frames]


def correlation(a, b):
    count = min(len(a), len(b))
    if count < 2:
        return 0.0
    a, b = a[:count], b[:count]
    mean_a, mean_b = sum(a) / count, sum(b) / count
    both = sum((x - mean_a) * (y - mean_b) for x, y in zip(a, b))
    spread_a, spread_b = sum((x - mean_a) ** 2 for x in a), sum((y - mean_b) ** 2 for y in b)
    return both / (spread_a * spread_b) ** 0.5 if spread_a > 0 and spread_b > 0 else 0.0


def silent(mulaw):
    return all(LOUDNESS[code] < QUIET for code in mulaw)


def without_silence_at_the_end(mulaw):
    end = len(mulaw)
    while end > 0 and LOUDNESS[mulaw[end - 1]] < QUIET:
        end -= 1
    return mulaw[:end]


def common_prefix(a, a_at, b, b_at):
    """How many bytes are the same from there on."""
    count, most = 0, min(len(a) - a_at, len(b) - b_at)
    step = 4096
    while step > 0:
        while count + step <= most and a[a_at + count : a_at + count + step] == b[b_at + count : b_at + count + step]:
            count += step
        step //= 2
    return count


class Sentence:
    """One sentence as each voice says it alone, and its ends, each from a word on, in the embedded voice."""

    def __init__(self, text, asked, embedded, embedded_voice):
        self.text, self.asked, self.embedded = text, asked, embedded
        self.embedded_loudness = loudness(embedded)
        self._embedded_voice = embedded_voice

    def ends(self):
        """(where in the text it begins, loudness)"""
        begins = [word.start() for word in re.finditer(r"\w+", self.text)]
        return [(begin, loudness(self._embedded_voice(self.text[begin:]))) for begin in begins]


class Hearing:
    """The verdict. `faults` is empty when every sentence was heard once, whole and in order."""

    def __init__(self, heard, sentences):
        self.faults = []
        self.voices = [LOST] * len(sentences)
        self._heard, self._sentences = heard, sentences
        self._read()

    def _read(self):
        at = index = 0
        while index < len(self._sentences):
            heard_to, said = self._follow(at, self._sentences[index].asked)
            whole = said == len(self._sentences[index].asked)
            if said < SAME_BYTES_MIN:
                heard_to, said = at, 0
            if whole:
                self.voices[index] = ASKED
                at, index = heard_to, index + 1
                continue
            after, at_after = self._next_asked(heard_to, index)
            self._judge_other(heard_to, at_after, index, after, said)
            at, index = at_after, after
        if not silent(self._heard[at:]):
            self.faults.append(f"{(len(self._heard) - at) / RATE_HZ:.2f} s of sound behind the last sentence")
        for number, sentence in enumerate(self._sentences, 1):
            piece = sentence.asked[: 2 * ANCHOR_BYTES]
            begins = self._heard.count(piece)
            if begins > 1:
                self.faults.append(f"sentence {number} begins {begins} times")

    def _follow(self, at, said):
        """(where in what was heard, how much of `said`) the bytes agree; silence put between them does not count."""
        done = 0
        while done < len(said):
            same = common_prefix(self._heard, at, said, done)
            done, at = done + same, at + same
            if done == len(said):
                break
            resumed = at
            while resumed < len(self._heard) and LOUDNESS[self._heard[resumed]] == 0:
                resumed += 1
            while done < len(said) and LOUDNESS[said[done]] == 0:
                done += 1
            sound = next((i for i in range(done, len(said)) if LOUDNESS[said[i]] >= QUIET), len(said))
            piece = said[done : sound + RESUMED_BYTES_MIN]
            if resumed == at or self._heard[resumed : resumed + len(piece)] != piece:
                break
            at = resumed
        return at, done

    def _next_asked(self, at, index):
        """(which later sentence, where) the asked voice begins again; the end when it does not."""
        for later in range(index + 1, len(self._sentences)):
            found = self._heard.find(self._sentences[later].asked[:ANCHOR_BYTES], at)
            if found >= 0:
                return later, found
        return len(self._sentences), len(self._heard)

    def _judge_other(self, begin, end, first, after, said):
        """From sentence `first`, of which `said` bytes were heard, up to `after` it was not the asked voice as it is."""
        segment = self._heard[begin:end]
        if said > 0:
            if self._resumed_elsewhere(segment, first, said):
                return
            begin_rest = self._judge_rest(segment, first, said)
            segment, first = segment[begin_rest:], first + 1
        curve = loudness(segment)
        at = 0
        for index in range(first, after):
            found, likeness = self._place(curve, at, self._sentences[index])
            number = index + 1
            if likeness < LIKE_MIN:
                self.faults.append(f"sentence {number} is not heard (best likeness {likeness:.2f})")
                continue
            self.voices[index] = EMBEDDED
            at = found + len(self._sentences[index].embedded_loudness)
        expected = sum(len(self._sentences[index].embedded) for index in range(first, after))
        heard = len(without_silence_at_the_end(segment))
        if expected > 0 and heard > expected * (1 + LENGTH_OFF_MAX) + RATE_HZ * 2:
            self.faults.append(f"the embedded voice says {heard / RATE_HZ:.2f} s where {expected / RATE_HZ:.2f} s belong")

    def _place(self, curve, at, sentence):
        """Where from `at` on the sentence fits best: within the silence a switch may take, and the length it may be off."""
        own = sentence.embedded_loudness
        last = min(len(curve) - int(len(own) * (1 - LENGTH_OFF_MAX)) + 1, at + 125)
        shifts = range(max(0, at - 8), last)
        if not shifts:
            return at, 0.0
        best = max(shifts, key=lambda shift: correlation(curve[shift:], own))
        return best, correlation(curve[best:], own)

    def _resumed_elsewhere(self, segment, index, said):
        """The asked voice goes on, but not where it stopped: something is missing or said twice."""
        asked = self._sentences[index].asked
        start = next((at for at, code in enumerate(segment) if LOUDNESS[code] > QUIET), len(segment))
        piece = segment[start : start + SAME_BYTES_MIN]
        found = asked.find(piece) if len(piece) == SAME_BYTES_MIN else -1
        if found < 0:
            return False
        self.voices[index] = ASKED
        off = found - said
        word = "missing" if off > 0 else "said twice"
        if abs(off) > len(asked) * PART_OFF_MAX:
            self.faults.append(f"sentence {index + 1}: {abs(off) / RATE_HZ:.2f} s {word} where it was resumed")
        return True

    def _judge_rest(self, segment, index, said):
        """The embedded voice ends what the asked voice began. Returns where in `segment` the next sentence begins."""
        sentence = self._sentences[index]
        self.voices[index] = BOTH
        stopped = len(sentence.text.rstrip()) * said / len(without_silence_at_the_end(sentence.asked))
        slack = len(sentence.text) * PART_OFF_MAX
        curve = loudness(segment)
        places = (
            (correlation(curve[shift:], own), shift, begin, own)
            for begin, own in sentence.ends()
            for shift in range(min(SWITCH_FRAMES, max(1, len(curve) - len(own) + 2)))
            if len(curve) - shift >= len(own) * (1 - LENGTH_OFF_MAX)
        )
        likeness, shift, begin, own = max(places, default=(0.0, 0, 0, []))
        if likeness < LIKE_MIN:
            if stopped + slack >= len(sentence.text.rstrip()):
                self.voices[index] = ASKED
            else:
                self.faults.append(
                    f"sentence {index + 1} stops behind {sentence.text[: round(stopped)]!r}, and no rest of it follows "
                    f"(best likeness {likeness:.2f})"
                )
            return 0
        word = max((at.start() for at in re.finditer(r"\w+", sentence.text) if at.start() <= stopped), default=0)
        if begin > stopped + slack or begin < word - slack:
            what = "missing" if begin > stopped else "said twice"
            between = sentence.text[min(begin, round(stopped)) : max(begin, round(stopped))]
            self.faults.append(f"sentence {index + 1}: {between!r} is {what} where the voice changes")
        return (shift + len(own)) * FRAME_BYTES
