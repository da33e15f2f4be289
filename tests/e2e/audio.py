"""mu-law and WAV, written from the standards and not from the product, so that the one can judge the other."""

import struct

RATE_HZ = 8000
FRAME_BYTES = 160  # 20 ms
SILENCE = 0xFF

WAVE_PCM = 1
WAVE_MULAW = 7


def _decoded(code):
    """ITU-T G.711: sign, three bits of segment, four of step, all inverted on the wire."""
    code = ~code & 0xFF
    magnitude = (((code & 0x0F) << 3) + 0x84) << ((code & 0x70) >> 4)
    return 0x84 - magnitude if code & 0x80 else magnitude - 0x84


PCM_OF_MULAW = [_decoded(code) for code in range(256)]


def pcm_of(mulaw):
    return [PCM_OF_MULAW[code] for code in mulaw]


def read_wav(content):
    """(format tag, channels, rate in Hz, bits a sample, the data)"""
    riff, _, wave = struct.unpack_from("<4sI4s", content)
    if riff != b"RIFF" or wave != b"WAVE":
        raise ValueError("not a WAV file")
    described, at = None, 12
    while at + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, at)
        body = content[at + 8 : at + 8 + size]
        if name == b"fmt ":
            tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
            described = tag, channels, rate, bits
        elif name == b"data":
            if described is None or len(body) != size:
                break
            return *described, body
        at += 8 + size + size % 2
    raise ValueError("a WAV file without whole data")


def mulaw_wav(mulaw):
    """A mono 8 kHz mu-law WAV of these bytes."""
    head = (b"RIFF", 38 + len(mulaw), b"WAVE", b"fmt ", 18, WAVE_MULAW, 1, RATE_HZ, RATE_HZ, 1, 8, 0, b"data", len(mulaw))
    return struct.pack("<4sI4s4sIHHIIHHH4sI", *head) + mulaw


def mulaw_in_wav(content):
    """The bytes of a mono 8 kHz mu-law WAV."""
    tag, channels, rate, bits, data = read_wav(content)
    if (tag, channels, rate, bits) != (WAVE_MULAW, 1, RATE_HZ, 8):
        raise ValueError(f"not mu-law at 8 kHz: {(tag, channels, rate, bits)}")
    return data


def pcm_in_wav(content):
    """The samples of a mono 8 kHz 16-bit WAV."""
    tag, channels, rate, bits, data = read_wav(content)
    if (tag, channels, rate, bits) != (WAVE_PCM, 1, RATE_HZ, 16):
        raise ValueError(f"not 16-bit samples at 8 kHz: {(tag, channels, rate, bits)}")
    return list(struct.unpack(f"<{len(data) // 2}h", data))


def framed(mulaw):
    """As it goes to Twilio: whole frames, the last one filled with silence."""
    return mulaw + bytes([SILENCE]) * (-len(mulaw) % FRAME_BYTES)


def seconds(mulaw):
    return len(mulaw) / RATE_HZ


def loudest(mulaw):
    return max((abs(sample) for sample in pcm_of(mulaw)), default=0)
