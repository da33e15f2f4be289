#!/usr/bin/env python3
"""The cache on disk: filled while speaking or ahead, and whole whatever happens to the server or the disk."""

import glob
import os
import random
import signal
import threading

import requests

from audio import pcm_in_wav, pcm_of
from checks import check, check_equal, run
from programs import Program, Server, StandIn, new_directory, place_call, program

ROUNDS = int(os.environ.get("ROUNDS") or 4)
SPEAKERS = 4  # requests under way at once
HITS, DAMAGED = 'mouthpiece_cache_hits_total{store="disk"}', 'mouthpiece_cache_damaged_total{store="disk"}'


def sentences_of(number):
    """As they are asked for: what separates them stays with the first."""
    parts = [f"This is part {part} of text {number}, and long enough to be a while on its way to the disk." for part in range(3)]
    return [parts[0] + " ", parts[1] + " ", parts[2]]


def text_number(number):
    return "".join(sentences_of(number))


def speak_until_gone(server, numbers):
    """Speaks text after text until the server is no more."""
    for number in numbers:
        try:
            server.synthesise(text_number(number)).raise_for_status()
        except requests.RequestException:
            return


def spoken_is_what_elevenlabs_says(server, standin, numbers):
    wrong = []
    for number in numbers:
        heard = server.synthesise(text_number(number))
        heard.raise_for_status()
        said = b"".join(standin.audio_of(sentence) for sentence in sentences_of(number))
        if pcm_in_wav(heard.content) != pcm_of(said):
            wrong.append(number)
    check_equal(wrong, [], f"all {len(numbers)} texts are heard whole, sample for sample")


def a_server_killed_while_it_writes_leaves_whole_entries_only():
    chance = random.Random(7)
    cache = os.path.join(new_directory(), "cache")
    left_over = 0
    next_number = 0
    with StandIn("--first-byte-ms", "0", "--plan", "1000") as standin:
        settings = standin.settings() | {"CACHE_DIR": cache}
        for _ in range(ROUNDS):
            with Server(settings) as server:
                speakers = []
                for _ in range(SPEAKERS):
                    numbers = range(next_number, next_number + 1000)
                    next_number += 1000
                    speakers.append(threading.Thread(target=speak_until_gone, args=(server, numbers)))
                    speakers[-1].start()
                threading.Event().wait(chance.uniform(0.5, 1.0))  # some moment or other: that is the point
                server.signal(signal.SIGKILL)
                server.await_end()
                for speaker in speakers:
                    speaker.join()
            left_over += len(glob.glob(os.path.join(cache, "writing-*")))
        entries = len(glob.glob(os.path.join(cache, "*.clip")))
        check(entries > ROUNDS, f"{ROUNDS} servers killed with kill -9 left entries behind", f"{entries} entries")
        print(f"      {entries} entries, and {left_over} that were being written when the server was killed")

        numbers = [first + text for first in range(0, next_number, 1000) for text in range(3)]
        with Server(settings) as server:
            check_equal(glob.glob(os.path.join(cache, "writing-*")), [], "the next start removes what was not finished")
            spoken_is_what_elevenlabs_says(server, standin, numbers)
            check(server.metric(HITS) > 0, "from the disk, where it is there", server.metric(HITS))
            check_equal(server.metric(DAMAGED), 0, "no entry is damaged")


def a_damaged_entry_is_dropped_and_made_again():
    cache = os.path.join(new_directory(), "cache")
    with StandIn("--first-byte-ms", "0") as standin:
        settings = standin.settings() | {"CACHE_DIR": cache}
        with Server(settings) as server:
            for number in range(3):
                server.synthesise(f"Short text number {number} for the cache.").raise_for_status()
            server.signal()
            server.await_end()
        entries = sorted(glob.glob(os.path.join(cache, "*.clip")))
        check_equal(len(entries), 3, "three texts, three entries")
        with open(entries[0], "r+b") as file:
            file.truncate(os.path.getsize(entries[0]) // 2)
        with open(entries[1], "r+b") as file:
            file.seek(500)
            byte = file.read(1)
            file.seek(500)
            file.write(bytes([byte[0] ^ 1]))
        standin.disarm()
        with Server(settings) as server:
            for number in range(3):
                text = f"Short text number {number} for the cache."
                heard = pcm_in_wav(server.synthesise(text).content)
                check(heard == pcm_of(standin.audio_of(text)), f"text {number} is heard whole")
            check_equal(server.metric(DAMAGED), 2, "the cut one and the one with a flipped bit are noticed")
            check_equal(server.metric(HITS), 1, "the third is played from disk")


def what_was_warmed_is_heard_without_asking():
    directory = new_directory()
    phrases = os.path.join(directory, "phrases.txt")
    with open(phrases, "w", encoding="utf-8") as file:
        file.write("# greetings\nGood morning, and welcome to the library.\n")
    with StandIn("--first-byte-ms", "0") as standin:
        settings = standin.settings() | {"CACHE_DIR": os.path.join(directory, "cache"), "GREETING": "Good morning, and welcome to the library."}
        with Program([program("mouthpiece"), "warm", phrases], settings) as warming:
            check_equal(warming.await_end(), 0, "mouthpiece warm speaks a file of phrases into the cache")
        standin.disarm()
        with Server(settings) as server:
            check_equal(place_call(server, "--quiet", "100").status, 0, "a call to the next server hears one")
            check_equal(standin.log_of_requests()["speech_requests"], 0, "and ElevenLabs is not asked")
        with Server(settings | {"CACHE_DIR": "", "WARM_FILE": phrases}) as server:
            server.await_log("phrases warmed")
            standin.disarm()
            check_equal(place_call(server, "--quiet", "100").status, 0, "a list loaded at start is heard as well")
            check_equal(standin.log_of_requests()["speech_requests"], 0, "without asking for it again")


if __name__ == "__main__":
    run(
        a_server_killed_while_it_writes_leaves_whole_entries_only,
        a_damaged_entry_is_dropped_and_made_again,
        what_was_warmed_is_heard_without_asking,
        at_once=3,
    )
