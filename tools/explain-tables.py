#!/usr/bin/env python3
"""Writes the model's tables anew into the pages of docs/explain that show them.

A page keeps the text of a table behind its marker, so that it is whole on a code host; a test
keeps that text equal to what the model says. Run this when the model has changed.

usage: explain-tables.py FINIS FOLDER
"""

import glob
import os
import re
import subprocess
import sys

BLOCK = re.compile(r'(<!-- model: ([a-z]+) -->\n```\n)(.*?)(```\n)', re.S)


def main():
    finis, folder = sys.argv[1:]

    def table(match):
        text = subprocess.run([finis, 'explain', '--table', match[2]], check=True,
                              stdout=subprocess.PIPE, text=True).stdout
        return match[1] + text + match[4]

    for path in sorted(glob.glob(os.path.join(folder, '*.md'))):
        with open(path, encoding='ascii') as file:
            old = file.read()
        new = BLOCK.sub(table, old)
        if new != old:
            with open(path, 'w', encoding='ascii') as file:
                file.write(new)
            print(f'{path}: its table is new')


if __name__ == '__main__':
    if len(sys.argv) != 3:
        sys.exit(__doc__.split('\n\n')[-1].strip())
    try:
        main()
    except subprocess.CalledProcessError:
        sys.exit(2)
