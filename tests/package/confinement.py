#!/usr/bin/env python3
"""confinement.py UNIT PROGRAM ARGUMENT…: puts a program under the restrictions of a systemd unit that are system call filters, as systemd does, so that they can be tried where
systemd does not run: what the unit forbids fails here with the same error."""

import ctypes
import errno
import mmap
import os
import re
import socket
import subprocess
import sys

import seccomp

CLONE_NEW = 0x7E020000 | 0x00000080  # every kind of namespace
PR_SET_NO_NEW_PRIVS = 38


def expanded(name):
    """The system calls of a set such as @system-service, which systemd knows; or the call itself."""
    if not name.startswith("@"):
        return {name}
    listed = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True).stdout
    inside = [line.strip() for line in listed.splitlines()[1:] if line.strip() and not line.strip().startswith("#")]
    return set().union(*map(expanded, inside))


def allowed_calls(unit):
    """SystemCallFilter= of a unit: the first names what is allowed, the next ones take away (~) and add."""
    allowed = set()
    for deny, names in re.findall(r"^SystemCallFilter=(~?)(.+)$", unit, re.M):
        calls = set().union(*map(expanded, names.split()))
        allowed = allowed - calls if deny else allowed | calls
    return allowed


def yes(unit, setting):
    return re.search(rf"^{setting}=yes$", unit, re.M) is not None


def filter_of(unit):
    """What is not allowed fails with the unit's error."""
    made = seccomp.SyscallFilter(seccomp.ERRNO(getattr(errno, re.search(r"^SystemCallErrorNumber=(\w+)$", unit, re.M)[1])))
    families = re.search(r"^RestrictAddressFamilies=(.+)$", unit, re.M)[1].split()
    rules = {"socket": [[seccomp.Arg(0, seccomp.EQ, getattr(socket, family))] for family in families]}  # each: any of these
    if yes(unit, "MemoryDenyWriteExecute"):
        both = mmap.PROT_WRITE | mmap.PROT_EXEC
        rules["mmap"] = [[seccomp.Arg(2, seccomp.MASKED_EQ, both, wanted)] for wanted in (0, mmap.PROT_WRITE, mmap.PROT_EXEC)]
        rules["mprotect"] = [[seccomp.Arg(2, seccomp.MASKED_EQ, mmap.PROT_EXEC, 0)]]
        rules["pkey_mprotect"] = []
    if yes(unit, "RestrictNamespaces"):
        rules["clone"] = [[seccomp.Arg(0, seccomp.MASKED_EQ, CLONE_NEW, 0)]]
        rules["clone3"] = rules["setns"] = rules["unshare"] = []
        made.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")  # its flags cannot be looked at: glibc goes on with clone
    for call in sorted(allowed_calls(unit)):
        for arguments in rules.get(call, [[]]):
            try:
                made.add_rule(seccomp.ALLOW, call, *arguments)
            except (RuntimeError, ValueError, OSError):  # not of this architecture
                break
    return made


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        confinement = filter_of(file.read())
    ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    confinement.load()
    os.execv(sys.argv[2], sys.argv[2:])
