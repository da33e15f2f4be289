#!/usr/bin/env python3
"""The judge itself: it tells a whole message from one that lost, doubled or mixed up a sentence."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

from audio import SILENCE  # noqa: E402
from checks import check, check_equal, run  # noqa: E402
from hearing import Hearing  # noqa: E402
from running import Voices, without_gaps  # noqa: E402

PAUSE = bytes([SILENCE]) * 800


def voices_heard(heard, sentences):
    hearing = Hearing(heard, sentences)
    check_equal(hearing.faults, [], "nothing is found fault with")
    return hearing.voices


def sounds_of(sentences, fresh):
    return ([sentence.asked for sentence in sentences], [fresh.embedded(sentence.text) for sentence in sentences],
            [fresh.plain(sentence.text) for sentence in sentences])  # fmt: skip


def begun_and_ended_by_another(sentences, fresh):
    asked, embedded, plain = sounds_of(sentences, fresh)
    said = sentences[0].asked[: len(sentences[0].asked) // 2]
    stopped = len(sentences[0].text) // 2
    word = sentences[0].text.rfind(" ", 0, stopped) + 1
    for name, voice, rest in (("then embedded", fresh.embedded, embedded), ("then plain", fresh.plain, plain)):
        end = voice(sentences[0].text[word:])
        heard = said + PAUSE + end + b"".join(rest[1:])
        check_equal(voices_heard(heard, sentences)[0], name, f"{name} at the word")
        far = voice(sentences[0].text[sentences[0].text.rfind(" ", 0, stopped + 20) + 1 :])
        check(Hearing(said + far + b"".join(asked[1:]), sentences).faults, f"{name}, with words left out")


def whole_messages(sentences, fresh):
    asked, embedded, plain = sounds_of(sentences, fresh)
    check_equal(voices_heard(b"".join(asked), sentences), ["asked"] * 4, "all four in the asked voice")
    check_equal(voices_heard(b"".join(embedded), sentences), ["embedded"] * 4, "all four in the embedded voice, said anew")
    mixed = asked[0] + embedded[1] + PAUSE + asked[2] + embedded[3] + PAUSE
    check_equal(voices_heard(mixed, sentences), ["asked", "embedded", "asked", "embedded"], "taking turns")
    check_equal(voices_heard(plain[0] + embedded[1] + PAUSE + plain[2] + asked[3], sentences),
                ["plain", "embedded", "plain", "asked"], "the plain voice among them")  # fmt: skip
    inserted = asked[0][:9000] + PAUSE + asked[0][9000:] + b"".join(asked[1:])
    check_equal(voices_heard(inserted, sentences), ["asked"] * 4, "a pause in a sentence loses nothing")
    gap = {"position_ms": 9000 / 8, "length_ms": 100.0}
    check(len(without_gaps(inserted, [gap])) <= len(b"".join(asked)) + 4, "a gap that was reported is taken out")


def spoilt_messages(sentences, fresh):
    asked, embedded, plain = sounds_of(sentences, fresh)
    spoilt = {
        "a sentence lost": asked[0] + asked[2] + asked[3],
        "the last one lost": b"".join(asked[:3]),
        "a sentence twice": asked[0] + asked[1] + asked[1] + asked[2] + asked[3],
        "two changed places": asked[0] + asked[2] + asked[1] + asked[3],
        "half a sentence": asked[0][:9000] + b"".join(asked[1:]),
        "a sentence begun and said anew": asked[0][:12000] + b"".join(asked),
        "a sentence begun and said anew by the other voice": asked[0][:12000] + b"".join(embedded),
        "a sentence resumed too late": asked[0][:6000] + asked[0][14000:] + b"".join(asked[1:]),
        "the embedded voice leaves one out": embedded[0] + embedded[1] + embedded[3],
        "the embedded voice says one twice": embedded[0] + embedded[1] + embedded[1] + embedded[2] + embedded[3],
        "the embedded voice changes the order": embedded[1] + embedded[0] + embedded[2] + embedded[3],
        "half a sentence of the plain voice": plain[0][:12000] + plain[1] + plain[2] + plain[3],
        "the plain voice says one twice": plain[0] + plain[1] + plain[1] + plain[2] + plain[3],
        "half a sentence of the embedded voice": embedded[0][:12000] + embedded[1] + embedded[2] + embedded[3],
        "the last word of the embedded voice cut off": b"".join(embedded)[:-6000],
        "silence": PAUSE * 60,
        "nothing": b"",
    }
    for what, heard in spoilt.items():
        hearing = Hearing(heard, sentences)
        check(hearing.faults, f"it is noticed: {what}", hearing.voices)


def tell_them_apart():
    # Two servers: the embedded voice says nothing twice in exactly the same way.
    with Voices() as voices, Voices() as others:
        sentences = voices.greeting("11")
        whole_messages(sentences, others)
        begun_and_ended_by_another(sentences, others)
        spoilt_messages(sentences, others)


if __name__ == "__main__":
    run(tell_them_apart)
