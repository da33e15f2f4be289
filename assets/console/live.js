// The server's live feed. EventSource cannot send a key, so its format is read here from a streamed answer.

import {request, Refused} from "./api.js";

const pauseFirst = 500, pauseMax = 10_000;

// Calls handlers[event](data) for each event of the stream, and `line(state)` with "live", "lost" or why not.
export async function follow(handlers, line) {
  for (let pause = pauseFirst; ; pause = Math.min(pause * 2, pauseMax)) {
    try {
      const response = await request("/live");
      line("live", "live");
      pause = pauseFirst;
      await readEvents(response.body, handlers);
      line("lost", "connection lost, trying again");
    } catch (failure) {
      const refused = failure instanceof Refused;
      if (failure.status === 401) return line("refused", "no API key"); // asked for, and not given: the button asks again
      line(refused ? "refused" : "lost", refused ? failure.message : "server not reached, trying again");
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

export async function readEvents(stream, handlers) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const {value, done} = await reader.read();
    if (done) return;
    text += value;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      dispatch(text.slice(0, end), handlers);
      text = text.slice(end + 2);
    }
  }
}

function dispatch(block, handlers) {
  let name = "message";
  const data = [];
  for (const line of block.split("\n")) {
    if (line.startsWith("event: ")) name = line.slice(7);
    if (line.startsWith("data: ")) data.push(line.slice(6));
  }
  if (data.length > 0) handlers[name]?.(JSON.parse(data.join("\n")));
}
