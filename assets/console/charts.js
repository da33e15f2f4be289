// Three charts of the last quarter of an hour: calls at once, the wait for the first word, and how calls ended. Made of
// the calls this page knows and of the figures it is told.

import {byId, el, svg} from "./elements.js";
import {clockTime, count, isGood, milliseconds, outcomeWords, plainWords} from "./wording.js";

const width = 360, height = 150, left = 46, right = 10, top = 10, bottom = 22;
const windowMs = 15 * 60_000, stepMs = 5_000;

const plotX = (share) => left + share * (width - left - right);
const plotY = (share) => height - bottom - share * (height - top - bottom);

export class Charts {
  #samples = []; // {at, open}, one a step

  constructor(calls) {
    this.calls = calls;
    this.figures = ["Calls at once", "First word", "How calls ended", "What failed"].map((title) => {
      const figure = el("figure", {}, el("figcaption", {}, el("strong", {}, title), " ", el("span", {class: "note"})), el("div"));
      byId("chart-grid").append(figure);
      return {note: figure.querySelector(".note"), body: figure.querySelector("div")};
    });
    setInterval(() => this.#sample(), stepMs);
    calls.addEventListener("change", () => this.#later());
    this.#draw();
  }

  // A chart need not follow every change.
  #later() {
    const pause = this.begun ? 1_000 : 0;
    this.begun ||= this.calls.figures !== null;
    this.waiting ??= setTimeout(() => {
      this.waiting = null;
      if (!document.hidden) this.#draw();
    }, pause);
  }

  #sample() {
    if (!this.calls.figures) return;
    const now = this.calls.now();
    this.#samples.push({at: now, open: this.calls.figures.calls_open});
    while (this.#samples[0].at < now - windowMs) this.#samples.shift();
    if (!document.hidden) this.#draw();
  }

  #draw() {
    const now = this.calls.now();
    this.#drawConcurrency(now);
    this.#drawFirstWords(now);
    this.#drawBars(2, Object.entries(this.calls.figures?.outcomes ?? {}).map(([name, number]) => ({label: outcomeWords(name), number, tone: isGood(name) ? "good" : "bad"})), "No call has ended yet.");
    this.#drawBars(3, [
      ...Object.entries(this.calls.figures?.errors ?? {}).map(([name, number]) => ({label: plainWords(name), number, tone: "bad"})),
      ...Object.entries(this.calls.figures?.fallbacks ?? {}).map(([name, number]) => ({label: `went on with ${plainWords(name)}`, number, tone: "warn"})),
    ], "Nothing has failed.");
  }

  // What was before this page looked on is told by the calls themselves.
  #concurrency(now) {
    const spans = this.calls.list((call) => call.opened_at).map((call) => [Date.parse(call.opened_at), call.ended_at ? Date.parse(call.ended_at) : Infinity]);
    const sampledFrom = this.#samples[0]?.at ?? Infinity;
    const points = [];
    for (let at = now - windowMs; at <= now; at += stepMs) {
      if (at < sampledFrom) points.push({at, open: spans.filter(([from, to]) => from <= at && at < to).length});
    }
    points.push(...this.#samples);
    points.push({at: now, open: this.calls.figures?.calls_open ?? 0});
    return points;
  }

  #drawConcurrency(now) {
    const points = this.#concurrency(now);
    const most = Math.max(...points.map((point) => point.open));
    const scale = Math.max(niceAbove(most), 4);
    const x = (at) => plotX(Math.max(0, 1 - (now - at) / windowMs)), y = (open) => plotY(open / scale);
    const steps = points.map((point, i) => `${i === 0 ? "M" : `H${x(point.at).toFixed(1)}V`}${i === 0 ? `${x(point.at).toFixed(1)},` : ""}${y(point.open).toFixed(1)}`).join("");
    const area = `${steps}V${y(0)}H${x(points[0].at).toFixed(1)}Z`;
    this.#put(0, `${count(points.at(-1).open, "now", "now")}, ${most} at most`, "calls at once",
      timeGrid(now), valueGrid([0, scale / 2, scale], (value) => plotY(value / scale), String),
      svg("path", {class: "area", d: area}), svg("path", {class: "curve", d: steps}));
  }

  // Half of them may be ten times faster than the rest: a logarithmic scale shows both.
  #drawFirstWords(now) {
    const dots = this.calls.list((call) => call.first_word_ms !== null && call.opened_at && now - Date.parse(call.opened_at) < windowMs);
    const values = dots.map((call) => call.first_word_ms).toSorted((a, b) => a - b);
    const at = (share) => values[Math.min(values.length - 1, Math.floor(share * values.length))];
    const y = (ms) => plotY(Math.min(Math.max(Math.log10(Math.max(ms, 0.1)) + 1, 0), 5) / 5);
    const note = values.length === 0 ? "no call yet" : `median ${milliseconds(at(0.5))}, 95 in 100 below ${milliseconds(at(0.95))}`;
    this.#put(1, note, "wait for the first word, by time",
      timeGrid(now), valueGrid([0.1, 1, 10, 100, 1_000, 10_000], y, (ms) => (ms < 1_000 ? `${ms} ms` : `${ms / 1000} s`)),
      dots.slice(0, 500).map((call) => svg("circle", {
        class: `dot ${call.state === "ended" && !isGood(call.outcome) ? "bad" : "good"}`, r: 3,
        cx: plotX(1 - (now - Date.parse(call.opened_at)) / windowMs), cy: y(call.first_word_ms),
      }, svg("title", {}, `${clockTime(call.opened_at)}: ${milliseconds(call.first_word_ms)}`))));
  }

  #drawBars(which, rows, empty) {
    const shown = rows.filter((row) => row.number > 0).toSorted((a, b) => b.number - a.number).slice(0, 6);
    const most = Math.max(...shown.map((row) => row.number), 1);
    this.figures[which].note.textContent = "since the server started";
    this.figures[which].body.replaceChildren(shown.length === 0 ? el("p", {class: "empty"}, empty)
      : el("ul", {class: "bars"}, shown.map((row) => el("li", {}, el("span", {}, row.label), el("span", {class: "number"}, row.number.toLocaleString()),
        svg("svg", {viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true"},
          svg("rect", {class: "ground", width: 100, height: 6}),
          svg("rect", {class: row.tone, width: Math.max((row.number / most) * 100, 1.5), height: 6}))))));
  }

  #put(which, note, label, ...content) {
    const {note: place, body} = this.figures[which];
    place.textContent = note;
    body.replaceChildren(svg("svg", {viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${label}: ${note}`, class: "picture"}, ...content));
  }
}

function timeGrid(now) {
  return [15, 10, 5, 0].map((minutes) => svg("text", {class: "tick", x: plotX(1 - minutes / 15), y: height - 6, "text-anchor": minutes === 0 ? "end" : "middle"},
    minutes === 0 ? "now" : `−${minutes} min`));
}

function valueGrid(values, y, words) {
  return values.map((value) => svg("g", {class: "grid"}, svg("line", {x1: left, x2: width - right, y1: y(value), y2: y(value)}),
    svg("text", {class: "tick", x: left - 5, y: y(value) + 3.5, "text-anchor": "end"}, words(value))));
}

function niceAbove(value) {
  if (value <= 4) return 4;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 6, 8, 10].map((factor) => factor * power).find((candidate) => candidate >= value);
}
