"""A directory that dpkg takes for a machine: this one's list of packages, and nothing else. Nothing outside it is touched, and
nobody needs to be root: maintainer scripts get DPKG_ROOT and respect it."""

import os
import re
import shutil
import subprocess

STATUS = "/var/lib/dpkg/status"


def dpkg_deb(*arguments):
    subprocess.run(["dpkg-deb", *arguments], check=True, capture_output=True)


class DebianRoot:
    def __init__(self, path):
        self.path = path
        database = self.inside("/var/lib/dpkg")
        for folder in ("info", "updates", "triggers"):
            os.makedirs(os.path.join(database, folder))
        with open(STATUS, encoding="utf-8") as file:
            packages = [entry for entry in file.read().split("\n\n") if not entry.startswith("Package: mouthpiece")]
        with open(os.path.join(database, "status"), "w", encoding="utf-8") as file:
            file.write("\n\n".join(packages))
        # Whose every file is: so a file of another package would be noticed.
        for name in os.listdir("/var/lib/dpkg/info"):
            if name.endswith(".list") and not name.startswith("mouthpiece"):
                shutil.copy(os.path.join("/var/lib/dpkg/info", name), os.path.join(database, "info"))

    def inside(self, path):
        return self.path + path

    def exists(self, path):
        return os.path.lexists(self.inside(path))

    def read(self, path):
        with open(self.inside(path), encoding="utf-8") as file:
            return file.read()

    def dpkg(self, *arguments):
        """(exit status, everything it said)"""
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        result = subprocess.run(
            ["dpkg", f"--root={self.path}", "--force-not-root,script-chrootless,confold", *arguments],
            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120,
            start_new_session=True,  # nobody may ask the terminal
        )  # fmt: skip
        return result.returncode, result.stdout

    def state(self, package):
        """'install ok installed', …; None when dpkg does not know it."""
        entry = re.search(rf"^Package: {package}\n(?:.+\n)*?Status: (.+)$", self.read("/var/lib/dpkg/status"), re.M)
        return entry[1] if entry else None

    def files(self, word):
        """Paths below this root with the word in them, dpkg's own notes left out."""
        found = []
        for folder, folders, names in os.walk(self.path):
            here = folder.removeprefix(self.path)
            if here.startswith("/var/lib/dpkg"):
                folders.clear()
                continue
            found += [f"{here}/{name}" for name in folders + names if word in f"{here}/{name}"]
        return sorted(found)


def next_version(package, folder, version, changes):
    """The package again under another version; `changes`: path inside -> function of its text."""
    dpkg_deb("-R", package, folder)
    renumber = {"DEBIAN/control": lambda text: re.sub(r"(?m)^Version: .*$", f"Version: {version}", text)}
    for path, change in (renumber | changes).items():
        with open(os.path.join(folder, path), encoding="utf-8") as file:
            text = file.read()
        with open(os.path.join(folder, path), "w", encoding="utf-8") as file:
            file.write(change(text))
    built = f"{folder}.deb"
    dpkg_deb("--root-owner-group", "-Zgzip", "-z1", "-b", folder, built)
    return built
