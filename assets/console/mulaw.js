// G.711 mu-law, as the telephone carries it: a byte for a sample, the same code as in src/audio/mulaw.cpp.

const bias = 0x84, clip = 32_635;

const decoded = Float32Array.from({length: 256}, (_, byte) => {
  const code = ~byte & 0xff;
  const magnitude = (((code & 0x0f) << 3) + bias) << ((code & 0x70) >> 4);
  return ((code & 0x80) ? bias - magnitude : magnitude - bias) / 32_768;
});

export const silence = 0xff;

export const decodeByte = (byte) => decoded[byte];

export function decode(bytes) {
  return Float32Array.from(bytes, decodeByte);
}

function encodeSample(sample) {
  const negative = sample < 0;
  const value = Math.min(Math.round(Math.abs(sample) * 32_768), clip) + bias;
  const exponent = 31 - Math.clz32(value) - 7;
  const mantissa = (value >> (exponent + 3)) & 0x0f;
  return ~((negative ? 0x80 : 0) | (exponent << 4) | mantissa) & 0xff;
}

export function encode(samples) {
  return Uint8Array.from(samples, encodeSample);
}

export function toBase64(bytes) {
  return btoa(String.fromCharCode(...bytes));
}

export function fromBase64(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
