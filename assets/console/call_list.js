// The list of calls. Rows are kept by CallSid and only touched where something has changed.

import {progressOf} from "./calls.js";
import {byId, choice, el, replaceKeepingFocus, setText} from "./elements.js";
import {loudnessMeter, showLevel} from "./loudness.js";
import {callTitle, clockTime, count, duration, milliseconds, partyWords, stateTone, stateWords, utteranceWords} from "./wording.js";

const rowsMax = 200; // more than anybody reads; the rest is counted

const filters = {
  running: ["Running", (call) => call.state !== "ended"],
  ended: ["Ended", (call) => call.state === "ended"],
  all: ["All", () => true],
};

export class CallList {
  #rows = new Map(); // by CallSid
  #filter = "all";
  #selected = null;
  #body = el("tbody");
  #more = el("p", {class: "note"});
  #empty = el("p", {class: "empty"}, "No calls yet. Call the number, or call from this page: the first one appears here at once.");
  #table;

  constructor(calls, onselect) {
    this.calls = calls;
    this.onselect = onselect;
    this.#table = el("table", {class: "calls"},
      el("caption", {class: "unseen"}, "Calls, the latest first"),
      el("thead", {}, el("tr", {}, ["State", "Caller", "Being said", "First word", "Length", "Began"].map((title) => el("th", {scope: "col"}, title)))),
      this.#body);
    byId("call-list").append(this.#table, this.#empty, this.#more);
    choice(byId("filter"), "filter", Object.entries(filters).map(([key, [label]]) => [key, label]), this.#filter, (key) => {
      this.#filter = key;
      this.#draw();
    });
    calls.addEventListener("change", () => this.#draw());
    setInterval(() => this.#tick(), 500);
  }

  select(sid) {
    this.#rows.get(this.#selected)?.line.removeAttribute("aria-selected");
    this.#selected = sid;
    this.#rows.get(sid)?.line.setAttribute("aria-selected", "true");
  }

  #draw() {
    const wanted = this.calls.list(filters[this.#filter][1]);
    const shown = wanted.slice(0, rowsMax);
    const lines = shown.map((call) => this.#lineOf(call));
    replaceKeepingFocus(this.#body, lines);
    if (this.#rows.size > 3 * rowsMax) this.#rows = new Map(shown.map((call) => [call.call_sid, this.#rows.get(call.call_sid)]));
    this.#table.hidden = lines.length === 0;
    this.#empty.hidden = lines.length > 0;
    this.#more.hidden = wanted.length <= rowsMax;
    setText(this.#more, `and ${count(wanted.length - rowsMax, "older one", "older ones")}`);
  }

  #lineOf(call) {
    let row = this.#rows.get(call.call_sid);
    if (!row) this.#rows.set(call.call_sid, (row = this.#newRow(call.call_sid)));
    this.#fillLevel(row, call);
    if (row.call === call) return row.line;
    row.call = call;
    row.state.dataset.tone = stateTone(call);
    setText(row.state, stateWords(call));
    setText(row.name, callTitle(call));
    setText(row.to, call.direction?.startsWith("outbound") ? "" : call.to ? `to ${partyWords(call.to)}` : "");
    setText(row.firstWord, milliseconds(call.first_word_ms));
    setText(row.began, clockTime(call.created_at));
    this.#fillSaying(row);
    this.#fillTimes(row);
    return row.line;
  }

  #newRow(sid) {
    const row = {
      state: el("span", {class: "state"}),
      name: el("button", {type: "button", class: "link", click: () => this.onselect(sid)}),
      to: el("span", {class: "note"}),
      level: loudnessMeter(),
      words: el("span", {class: "words"}),
      progress: el("progress", {max: 1, value: 0, "aria-label": "heard of what is being said"}),
      firstWord: el("td", {class: "number", "data-label": "first word"}),
      length: el("td", {class: "number", "data-label": "length"}),
      began: el("td", {class: "number", "data-label": "began"}),
    };
    row.line = el("tr", {"data-sid": sid, "aria-selected": sid === this.#selected && "true"},
      el("td", {}, row.state), el("td", {class: "caller"}, row.name, row.to, row.level), el("td", {class: "saying"}, row.words, row.progress),
      row.firstWord, row.length, row.began);
    row.line.addEventListener("click", (event) => event.target.closest("button") ?? this.onselect(sid));
    return row;
  }

  #fillLevel({level}, call) {
    level.hidden = !showLevel(level, call.state === "open" ? this.calls.levels.get(call.call_sid) : undefined);
  }

  #fillSaying(row) {
    const saying = row.call.being_said;
    row.progress.hidden = !saying;
    setText(row.words, saying ? (saying.text ?? utteranceWords(saying.state)) : row.call.digits ? `keys ${row.call.digits}` : "");
  }

  #fillTimes({call, length, progress}) {
    const begun = call.opened_at ?? call.created_at;
    setText(length, call.opened_at ? duration((call.ended_at ? Date.parse(call.ended_at) : this.calls.now()) - Date.parse(begun)) : "–");
    if (call.being_said) {
      const {heard, sent} = progressOf(call.being_said, this.calls.now());
      progress.max = Math.max(sent, 1);
      progress.value = heard;
    }
  }

  #tick() {
    if (document.hidden) return;
    for (const line of this.#body.children) {
      const row = this.#rows.get(line.dataset.sid);
      if (row?.call.state === "open") this.#fillTimes(row);
    }
  }
}
