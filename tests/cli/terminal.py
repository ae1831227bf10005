"""A command whose output is a terminal."""

import os
import pty
import subprocess


def told_a_terminal(command, **options):
    """To its end: its status, and what it wrote there."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, stdout=theirs, stdin=subprocess.DEVNULL, **options) as process:
        os.close(theirs)
        out = b''
        try:
            while piece := os.read(ours, 65536):
                out += piece
        except OSError:
            pass    # how Linux says that nobody writes there any more
        status = process.wait(60)
    os.close(ours)
    return status, out
