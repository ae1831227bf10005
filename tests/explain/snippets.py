#!/usr/bin/env python3
"""The C in the pages, and that of the library's manual, compiles with the headers that it names itself. TAP."""

import os
import re
import shlex
import subprocess
import sys

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
from tap import run_cases  # noqa: E402

SOURCE = os.environ.get('FINIS_SOURCE', os.path.join(os.path.dirname(__file__), '..', '..'))
PAGES = os.path.join(SOURCE, 'docs', 'explain')
COMPILER = shlex.split(os.environ.get('CC', 'cc'))

# What a program around a snippet has of its own. It names no header: those are the snippet's.
AROUND = '''
extern int fd;
extern char buf[4096];
extern const char *data;
extern __SIZE_TYPE__ size, limit;
extern unsigned long long bytes_read, fin_seen;
void use(const char *bytes, __SIZE_TYPE__ n);
void snippet(void);
void snippet(void)
{
'''


def snippets():
    """[(page, number in the page, text)]"""
    found = []
    for name in sorted(os.listdir(PAGES)):
        with open(os.path.join(PAGES, name), encoding='ascii') as file:
            texts = re.findall(r'^```c\n(.*?)^```$', file.read(), re.M | re.S)
        found += [(name, number, text) for number, text in enumerate(texts, 1)]
    return found


def compile_snippet(text):
    """What the compiler says; nothing if it takes it."""
    lines = text.splitlines(keepends=True)
    program = ''.join(line for line in lines if line.startswith('#include')) + AROUND
    program += ''.join('\n' if line.startswith('#include') else line for line in lines) + '}\n'
    done = subprocess.run([*COMPILER, '-std=gnu17', '-Wall', '-Wextra', '-Werror', '-fsyntax-only',
                           '-x', 'c', '-'], input=program, capture_output=True, text=True,
                          timeout=60, check=False)
    return done.stderr if done.returncode else ''


def every_snippet_compiles():
    found = snippets()
    assert len(found) >= 5, found
    for name, number, text in found:
        said = compile_snippet(text)
        assert not said, f'{name}, snippet {number}: {said}'


def a_snippet_without_its_headers_does_not():
    for name, number, text in snippets():
        bare = re.sub(r'^#include.*\n', '', text, flags=re.M)
        assert compile_snippet(bare), f'{name}, snippet {number}'


def each_header_is_needed():
    for name, _, text in snippets():
        for line in re.findall(r'^#include.*\n', text, re.M):
            if 'sys/socket.h' not in line:      # others may bring it along
                assert compile_snippet(text.replace(line, '')), (name, line)


def the_example_of_the_manual_compiles():
    with open(os.path.join(SOURCE, 'docs', 'man', 'libfinis.3'), encoding='utf-8') as file:
        text = re.search(r'^\.Sh EXAMPLES\n\.Bd -literal.*?\n(.*?)^\.Ed$', file.read(), re.M | re.S)[1]
    text = text.replace('\\e', '\\')
    assert text.count('{') == 1 and 'finis_close(' in text, text
    done = subprocess.run([*COMPILER, '-std=c99', '-Wall', '-Wextra', '-Wpedantic', '-Wconversion', '-Werror', '-fsyntax-only',
                           '-I', os.path.join(SOURCE, 'include'), '-x', 'c', '-'], input=text, capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 0, done.stderr


CASES = [
    the_example_of_the_manual_compiles,
    every_snippet_compiles,
    a_snippet_without_its_headers_does_not,
    each_header_is_needed,
]


if __name__ == '__main__':
    sys.exit(run_cases(CASES))
