// One line per check, every scenario run to its end, and an exit status that tells whether all held.

let passed = 0, failed = 0;

export function check(holds, what, detail = "") {
  if (holds) ++passed;
  else ++failed;
  console.log(holds ? `ok    ${what}` : `FAIL  ${what}${detail === "" ? "" : `\n      ${typeof detail === "string" ? detail : JSON.stringify(detail)}`}`);
  return holds;
}

export const checkEqual = (found, expected, what) =>
  check(JSON.stringify(found) === JSON.stringify(expected), what, `found    ${JSON.stringify(found)}\n      expected ${JSON.stringify(expected)}`);

// The first true value of `condition`. Asks often; gives up loudly.
export async function waitUntil(condition, what, seconds = 20) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`after ${seconds} s still not: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export async function run(...scenarios) {
  for (const scenario of scenarios) {
    try {
      await scenario();
    } catch (failure) {
      check(false, `${scenario.name.replaceAll("_", " ")}: runs to its end`, failure.stack);
    }
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}
