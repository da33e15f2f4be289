#!/usr/bin/env python3
"""Calls spoken by the ElevenLabs stand-in: what the caller hears is, byte for byte, what it said."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import requests

from audio import framed, pcm_in_wav, pcm_of
from checks import check, check_equal, run
from programs import DEFAULT_VOICE, Server, StandIn, place_call

GREETING = (
    "Good evening {name}, you are calling from {from} to the number {to}. "
    "This is the second sentence of what we have to tell you."
)
OTHER_VOICE = "JBFqnCBsd6RMkjVDRZzb"


class Tap:
    """Stands between server and stand-in and keeps what the server asked for: method, target, headers, body."""

    def __init__(self, standin):
        self.seen = []
        tap = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                tap.seen.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                passed_on = {name: self.headers[name] for name in ("xi-api-key", "Content-Type")}
                answer = requests.post(standin.url + self.path, data=body, headers=passed_on, timeout=30)
                self.send_response(answer.status_code)
                self.send_header("Content-Type", answer.headers["Content-Type"])
                self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


def the_audio_heard_is_what_was_said():
    with StandIn() as standin, Server(standin.settings() | {"GREETING": GREETING}) as server:
        result = place_call(server, "--from", "+15550001111", "--to", "+15550002222", query="?name=Ada%20L%C3%B3pez")
        requests_made = standin.requests_seen()
        texts = [request["text"] for request in requests_made]
        expected_text = GREETING.format(name="Ada López", to="+15550002222", **{"from": "+15550001111"})
        check_equal("".join(texts), expected_text, "{from}, {to} and {name} of ?name= are filled in, nothing is lost")
        check_equal(len(texts), 2, "one request a sentence, each once")
        check(
            all(request["target"] == f"/v1/text-to-speech/{DEFAULT_VOICE}/stream?output_format=ulaw_8000" for request in requests_made),
            "the default voice, streamed as mu-law at 8 kHz", requests_made,
        )  # fmt: skip
        said = b"".join(standin.audio_of(text) for text in texts)
        check(result.heard == framed(said), "heard and said are the same bytes", (len(result.heard), len(said)))
        check_equal(result.status, 0, "no gap, no warning")
        check(server.log_lines("source=elevenlabs_http"), "the log names the source")

        again = pcm_in_wav(server.synthesise(expected_text).content)
        check(again == pcm_of(said), "POST /test-synthesis gives the same samples")
        check_equal(len(standin.requests_seen()), 4, "from the cache: ElevenLabs was not asked again")  # 2 were our own


def a_voice_chosen_on_the_webhook_reaches_elevenlabs():
    with StandIn() as standin, Server(standin.settings() | {"GREETING": "A single sentence in the voice of another man."}) as server:
        result = place_call(server, "--quiet", "300", query=f"?voice_id={OTHER_VOICE}")
        seen = standin.requests_seen()
        check(
            [request["target"].split("/")[3] for request in seen] == [OTHER_VOICE],
            "?voice_id= on the webhook is the voice asked for", seen,
        )  # fmt: skip
        text = seen[0]["text"]
        check(result.heard == framed(standin.audio_of(text, OTHER_VOICE)), "and the voice heard")
        check(standin.audio_of(text, OTHER_VOICE) != standin.audio_of(text), "which is not the default voice")

        wild = place_call(server, "--quiet", "300", query="?voice_id=..%2F..%2Fv1%2Fvoices")
        check(wild.heard == framed(standin.audio_of(text)), "a voice_id that is none falls back to the default voice")
        check(
            all("voices" not in request["target"] for request in standin.requests_seen()),
            "and never becomes part of a path",
        )


def the_request_is_as_specified():
    greeting = "This one sentence is here to be looked at closely."
    settings = {"GREETING": greeting, "MODEL_ID": "eleven_turbo_v2_5", "LANGUAGE_CODE": "en"}
    with StandIn() as standin, Tap(standin) as tap:
        with Server(standin.settings() | {"ELEVENLABS_BASE_URL": tap.url + "/"} | settings) as server:
            place_call(server, "--quiet", "100")
            server.synthesise("A different one, spoken louder.", voice_settings={"stability": 0.3, "speed": 1.1})
        method, target, headers, body = tap.seen[0]
        check_equal(method, "POST", "text-to-speech is a POST")
        address = urlsplit(target)
        check_equal(address.path, f"/v1/text-to-speech/{DEFAULT_VOICE}/stream", "to the streaming endpoint")
        check_equal(parse_qs(address.query)["output_format"], ["ulaw_8000"], "in Twilio's own format")
        check_equal(headers["xi-api-key"], standin.settings()["ELEVEN_LABS_API_KEY"], "with the key in its header")
        check_equal(headers["content-type"].split(";")[0], "application/json", "as JSON")
        asked = json.loads(body)
        check_equal(asked["text"], greeting, "with the text")
        check_equal(asked["model_id"], "eleven_turbo_v2_5", "the model configured")
        check_equal(asked["language_code"], "en", "the language configured")
        check_equal(
            asked["voice_settings"],
            {"stability": 0.5, "similarity_boost": 0.75, "style": 0.0, "use_speaker_boost": True, "speed": 1.0},
            "and the specification's voice settings",
        )
        check_equal(
            json.loads(tap.seen[1][3])["voice_settings"],
            {"stability": 0.3, "similarity_boost": 0.75, "style": 0.0, "use_speaker_boost": True, "speed": 1.1},
            "voice settings of a request win, the others stay",
        )


def the_voice_settings_can_be_configured():
    settings = {
        "VOICE_STABILITY": "0.25", "VOICE_SIMILARITY_BOOST": "1", "VOICE_STYLE": "0.1", "VOICE_SPEED": "0.9",
        "VOICE_SPEAKER_BOOST": "false", "VOICE_ID": OTHER_VOICE,
    }  # fmt: skip
    with StandIn() as standin, Tap(standin) as tap:
        with Server(standin.settings() | {"ELEVENLABS_BASE_URL": tap.url} | settings) as server:
            answer = server.synthesise("Something that is said slowly.")
        check_equal(answer.status_code, 200, "a text is spoken with settings of one's own")
        check(f"/{OTHER_VOICE}/" in tap.seen[0][1], "VOICE_ID is the default voice", tap.seen[0][1])
        check_equal(
            json.loads(tap.seen[0][3])["voice_settings"],
            {"stability": 0.25, "similarity_boost": 1.0, "style": 0.1, "use_speaker_boost": False, "speed": 0.9},
            "VOICE_STABILITY and its sisters reach ElevenLabs",
        )


def each_sentence_is_asked_for_with_its_neighbours():
    first, second = "This is the first sentence of two. ", "And this is the second one of them."
    with StandIn() as standin, Tap(standin) as tap:
        with Server(standin.settings() | {"ELEVENLABS_BASE_URL": tap.url, "GREETING": first + second}) as server:
            place_call(server, "--quiet", "100")
        asked = [json.loads(body) for *_, body in tap.seen]
        check_equal([body["text"] for body in asked], [first, second], "one request a sentence")
        check_equal([body.get("next_text") for body in asked], [second, None], "with what follows it")
        check_equal([body.get("previous_text") for body in asked], [None, first], "and what came before, for intonation")


def the_plan_is_used_whole_and_not_overdrawn():
    calls = 9
    with StandIn("--plan", "3", "--first-byte-ms", "20") as standin:
        settings = {"GREETING": "Caller {name}, this is a sentence of your own.", "ELEVENLABS_MAX_REQUESTS": 3}
        with Server(standin.settings() | settings) as server:
            result = place_call(server, "--calls", str(calls), "--rate", "1000", "--quiet", "100", query="?name={n}")
            check_equal(result.summary["heard_speech"], calls, "nine callers at once are spoken to")
            check_equal(server.log_lines("speech f"), [], "nobody is refused, and nobody hears another voice")
        check_equal(standin.log_of_requests()["in_progress_most"], 3, "with as many requests as the plan allows, over two loops")


if __name__ == "__main__":
    run(
        the_audio_heard_is_what_was_said,
        a_voice_chosen_on_the_webhook_reaches_elevenlabs,
        the_request_is_as_specified,
        the_voice_settings_can_be_configured,
        each_sentence_is_asked_for_with_its_neighbours,
        the_plan_is_used_whole_and_not_overdrawn,
        at_once=5,
    )
