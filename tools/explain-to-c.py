#!/usr/bin/env python3
"""Turns the pages of docs/explain into the C table that `finis explain` prints.

The pages are written in a small subset of Markdown, so that the same text reads
well on a code host and on a terminal. Whatever lies outside the subset is an
error with file and line: a page never looks right in one place and wrong in the
other. The subset:

    <!--                            the head: the words that lead to the page
    word: NAME | kind | one line
    alias: name, name
    -->
    # Title                         once, the first thing after the head
    ## Heading
    a paragraph                     `code`, **bold**, [WORD](page.md)
    - an item, 1. an item           continued on lines indented by two spaces
    | a | b |                       a table, its second row |---|---|
    ```c                            code, at most 76 columns
    <!-- model: NAME -->            the fenced block that follows is the model's table

usage: explain-to-c.py [-o FILE] [-d DEPFILE] FOLDER
"""

import argparse
import os
import re
import sys

KINDS = ('errno', 'signal', 'ending', 'cause', 'reset-reason', 'conn-state', 'claim', 'term')
MODEL_TABLES = ('send', 'recv', 'poll', 'close', 'rst', 'timers', 'icmp')
LINE_LIMIT = 100        # of the source
CODE_LIMIT = 76         # four columns of indent make 80
BOLD_ON, BOLD_OFF, CODE_ON, CODE_OFF, CELL, ROW = '\x01', '\x02', '\x03', '\x04', '\x1f', '\x1e'
INDEX = 'README.md'     # a list of the pages for the code host; not a page


class Refused(Exception):
    """A page that is not in the subset; the text says where and why."""


def key(word):
    """One spelling for SO_LINGER, so-linger and "so linger". As in lookup.c."""
    return re.sub(r'[ _-]+', '-', word.strip().lower()).strip('-')


class Page:
    """One file, read block by block."""

    def __init__(self, path):
        self.path = path
        self.file = os.path.basename(path)
        self.words = []         # (name, kind, line)
        self.aliases = []
        self.links = []         # (text, target, line number)
        self.blocks = []        # (kind, text, number of columns)
        self.title = None
        self.at = 0
        with open(path, 'rb') as file:
            raw = file.read()
        try:
            text = raw.decode('ascii')
        except UnicodeDecodeError as e:
            self.at = raw[:e.start].count(b'\n')
            self.refuse('a character outside ASCII')
        if not text.endswith('\n'):
            self.refuse('the last line has no end', text.count('\n'))
        self.lines = text[:-1].split('\n')
        for self.at, line in enumerate(self.lines):
            if re.search(r'[\x00-\x1f\x7f]', line):
                self.refuse('a tab or a control character')
            if line != line.rstrip():
                self.refuse('spaces at the end of the line')
            if len(line) > LINE_LIMIT:
                self.refuse(f'longer than {LINE_LIMIT} columns')
        self.at = 0

    def refuse(self, why, at=None):
        line = (self.at if at is None else at) + 1
        raise Refused(f'{self.path}:{line}: {why}')

    def line(self):
        return self.lines[self.at] if self.at < len(self.lines) else None

    def read(self):
        self.read_head()
        self.skip_blank()
        if self.line() is None or not self.line().startswith('# '):
            self.refuse('a page opens with "# Title"')
        self.title = self.inline(self.line()[2:])
        self.at += 1
        self.skip_blank()
        if self.line() is None or self.kind_of_line() != 'paragraph':
            self.refuse('the title is followed by a paragraph: the answer')
        while self.line() is not None:
            self.read_block()
            if self.line() is not None and self.line() != '':
                self.refuse('a blank line must part two blocks')
            self.skip_blank()
        headings = [text for kind, text, _ in self.blocks if kind == 'heading']
        if not headings or headings[-1] != 'See also':
            self.refuse('the last heading must be "## See also"', len(self.lines) - 1)
        if not self.links or self.blocks[-1][0] != 'paragraph':
            self.refuse('"See also" is a paragraph with links', len(self.lines) - 1)

    def skip_blank(self):
        while self.line() == '':
            self.at += 1

    def read_head(self):
        if self.line() != '<!--':
            self.refuse('a page begins with its head, "<!--" alone on the line')
        self.at += 1
        while self.line() != '-->':
            if self.line() is None:
                self.refuse('the head has no end')
            name, colon, value = self.line().partition(': ')
            if not colon:
                self.refuse('a line of the head reads "word: ..." or "alias: ..."')
            if name == 'word':
                self.read_word(value)
            elif name == 'alias':
                self.aliases += [(alias.strip(), self.at) for alias in value.split(',')]
            else:
                self.refuse(f'the head knows "word" and "alias", not "{name}"')
            self.at += 1
        self.at += 1
        if not self.words:
            self.refuse('the head names no word')

    def read_word(self, value):
        parts = [part.strip() for part in value.split('|')]
        if len(parts) != 3 or not all(parts):
            self.refuse('a word reads "word: NAME | kind | one line"')
        name, kind, line = parts
        if kind not in KINDS:
            self.refuse(f'"{kind}" is no kind; there are {", ".join(KINDS)}')
        if len(name) > 28:
            self.refuse('a name has at most 28 characters')
        if len(line) > 48:
            self.refuse(f'the line of "{name}" is {len(line)} characters long, 48 is the limit')
        self.words.append((name, kind, line, self.at))

    def kind_of_line(self):
        line = self.line()
        if line.startswith('```'):
            return 'code'
        if line.startswith('<!--'):
            return 'model'
        if line.startswith('#'):
            return 'heading'
        if line.startswith('|'):
            return 'table'
        if re.match(r'(-|[0-9]+\.) ', line):
            return 'item'
        if line.startswith(' '):
            self.refuse('an indented line that continues no item')
        if re.match(r'[>+=~]|\*[^*]|-{2,}|-$|\*\*\*|___|[0-9]+\)', line):
            self.refuse(f'"{line[:8]}" begins a block that the subset does not have')
        return 'paragraph'

    def read_block(self):
        getattr(self, 'read_' + self.kind_of_line())()

    def read_heading(self):
        match = re.fullmatch(r'## (\S.*)', self.line())
        if not match:
            self.refuse('a heading below the title reads "## Heading"')
        self.blocks.append(('heading', self.inline(match[1]), 0))
        self.at += 1

    def read_paragraph(self):
        start, lines = self.at, []
        while self.line():
            if self.kind_of_line() != 'paragraph':
                self.refuse('a blank line must part two blocks')
            lines.append(self.line())
            self.at += 1
        self.blocks.append(('paragraph', self.inline(' '.join(lines), start), 0))

    def read_item(self):
        while self.line():
            start = self.at
            mark, text = re.fullmatch(r'(-|[0-9]+\.) (.*)', self.line()).groups()
            lines = [text]
            self.at += 1
            while self.line() and self.line().startswith(' '):
                if not re.match(r'  +\S', self.line()) or re.match(r' +(-|[0-9]+\.) ', self.line()):
                    self.refuse('an item continues with two spaces; items do not nest')
                lines.append(self.line().strip())
                self.at += 1
            self.blocks.append(('item', mark + CELL + self.inline(' '.join(lines), start), 0))
            if self.line() and self.kind_of_line() != 'item':
                self.refuse('a blank line must part two blocks')

    def read_table(self):
        rows, columns = [], None
        start = self.at
        while self.line():
            line = self.line()
            if not re.fullmatch(r'\|.*\|', line):
                self.refuse('a row of a table begins and ends with "|"')
            cells = [cell.strip() for cell in line[1:-1].split('|')]
            columns = columns or len(cells)
            if len(cells) != columns:
                self.refuse(f'{len(cells)} cells in a table of {columns} columns')
            if self.at == start + 1:
                if not all(re.fullmatch(r'-{3,}', cell) for cell in cells):
                    self.refuse('the second row of a table reads |---|---|')
            else:
                rows.append(CELL.join(self.inline(cell) for cell in cells))
            self.at += 1
        if len(rows) < 2:
            self.refuse('a table has a head and at least one row', start)
        self.blocks.append(('table', ROW.join(rows), columns))

    def read_code(self):
        text = self.fenced(('```', '```c', '```sh'))
        self.blocks.append(('code', text, 0))

    def read_model(self):
        match = re.fullmatch(r'<!-- model: ([a-z]+) -->', self.line())
        if not match:
            self.refuse('the only comment below the head is "<!-- model: NAME -->"')
        if match[1] not in MODEL_TABLES:
            self.refuse(f'the model has no table "{match[1]}"; it has {", ".join(MODEL_TABLES)}')
        self.at += 1
        if self.line() != '```':
            self.refuse('the line after a model marker opens a fenced block with ```')
        self.blocks.append(('model', match[1] + CELL + self.fenced(('```',)), 0))

    def fenced(self, openings):
        start = self.at
        if self.line() not in openings:
            self.refuse(f'a fence opens with {" or ".join(openings)}')
        self.at += 1
        lines = []
        while self.line() != '```':
            if self.line() is None:
                self.refuse('the fence has no end', start)
            if len(self.line()) > CODE_LIMIT:
                self.refuse(f'code longer than {CODE_LIMIT} columns')
            lines.append(self.line())
            self.at += 1
        self.at += 1
        return '\n'.join(lines)

    def inline(self, text, at=None):
        """Marks bold and code with control bytes; refuses what else Markdown would see."""
        out, rest = '', text
        bold = False
        while rest:
            if rest.startswith('`'):
                match = re.match(r'`([^`]+)`', rest)
                if not match or match[1] != match[1].strip():
                    self.refuse('a backquote without its partner', at)
                out += CODE_ON + match[1] + CODE_OFF
            elif rest.startswith('**'):
                match = re.match(r'\*\*', rest)
                out += BOLD_OFF if bold else BOLD_ON
                bold = not bold
            elif rest.startswith('['):
                if out.endswith('!'):
                    self.refuse('an image is not in the subset', at)
                match = re.match(r'\[([^][`*]+)\]\(([a-z0-9-]+\.md)\)', rest)
                if not match:
                    self.refuse('a bracket that is no link [WORD](page.md)', at)
                self.links.append((match[1], match[2], self.at if at is None else at))
                out += match[1]
            else:
                match = re.match(r'[^`*[]+', rest)
                if not match:
                    self.refuse('a single * (bold is **, emphasis there is none)', at)
                plain = match[0]
                for pattern, why in (
                        (r'\\', 'a backslash'),
                        (r'\]', 'a bracket that is no link [WORD](page.md)'),
                        (r'<[A-Za-z/!?]', 'an HTML tag'),
                        (r'&#?\w+;', 'an HTML entity'),
                        (r'~~', 'a struck-out text'),
                        (r'https?:', 'a bare address'),
                        (r'(^|\W)_\w|\w_(\W|$)', 'an underscore at the edge of a word (use `code`)')):
                    if re.search(pattern, plain):
                        self.refuse(f'{why} is not in the subset', at)
                out += plain
            rest = rest[match.end():]
        if bold:
            self.refuse('** without its partner', at)
        return out


def c_string(text):
    """A C string literal, its pieces on lines of their own."""
    escaped = ''.join({'"': '\\"', '\\': '\\\\', '\n': '\\n'}.get(c) or
                      (c if ' ' <= c <= '~' else f'\\{ord(c):03o}') for c in text)
    # A literal must not be cut inside an escape.
    pieces = re.findall(r'(?:\\[0-7]{3}|\\.|[^\\]){1,90}', escaped) or ['']
    return '\n\t\t'.join(f'"{piece}"' for piece in pieces)


def read_folder(folder):
    pages = []
    for name in sorted(os.listdir(folder)):
        if not name.endswith('.md') or name == INDEX:
            continue
        if not re.fullmatch(r'[a-z0-9-]+\.md', name):
            raise Refused(f'{folder}/{name}:1: a page is named in lower case, as links write it')
        page = Page(os.path.join(folder, name))
        page.read()
        pages.append(page)
    return pages


def check_words(pages):
    """Returns key -> page; refuses a word or alias that leads to two places."""
    taken = {}
    for page in pages:
        for name, at in ([(word[0], word[3]) for word in page.words] + page.aliases):
            k = key(name)
            if not re.fullmatch(r'[a-z0-9]+(-[a-z0-9]+)*', k):
                page.refuse(f'"{name}" cannot be typed as a word', at)
            if k in taken:
                page.refuse(f'"{name}" leads to {taken[k].file} already', at)
            taken[k] = page
    return taken


def check_links(pages, taken):
    for page in pages:
        for text, target, at in page.links:
            if taken.get(key(text)) is None:
                page.refuse(f'"{text}" is a link, but no word leads to it', at)
            if taken[key(text)].file != target:
                page.refuse(f'"{text}" leads to {taken[key(text)].file}, not to {target}', at)


def write_c(pages, out):
    out.write('/* Made from docs/explain by tools/explain-to-c.py. */\n#include "explain/page.h"\n')
    for i, page in enumerate(pages):
        out.write(f'\nstatic const struct explain_block blocks_{i}[] = {{\n')
        for kind, text, columns in page.blocks:
            out.write(f'\t{{EXPLAIN_{kind.upper()}, {columns},\n\t\t{c_string(text)}}},\n')
        out.write('};\n')
    out.write('\nconst struct explain_page explain_pages[] = {\n')
    for i, page in enumerate(pages):
        out.write(f'\t{{{c_string(page.file)}, {c_string(page.title)}, blocks_{i},\n'
                  f'\t\tsizeof(blocks_{i}) / sizeof(blocks_{i}[0])}},\n')
    out.write('};\nconst size_t n_explain_pages = sizeof(explain_pages) / sizeof(explain_pages[0]);\n')

    words = sorted((KINDS.index(kind), key(name), i, name, kind, line)
                   for i, page in enumerate(pages) for name, kind, line, at in page.words)
    out.write('\nconst struct explain_word explain_words[] = {\n')
    for _, k, i, name, kind, line in words:
        out.write(f'\t{{{c_string(name)}, {c_string(k)}, '
                  f'EXPLAIN_KIND_{kind.upper().replace("-", "_")}, {c_string(line)},\n'
                  f'\t\t&explain_pages[{i}]}},\n')
    out.write('};\nconst size_t n_explain_words = sizeof(explain_words) / sizeof(explain_words[0]);\n')
    aliases = [(key(alias), i) for i, page in enumerate(pages) for alias, _ in page.aliases]
    out.write('\nconst struct explain_alias explain_aliases[] = {\n')
    for alias, i in aliases:
        out.write(f'\t{{{c_string(alias)}, &explain_pages[{i}]}},\n')
    out.write('};\nconst size_t n_explain_aliases ='
              ' sizeof(explain_aliases) / sizeof(explain_aliases[0]);\n')


def check_index(folder, pages):
    """The list for the code host names each word, and nothing else."""
    path = os.path.join(folder, INDEX)
    if not os.path.exists(path):
        return
    with open(path, encoding='ascii') as file:
        text = file.read()
    for page in pages:
        for name, _, _, _ in page.words:
            if f'[{name}]({page.file})' not in text:
                raise Refused(f'{path}:1: {name} of {page.file} is missing')
    for target in re.findall(r'\]\(([^)]*)\)', text):
        if target not in [page.file for page in pages]:
            raise Refused(f'{path}:1: {target} is no page')


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('-o', metavar='FILE', help='where the C goes; without it, only check')
    parser.add_argument('-d', metavar='DEPFILE', help='where to name the pages that were read')
    parser.add_argument('folder')
    options = parser.parse_args()
    try:
        pages = read_folder(options.folder)
        if not pages:
            raise Refused(f'{options.folder}: no pages')
        check_links(pages, check_words(pages))
        check_index(options.folder, pages)
    except (Refused, OSError) as e:
        print(e, file=sys.stderr)
        return 1
    if options.o:
        with open(options.o, 'w', encoding='ascii') as out:
            write_c(pages, out)
    if options.d:
        with open(options.d, 'w', encoding='utf-8') as out:
            names = ' '.join([options.folder] + [page.path for page in pages])
            out.write(f'{options.o}: {names}\n')
    return 0


if __name__ == '__main__':
    sys.exit(main())
