#!/usr/bin/env python3
"""The settings: wrong values stop the start with a sentence that names them; .env, environment and flags, in that order."""

import os
import re
import socket

import requests

from checks import check, check_equal, run
from programs import Program, Server, new_directory, program, wait_until

# Each setting that can be wrong, with values that are.
WRONG = {
    "PORT": ["http", "-1", "70000", "80 "],
    "THREADS": ["0", "two"],
    "WEBHOOK_BASE_URL": ["phone.example.org", "ftp://phone.example.org", "https://", "https://a?b"],
    "BASE_URL": ["localhost:8001"],
    "ELEVENLABS_BASE_URL": ["api.elevenlabs.io"],
    "VOICE_ID": ["../x", "a" * 65],
    "MODEL_ID": ["eleven_v3"],
    "VOICE_STABILITY": ["1.1", "high"],
    "VOICE_SIMILARITY_BOOST": ["-0.1", "nan"],
    "VOICE_STYLE": ["2"],
    "VOICE_SPEED": ["0.5", "2"],
    "VOICE_SPEAKER_BOOST": ["yes"],
    "GREETING": ["Hello {from", "Hello }", "Hello {}"],
    "AFTER_SPEECH": ["leave"],
    "CALLER_AUDIO": ["loud"],
    "LEAD_MS": ["0", "soon", "99999999"],
    "MAX_CALL_SECONDS": ["0"],
    "MAX_CALLS": ["0", "many"],
    "DRAIN_SECONDS": ["-1"],
    "MAX_CONNECTIONS": ["0", "many"],
    "MAX_CONNECTIONS_PER_ADDRESS": ["0"],
    "MAX_WAITING_CONNECTIONS": ["1"],
    "MAX_LIVE_LISTENERS": ["-1", "all"],
    "SOFTPHONE": ["yes"],
    "UNLIMITED_FROM": ["localhost", "10.0.0.0/33", "127.0.0.1;::1"],
    "MAX_LOOP_LAG_MS": ["-1", "much"],
    "CALLS_PER_CALLER_PER_MINUTE": ["-1"],
    "REQUESTS_PER_SECOND": ["-1"],
    "REFUSALS_PER_SECOND": ["few"],
    "REQUEST_TIMEOUT_SECONDS": ["0"],
    "IDLE_TIMEOUT_SECONDS": ["0"],
    "RECORD": ["yes", "true"],  # there is no RECORDINGS_DIR
    "RECORDINGS_MB": ["0", "much"],
    "RECORDINGS_DAYS": ["-1"],
    "LOG_LEVEL": ["loud"],
    "LOG_FORMAT": ["xml"],
}


def refusal(settings=None, flags=(), directory=None, arguments=("serve",)):
    """Exit status (None when it serves all the same) and output of a start that should not succeed."""
    with Program([program("mouthpiece"), *arguments, *flags], {"PORT": 0, "HOST": "127.0.0.1"} | (settings or {}), directory) as refused:
        wait_until(lambda: refused.process.poll() is not None or "serving" in refused.log(), 30, "it starts or ends")
        return refused.process.poll(), refused.log()


def check_refusal(result, named, what):
    status, output = result
    lines = output.strip().splitlines()
    sentence = len(lines) == 1 and lines[0].startswith("mouthpiece: ") and named in lines[0] and lines[0].endswith(".")
    check(status == 2 and sentence, f"{what}: {output.strip()}", f"exit status {status}")


def wrong_values_stop_the_start():
    for name, values in WRONG.items():
        for value in values:
            check_refusal(refusal({name: value}), name, f"{name}={value[:20]}")


def wrong_flags_stop_the_start():
    check_refusal(refusal(flags=["--port", "x"]), "--port", "--port x")
    check_refusal(refusal(flags=["--lead-ms=x"]), "--lead-ms", "--lead-ms=x")
    check_refusal(refusal(flags=["--port"]), "--port", "--port without a value")
    check_refusal(refusal(flags=["--colour", "red"]), "--colour", "an unknown flag")
    check_refusal(refusal(arguments=("sing",)), "sing", "an unknown command")


def directory_with_dotenv(text):
    directory = new_directory()
    with open(os.path.join(directory, ".env"), "w", encoding="utf-8") as file:
        file.write(text)
    return directory


def a_wrong_dotenv_stops_the_start():
    check_refusal(refusal(directory=directory_with_dotenv("LOG_LEVEL=loud\n")), "LOG_LEVEL", "a wrong value in .env")
    check_refusal(refusal(directory=directory_with_dotenv("\nthis is no setting\n")), ".env line 2", "a line that is none")
    check_refusal(refusal(directory=directory_with_dotenv('GREETING="Hello\n')), ".env line 1", "a quote that is not closed")


def dotenv_is_read():
    dotenv = (
        "# a comment\n\nexport LOG_LEVEL=debug   # the rest is a comment\n"
        "TWILIO_AUTH_TOKEN='quoted # not a comment'\r\nELEVENLABS_API_KEY=\"sk_from_dotenv\"\nMAX_CALLS=7\n"
    )
    with Server(directory=directory_with_dotenv(dotenv)) as server:
        health = server_health(server)
        check(health["elevenlabs_configured"], ".env: ELEVENLABS_API_KEY, the other name of the key, is read")
        check(health["signatures_checked"], ".env: TWILIO_AUTH_TOKEN is read")
        check(not server.log_lines("no TWILIO_AUTH_TOKEN"), ".env: and the warning is gone")


def server_health(server):
    return requests.get(server.api("/test"), timeout=10).json()


def length_of_a_sentence_ms(server):
    return float(server.synthesise("How long does it take to say this sentence aloud?").headers["X-Audio-Ms"])


def a_flag_beats_the_environment_and_that_beats_dotenv():
    directory = directory_with_dotenv("VOICE_SPEED=5\nLOG_LEVEL=debug\n")
    check_refusal(refusal(directory=directory), "VOICE_SPEED", ".env alone is believed")
    with Server({"VOICE_SPEED": "1.2"}, directory=directory) as server:
        fast = length_of_a_sentence_ms(server)
    with Server({"VOICE_SPEED": "0.7"}, directory=directory) as server:
        slow = length_of_a_sentence_ms(server)
    check(fast < 0.8 * slow, f"the environment beats .env: {fast} ms at speed 1.2, {slow} ms at 0.7")
    check_refusal(refusal({"VOICE_SPEED": "7"}, directory=directory), "'7'", "the environment's value is the one named")
    with Server({"PORT": 1}, flags=["--port", "0"]) as server:
        check(server.port > 1, f"--port beats PORT: port {server.port}")
    with Server({"PORT": 1}, flags=["--port=0"]) as server:
        check(server.port > 1, "--port=0 as well")


def a_port_that_is_taken_is_named():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status, output = refusal({"PORT": port})
        last = output.strip().splitlines()[-1]
        check(status != 0 and str(port) in last, f"a port in use: {last}", f"exit status {status}\n{output}")
    with Server() as first:
        status, output = refusal({"PORT": first.port})
        check(status != 0 and str(first.port) in output, "the port of another mouthpiece as well", f"exit status {status}\n{output}")


def output_of(*arguments):
    with Program([program("mouthpiece"), *arguments]) as asked:
        status, text = asked.await_end(), asked.log()
    check_equal(status, 0, f"mouthpiece {' '.join(arguments)}: exit status 0")
    return text


def the_readme_lists_every_setting():
    settings = set(re.findall(r"^#([A-Z][A-Z0-9_]+)=$", output_of("settings"), re.M))
    check(len(settings) > 30, "mouthpiece settings lists them", settings)
    with open(os.path.join(os.path.dirname(__file__), "..", "..", "README.md"), encoding="utf-8") as file:
        table = file.read().partition("\n## Configuration\n")[2].partition("\n## ")[0]
    listed = {name for row in re.findall(r"^\| (`[A-Z].*?) \|", table, re.M) for name in re.findall(r"`([A-Z][A-Z0-9_]+)`", row)}
    check(settings <= listed, "README.md lists every setting", f"add to its table: {sorted(settings - listed)}")
    known = settings | set(re.findall(r"; or ([A-Z_]+)", " ".join(output_of("--help").split())))
    check(listed <= known, "README.md lists no other", sorted(listed - known))


def help_describes_every_setting():
    text = output_of("serve", "--help")
    for name in (*WRONG, "HOST", "TWILIO_AUTH_TOKEN", "TWILIO_ACCOUNT_SID", "ELEVEN_LABS_API_KEY", "ELEVENLABS_API_KEY", "BUSY_TEXT"):
        check(name in text, f"serve --help describes {name}")
    check(re.fullmatch(r"mouthpiece \d+\.\d+\.\d+\n", output_of("--version")), "--version prints the version")
    check("--url" in output_of("call", "--help"), "call --help describes the simulated caller")


if __name__ == "__main__":
    run(
        wrong_values_stop_the_start,
        wrong_flags_stop_the_start,
        a_wrong_dotenv_stops_the_start,
        dotenv_is_read,
        a_flag_beats_the_environment_and_that_beats_dotenv,
        a_port_that_is_taken_is_named,
        help_describes_every_setting,
        the_readme_lists_every_setting,
        at_once=4,
    )
