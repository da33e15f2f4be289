"""A TLS client that is not ours, and tells what it was shown."""

import subprocess


def s_client(server, ca_file, *options, text=b""):
    """What openssl's own client tells about a handshake: its exit status and its words."""
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-CAfile", ca_file, "-verify_return_error", *options],
        input=text, capture_output=True, timeout=60,
    )  # fmt: skip
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


def common_name_shown(server, ca_file):
    _, told = s_client(server, ca_file)
    return told.split("subject=CN = ", 1)[1].splitlines()[0] if "subject=CN = " in told else told
