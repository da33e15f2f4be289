// The picture of what a player plays out: one track below the other, and how far it is.

import {el, svg} from "./elements.js";

const bins = 240, trackHeight = 64;
let pictures = 0;

export class Waveform {
  #pictureId = `played-${++pictures}`;

  constructor(player, label) {
    this.player = player;
    this.label = label;
    this.element = el("div", {class: "wave", hidden: true});
    for (const event of ["timeupdate", "ended", "seeked"]) player.addEventListener(event, () => this.#showPlayed());
  }

  // Each track as from peaksOf().
  draw(tracks) {
    const height = trackHeight * tracks.length;
    const shape = tracks.map((peaks, i) => shapeOf(peaks, trackHeight * (i + 0.5))).join("");
    this.played = svg("rect", {width: 0, height});
    this.element.hidden = false;
    this.element.classList.toggle("two", tracks.length > 1);
    this.element.replaceChildren(svg("svg", {viewBox: `0 0 ${bins} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": this.label},
      svg("clipPath", {id: this.#pictureId}, this.played),
      svg("path", {class: "wave-all", d: shape}), svg("path", {class: "wave-played", d: shape, "clip-path": `url(#${this.#pictureId})`})));
  }

  hide() {
    this.element.hidden = true;
  }

  #showPlayed() {
    const {currentTime, duration, ended} = this.player;
    this.played?.setAttribute("width", ended ? bins : (currentTime / (duration || 1)) * bins);
  }
}

// The loudest of each bin's samples, from 0 to 1; sampleAt(i) tells a sample.
export function peaksOf(length, sampleAt) {
  return Array.from({length: bins}, (_, bin) => {
    let peak = 0;
    const end = Math.floor(((bin + 1) * length) / bins);
    for (let i = Math.floor((bin * length) / bins); i < end; ++i) peak = Math.max(peak, Math.abs(sampleAt(i)));
    return peak;
  });
}

// Drawn to both sides of the middle.
function shapeOf(peaks, middle) {
  return peaks.map((peak, bin) => {
    const reach = Math.max((peak * trackHeight) / 2, 0.5);
    return `M${bin + 0.15},${(middle - reach).toFixed(1)}h.7v${(2 * reach).toFixed(1)}h-.7z`;
  }).join("");
}
