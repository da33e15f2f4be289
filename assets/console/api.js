// Requests to the server's API. The key, when it wants one, is asked for once and kept for as long as the tab lives.

import {byId} from "./elements.js";

export const prefix = "/api/v1/elevenlabs-twilio";
const keyName = "mouthpiece-api-key";

export class Refused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

let asking = null;

// The new key, or null. However many requests need one meanwhile, it is asked for once.
export function askForKey(reason) {
  asking ??= new Promise((resolve) => {
    const dialog = byId("key-dialog"), field = byId("key-field");
    if (reason) byId("key-reason").textContent = reason;
    field.value = "";
    dialog.returnValue = "cancel";
    dialog.addEventListener("close", () => {
      asking = null;
      const key = dialog.returnValue === "cancel" ? null : field.value.trim();
      if (key) sessionStorage.setItem(keyName, key);
      resolve(key || null);
    }, {once: true});
    dialog.showModal();
  });
  return asking;
}

async function detailOf(response) {
  try {
    return (await response.json()).detail ?? response.statusText;
  } catch {
    return response.statusText || `status ${response.status}`;
  }
}

// A successful response; anything else is thrown as Refused.
export async function request(path, {method = "GET", body, signal} = {}) {
  for (;;) {
    const key = sessionStorage.getItem(keyName);
    const headers = {};
    if (key) headers.Authorization = `Bearer ${key}`;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const response = await fetch(prefix + path, {
      method, headers, signal, cache: "no-store", body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (response.ok) return response;
    const detail = await detailOf(response);
    if (response.status !== 401) throw new Refused(response.status, detail);
    const newer = sessionStorage.getItem(keyName) !== key; // given meanwhile, for another request
    if (!newer && !(await askForKey(key ? "That key is wrong. It must be one of the server's API_KEYS." : undefined)))
      throw new Refused(401, detail);
  }
}

export const json = async (path, options) => (await request(path, options)).json();
export const post = (path, body) => json(path, {method: "POST", body});
