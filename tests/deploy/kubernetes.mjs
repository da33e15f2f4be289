// Judges Kubernetes objects, a list of them as JSON on standard input, by the types of Kubernetes 1.27 (npm kubernetes-models); prints a list of
// what is wrong. Its validators pass over a field they do not know, as Kubernetes does, which drops it: here a field that
// the validator has never looked at is unknown, so a misspelled one is found.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(new URL("../node/", import.meta.url));

class Watched {
  #seen = new Map(); // object -> the keys that were asked for

  of(object) {
    const seen = this.#seen.get(object) ?? new Set();
    this.#seen.set(object, seen);
    return new Proxy(object, {
      get: (target, key, self) => {
        seen.add(key);
        const value = Reflect.get(target, key, self);
        return value !== null && typeof value === "object" ? this.of(value) : value;
      },
    });
  }

  *unseen(object, path) {
    for (const [key, value] of Object.entries(object)) {
      if (!this.#seen.get(object)?.has(key)) yield `${path}/${key} is no field`;
      else if (value !== null && typeof value === "object") yield* this.unseen(value, `${path}/${key}`);
    }
  }
}

function* problemsOf(object) {
  let Kind;
  try {
    Kind = require(`kubernetes-models/${object.apiVersion}`)[object.kind];
  } catch {}
  if (Kind === undefined) return yield `${object.apiVersion} has no ${object.kind}`;
  const name = `${object.kind} ${object.metadata?.name}`;
  const model = new Kind(object);
  const watched = new Watched();
  try {
    watched.of(model).validate();
  } catch (error) {
    yield `${name}: ${error.message}`;
  }
  yield* watched.unseen(model, `${name}: `);
}

const objects = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(objects.flatMap((object) => [...problemsOf(object)])));
