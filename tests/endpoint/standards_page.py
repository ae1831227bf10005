#!/usr/bin/env python3
"""The tables of finis-endings(7) are those of the model, and a page with an old one is found out."""

import os
import subprocess
import sys
import tempfile

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
from tap import run_cases  # noqa: E402

SOURCE, FINIS = os.environ['FINIS_SOURCE'], os.environ['FINIS']
TOOL = os.path.join(SOURCE, 'tools', 'standards-tables.py')
PAGE = os.path.join(SOURCE, 'docs', 'man', 'finis-endings.7')


def run(*arguments):
    return subprocess.run([sys.executable, TOOL, *arguments], capture_output=True, text=True,
                          timeout=60, check=False)


def text_of(path):
    with open(path, encoding='ascii') as file:
        return file.read()


def the_tables_of_the_page_are_the_models():
    done = run('--check', FINIS, PAGE)
    assert done.returncode == 0, done.stdout + done.stderr


def the_page_shows_every_table():
    for name in ('send', 'recv', 'poll', 'close', 'rst', 'timers', 'icmp'):
        assert f'.\\" model: {name}\n.Bd -literal\n' in text_of(PAGE), name


def an_old_table_is_found_and_written_anew():
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, 'page.7')
        with open(copy, 'w', encoding='ascii') as file:
            file.write(text_of(PAGE).replace('ECONNRESET, then', 'EPIPE, then', 1))
        assert text_of(copy) != text_of(PAGE)
        assert run('--check', FINIS, copy).returncode == 1
        assert text_of(copy) != text_of(PAGE), '--check wrote'
        assert run(FINIS, copy).returncode == 0
        assert text_of(copy) == text_of(PAGE)


def a_page_without_tables_is_refused():
    with tempfile.NamedTemporaryFile('w', suffix='.7', encoding='ascii') as page:
        page.write('.Sh NAME\n')
        page.flush()
        assert run('--check', FINIS, page.name).returncode == 1


CASES = [
    the_tables_of_the_page_are_the_models,
    the_page_shows_every_table,
    an_old_table_is_found_and_written_anew,
    a_page_without_tables_is_refused,
]


if __name__ == '__main__':
    sys.exit(run_cases(CASES))
