// What the API's names are called here, and how times and numbers are written.

const outcomes = {
  completed: ["heard to the end", "good"],
  caller_hung_up: ["caller hung up", "good"],
  hung_up: ["hung up by us", "good"],
  connection_lost: ["connection lost", "bad"],
  refused: ["refused", "bad"],
  protocol_error: ["protocol error", "bad"],
  speech_failed: ["speech failed", "bad"],
  timed_out: ["took too long", "bad"],
  shut_down: ["server stopped", "bad"],
};

export const outcomeWords = (outcome) => outcomes[outcome]?.[0] ?? outcome ?? "never connected";
export const isGood = (outcome) => outcomes[outcome]?.[1] === "good";

const states = {waiting: "ringing", open: "running", ended: "ended"};
export const stateWords = (call) => (call.state === "ended" ? outcomeWords(call.outcome) : states[call.state]);
export const stateTone = (call) => (call.state === "ended" ? (isGood(call.outcome) ? "good" : "bad") : call.state);

const utteranceStates = {
  queued: "waits", speaking: "being heard", heard: "heard", failed: "failed", cancelled: "dropped",
};
export const utteranceWords = (state) => utteranceStates[state] ?? state;

const sources = {
  elevenlabs_http: "ElevenLabs", elevenlabs_websocket: "ElevenLabs", elevenlabs_http_standard_voice: "ElevenLabs, default voice",
  embedded_voice: "embedded voice", embedded_voice_plain: "embedded voice, plain", apology: "recorded apology",
};
export const sourceWords = (source) => sources[source] ?? source;

export const plainWords = (name) => name.replaceAll("_", " ");

// Who is at the other end, as a person would say it.
export function partyWords(party) {
  if (!party) return "unknown";
  return party.startsWith("client:") ? "this console" : party;
}
export const callTitle = (call) => (call.direction?.startsWith("outbound") ? `to ${partyWords(call.to)}` : partyWords(call.from));

export function milliseconds(value) {
  if (value === null || value === undefined) return "–";
  if (value < 10) return `${value.toFixed(1)} ms`;
  if (value < 1000) return `${Math.round(value)} ms`;
  return `${(value / 1000).toFixed(value < 10_000 ? 2 : 1)} s`;
}

export function size(bytes) {
  if (bytes < 999_500) return `${Math.round(bytes / 1_000)} kB`;
  if (bytes < 999_500_000) return `${(bytes / 1_000_000).toFixed(bytes < 9_950_000 ? 1 : 0)} MB`;
  return `${(bytes / 1_000_000_000).toFixed(1)} GB`;
}

export function duration(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (number) => String(number).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes}:${two(seconds % 60)}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

const clock = new Intl.DateTimeFormat(undefined, {hour: "2-digit", minute: "2-digit", second: "2-digit"});
export const clockTime = (text) => (text ? clock.format(new Date(text)) : "–");

const day = new Intl.DateTimeFormat(undefined, {day: "numeric", month: "short"});
export function dayAndTime(text) {
  const when = new Date(text);
  return when.toDateString() === new Date().toDateString() ? clockTime(text) : `${day.format(when)}, ${clockTime(text)}`;
}

export const count = (number, one, many) => `${number.toLocaleString()} ${number === 1 ? one : many}`;
