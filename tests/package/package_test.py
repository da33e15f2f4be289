#!/usr/bin/env python3
"""The Debian package: what is in it, that it installs, serves, upgrades and goes without a trace. PACKAGE names the .deb."""

import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "e2e"))
PACKAGE = os.path.abspath(os.environ.get("PACKAGE") or sys.exit("PACKAGE names no .deb: ./dev package makes one"))
SOURCES = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))

import programs  # noqa: E402
from checks import check, check_equal, run  # noqa: E402
from debian_root import DebianRoot, next_version  # noqa: E402
from programs import PREFIX, PlacedCalls, Server, StandIn, new_directory, place_call, wait_until  # noqa: E402

UNIT = "/lib/systemd/system/mouthpiece.service"
TEMPLATE = "/lib/systemd/system/mouthpiece@.service"
SETTINGS = "/etc/mouthpiece/mouthpiece.env"
ENABLED = "/etc/systemd/system/multi-user.target.wants/mouthpiece.service"
# systemd-analyze security: 0 is best, 10 worst. A server without any of the unit's restrictions has 9.6.
# What is left: it needs the network, and systemd's socket; and the one call by which the embedded voice steps back.
EXPOSURE_MAX = 1.2
GREETING = "You are connected to the package as it was installed, and it is replaced while you listen to this very sentence."


def output_of(*arguments, **options):
    result = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                            text=True, timeout=120, check=False, start_new_session=True, **options)  # nobody may ask the terminal
    return result.returncode, result.stdout


def installed():
    root = DebianRoot(new_directory())
    status, said = root.dpkg("--install", PACKAGE)
    check_equal(status, 0, "dpkg installs it, its dependencies among them") or print(said)
    check_equal(root.state("mouthpiece"), "install ok installed", "dpkg takes it for installed")
    return root


def settings_of(root):
    """As systemd reads the EnvironmentFile."""
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", root.read(SETTINGS), re.M))


def the_package_is_sound():
    root = installed()
    status, said = output_of("lintian", "--fail-on", "error,warning", "--tag-display-limit", "0", "--allow-root", PACKAGE)
    check_equal(status, 0, "lintian finds no error and no warning") or print(said)
    check_equal(os.stat(root.inside(SETTINGS)).st_mode & 0o777, 0o600, "the settings, keys among them, are for root only")
    check_equal(settings_of(root), {"HOST": "127.0.0.1"}, "as installed it is heard on this machine only")
    check(root.exists(ENABLED), "the service is enabled")
    with gzip.open(root.inside("/usr/share/doc/mouthpiece/changelog.gz"), "rt") as file:
        version = re.match(r"mouthpiece \((.*)\)", file.readline())[1]
    _, said = output_of(root.inside("/usr/bin/mouthpiece"), "--version")
    check_equal(said, f"mouthpiece {version}\n", "--version says the version of the package's changelog")


def verified(root, text, name):
    """(whether systemd-analyze finds nothing wrong, what it says), among this machine's units, with the program where it is."""
    unit = os.path.join(new_directory(), name)
    with open(unit, "w", encoding="utf-8") as file:
        file.write(text.replace("ExecStart=/usr", f"ExecStart={root.path}/usr"))
    status, said = output_of("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", unit)
    return status == 0 and not said, said


def the_service_is_confined():
    root = installed()
    for path in (UNIT, TEMPLATE):
        name = os.path.basename(path)
        sound, said = verified(root, root.read(path), name)
        check(sound, f"systemd-analyze finds nothing wrong with {name}", said)
        check(not verified(root, root.read(path).replace("Type=notify", "Typ=notify"), name)[0], "and something with a misspelled one")
        _, said = output_of("systemd-analyze", "security", "--offline=true", "--no-pager", root.inside(path))
        exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
        check(exposure and float(exposure[1]) <= EXPOSURE_MAX, f"its exposure is {exposure and exposure[1]}, at most {EXPOSURE_MAX}", said)
    unit = root.read(UNIT)
    _, settings = output_of(root.inside("/usr/bin/mouthpiece"), "settings")
    drain = int(re.search(r"# Default: (\d+)\n#DRAIN_SECONDS=", settings)[1])
    stop = int(re.search(r"^TimeoutStopSec=(\d+)$", unit, re.M)[1])
    check_equal(stop, drain + 30, "a stop may last as long as the drain, and half a minute")


def several_on_one_host_differ_in_their_names_only():
    root = installed()
    own = [line for line in root.read(TEMPLATE).splitlines() if line != "EnvironmentFile=/etc/mouthpiece/%i.env"]
    alone = "\n".join(own[own.index("[Unit]"):]).replace("mouthpiece-%i", "mouthpiece").replace("mouthpiece@", "mouthpiece").replace("Mouthpiece %i", "Mouthpiece")
    check_equal(alone, root.read(UNIT).rstrip("\n"), "mouthpiece@ is mouthpiece.service with names of its own")
    check(not root.exists(ENABLED.replace("mouthpiece.service", "mouthpiece@.service")), "and none is started by itself")


def it_works_in_its_confinement():
    root = installed()
    under = ("/usr/bin/python3", os.path.join(os.path.dirname(__file__), "confinement.py"), root.inside(UNIT))
    for what, forbidden in {
        "another namespace": ("unshare", "-U", "true"),
        "other processors": ("taskset", "-c", "0", "true"),
        "memory to write and run": ("/usr/bin/python3", "-c", "import mmap; mmap.mmap(-1, 4096, prot=7)"),
        "other sockets": ("/usr/bin/python3", "-c", "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)"),
    }.items():
        status, said = output_of(*under, shutil.which(forbidden[0]), *forbidden[1:])
        check(status != 0 and "not permitted" in said, f"confined, a program does not get {what}", said)
    recordings = os.path.join(new_directory(), "recordings")
    settings = settings_of(root) | {"CACHE_DIR": new_directory(), "RECORDINGS_DIR": recordings, "RECORD": "true", "GREETING": GREETING}
    with StandIn() as standin:
        by_name = {"ELEVENLABS_BASE_URL": standin.settings()["ELEVENLABS_BASE_URL"].replace("127.0.0.1", "localhost")}
        for voice, more in {"the embedded voice": {}, "ElevenLabs": standin.settings() | by_name}.items():
            with Server(settings | more, under=under) as server:
                report = place_call(server, "--quiet", "300").report
                check(report["flawless"], f"confined, the service answers a call with {voice}", report)
                tasks = os.listdir(f"/proc/{server.process.pid}/task")
                niceness = [os.getpriority(os.PRIO_PROCESS, int(task)) for task in tasks]
                check(max(niceness) >= 5, "the threads of the embedded voice step back", niceness)
                wait_until(lambda: server.metric('mouthpiece_recordings_total{result="whole"}') == 1, 20, "a recording")
                server.signal(signal.SIGHUP)
                check(place_call(server, "--quiet", "300").report["flawless"], "and another one behind a reload")
                server.signal()
                check_equal(server.await_end(), 0, "and ends well")
                wrong = [line for line in server.log_lines() if "not permitted" in line]
                check(not wrong, "nothing it asked the system for was refused", wrong)


def the_container_is_made_of_steps_that_are_tested():
    with open(os.path.join(SOURCES, "Dockerfile"), encoding="utf-8") as file:
        steps = re.findall(r"^([A-Z]+) ((?:.*\\\n)*.*)", file.read(), re.M)
    by_name = {}
    for name, arguments in steps:
        by_name.setdefault(name, []).append(" ".join(arguments.replace("\\\n", " ").split()))
    check_equal(by_name["FROM"], ["debian:12-slim AS build", "debian:12-slim"], "the image is Debian 12 and nothing of the build")
    check_equal(by_name["RUN"][0], "./dev package", "it is made by ./dev package")
    check(by_name["COPY"][1].startswith("--from=build /src/build/release/mouthpiece.deb "), "of which it takes the package", by_name["COPY"])
    check_equal(by_name["USER"], ["mouthpiece"], "it runs as a user of its own")
    install = next(part for part in by_name["RUN"][1].split(" && ") if part.startswith("apt-get install"))
    arguments = [PACKAGE if part.endswith(".deb") else part for part in install.split()]
    status, said = output_of(arguments[0], "--simulate", *arguments[1:])
    check(status == 0 and "Inst mouthpiece " in said or "mouthpiece is already the newest" in said, "apt installs it with what Debian has", said)
    probe = json.loads(by_name["HEALTHCHECK"][0].partition("CMD ")[2])
    command = json.loads(by_name["ENTRYPOINT"][0]) + json.loads(by_name["CMD"][0])
    check_equal((probe, command), (["mouthpiece", "ready"], ["mouthpiece", "serve"]), "its commands are")
    with Server(dict(setting.split("=") for setting in by_name["ENV"]) | {"CACHE_DIR": new_directory()}) as server:
        status, said = output_of(programs.program(probe[0]), *probe[1:], env=os.environ | {"PORT": str(server.port)})
        check_equal((status, said), (0, "ready\n"), "what the health check asks is answered")


def the_pages_are_complete():
    root = installed()
    _, told = output_of(root.inside("/usr/bin/mouthpiece"), "--help")
    flags = set(re.findall(r"^ +(--[a-z-]+)=", told, re.M))
    page = root.inside("/usr/share/man/man1/mouthpiece.1.gz")
    status, said = output_of("man", "--warnings", "--local-file", page, env=os.environ | {"MANWIDTH": "120", "LC_ALL": "C.UTF-8"})
    check(status == 0 and "warning" not in said, "the manual page is well formed", said[:500])
    missing = {flag for flag in flags if flag not in said}
    check(len(flags) > 25 and not missing, "it describes every setting", missing)
    check_equal(flags - completions(root, "mouthpiece serve --"), set(), "bash completes every one")
    check_equal(completions(root, "mouthpiece serve --log-level="), {"debug", "info", "warn", "error"}, "and values, where they are known")
    check_equal(completions(root, "mouthpiece wa"), {"warm"}, "and commands")
    check("--wav" in completions(root, "mouthpiece call --w"), "and the simulated caller's options")
    check_equal(completions(root, "mouthpiece serve --port "), set(), "and nothing where nobody can know")
    check("--fault" in completions(root, "elevenlabs-standin --f"), "elevenlabs-standin has its completion")


def completions(root, line):
    """What bash offers behind this line, asked as readline would."""
    program = line.split()[0]
    script = f"""
        PATH={root.inside('/usr/bin')}:$PATH
        source /usr/share/bash-completion/bash_completion
        source {root.inside('/usr/share/bash-completion/completions')}/{program}
        COMP_LINE={line!r} COMP_POINT={len(line)} COMP_TYPE=9
        read -ra COMP_WORDS <<< "${{COMP_LINE//=/ = }}"
        [[ $COMP_LINE != *[\\ =] ]] || COMP_WORDS+=('')
        COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        compopt() {{ :; }}
        "$(complete -p {program} | sed 's/.*-F \\([^ ]*\\).*/\\1/')" {program} "${{COMP_WORDS[COMP_CWORD]}}" "${{COMP_WORDS[COMP_CWORD-1]}}"
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    _, said = output_of("bash", "-c", script)
    return {word.rstrip("= ") for word in said.splitlines() if word}


def an_upgrade_keeps_settings_and_calls():
    root = installed()
    with open(root.inside(SETTINGS), "a", encoding="utf-8") as file:
        file.write(f"GREETING={GREETING}\nRECORD=true\nRECORDINGS_DIR={root.inside('/var/lib/mouthpiece/recordings')}\n")
    os.makedirs(root.inside("/var/lib/mouthpiece"))
    newer = next_version(PACKAGE, os.path.join(new_directory(), "newer"), "99.0.0", {
        SETTINGS[1:]: lambda text: text + "# Something new.\n",
        "DEBIAN/postinst": lambda text: text + 'echo "configured behind version $2"\n',
    })  # fmt: skip
    with Server(settings_of(root)) as server:
        with PlacedCalls(server.api("/call/incoming"), "--quiet", "300") as call:
            server.await_log("speech begins")
            status, said = root.dpkg("--install", newer)
            check_equal(status, 0, "dpkg upgrades it") or print(said)
            check("configured behind version" in said, "the new version is configured", said)
            server.signal()  # the restart
            result = call.result()
        check(result.report["flawless"], "the call that ran meanwhile was heard to its end", result.report)
        check_equal(server.await_end(), 0, "and the old program ended well behind it")
    check_equal(settings_of(root).get("GREETING"), GREETING, "the settings are as they were")
    check(root.exists(SETTINGS + ".dpkg-dist"), "the new ones lie beside them")
    check(root.exists(ENABLED), "the service is still enabled")
    with Server(settings_of(root)) as server:
        check(place_call(server, "--quiet", "300").report["flawless"], "the new version answers a call, with the old settings")
        states = lambda: [recording["state"] for recording in server.get(PREFIX + "/recordings").json()["recordings"]]  # noqa: E731
        wait_until(lambda: states() == ["whole", "whole"], 20, "recordings of both versions, whole")


def a_service_that_was_disabled_stays_so():
    root = installed()
    os.remove(root.inside(ENABLED))  # systemctl disable
    status, said = root.dpkg("--install", next_version(PACKAGE, os.path.join(new_directory(), "newer"), "99.0.0", {}))
    check_equal(status, 0, "dpkg upgrades it") or print(said)
    check(not root.exists(ENABLED), "a service that was disabled by hand stays so")


def it_goes_without_a_trace():
    root = installed()
    kept = []
    for place in ("/var/cache", "/var/lib"):  # as systemd makes them for a DynamicUser, and as they are when there is none
        for name in ("mouthpiece", "mouthpiece-a"):
            os.makedirs(root.inside(f"{place}/private/{name}/something"))
            os.symlink(f"private/{name}", root.inside(f"{place}/{name}"))
            kept.append(f"{place}/private/{name}/something")
    os.symlink(TEMPLATE, root.inside(ENABLED.replace("mouthpiece.service", "mouthpiece@a.service")))
    status, said = root.dpkg("--remove", "mouthpiece")
    check_equal(status, 0, "dpkg removes it") or print(said)
    check(not root.exists("/usr/bin/mouthpiece") and not root.exists(UNIT), "program and unit are gone")
    check(root.exists(SETTINGS), "the settings are kept")
    check(all(map(root.exists, kept)), "and so are cache and recordings", kept)
    status, said = root.dpkg("--purge", "mouthpiece")
    check_equal(status, 0, "dpkg purges it") or print(said)
    check_equal(root.files("mouthpiece"), [], "nothing of it is left")
    check_equal(root.state("mouthpiece"), None, "and dpkg has forgotten it")


def use_installed_programs():
    """The end-to-end modules start what was installed."""
    programs.BUILD_DIR = installed().inside("/usr/bin")


if __name__ == "__main__":
    use_installed_programs()
    run(
        the_package_is_sound,
        the_service_is_confined,
        several_on_one_host_differ_in_their_names_only,
        it_works_in_its_confinement,
        the_container_is_made_of_steps_that_are_tested,
        the_pages_are_complete,
        an_upgrade_keeps_settings_and_calls,
        a_service_that_was_disabled_stays_so,
        it_goes_without_a_trace,
        at_once=3,
    )
