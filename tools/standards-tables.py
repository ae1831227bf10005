#!/usr/bin/env python3
"""Writes the model's tables anew into a manual page, or with --check says which are old.

A page shows the table NAME of `finis explain --table` in the literal block that follows the
comment .\\" model: NAME. Run this without --check when the model has changed.

usage: standards-tables.py [--check] FINIS PAGE...
"""

import re
import subprocess
import sys

BLOCK = re.compile(r'(\.\\" model: (\S+)\n\.Bd -literal\n)(.*?)(\.Ed\n)', re.S)


def renew(finis, text):
    """The page with its tables as the model has them now, and their names."""
    names = []

    def table(match):
        names.append(match[2])
        lines = subprocess.run([finis, 'explain', '--table', match[2]], check=True,
                               stdout=subprocess.PIPE, text=True).stdout.splitlines()
        # A dot or an apostrophe at the start of a line, and any backslash, would be roff.
        lines = [line.replace('\\', '\\e') for line in lines]
        return match[1] + ''.join(('\\&' if line[:1] in ".'" else '') + line + '\n' for line in lines) + match[4]

    return BLOCK.sub(table, text), names


def main(arguments):
    check = arguments[:1] == ['--check']
    finis, *pages = arguments[check:]
    old_pages = 0
    for page in pages:
        with open(page, encoding='ascii') as file:
            old = file.read()
        new, names = renew(finis, old)
        if not names:
            print(f'{page}: shows no table of the model')
            old_pages += 1
        elif new != old:
            old_pages += 1
            if not check:
                with open(page, 'w', encoding='ascii') as file:
                    file.write(new)
            print(f'{page}: ' + ('a table is not what the model says; tools/standards-tables.py writes it anew'
                                 if check else 'its tables are new'))
    return 1 if check and old_pages else 0


if __name__ == '__main__':
    if len(sys.argv) < 3:
        sys.exit(__doc__.split('\n\n')[-1].strip())
    sys.exit(main(sys.argv[1:]))
