// Puts the page together: the calls, and the parts that show them.

import {askForKey} from "./api.js";
import {CallDetails} from "./call_details.js";
import {CallList} from "./call_list.js";
import {Calls} from "./calls.js";
import {Charts} from "./charts.js";
import {byId, el, setText} from "./elements.js";
import {follow} from "./live.js";
import {Phone} from "./phone.js";
import {RecordingList} from "./recording_list.js";
import {VoiceTest} from "./voice_test.js";
import {count, isGood, milliseconds, size} from "./wording.js";

const calls = new Calls();
const details = new CallDetails(calls);
const list = new CallList(calls, (sid) => details.show(sid));
details.onshown = (sid) => list.select(sid);
new Charts(calls);
const recordings = new RecordingList(calls, {
  oncall: (sid) => details.show(sid),
  onlisted: ({bytes, bytes_max: most}) => setText(byId("recordings-room"), `${size(bytes)} of ${size(most)}`),
});
byId("recordings-body").append(recordings.element);
new VoiceTest(calls);
new Phone(calls, (sid) => details.show(sid, {quietly: true}));

byId("key").addEventListener("click", async () => {
  if (await askForKey("The key for this server's API. It is kept in this tab until you close it.")) location.reload();
});

const tiles = [
  ["running", "Calls now"],
  ["first-word", "First word, median"],
  ["ended", "Calls ended"],
  ["failed", "Calls gone wrong"],
].map(([name, label]) => {
  const value = el("dd", {}, "–");
  const note = el("dd", {class: "note"});
  byId("tiles").append(el("div", {class: "tile", id: `tile-${name}`}, el("dt", {}, label), value, note));
  return {value, note};
});

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted.length === 0 ? null : sorted[Math.floor(sorted.length / 2)];
}

calls.addEventListener("change", () => {
  const {server, figures} = calls;
  if (server) {
    const voice = server.elevenlabs_configured ? "ElevenLabs voices" : "embedded voice (no ElevenLabs key)";
    setText(byId("server"), `${server.version} · ${voice}`);
    setText(byId("instance"), `instance ${server.instance}`);
  }
  if (!figures) return;
  byId("recordings").hidden = !figures.recordings;
  document.title = figures.calls_open > 0 ? `${count(figures.calls_open, "call", "calls")} · Mouthpiece` : "Mouthpiece";
  const ended = Object.entries(figures.outcomes);
  const sum = (entries) => entries.reduce((total, [, number]) => total + number, 0);
  const bad = ended.filter(([outcome]) => !isGood(outcome));
  const firstWords = calls.list().slice(0, 200).map((call) => call.first_word_ms).filter((value) => value !== null);
  show(0, String(figures.calls_open), figures.draining ? "finishing, no new ones"
    : figures.calls_announced > 0 ? count(figures.calls_announced, "rings", "ring") : `of ${figures.calls_max.toLocaleString()} at most`);
  show(1, milliseconds(median(firstWords)), firstWords.length > 0 ? `of the latest ${count(firstWords.length, "call", "calls")}` : "no call yet");
  show(2, sum(ended).toLocaleString(), `${(figures.outcomes.completed ?? 0).toLocaleString()} heard to the end`);
  show(3, sum(bad).toLocaleString(), count(figures.underruns, "gap in speech", "gaps in speech"));
});

function show(tile, value, note) {
  setText(tiles[tile].value, value);
  setText(tiles[tile].note, note);
}

follow({
  hello: (server) => calls.hello(server),
  calls: (rows) => calls.take(rows),
  levels: (levels) => calls.takeLevels(levels),
  figures: (figures) => calls.takeFigures(figures),
}, (state, words) => {
  const line = byId("line");
  line.dataset.state = state;
  setText(line, words);
});
