#!/usr/bin/env python3
"""A recorded call's two sides are, sample for sample, what the caller said and what was said to them, at the right time."""

import os
import random
import signal
import subprocess

import requests

from audio import FRAME_BYTES, SILENCE, WAVE_MULAW, framed, mulaw_wav, read_wav
from checks import check, check_equal, run
from outbound_test import Site
from programs import PlacedCalls, Program, Server, StandIn, new_directory, place_call, program, sanitized, wait_until

SENTENCES = ["You have called the library.", "This call is recorded, and you will hear what was said."]
GREETING = " ".join(SENTENCES)
OFFICE, ELSEWHERE = "+49301234567", "+14155550199"
KEY = "key-one-0123456789"


def speech_file(seconds, seed):
    """Something for the caller to say, different at every moment: (path, mu-law)."""
    mulaw = bytes(random.Random(seed).choices(range(200), k=int(seconds * 8000)))
    path = os.path.join(new_directory(), "said.wav")
    with open(path, "wb") as file:
        file.write(mulaw_wav(mulaw))
    return path, mulaw


def sides(content):
    tag, channels, rate, bits, samples = read_wav(content)
    check_equal((tag, channels, rate, bits), (WAVE_MULAW, 2, 8000, 8), "a recording is stereo mu-law at 8 kHz")
    return samples[0::2], samples[1::2]


def listed(server, **query):
    return requests.get(server.api("/recordings"), params=query, timeout=20).json()["recordings"]


def await_recording(server, state="whole", count=1):
    return wait_until(lambda: len(found := [r for r in listed(server) if r["state"] == state]) >= count and found, 30, f"{count} {state}")


def await_count(server, metric):
    """A recording is seen on the disk a moment before it is counted."""
    return wait_until(lambda: server.metric(metric), 10, metric)


def fetch(server, recording, **headers):
    return requests.get(server.api(f"/recordings/{recording['name']}"), headers=headers, timeout=60)


def both_sides_are_there_sample_for_sample():
    directory = new_directory()
    path, said = speech_file(3, 1)
    settings = {"RECORDINGS_DIR": os.path.join(directory, "r"), "RECORD": "true", "GREETING": GREETING, "AFTER_SPEECH": "hangup"}
    with StandIn("--first-byte-ms", "0") as standin, Server(settings | standin.settings()) as server:
        expected = framed(b"".join(standin.audio_of(sentence) for sentence in SENTENCES))
        result = place_call(server, "--speak", path, "--quiet", "2000")
        check(result.heard == expected, "the caller heard the greeting", (len(result.heard), len(expected)))
        recording = await_recording(server)[0]
        answer = fetch(server, recording)
        check_equal(answer.headers["Content-Type"], "audio/wav", "it is fetched as a WAV")
        check_equal(len(answer.content), recording["bytes"], "as long as the list says")
        left, right = sides(answer.content)
        check_equal(len(left), recording["length_ms"] * 8, "and as long in time")
        begins = left.find(said)
        check(begins >= 0, "left is what the caller said, sample for sample")
        check(set(left[:begins]) <= {SILENCE} and set(left[begins + len(said) :]) <= {SILENCE}, "and nothing else")
        check(800 <= begins <= 1360, "from the first timestamp on", begins)
        spoken = right.find(expected)
        check(spoken >= 0, "right is what the caller was sent, sample for sample")
        check(set(right[:spoken]) <= {SILENCE} and set(right[spoken + len(expected) :]) <= {SILENCE}, "and nothing else")
        began_ms = result.stream["start_to_first_audio_ms"]
        tolerance = 400 if sanitized() else 60
        check(abs(spoken / 8 - began_ms) < tolerance, "at the time the caller heard it", (spoken / 8, began_ms))
        check_equal(await_count(server, 'mouthpiece_recordings_total{result="whole"}'), 1, "it is counted")
        check_equal(listed(server, call_sid=recording["call_sid"]), [recording], "it is found by its call")
        check_equal(listed(server, call_sid="CA" + "0" * 32), [], "and not by another")


def parts_are_fetched_and_all_is_removed():
    directory = new_directory()
    settings = {"RECORDINGS_DIR": os.path.join(directory, "r"), "RECORD": "true", "GREETING": "Hello.", "API_KEYS": KEY}
    with Server(settings) as server:
        place_call(server, "--quiet", "200")
        key = {"X-API-Key": KEY}
        url = server.api("/recordings")
        check_equal(requests.get(url, timeout=10).status_code, 401, "without a key nothing is listed")
        recording = wait_until(lambda: [r for r in requests.get(url, headers=key, timeout=10).json()["recordings"] if r["state"] == "whole"], 20, "it is whole")[0]
        url += "/" + recording["name"]
        check_equal(requests.get(url, timeout=10).status_code, 401, "nor fetched")
        check_equal(requests.delete(url, timeout=10).status_code, 401, "nor removed")
        whole = requests.get(url, headers=key, timeout=10).content
        for asked, part in (("bytes=0-57", whole[:58]), ("bytes=58-", whole[58:]), ("bytes=-100", whole[-100:]), ("bytes=5-5", whole[5:6])):
            answer = requests.get(url, headers=key | {"Range": asked}, timeout=10)
            check_equal((answer.status_code, answer.content == part), (206, True), f"{asked} is a part")
            check_equal(answer.headers["Content-Range"].partition("/")[2], str(len(whole)), f"{asked}: of how much")
        check_equal(requests.get(url, headers=key | {"Range": f"bytes={len(whole)}-"}, timeout=10).status_code, 416, "beyond its end is nothing")
        head = requests.head(url, headers=key, timeout=10)
        check_equal((head.status_code, head.headers["Content-Length"], head.content), (200, str(len(whole)), b""), "HEAD tells its length")
        for name in ("..", "%2e%2e%2fpasswd", "..%2f..%2fetc%2fpasswd", recording["name"] + ".wav", recording["name"] + "%00", "x" * 300):
            answers = {requests.request(method, server.api(f"/recordings/{name}"), headers=key, timeout=10).status_code for method in ("GET", "DELETE")}
            check(answers <= {404, 405}, f"{name[:40]} is no recording", answers)
        check_equal(requests.delete(url, headers=key, timeout=10).status_code, 200, "it is removed")
        check_equal(requests.get(url, headers=key, timeout=10).status_code, 404, "and gone")
        check_equal(os.listdir(settings["RECORDINGS_DIR"]), [], "from the disk as well")
        metrics = requests.get(server.url("/metrics"), headers=key, timeout=10).text
        check('mouthpiece_recordings_removed_total{reason="request"} 1' in metrics, "which is counted")


def who_is_recorded_is_chosen_by_number():
    directory = new_directory()
    rules = os.path.join(directory, "numbers.toml")
    with open(rules, "w", encoding="utf-8") as file:
        file.write(f'["{OFFICE}"]\nrecord = true\ngreeting = "This call is recorded."\n')
    settings = {"NUMBERS_FILE": rules, "GREETING": "This call is not recorded."}
    with Program([program("mouthpiece"), "serve"], {"PORT": 0} | settings) as refused:
        check_equal(refused.await_end(), 2, "a rule that records wants a place for recordings")
        check("RECORDINGS_DIR" in refused.log(), "and the refusal says so", refused.log())
    with Server(settings | {"RECORDINGS_DIR": os.path.join(directory, "r")}) as server:
        check_equal(place_call(server, "--quiet", "100", "--to", ELSEWHERE).status, 0, "a call to another number")
        check_equal(place_call(server, "--quiet", "100", "--to", OFFICE).status, 0, "and one to that number")
        recording = await_recording(server)[0]
        check_equal([r["call_sid"] for r in listed(server)], [recording["call_sid"]], "only the second is recorded")


def a_clear_takes_what_was_not_heard():
    directory = new_directory()
    settings = {"RECORDINGS_DIR": os.path.join(directory, "r"), "RECORD": "true", "GREETING": "A long sentence begins here, and it goes on for a good while before it ends."}
    with StandIn("--first-byte-ms", "0") as standin, Server(settings | standin.settings()) as server:
        greeting, urgent = standin.audio_of(settings["GREETING"]), standin.audio_of("Please listen.")
        with PlacedCalls(server.api("/call/incoming"), "--quiet", "1500") as placed:
            call = wait_until(lambda: [c for c in server.connections() if c["stream_sid"]], 20, "the call is on the line")[0]
            wait_until(lambda: spoken_ms(server, call) > 500, 20, "a part of the sentence has been heard")
            order = {"text": "Please listen.", "mode": "interrupt"}
            check_equal(requests.post(server.api(f"/calls/{call['call_sid']}/say"), json=order, timeout=10).status_code, 202, "it is interrupted")
            heard = placed.result().heard
        _, right = sides(fetch(server, await_recording(server)[0]).content)
        said = right.find(framed(urgent))
        check(said > 0 and heard.endswith(framed(urgent)), "what was said then is in both", said)
        begins = right.find(greeting[:800])
        kept = len(right[begins:said].rstrip(bytes([SILENCE])))
        caller_kept = len(heard[: heard.find(framed(urgent))].rstrip(bytes([SILENCE])))
        check(0 < kept < len(greeting), "of what was interrupted a part is there", (kept, len(greeting)))
        check(greeting.startswith(right[begins : begins + kept - FRAME_BYTES]), "its beginning, sample for sample")
        tolerance = 8000 if sanitized() else 1600
        check(abs(kept - caller_kept) < tolerance, "as much as the caller heard", (kept, caller_kept))


def spoken_ms(server, call):
    page = requests.get(server.api(f"/calls/{call['call_sid']}"), timeout=10).json()
    return sum(utterance.get("heard_ms") or 0 for utterance in page["utterances"])


def a_full_disk_does_not_touch_the_call():
    directory = new_directory()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", directory], capture_output=True, check=False).returncode == 0
    settings = {"RECORD": "true", "GREETING": GREETING}
    if mounted:
        settings |= {"RECORDINGS_DIR": os.path.join(directory, "r")}
    else:  # without the right to mount: a quota has the same end
        settings |= {"RECORDINGS_DIR": os.path.join(directory, "r"), "RECORDINGS_MB": "1"}
    path, _ = speech_file(3, 2)
    try:
        with StandIn("--first-byte-ms", "0") as standin, Server(settings | standin.settings()) as server:
            hold = ["--hold", "8"] if mounted else ["--hold", "70"]
            result = place_call(server, "--speak", path, *hold)
            check(result.report["flawless"], "a call whose recording finds no room is perfect", result.report)
            cut = await_recording(server, state="cut")[0]
            left, right = sides(fetch(server, cut).content)
            check(len(left) > 8000, "what there was room for is kept", len(left))
            check(await_count(server, 'mouthpiece_recording_frames_dropped_total{reason="disk"}'), "what there was none for is counted")
            check(server.log_lines("recording broken off", cut["call_sid"]), "and the log tells")
    finally:
        if mounted:
            subprocess.run(["umount", "-l", directory], check=False)


def a_crash_leaves_a_file_that_is_called_cut():
    directory = new_directory()
    settings = {"RECORDINGS_DIR": os.path.join(directory, "r"), "RECORD": "true", "GREETING": GREETING}
    path, said = speech_file(5, 3)
    with Server(settings) as server:
        with PlacedCalls(server.api("/call/incoming"), "--speak", path, "--hold", "30") as placed:
            part = wait_until(lambda: [r for r in listed(server) if r["length_ms"] >= 2000], 30, "two seconds are on the disk")[0]
            check_equal(part["state"], "being_written", "while the call goes on it is not called whole")
            check_equal(requests.delete(server.api(f"/recordings/{part['name']}"), timeout=10).status_code, 409, "and not removed")
            left, _ = sides(fetch(server, part).content)
            check(len(left) >= 16_000, "but heard as far as it goes")
            server.signal(signal.SIGKILL)
            server.await_end()
            placed.process.kill()
    check_equal([name.rpartition(".")[2] for name in os.listdir(settings["RECORDINGS_DIR"])], ["part"], "a killed server leaves it unfinished")
    with Server(settings) as server:
        cut = await_recording(server, state="cut")[0]
        left, _ = sides(fetch(server, cut).content)
        begins = left.find(said[:800])
        check(begins > 0 and said.startswith(left[begins:].rstrip(bytes([SILENCE]))[: len(said)]), "the next one mends it, with every sample until then")


def one_call_may_ask_for_it():
    with Site(RECORDINGS_DIR=os.path.join(new_directory(), "r")) as site:
        asked = requests.post(site.server.api("/calls"), json={"to": ELSEWHERE, "text": "Hello.", "after_speech": "hangup", "record": True}, timeout=20)
        other = requests.post(site.server.api("/calls"), json={"to": ELSEWHERE, "text": "Hello.", "after_speech": "hangup"}, timeout=20)
        for placed in (asked, other):
            check_equal(placed.status_code, 201, "a call is placed")
            site.await_end(placed.json()["call_sid"])
        await_recording(site.server)
        check_equal([r["call_sid"] for r in listed(site.server)], [asked.json()["call_sid"]], "only the one that asked for it is recorded")
    with Site() as site:
        refused = requests.post(site.server.api("/calls"), json={"to": ELSEWHERE, "text": "Hello.", "record": True}, timeout=20)
        check_equal(refused.status_code, 422, "without a place for recordings it is refused")


if __name__ == "__main__":
    run(
        both_sides_are_there_sample_for_sample,
        parts_are_fetched_and_all_is_removed,
        who_is_recorded_is_chosen_by_number,
        a_clear_takes_what_was_not_heard,
        a_full_disk_does_not_touch_the_call,
        a_crash_leaves_a_file_that_is_called_cut,
        one_call_may_ask_for_it,
        at_once=3,
    )
