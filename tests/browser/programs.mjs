// Starts the programs under test on ports that are free, and ends them.

import {spawn} from "node:child_process";
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {join, resolve} from "node:path";
import {waitUntil} from "./checks.mjs";

const root = resolve(import.meta.dirname ?? new URL(".", import.meta.url).pathname, "../..");
const buildDir = process.env.BUILD_DIR ?? join(root, "build/dev");
export const prefix = "/api/v1/elevenlabs-twilio";
export const screenshots = join(root, "build/screenshots");
export const workplace = mkdtempSync(join(tmpdir(), "mouthpiece-browser-"));
const running = new Set();

export function endAll() {
  for (const child of running) child.kill("SIGKILL");
  rmSync(workplace, {recursive: true, force: true});
}

class Program {
  constructor(name, args, settings = {}) {
    const {PATH, HOME, LANG, ASAN_OPTIONS, TSAN_OPTIONS} = process.env;
    this.output = "";
    this.child = spawn(join(buildDir, name), args, {cwd: workplace, env: {PATH, HOME, LANG, ASAN_OPTIONS, TSAN_OPTIONS, ...settings}, stdio: ["ignore", "pipe", "pipe"]});
    running.add(this.child);
    for (const stream of [this.child.stdout, this.child.stderr]) stream.on("data", (text) => (this.output += text));
    this.ended = new Promise((ended) => this.child.on("exit", (status) => (running.delete(this.child), ended(status))));
  }

  async awaitOutput(pattern) {
    return waitUntil(() => {
      if (this.child.exitCode !== null && !pattern.test(this.output)) throw new Error(`it ended early:\n${this.output}`);
      return this.output.match(pattern);
    }, `${pattern} in the output`, 30);
  }

  async end() {
    this.child.kill("SIGTERM");
    return this.ended;
  }
}

export class StandIn extends Program {
  static key = "sk_standin_0123456789abcdef";

  static async start() {
    const standIn = new StandIn("elevenlabs-standin", ["--port", "0", "--print-port"]);
    standIn.url = `http://127.0.0.1:${(await standIn.awaitOutput(/^(\d+)\n/))[1]}`;
    return standIn;
  }

  settings() {
    return {ELEVENLABS_BASE_URL: this.url, ELEVEN_LABS_API_KEY: StandIn.key};
  }

  // What it says for this text, in mu-law.
  async audioOf(text) {
    const answer = await fetch(`${this.url}/v1/text-to-speech/21m00Tcm4TlvDq8ikWAM/stream?output_format=ulaw_8000`, {
      method: "POST", body: JSON.stringify({text, model_id: "eleven_flash_v2_5"}), headers: {"xi-api-key": StandIn.key, "Content-Type": "application/json"},
    });
    if (!answer.ok) throw new Error(`the stand-in answers ${answer.status}`);
    return new Uint8Array(await answer.arrayBuffer());
  }
}

export class Server extends Program {
  static async start(settings) {
    const server = new Server("mouthpiece", ["serve"], {PORT: "0", HOST: "127.0.0.1", THREADS: "2", ...settings});
    server.url = `http://127.0.0.1:${(await server.awaitOutput(/serving\b.*\bport=(\d+)/))[1]}`;
    return server;
  }

  api(path) {
    return this.url + prefix + path;
  }

  async metric(sample, headers = {}) {
    const text = await (await fetch(`${this.url}/metrics`, {headers})).text();
    const line = text.split("\n").find((one) => one.startsWith(`${sample} `));
    return line === undefined ? null : Number(line.slice(sample.length + 1));
  }
}

// A simulated caller. `heard()` is what it heard, in mu-law, when it has ended.
export class SimulatedCall extends Program {
  static #number = 0;

  constructor(server, ...options) {
    const wav = join(workplace, `heard-${++SimulatedCall.#number}.wav`);
    super("mouthpiece", ["call", "--url", server.api("/call/incoming"), "--json", "--wav", wav, ...options]);
    this.wav = wav;
  }

  async report() {
    await this.ended;
    return JSON.parse(this.output.split("\n").find((line) => line.startsWith("{")));
  }

  heard() {
    return samplesOfWav(readFileSync(this.wav));
  }
}

// Something for a caller to say: a tone of 500 Hz, 12 decibels below the loudest, and its samples.
export function toneFile(seconds) {
  const mulaw = Uint8Array.from({length: seconds * 8_000}, (_, i) => (i % 16 < 8 ? 0x9f : 0x1f));
  const head = Buffer.alloc(44);
  head.write("RIFF", 0), head.writeUInt32LE(36 + mulaw.length, 4), head.write("WAVEfmt ", 8), head.writeUInt32LE(16, 16);
  head.writeUInt16LE(7, 20), head.writeUInt16LE(1, 22), head.writeUInt32LE(8_000, 24), head.writeUInt32LE(8_000, 28);
  head.writeUInt16LE(1, 32), head.writeUInt16LE(8, 34), head.write("data", 36), head.writeUInt32LE(mulaw.length, 40);
  const path = join(workplace, "tone.wav");
  writeFileSync(path, Buffer.concat([head, mulaw]));
  return {path, level: -12, samples: samplesOfMulaw(mulaw)};
}

// Of a WAV file, mu-law or 16 bit, as numbers from -1 to 1.
export function samplesOfWav(file) {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let format = 0;
  for (let at = 12; at + 8 <= view.byteLength; ) {
    const name = String.fromCharCode(...file.subarray(at, at + 4)), size = view.getUint32(at + 4, true);
    if (name === "fmt ") format = view.getUint16(at + 8, true);
    if (name === "data") {
      const bytes = file.subarray(at + 8, at + 8 + size);
      return format === 7 ? samplesOfMulaw(bytes) : Float32Array.from({length: size / 2}, (_, i) => view.getInt16(at + 8 + 2 * i, true) / 32_768);
    }
    at += 8 + size + (size % 2);
  }
  throw new Error("not a WAV file");
}

// G.711, written from its definition: sign, three bits of segment, four of step.
export function samplesOfMulaw(bytes) {
  return Float32Array.from(bytes, (byte) => {
    const flipped = 255 - byte, segment = Math.floor((flipped % 128) / 16), step = flipped % 16;
    const magnitude = (2 * step + 33) * 2 ** (segment + 2) - 132;
    return (flipped >= 128 ? -magnitude : magnitude) / 32_768;
  });
}
