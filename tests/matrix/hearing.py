"""What a caller heard, held against what should have been said: sentence by sentence, in which voice, how much of it."""

import re

from audio import FRAME_BYTES, RATE_HZ

from sounds import (
    LOUDNESS, QUIET, common_prefix, correlation, loudness, silent, without_silence_at_the_end, without_silence_at_the_start,
)  # fmt: skip

ASKED, EMBEDDED, PLAIN, THEN_EMBEDDED, THEN_PLAIN, LOST = "asked", "embedded", "plain", "then embedded", "then plain", "lost"

LIKE_MIN = 0.9  # correlation of two loudness curves of the same words in the same voice
LENGTH_OFF_MAX = 0.05  # the embedded voice says the same sentence a little differently every time
PART_OFF_MAX = 0.15  # of a sentence that was begun in one voice and ended in another
SAME_BYTES_MIN = 800  # 100 ms: enough to know a piece by
RESUMED_BYTES_MIN = 60
SWITCH_FRAMES = 60  # of quiet that a change of voices may bring
ANCHOR_BYTES = 1200
LEFT_OVER_BYTES = 400  # of the voice before, behind a gap and too short to be told from it


def one_zero(mulaw):
    """The two codes for a sample of 0 made one."""
    return mulaw.replace(b"\x7f", b"\xff")


class Sentence:
    """One sentence as each voice says it alone, and its ends, each from a word on. `voices` says any text."""

    def __init__(self, text, asked, voices):
        self.text, self.asked = text, one_zero(asked)
        self._voices = voices

    def embedded(self):
        return loudness(self._voices.embedded(self.text))

    def plain(self):
        return one_zero(self._voices.plain(self.text))

    def _ends(self):
        return [(word.start(), self.text[word.start() :]) for word in re.finditer(r"\w+", self.text)]

    def embedded_ends(self):
        """(where in the text it begins, loudness)"""
        return [(begin, loudness(self._voices.embedded(end))) for begin, end in self._ends()]

    def plain_ends(self):
        """(where in the text it begins, the bytes)"""
        return [(begin, one_zero(self._voices.plain(end))) for begin, end in self._ends()]


class Hearing:
    """The verdict. `faults` is empty when every sentence was heard once, whole and in order."""

    def __init__(self, heard, sentences):
        self.faults = []
        self.voices = [LOST] * len(sentences)
        self._heard, self._sentences = one_zero(heard), sentences
        self._read()

    def _read(self):
        at = index = 0
        while index < len(self._sentences):
            heard_to, said = self._follow(at, self._sentences[index].asked)
            if said == len(self._sentences[index].asked):
                self.voices[index] = ASKED
                at, index = heard_to, index + 1
                continue
            asked = self._sentences[index].asked
            pause = len(asked) - len(without_silence_at_the_start(asked))
            # Every voice begins with a pause, and the plain one is akin to the stand-in's.
            if said < pause + SAME_BYTES_MIN or self._follow_plain(self._heard, at, self._sentences[index].plain()):
                heard_to, said = at, 0
            after, at_after = self._next_asked(heard_to, index)
            self._judge_other(self._heard[heard_to:at_after], index, after, said)
            at, index = at_after, after
        if not silent(self._heard[at:]):
            self.faults.append(f"{(len(self._heard) - at) / RATE_HZ:.2f} s of sound behind the last sentence")
        for number, sentence in enumerate(self._sentences, 1):
            begins = self._heard.count(sentence.asked[: 2 * ANCHOR_BYTES])
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

    def _judge_other(self, segment, first, after, said):
        """From sentence `first`, of which `said` bytes were heard, up to `after` it was not the asked voice as it is."""
        at = 0
        if said > 0:
            if self._resumed_elsewhere(segment, first, said):
                return
            at = self._judge_rest(segment, first, said)
            first += 1
        for index in range(first, after):
            at = self._judge_sentence(segment, at, index)
        left = without_silence_at_the_end(segment[at:])
        if len(left) > RATE_HZ // 2:
            self.faults.append(f"{len(left) / RATE_HZ:.2f} s more than belongs there, before sentence {after + 1}")

    def _judge_sentence(self, segment, at, index):
        """Returns where it ends."""
        sentence = self._sentences[index]
        end = self._follow_plain(segment, at, sentence.plain())
        if end is not None:
            self.voices[index] = PLAIN
            return end
        found, likeness = self._place(loudness(segment[at:]), sentence.embedded())
        if likeness < LIKE_MIN:
            self.faults.append(f"sentence {index + 1} is not heard (best likeness {likeness:.2f})")
            return at
        self.voices[index] = EMBEDDED
        return at + (found + len(sentence.embedded())) * FRAME_BYTES

    @staticmethod
    def _follow_plain(segment, at, said):
        """Behind the whole of `said`, when it comes from `at` on, after a little silence; None when it does not."""
        sound = next(i for i, code in enumerate(said) if LOUDNESS[code] > 0)
        piece = said[sound : sound + SAME_BYTES_MIN]
        found = segment.find(piece, at, at + (SWITCH_FRAMES + 10) * FRAME_BYTES + len(piece))
        if found < 0 or not silent(segment[at + LEFT_OVER_BYTES : found]):
            return None
        whole = without_silence_at_the_end(said)
        return found + len(whole) - sound if segment[found : found + len(whole) - sound] == whole[sound:] else None

    @staticmethod
    def _place(curve, own):
        """Where the sentence fits best: within the silence a switch may take, and the length it may be off."""
        last = min(len(curve) - int(len(own) * (1 - LENGTH_OFF_MAX)) + 1, 125)
        if last <= 0:
            return 0, 0.0
        best = max(range(last), key=lambda shift: correlation(curve[shift:], own))
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
        """Another voice ends what the asked voice began. Returns where in `segment` that ends."""
        sentence = self._sentences[index]
        length = len(sentence.text.rstrip())
        stopped = length * min(1, said / len(without_silence_at_the_end(sentence.asked)))
        for begin, own in sentence.plain_ends():
            end = self._follow_plain(segment, 0, own)
            if end is not None:
                self._judge_switch(index, stopped, begin, THEN_PLAIN)
                return end
        curve = loudness(segment)
        places = (
            (correlation(curve[shift:], own), shift, begin, own)
            for begin, own in sentence.embedded_ends()
            for shift in range(min(SWITCH_FRAMES, max(1, len(curve) - len(own) + 2)))
            if len(curve) - shift >= len(own) * (1 - LENGTH_OFF_MAX)
        )
        likeness, shift, begin, own = max(places, default=(0.0, 0, 0, []))
        if likeness >= LIKE_MIN:
            self._judge_switch(index, stopped, begin, THEN_EMBEDDED)
            return (shift + len(own)) * FRAME_BYTES
        if stopped + length * PART_OFF_MAX >= length:
            self.voices[index] = ASKED
        else:
            self.voices[index] = THEN_EMBEDDED
            self.faults.append(
                f"sentence {index + 1} stops behind {sentence.text[: round(stopped)]!r}, and no rest of it follows "
                f"(best likeness {likeness:.2f})"
            )
        return 0

    def _judge_switch(self, index, stopped, begin, voice):
        """The asked voice came to letter `stopped`, the other one begins at `begin`."""
        text = self._sentences[index].text
        self.voices[index] = voice
        slack = len(text) * PART_OFF_MAX
        word = max((at.start() for at in re.finditer(r"\w+", text) if at.start() <= stopped), default=0)
        if begin > stopped + slack or begin < word - slack:
            what = "missing" if begin > stopped else "said twice"
            between = text[min(begin, round(stopped)) : max(begin, round(stopped))]
            self.faults.append(f"sentence {index + 1}: {between!r} is {what} where the voice changes")
