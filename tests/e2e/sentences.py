"""Where a message goes on behind an interruption, judged by what the caller heard, sample for sample."""

from audio import framed


def goes_on_at(audio, before, after):
    """The number, from 0, of the sentence that is the first of `after`; None when not every sentence is heard whole.

    `audio`: of each sentence; `before` and `after`: what the caller heard. `before` is the message from its beginning, broken
    off somewhere; `after` is it from a sentence on, to its end.
    """
    whole = b"".join(audio)
    if not framed(whole).startswith(before):
        return None
    for place in range(len(audio) + 1):
        begin = sum(len(sentence) for sentence in audio[:place])
        if after == framed(whole[begin:]) and begin < len(before) + 160:  # less than a frame may be missing
            return place
    return None


def goes_on_by_length(audio, before, after):
    """The same, where only the lengths of what was heard are known, in bytes."""
    for place in range(len(audio) + 1):
        begin = sum(len(sentence) for sentence in audio[:place])
        if after == len(framed(b"".join(audio[place:]))) and begin < before + 160:
            return place
    return None
