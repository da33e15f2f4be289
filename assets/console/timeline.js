// A call as a picture: when the webhook came and the stream opened, when speech was asked for and arrived, when it was
// heard, and what went wrong in between. Drawn anew from the call's page; without one, nothing is known that is not
// in it.

import {el, svg} from "./elements.js";
import {clockTime, milliseconds, outcomeWords, plainWords, sourceWords} from "./wording.js";

const width = 760, left = 88, right = 16, laneHeight = 30, top = 26;
const lanes = ["Call", "Synthesis", "Heard", "Marks, keys"];
const firstMs = 3_000;

// {lane, from, to, kind, label}: bars; {lane, at, kind, label}: points. Milliseconds after the call's first news.
export function eventsOf(call, now) {
  const zero = Date.parse(call.created_at);
  const at = (text) => Date.parse(text) - zero;
  const end = call.ended_at ? at(call.ended_at) : now - zero;
  const bars = [], points = [{lane: 0, at: 0, kind: "webhook", label: call.direction === "browser" ? "call asked for" : "webhook"}];
  bars.push({lane: 0, from: 0, to: call.opened_at ? at(call.opened_at) : end, kind: "ringing", label: "ringing"});
  if (call.opened_at) {
    bars.push({lane: 0, from: at(call.opened_at), to: end, kind: "stream", label: "stream open"});
    points.push({lane: 0, at: at(call.opened_at), kind: "stream", label: "stream opened"});
    if (call.first_word_ms !== null)
      points.push({lane: 2, at: at(call.opened_at) + call.first_word_ms, kind: "first-word", label: `first word, ${milliseconds(call.first_word_ms)} after the stream`});
  }
  addSynthesis(call, at, end, bars, points);
  for (const one of call.utterances) addUtterance(one, at, end, bars, points);
  if (call.ended_at) points.push({lane: 0, at: end, kind: "end", label: `end: ${outcomeWords(call.outcome)}`});
  return {bars, points, end};
}

// Moments of several utterances follow each other: one is synthesised at a time.
function addSynthesis(call, at, end, bars, points) {
  let asked = null;
  for (const moment of call.moments) {
    const when = at(moment.at);
    if (moment.kind === "speech_asked") {
      if (asked !== null) bars.push({lane: 1, from: asked, to: when, kind: "synthesis", label: "synthesis"});
      asked = when;
    } else if (moment.kind === "speech_complete" && asked !== null) {
      bars.push({lane: 1, from: asked, to: when, kind: "synthesis", label: `synthesis of ${milliseconds(moment.length_ms)}`});
      asked = null;
    } else if (moment.kind === "first_audio") {
      points.push({lane: 1, at: when, kind: "first-audio", label: `first audio: ${sourceWords(moment.what)}`});
    } else if (moment.kind === "speech_failed") {
      points.push({lane: 1, at: when, kind: "failed", label: `failed: ${plainWords(moment.what)}`});
    } else if (moment.kind === "fell_back") {
      points.push({lane: 1, at: when, kind: "fell-back", label: `goes on with ${sourceWords(moment.what)}`});
    } else if (moment.kind === "gap") {
      bars.push({lane: 2, from: when - moment.length_ms, to: when, kind: "gap", label: `gap of ${milliseconds(moment.length_ms)}`});
    } else if (moment.kind === "digit") {
      points.push({lane: 3, at: when, kind: "digit", label: `key ${moment.what}`});
    }
  }
  if (asked === null) return;
  const dropped = call.utterances.find((one) => one.state === "cancelled" && one.kind === "speech" && at(one.ended_at) >= asked);
  bars.push({lane: 1, from: asked, to: dropped ? at(dropped.ended_at) : end, kind: "synthesis", label: dropped ? "synthesis, broken off" : "synthesis"});
}

function addUtterance(one, at, end, bars, points) {
  if (one.kind === "mark") {
    if (one.ended_at) points.push({lane: 3, at: at(one.ended_at), kind: "mark", label: `mark ${one.name}: ${one.state}`});
    return;
  }
  if (!one.begins_at) return;
  const from = at(one.begins_at);
  const heard = one.ended_at ? one.heard_ms : Math.min(Math.max(end - from, one.heard_ms), one.sent_ms);
  if (heard > 0) bars.push({lane: 2, from, to: from + heard, kind: "heard", label: `heard, ${milliseconds(heard)}`});
  if (one.sent_ms > heard)
    bars.push({lane: 2, from: from + heard, to: from + one.sent_ms, kind: one.ended_at ? "dropped" : "sent", label: one.ended_at ? "never heard" : "sent ahead"});
}

// Steps of 1, 2 or 5 times a power of ten, about six of them.
export function ticksOf(span) {
  const rough = span / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough);
  return Array.from({length: Math.floor(span / step) + 1}, (_, i) => i * step);
}

const tickWords = (ms, span) => (span < 1_000 ? `${Math.round(ms)} ms` : `${Number((ms / 1000).toFixed(1))} s`);

export function drawTimeline(figure, call, now, mode) {
  const {bars, points, end} = eventsOf(call, now);
  const last = Math.max(end, ...bars.map((bar) => bar.to));
  const span = Math.max(mode === "first" ? Math.min(firstMs, last) : last, 100);
  const x = (ms) => left + (Math.min(Math.max(ms, 0), span) / span) * (width - left - right);
  const height = top + lanes.length * laneHeight + 22;
  const seen = (from, to) => from <= span && to >= 0;
  const picture = svg("svg", {viewBox: `0 0 ${width} ${height}`, role: "img", "aria-labelledby": "timeline-title", class: "picture"},
    svg("title", {id: "timeline-title"}, summaryOf(call, points)),
    ticksOf(span).map((tick) => svg("g", {class: "grid"},
      svg("line", {x1: x(tick), x2: x(tick), y1: top - 6, y2: height - 20}),
      svg("text", {x: x(tick), y: height - 6, "text-anchor": "middle"}, tickWords(tick, span)))),
    lanes.map((lane, i) => svg("text", {class: "lane", x: 0, y: middleOf(i) + 4}, lane)),
    bars.filter((bar) => seen(bar.from, bar.to)).map((bar) => svg("rect", {
      class: `bar ${bar.kind}`, x: x(bar.from), y: middleOf(bar.lane) - 7, width: Math.max(x(bar.to) - x(bar.from), 1), height: 14, rx: 3,
    }, svg("title", {}, bar.label))),
    points.filter((point) => seen(point.at, point.at)).map((point) => svg("g", {class: `point ${point.kind}`},
      svg("line", {x1: x(point.at), x2: x(point.at), y1: middleOf(point.lane) - 11, y2: middleOf(point.lane) + 11}),
      svg("circle", {cx: x(point.at), cy: middleOf(point.lane) - 11, r: 3.5}),
      svg("title", {}, point.label))));
  const open = figure.querySelector("details")?.open ?? false;
  figure.replaceChildren(el("div", {class: "scroller", tabindex: 0, role: "group", "aria-label": "timeline picture"}, picture), inWords(call, points, open));
}

const middleOf = (lane) => top + lane * laneHeight + laneHeight / 2 - 6;

function summaryOf(call, points) {
  return `Timeline of the call that began at ${clockTime(call.created_at)}: ${points.length} events`;
}

const kinds = [["ringing", "ringing"], ["stream", "stream"], ["synthesis", "synthesis"], ["heard", "heard"], ["sent", "sent ahead"], ["dropped", "never heard"], ["gap", "gap"]];

function legend() {
  return el("ul", {class: "legend"}, kinds.map(([kind, words]) =>
    el("li", {}, svg("svg", {viewBox: "0 0 14 10", width: 14, height: 10, "aria-hidden": "true"}, svg("rect", {class: `bar ${kind}`, width: 14, height: 10, rx: 2})), words)));
}

// The same for who cannot see the picture, or wants the numbers.
function inWords(call, points, open) {
  const ordered = points.toSorted((a, b) => a.at - b.at);
  return el("figcaption", {}, legend(), el("details", {open}, el("summary", {}, "In words"),
    el("ol", {class: "moments"}, ordered.map((point) =>
      el("li", {}, el("span", {class: "number"}, `${(point.at / 1000).toFixed(3)} s`), ` ${point.label}`)))));
}
