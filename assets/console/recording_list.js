// Recordings of all calls or of one: listed, played with a picture of both sides, and deleted. The server tells when
// there is a new one; the list is then asked for.

import {json, request} from "./api.js";
import {byId, el, replaceKeepingFocus, setText} from "./elements.js";
import {decodeByte} from "./mulaw.js";
import {peaksOf, Waveform} from "./waveform.js";
import {callTitle, dayAndTime, duration, size} from "./wording.js";

const shownFirst = 20, shownMax = 1_000; // the server lists no more
const stateNotes = {cut: "broken off", being_written: "being recorded"};
const pathOf = (recording) => `/recordings/${encodeURIComponent(recording.name)}`;

export class RecordingList {
  element = el("div", {class: "recordings"});
  #sid; // undefined: of all calls; null: of none
  #shown = shownFirst;
  #figures = null; // for which it was asked
  #asking = false;
  #again = false;
  #rows = new Map();
  #playing = null; // its name
  #url = null;

  // onlisted hears of every answer; oncall, when given, shows the call with this CallSid.
  constructor(calls, {sid, oncall, onlisted}) {
    this.calls = calls;
    this.oncall = oncall;
    this.onlisted = onlisted;
    this.#sid = sid;
    this.list = el("ul");
    this.empty = el("p", {class: "empty", hidden: true}, "Nothing has been recorded yet.");
    this.more = el("button", {type: "button", class: "quiet", hidden: true, click: () => ((this.#shown = shownMax), this.#refresh())}, "Show all");
    this.told = el("p", {class: "note", role: "status", tabindex: -1});
    this.player = el("audio", {controls: true, hidden: true});
    this.wave = new Waveform(this.player, "waveform, the caller above");
    this.save = el("a", {hidden: true}, "Save as a file");
    this.element.append(this.list, this.empty, this.more, this.told, this.wave.element, this.player, this.save);
    calls.addEventListener("change", () => {
      const figures = JSON.stringify(calls.figures?.recordings ?? null);
      if (figures === this.#figures) return;
      this.#figures = figures;
      this.#refresh();
    });
  }

  of(sid) {
    this.#sid = sid;
    this.#stop();
    setText(this.told, "");
    this.#draw([]);
    return this.#refresh();
  }

  // One question at a time; news meanwhile asks once more.
  async #refresh() {
    this.#again = true;
    if (this.#asking) return;
    this.#asking = true;
    while (this.#again && this.#sid !== null && this.calls.figures?.recordings) {
      this.#again = false;
      const sid = this.#sid;
      try {
        const page = await json(`/recordings?limit=${this.#shown}${sid === undefined ? "" : `&call_sid=${encodeURIComponent(sid)}`}`);
        if (sid !== this.#sid) continue;
        this.#draw(page.recordings);
        this.onlisted?.(page);
      } catch (failure) {
        setText(this.told, failure.message);
      }
    }
    this.#asking = false;
  }

  #draw(recordings) {
    const rows = new Map();
    for (const recording of recordings) {
      const call = this.calls.known.get(recording.call_sid);
      const key = JSON.stringify([recording, Boolean(call)]);
      rows.set(key, this.#rows.get(key) ?? this.#newRow(recording, call));
    }
    this.#rows = rows;
    replaceKeepingFocus(this.list, [...rows.values()]);
    this.empty.hidden = this.#sid !== undefined || recordings.length > 0;
    this.more.hidden = recordings.length < this.#shown || this.#shown === shownMax;
  }

  #newRow(recording, call) {
    const when = dayAndTime(recording.began_at);
    const note = [duration(recording.length_ms), size(recording.bytes), stateNotes[recording.state]].filter(Boolean).join(" · ");
    const whose = this.oncall && (call ? el("button", {type: "button", class: "link", click: () => this.oncall(call.call_sid)}, callTitle(call)) : el("span", {}, recording.call_sid ?? "unknown"));
    return el("li", {"data-name": recording.name, "data-state": recording.state, "aria-current": recording.name === this.#playing && "true"},
      el("span", {class: "what"}, el("span", {class: "number"}, when), whose, el("span", {class: "note number"}, note)),
      el("span", {class: "buttons"},
        el("button", {type: "button", class: "quiet play", "aria-label": `Play the recording of ${when}`, click: () => this.#play(recording)}, "Play"),
        el("button", {type: "button", class: "quiet danger", "aria-label": `Delete the recording of ${when}`, disabled: recording.state === "being_written",
          click: () => this.#remove(recording, `It began ${when} and is ${duration(recording.length_ms)} long. Nobody can bring it back.`)}, "Delete")));
  }

  async #play(recording) {
    setText(this.told, "Fetching it …");
    try {
      const bytes = await (await request(pathOf(recording))).arrayBuffer();
      this.#stop();
      this.#url = URL.createObjectURL(new Blob([bytes], {type: "audio/wav"}));
      this.#show(recording.name);
      this.player.src = this.save.href = this.#url;
      this.save.download = `${recording.name}.wav`;
      this.player.hidden = this.save.hidden = false;
      this.wave.draw(sidesOf(bytes));
      setText(this.told, "Above: the caller. Below: what was said to them.");
      await this.player.play();
    } catch (failure) {
      if (failure.name !== "NotAllowedError" && failure.name !== "AbortError") setText(this.told, failure.message); // else the player is there, and one more click
    }
  }

  #stop() {
    this.player.pause();
    this.player.hidden = this.save.hidden = true;
    this.wave.hide();
    URL.revokeObjectURL(this.#url);
    this.#url = null;
    this.#show(null);
  }

  #show(name) {
    this.#playing = name;
    for (const row of this.list.children) {
      if (row.dataset.name === name) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
  }

  async #remove(recording, what) {
    if (!(await wantsToDelete(what))) return;
    try {
      await request(pathOf(recording), {method: "DELETE"});
      if (recording.name === this.#playing) this.#stop();
      setText(this.told, "It is deleted.");
      await this.#refresh();
      this.told.focus({preventScroll: true}); // the button is gone
    } catch (failure) {
      setText(this.told, failure.message);
    }
  }
}

function wantsToDelete(what) {
  const dialog = byId("delete-dialog");
  setText(byId("delete-what"), what);
  dialog.returnValue = "keep";
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "delete"), {once: true});
    dialog.showModal();
  });
}

// Of a stereo mu-law WAV file, the caller's side first.
export function sidesOf(buffer) {
  const bytes = new Uint8Array(buffer), view = new DataView(buffer);
  const data = 0x64_61_74_61; // "data", the chunk with the samples
  let at = 12;
  while (at + 8 < bytes.length && view.getUint32(at) !== data) at += 8 + view.getUint32(at + 4, true);
  const begin = Math.min(at + 8, bytes.length), frames = Math.floor((bytes.length - begin) / 2);
  return [0, 1].map((side) => peaksOf(frames, (i) => decodeByte(bytes[begin + 2 * i + side])));
}
