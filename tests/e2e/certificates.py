"""Certificate authorities and certificates made for a test, with the openssl program."""

import itertools
import os
import subprocess

from programs import new_directory


def _openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=60)


class Pair:
    """A certificate and its key in two files, which can be put into the place of another pair as certbot does it."""

    def __init__(self, certificate, key):
        self.certificate, self.key = certificate, key

    def settings(self):
        return {"TLS_CERT_FILE": self.certificate, "TLS_KEY_FILE": self.key}

    def in_one_file(self):
        """Certificate and key, one after the other, as HAProxy wants them: the file's name."""
        path = os.path.join(new_directory(), "pair.pem")
        with open(path, "wb") as file:
            for part in (self.certificate, self.key):
                with open(part, "rb") as source:
                    file.write(source.read())
        return path

    def put_in_place_of(self, other):
        for ours, theirs in ((self.certificate, other.certificate), (self.key, other.key)):
            with open(ours, "rb") as file:
                replace(theirs, file.read())


def replace(path, content):
    with open(path + ".new", "wb") as file:
        file.write(content)
    os.replace(path + ".new", path)


class Authority:
    """A certificate authority that only those trust who are given its file."""

    def __init__(self, name="Authority of a test"):
        self._directory = new_directory()
        self._numbers = itertools.count(1)
        self.file = os.path.join(self._directory, "ca.pem")
        self._key = os.path.join(self._directory, "ca.key")
        _openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}", "-days", "30",
            "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign",
            "-keyout", self._key, "-out", self.file,
        )  # fmt: skip

    def issue(self, names="IP:127.0.0.1,DNS:localhost", days=10, common_name="server of a test", key_type=("ec", "ec_paramgen_curve:P-256")):
        number = str(next(self._numbers))
        base = os.path.join(self._directory, number)
        request, extensions = base + ".csr", base + ".ext"
        pair = Pair(base + ".pem", base + ".key")
        _openssl(
            "req", "-new", "-newkey", key_type[0], "-pkeyopt", key_type[1], "-nodes", "-subj", f"/CN={common_name}",
            "-keyout", pair.key, "-out", request,
        )  # fmt: skip
        with open(extensions, "w", encoding="ascii") as file:
            file.write(f"subjectAltName={names}\n")
        _openssl(
            "x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self._key, "-set_serial", number, "-days", str(days),
            "-extfile", extensions, "-out", pair.certificate,
        )  # fmt: skip
        return pair
