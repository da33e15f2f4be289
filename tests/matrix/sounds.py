"""Stretches of mu-law audio compared: by the byte, and by how loud they are."""

from audio import FRAME_BYTES, PCM_OF_MULAW

LOUDNESS = [abs(sample) for sample in PCM_OF_MULAW]
QUIET = 400  # of 32124: below it a sample belongs to a pause


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


def without_silence_at_the_start(mulaw):
    begin = next((at for at, code in enumerate(mulaw) if LOUDNESS[code] >= QUIET), len(mulaw))
    return mulaw[begin:]


def common_prefix(a, a_at, b, b_at):
    """How many bytes are the same from there on."""
    count, most = 0, min(len(a) - a_at, len(b) - b_at)
    step = 4096
    while step > 0:
        while count + step <= most and a[a_at + count : a_at + count + step] == b[b_at + count : b_at + count + step]:
            count += step
        step //= 2
    return count
