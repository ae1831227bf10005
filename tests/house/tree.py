#!/usr/bin/env python3
"""Looks at the tree itself: that it keeps the order it was given. Speaks TAP.

tree.py [ROOT]: each check is a function that yields one line for each fault it finds.
"""

import collections
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

# Includes point one way: what a part may include besides itself. A single file is a waist
# between two parts: that file and no other.
ALL = {'*'}
MAY_INCLUDE = {
    'base': set(),
    'words': {'base'},
    'capture': {'base', 'words'},
    'wire': {'base', 'words'},
    'netlink': {'base', 'words'},
    'endpoint': {'base', 'words'},
    'socket': {'base', 'words'},
    'ending': {'base', 'words', 'endpoint'},
    'connection': {'base', 'words', 'wire', 'ending/facts.h'},
    'live': {'base', 'wire', 'capture', 'netlink', 'ending/facts.h'},
    'trace': {'base', 'words', 'netlink', 'ending/facts.h'},
    'report': {'base', 'words', 'ending'},
    'explain': {'base', 'words', 'endpoint', 'report'},
    'lab': ALL - {'cli'},
    'cli': ALL,
}

# A system's or library's interface that one part wraps for all others.
WRAPPED_BY = {
    'libmnl/': {'netlink'},
    'linux/inet_diag.h': {'netlink'},
    'linux/sock_diag.h': {'netlink'},
    'linux/netlink.h': {'netlink'},
    'linux/rtnetlink.h': {'netlink'},
    'zlib.h': {'capture'},
    'zstd.h': {'capture'},
    'elfutils/': {'trace'},
    'bpf/': {'live'},
    'linux/bpf.h': {'live'},
    'sys/ptrace.h': {'trace'},
    'linux/ptrace.h': {'trace'},
    'cmocka.h': set(),
}

LONGEST_FILE = 600
LONGEST_LINE = 120

# Directories of the machines that this was written on. Written in pieces, so that this file
# does not find itself.
MACHINE_PATH = re.compile(
    r'(?<![\w.~-])/(?:' + '|'.join(('work', 'root', 'home', 'farm', 'Users')) + r')/[\w.-]')


def tracked(root):
    """The files that git knows; all files where there is no repository."""
    git = subprocess.run(['git', '-c', 'safe.directory=*', '-C', root, 'ls-files', '-z'],
                         capture_output=True, check=False)
    if git.returncode == 0 and git.stdout:
        paths = (root / os.fsdecode(name) for name in git.stdout.split(b'\0') if name)
        return [path for path in paths if path.is_file()]
    return [path for path in root.rglob('*')
            if path.is_file() and not re.match(r'(build|\.git$)', path.relative_to(root).parts[0])]


def sources(root):
    return sorted(path for path in (root / 'src').rglob('*.[ch]'))


def code(root):
    """All that is written to be built or run, wherever it lies."""
    return [path for path in tracked(root) if path.suffix in ('.c', '.h', '.py', '.sh')]


def includes(path):
    """(line number, 'quoted' or 'system', name) of each include of a source."""
    for number, line in enumerate(path.read_text(errors='replace').splitlines(), 1):
        if found := re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line):
            yield number, 'quoted' if found[1] == '"' else 'system', found[2]


def each_source_with_its_part(root):
    for path in sources(root):
        inside = path.relative_to(root / 'src')
        if len(inside.parts) > 1:
            yield path.relative_to(root), inside.parts[0], path


def includes_point_one_way(root):
    for name, part, path in each_source_with_its_part(root):
        if part not in MAY_INCLUDE:
            yield f'{name}: MAY_INCLUDE does not say what src/{part} may include'
            continue
        may = MAY_INCLUDE[part]
        for number, kind, include in includes(path):
            target = include.split('/')[0]
            if kind != 'quoted' or '/' not in include or target == part:
                continue
            if target == 'cli' or not (may == ALL or target in may or include in may):
                yield f'{name}:{number}: src/{part} must not include "{include}"'


def local_includes_are_written_from_src(root):
    for path in sources(root):
        for number, kind, include in includes(path):
            if kind == 'quoted' and not re.match(r'[a-z_]+/[a-z0-9_./]+$', include):
                yield f'{path.relative_to(root)}:{number}: "{include}" is not written from src/'


def interfaces_of_a_part_stay_in_it(root):
    for name, part, path in each_source_with_its_part(root):
        for number, kind, include in includes(path):
            for prefix, parts in WRAPPED_BY.items():
                if kind == 'system' and include.startswith(prefix) and part not in parts:
                    yield f'{name}:{number}: <{include}> is not for src/{part}'


def a_source_opens_with_a_comment(root):
    openings = {'.py': r'(?:#!.*\n)?\s*(""".*?""")', '.sh': r'(?:#!.*\n)?((?:#(?!!).*\n)+)'}
    for path in code(root):
        opening = re.match(openings.get(path.suffix, r'\s*(/\*.*?\*/|(?://[^\n]*\n)+)'), path.read_text(errors='replace'),
                           re.S if path.suffix != '.sh' else 0)
        words = re.sub(r'SPDX\S*.*', '', opening[1]) if opening else ''
        if len(re.findall(r'\w+', words)) < 2:
            yield f'{path.relative_to(root)}: no opening comment says what it is for'


def a_file_has_one_purpose(root):
    for path in code(root):
        lines = path.read_text(errors='replace').count('\n')
        if lines > LONGEST_FILE:
            yield f'{path.relative_to(root)}: {lines} lines, {LONGEST_FILE} are the most'


def a_line_of_c_fits_into_120_columns(root):
    """As characters: a box drawn in a string is as wide as it looks."""
    for path in code(root):
        if path.suffix not in ('.c', '.h'):
            continue
        name = path.relative_to(root)
        for number, line in enumerate(path.read_text(errors='replace').splitlines(), 1):
            if len(line) > LONGEST_LINE:
                yield f'{name}:{number}: {len(line)} columns, {LONGEST_LINE} are the most'


def a_function_of_c_begins_in_one_manner(root):
    """Its brace on a line of its own; its type before its name, but where that is long and the parameters are, too."""
    for path in code(root):
        if path.suffix not in ('.c', '.h'):
            continue
        name, text = path.relative_to(root), path.read_text(errors='replace')
        for begins in re.finditer(r'^(?:(.{1,40})\n)?\w[^\n;=]*\([^;{}]*\)(\s*)\{$', text, re.M):
            number = text.count('\n', 0, begins.start()) + 1
            if '\n' not in begins[2]:
                yield f'{name}:{number}: the brace of a function is not on a line of its own'
            if begins[1] and re.match(r'[a-z][\w *]*$', begins[1]):
                yield f'{name}:{number}: the type of a function is not before its name'


def a_struct_is_called_a_struct(root):
    for path in sources(root):
        for number, line in enumerate(path.read_text(errors='replace').splitlines(), 1):
            if re.match(r'\s*typedef\s+(struct|union|enum)\b', line):
                yield f'{path.relative_to(root)}:{number}: a typedef hides a struct, union or enum'


def a_header_is_read_once(root):
    for path in code(root):
        text = path.read_text(errors='replace')
        if path.suffix == '.h' and not re.search(r'^#pragma once$|\A\s*(/\*.*?\*/\s*)?#ifndef', text, re.M | re.S):
            yield f'{path.relative_to(root)}: neither #pragma once nor a guard'


def no_line_ends_with_a_blank_and_c_has_no_tabs(root):
    prose = [path for path in tracked(root) if path.suffix == '.md' or path.name == 'meson.build']
    for path in code(root) + prose:
        for number, line in enumerate(path.read_text(errors='replace').splitlines(), 1):
            if line != line.rstrip():
                yield f'{path.relative_to(root)}:{number}: a blank at the end'
            elif '\t' in line and path.suffix in ('.c', '.h', '.py'):
                yield f'{path.relative_to(root)}:{number}: a tab'


def goto_goes_forward(root):
    for path in sources(root):
        lines = path.read_text(errors='replace').splitlines()
        for number, line in enumerate(lines):
            if (jump := re.search(r'\bgoto (\w+);', line)) and not any(
                    re.match(rf'\s*{jump[1]}:', below) for below in lines[number:]):
                yield f'{path.relative_to(root)}:{number + 1}: goto {jump[1]} goes back'


def what_the_documents_name_is_there(root):
    """Files that they link to, and files of the tree that they name."""
    named = re.compile(r'(?<![\w./-])(?:src|tests|docs|bench|fuzz|tools|include|packaging|examples)/[\w./-]*\.(?:c|h|py|md|sh|json)\b')
    for path in tracked(root):
        if path.suffix != '.md':
            continue
        text = path.read_text(errors='replace')
        links = {path.parent / link for link in re.findall(r'\]\((?!\w+:|#)([^)#\s]+)', text)}
        for target in sorted(links | {root / name for name in named.findall(text)}):
            if not target.exists():
                yield f'{path.relative_to(root)}: there is no {os.path.relpath(target, root)}'


def contributors_are_told_of_each_part(root):
    guide = root / 'CONTRIBUTING.md'
    if guide.is_file():
        told = guide.read_text()
        for part in sorted({part for _, part, _ in each_source_with_its_part(root)}):
            if f'src/{part}' not in told:
                yield f'CONTRIBUTING.md: does not say what src/{part} is for'


def every_test_program_is_run(root):
    named = ''.join(path.read_text() for path in sorted((root / 'tests').rglob('meson.build')))
    for path in sorted((root / 'tests').rglob('*.c')):
        runs = re.search(r'^int main\(', path.read_text(errors='replace'), re.M)
        if runs and not re.search(rf"\b{re.escape(path.stem)}(\.c)?'", named):
            yield f'{path.relative_to(root)}: no meson.build under tests/ names it'


def every_function_of_a_test_is_called(root):
    """A case that stands in no list is never tried. Some files list theirs by how their names begin."""
    texts = {path: path.read_text() for path in sorted((root / 'tests').rglob('*.py'))}
    words = collections.Counter(word for text in texts.values() for word in re.findall(r'\w+', text))
    for path, text in texts.items():
        collected = re.search(r'globals\(\)\.items\(\)(.*?)\]', text, re.S)
        begins = re.search(r'startswith\((.*?)\)\)', collected[1] + '))', re.S) if collected else None
        for name in re.findall(r'^def (\w+)', text, re.M):
            listed = collected and (not begins or name.startswith(tuple(re.findall(r'\w+', begins[1]))))
            if words[name] < 2 and not listed:
                yield f'{path.relative_to(root)}: nothing calls {name}()'


def no_file_names_a_machine_s_directories(root):
    for path in tracked(root):
        try:
            text = path.read_text(encoding='utf-8')
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if found := MACHINE_PATH.search(line):
                yield f'{path.relative_to(root)}:{number}: names {found[0]}…'


def man_pages(root):
    return sorted((root / 'docs' / 'man').glob('*.[1-9]'))


def man_pages_pass_lint(root):
    # Whether other manuals are installed is the machine's affair, not the page's.
    elsewhere = re.compile(r'referenced manual not found|outdated mandoc\.db|mandoc\.db')
    for page in man_pages(root):
        lint = subprocess.run(['mandoc', '-Tlint', '-Wstyle', page.name], cwd=page.parent,
                              capture_output=True, text=True, check=False)
        for line in (lint.stdout + lint.stderr).splitlines():
            if not elsewhere.search(line):
                yield f'docs/man: {line}'


def man_pages_fit_into_80_columns(root):
    for page in man_pages(root):
        shown = subprocess.run(['mandoc', '-Tutf8', '-Owidth=80', page], capture_output=True, check=False)
        for line in re.sub('.\b', '', shown.stdout.decode()).splitlines():
            if len(line) > 80:
                yield f'{page.relative_to(root)}: {len(line)} columns: {line.strip()}'


def man_pages_refer_to_pages_that_are_there(root):
    there = {(page.stem, page.suffix[1:]) for page in man_pages(root)}
    for page in man_pages(root):
        for number, line in enumerate(page.read_text().splitlines(), 1):
            found = re.match(r'\.Xr (finis\S*|libfinis\S*) (\d)', line)
            if found and found.groups() not in there:
                yield f'{page.relative_to(root)}:{number}: no page {found[1]}({found[2]})'


CHECKS = [
    includes_point_one_way,
    local_includes_are_written_from_src,
    interfaces_of_a_part_stay_in_it,
    a_source_opens_with_a_comment,
    a_file_has_one_purpose,
    a_line_of_c_fits_into_120_columns,
    a_function_of_c_begins_in_one_manner,
    a_struct_is_called_a_struct,
    a_header_is_read_once,
    no_line_ends_with_a_blank_and_c_has_no_tabs,
    goto_goes_forward,
    what_the_documents_name_is_there,
    contributors_are_told_of_each_part,
    every_test_program_is_run,
    every_function_of_a_test_is_called,
    no_file_names_a_machine_s_directories,
    man_pages_pass_lint,
    man_pages_fit_into_80_columns,
    man_pages_refer_to_pages_that_are_there,
]

NEEDS = {man_pages_pass_lint: 'mandoc', man_pages_fit_into_80_columns: 'mandoc'}


def main(arguments):
    root = Path(arguments[0] if arguments else Path(__file__).resolve().parents[2])
    failed = 0
    print(f'1..{len(CHECKS)}')
    for number, check in enumerate(CHECKS, 1):
        tool = NEEDS.get(check)
        if tool and not shutil.which(tool):
            print(f'ok {number} - {check.__name__} # SKIP {tool} is not installed')
            continue
        faults = list(check(root))
        failed += bool(faults)
        print(f"{'not ok' if faults else 'ok'} {number} - {check.__name__}")
        for fault in faults:
            print(f'# {fault}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
