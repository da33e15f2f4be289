// How loud a caller is, as a bar.

import {el} from "./elements.js";

const silence = -60; // dBFS; the server tells nothing below

export const loudnessMeter = () =>
  el("meter", {class: "loudness", min: silence, max: 0, value: silence, "aria-label": "loudness of the caller"});

// False when there is nothing to show.
export function showLevel(meter, dbfs) {
  if (dbfs === undefined) return false;
  if (meter.value !== dbfs) {
    meter.value = dbfs;
    meter.title = dbfs <= silence ? "the caller is silent" : `the caller, ${dbfs} dBFS`;
  }
  return true;
}
