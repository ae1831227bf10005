#!/usr/bin/env python3
"""The Linux column of docs/standards.md, asked of the kernel that runs here (see packetdrill.py)."""

import sys

import packetdrill

if __name__ == '__main__':
    sys.exit(packetdrill.main('docs/standards.md', signals=True, verdicts=False))
