#!/usr/bin/env python3
"""What each number gets: its own greeting and voice, its own limits, changed while calls run, and never half of a file."""

import os
import re
import signal
import subprocess
import time

import requests

from audio import framed
from checks import check, check_equal, run
from programs import (
    DEFAULT_VOICE, PlacedCalls, Program, Server, StandIn, TwilioStandIn, environment_with, new_directory, place_call, program, wait_until,
)  # fmt: skip
from outbound_test import Site
from twilio import Twiml, call_fields, post_webhook

GEORGE, SARAH = "JBFqnCBsd6RMkjVDRZzb", "EXAVITQu4vr4xnSDxMaL"
OFFICE, BERLIN, HAMBURG, ELSEWHERE = "+49301234567", "+49307654321", "+4940123456", "+14155550199"
RULES = f"""
[default]
greeting = "You have called the main office."

["+49*"]
voice_id = "{GEORGE}"
greeting = "You have called Germany."

["+4930*"]
greeting = "You have called Berlin."

["{OFFICE}"]
greeting = "You have called the office in Berlin."
voice_id = "{SARAH}"
after_speech = "hangup"
"""
HEARD = (
    (OFFICE, "You have called the office in Berlin.", SARAH),
    (BERLIN, "You have called Berlin.", GEORGE),
    (HAMBURG, "You have called Germany.", GEORGE),
    (ELSEWHERE, "You have called the main office.", DEFAULT_VOICE),
)
READS = 'mouthpiece_numbers_file_reads_total{result="%s"}'


class Numbers:
    """The file, replaced as an editor or a deployment would."""

    def __init__(self, text):
        self.path = os.path.join(new_directory(), "numbers.toml")
        self.write(text)

    def write(self, text):
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(self.path + ".new", self.path)

    def settings(self):
        return {"NUMBERS_FILE": self.path}


def each_number_hears_its_own_greeting():
    numbers = Numbers(RULES)
    with StandIn("--first-byte-ms", "0") as standin:
        with Server(standin.settings() | numbers.settings()) as server:
            server.await_log(r"phrases warmed cached_already=0 made=4 failed=0")
            standin.disarm()
            results = [place_call(server, "--quiet", "100", "--to", number) for number, _, _ in HEARD]
            check_equal(standin.log_of_requests()["speech_requests"], 0, "each greeting had been prepared when the file was read")
            for result, (number, text, voice) in zip(results, HEARD):
                expected = framed(standin.audio_of(text, voice))
                check(result.heard == expected, f"{number} hears {text!r} in its voice, sample by sample",
                      f"{len(result.heard)} and {len(expected)} bytes")  # fmt: skip
                check(result.report["flawless"], f"{number}: without a gap", result.report)
            check_equal(server.metric('mouthpiece_calls_total{outcome="completed"}'), 4, "four calls are counted")
            check(OFFICE[1:] not in server.log(), "no number is in the log")


def what_a_call_asks_for_counts_more():
    numbers = Numbers(RULES)
    with StandIn("--first-byte-ms", "0") as standin, Server(standin.settings() | numbers.settings()) as server:
        result = place_call(server, "--quiet", "100", "--to", OFFICE, query=f"?voice_id={GEORGE}")
        expected = framed(standin.audio_of("You have called the office in Berlin.", GEORGE))
        check(result.heard == expected, "?voice_id= on the webhook's URL is the call's own voice")
        with PlacedCalls(server.api("/call/incoming"), "--to", BERLIN, "--quiet", "3000") as placed:
            call = wait_until(lambda: [c for c in server.connections() if c["stream_sid"]], 20, "the call is on the line")[0]
            answer = requests.post(server.api(f"/calls/{call['call_sid']}/say"), json={"text": "A word more."}, timeout=10)
            check_equal(answer.status_code, 202, "what is said on a running call")
            heard = placed.result().heard
        check(heard.endswith(framed(standin.audio_of("A word more.", GEORGE))), "is said in its number's voice")


def a_number_we_call_from_decides_as_well():
    numbers = Numbers(f'["{TwilioStandIn.NUMBER}"]\nvoice_id = "{SARAH}"\ngreeting = "Here is the office."\nafter_speech = "hangup"\n')
    with Site(**numbers.settings()) as site:
        placed = requests.post(site.server.api("/calls"), json={"to": ELSEWHERE}, timeout=20)
        check_equal(placed.status_code, 201, "a call is placed")
        sid = placed.json()["call_sid"]
        check_equal(site.await_end(sid)["outcome"], "completed", "it ends as the number it comes from says")
        line = site.server.await_log(rf"call answered call_sid={sid} voice=(\w+)")
        check_equal(line.group(1), SARAH, "and speaks in its voice")
        heard = site.twilio.seen()["calls"][0]["report"]["streams"][0]["heard_ms"]
        expected = len(framed(site.standin.audio_of("Here is the office.", SARAH))) / 8
        check(abs(heard - expected) < 1, "what its greeting says", (heard, expected))


def limits_of_a_number_are_its_own():
    numbers = Numbers(f'["{OFFICE}"]\nmax_calls = 2\nbusy_text = "Two are here."\nmax_call_seconds = 1\ngreeting = "Hello."\n')
    with Server(numbers.settings() | {"GREETING": "Hello.", "BUSY_TEXT": "Too many."}) as server:
        server.await_log("phrases warmed")
        answers = [Twiml(post_webhook(server, call_fields(To=OFFICE))) for _ in range(3)]
        check_equal([twiml.verbs[0] for twiml in answers], ["Connect", "Connect", "Say"], "two calls are taken, the third is not")
        check_equal("".join(answers[2].said), "Two are here.", "it hears the number's own busy text")
        check_equal(server.metric('mouthpiece_limits_reached_total{limit="calls_of_number"}'), 1, "and is counted")
        check_equal(Twiml(post_webhook(server, call_fields(To=BERLIN))).verbs[0], "Connect", "another number is not concerned")
        check(server.log_lines("call turned away", "reason=calls_of_number"), "the log tells")
    with Server(numbers.settings() | {"GREETING": "Hello."}) as server:
        server.await_log("phrases warmed")
        began = time.monotonic()
        place_call(server, "--to", OFFICE, "--hold", "60")
        check(time.monotonic() - began < 40, "its longest call is its own: the caller would have stayed on the line")
        check_equal(server.metric('mouthpiece_limits_reached_total{limit="call_time"}'), 1, "which is counted")
        again = Twiml(post_webhook(server, call_fields(To=OFFICE)))
        check_equal(again.verbs[0], "Connect", "a call that has ended leaves its place to the next")


SENTENCES = [
    "This is what the first callers hear.",
    "They hear all of it, to the very last word, whatever becomes of the file meanwhile.",
    "If you have heard this sentence as well, nobody was disturbed.",
]


def a_change_reaches_new_calls_and_disturbs_none():
    numbers = Numbers(f'["+49*"]\ngreeting = "{" ".join(SENTENCES)}"\n')
    with StandIn("--first-byte-ms", "0") as standin, Server(standin.settings() | numbers.settings()) as server:
        server.await_log("phrases warmed")
        with PlacedCalls(server.api("/call/incoming"), "--calls", "10", "--rate", "100", "--to", OFFICE) as placed:
            wait_until(lambda: sum(1 for c in server.connections() if c["stream_sid"]) == 10, 30, "ten calls are on the line")
            numbers.write('["+49*"]\ngreeting = "Something else."\n')
            server.await_log(r"numbers read rules=1")
            numbers.write('["+49*"]\ngreeting = "Something {wrong"\nmax_cals = 1\n')
            server.await_log(r'the numbers stay as they were reason=".*:2:12: .*:3:1: .*max_calls\?"')
            server.signal(signal.SIGHUP)
            wait_until(lambda: server.metric(READS % "refused") == 2, 20, "SIGHUP reads it at once, and it is still wrong")
            new = place_call(server, "--quiet", "100", "--to", OFFICE)
            result = placed.result()
            heard = {placed.heard_by(number) for number in range(1, 11)}
        check(all(call["flawless"] for call in result.calls), "ten calls ran through it without a gap", result.summary)
        old = framed(b"".join(standin.audio_of(sentence) for sentence in SENTENCES))
        check(heard == {old}, "all of them heard the whole of the old greeting, sample by sample", [len(h) for h in heard] + [len(old)])
        check(new.heard == framed(standin.audio_of("Something else.")), "a new call hears the new one; the wrong file changed nothing")
        check_equal(server.metric(READS % "renewed"), 1, "one change is counted")
        check_equal(len(server.log_lines("the numbers stay as they were")), 2, "one line in the log for each refusal")


def check_config(*arguments, **settings):
    result = subprocess.run([program("mouthpiece"), "check-config", *arguments], env=environment_with(settings), cwd=new_directory(),
                            capture_output=True, text=True, timeout=30)  # fmt: skip
    return result.returncode, result.stdout, result.stderr


WRONG = '["+49*"]\nmax_calls = 0\ngreting = "x"\n["30"]\n'
MISTAKES = ("2:13: max_calls of", '3:1: "greting" of', '4:2: "30" is no number')


def check_config_says_what_is_wrong_and_what_counts():
    numbers, wrong = Numbers(RULES), Numbers(WRONG)
    status, said, _ = check_config(numbers.path)
    check(status == 0 and ": 4 rules, nothing is wrong." in said, "a file that is right", said)
    check(f'voice_id = "{GEORGE}"  # line 6, ["+49*"]' in said, "what each number gets, and which line says so", said)
    status, said, _ = check_config("--number", OFFICE, NUMBERS_FILE=numbers.path, AFTER_SPEECH="stay")
    check(status == 0 and re.search(rf'fitted by\n  \["\{OFFICE}"\]  # line 12, counts most\n', said), "which rule counts for a number", said)
    check('model_id = "eleven_flash_v2_5"  # the server\'s MODEL_ID' in said, "and what it leaves to the server", said)

    status, said, complaints = check_config(wrong.path)
    check_equal(status, 1, "a file that is wrong")
    lines = complaints.splitlines()
    check(len(lines) == 3 and all(line.startswith(f"{wrong.path}:{start}") for line, start in zip(lines, MISTAKES)),
          "every mistake on a line of its own, by line and column", complaints)  # fmt: skip
    check_equal(check_config()[0], 2, "no file to look at is a mistake of the command")

    with Program([program("mouthpiece"), "serve"], {"PORT": 0, "NUMBERS_FILE": wrong.path}) as refused:
        check_equal(refused.await_end(), 2, "the server does not start with it")
        check("NUMBERS_FILE is wrong." in refused.log() and all(mistake in refused.log() for mistake in MISTAKES), "and says why", refused.log())
    doctor = Program([program("mouthpiece"), "doctor"], {"PORT": 0, "NUMBERS_FILE": wrong.path})
    with doctor:
        check_equal(doctor.await_end(), 1, "the doctor sees it as well")
        check(MISTAKES[0] in doctor.log(), "and says the same", doctor.log())


def warm_says_the_greetings_too():
    numbers, directory = Numbers(RULES), new_directory()
    with StandIn("--first-byte-ms", "0") as standin:
        settings = standin.settings() | numbers.settings() | {"CACHE_DIR": os.path.join(directory, "cache")}
        with Program([program("mouthpiece"), "warm"], settings) as warming:
            check_equal(warming.await_end(), 0, "mouthpiece warm without a list says the greetings")
            check_equal(len(warming.log_lines("greeting of line")), 4, "all four")
        standin.disarm()
        with Server(settings) as server:
            server.await_log("phrases warmed cached_already=4 made=0 failed=0")
            check_equal(place_call(server, "--quiet", "100", "--to", OFFICE).status, 0, "a call to the next server hears its own")
            check_equal(standin.log_of_requests()["speech_requests"], 0, "and ElevenLabs is not asked")


if __name__ == "__main__":
    run(
        each_number_hears_its_own_greeting,
        what_a_call_asks_for_counts_more,
        a_number_we_call_from_decides_as_well,
        limits_of_a_number_are_its_own,
        a_change_reaches_new_calls_and_disturbs_none,
        check_config_says_what_is_wrong_and_what_counts,
        warm_says_the_greetings_too,
        at_once=3,
    )
