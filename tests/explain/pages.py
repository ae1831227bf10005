#!/usr/bin/env python3
"""tools/explain-to-c.py: what it takes, and where it says that it refuses. TAP."""

import os
import subprocess
import sys
import tempfile

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
from tap import run_cases  # noqa: E402

SOURCE = os.environ.get('FINIS_SOURCE', os.path.join(os.path.dirname(__file__), '..', '..'))
TOOL = os.path.join(SOURCE, 'tools', 'explain-to-c.py')

HEAD = '<!--\nword: ONE | term | a word\nalias: uno\n-->\n'
END = '\n## See also\n\n[TWO](two.md)\n'
TWO = '<!--\nword: TWO | term | a word\n-->\n# Two\n\nText.\n\n## See also\n\n[ONE](one.md)\n'
GOOD = HEAD + '''# One: `code`

A paragraph of **bold `code` words** and
a second line, with `2 * 3`, and a_b_c.

## A heading

- an item
  that goes on
- another

1. first
2. second

| a | b |
|---|---|
| `x` | **y** |
| | z |

```c
int x = 1;      /* <tags> & **stars** are left alone */

```

<!-- model: send -->
```
a table
```
''' + END


def run(pages, *arguments):
    """Runs the tool over pages {name: text or bytes}; returns (status, stderr, folder's listing)."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in pages.items():
            with open(os.path.join(folder, name), 'wb') as file:
                file.write(text if isinstance(text, bytes) else text.encode())
        out = os.path.join(folder, 'out.c')
        done = subprocess.run([sys.executable, TOOL, '-o', out, *arguments, folder], timeout=60,
                              capture_output=True, text=True, check=False)
        made = None
        if os.path.exists(out):
            with open(out, encoding='ascii') as file:
                made = file.read()
        return done.returncode, done.stderr.replace(folder + '/', ''), made


def refused(text, line, why, name='one.md'):
    status, said, made = run({'one.md': GOOD, 'two.md': TWO} | {name: text})
    assert status == 1 and made is None, f'not refused: {why}'
    assert said.startswith(f'{name}:{line}: ') and why in said, f'{name}:{line}: {why}: {said}'
    assert said.count('\n') == 1


def body(text):
    """A page whose line 7 is the text's first."""
    return HEAD + '# One\n\nText.\n\n' + text + '\n' + END


def the_whole_subset_is_taken():
    status, said, made = run({'one.md': GOOD, 'two.md': TWO})
    assert status == 0 and said == '', said
    for part in (r'EXPLAIN_PARAGRAPH', r'EXPLAIN_TABLE, 2', r'EXPLAIN_MODEL', r'"uno"',
                 r'-\037an item that goes on', r'1.\037first', r'send\037a table',
                 r'\001bold \003code\004 words\002', r'<tags> & **stars**'):
        assert part in made, part


def a_block_outside_the_subset_is_refused_by_its_line():
    for text, line, why in (
            ('### Deep', 9, 'a heading below the title'),
            ('# Again', 9, 'a heading below the title'),
            ('#Close', 9, 'a heading below the title'),
            ('> quoted', 9, 'begins a block'),
            ('* star', 9, 'begins a block'),
            ('+ plus', 9, 'begins a block'),
            ('---', 9, 'begins a block'),
            ('***', 9, 'begins a block'),
            ('~~~', 9, 'begins a block'),
            ('1) one', 9, 'begins a block'),
            ('Setext\n======', 10, 'begins a block'),
            ('    indented', 9, 'an indented line'),
            ('- item\n  - nested', 10, 'items do not nest'),
            ('- item\nno indent', 10, 'a blank line must part'),
            ('text\n- item', 10, 'a blank line must part'),
            ('text\n0. is an item', 10, 'a blank line must part'),
            ('## Heading\ntext', 10, 'a blank line must part'),
            ('```\ncode\n```\ntext', 12, 'a blank line must part'),
            ('```python\nx\n```', 9, 'a fence opens with'),
            ('```\nnever closed', 9, 'the fence has no end'),
            ('```\n' + 'x' * 77 + '\n```', 10, 'code longer than 76'),
            ('<!-- a remark -->', 9, 'the only comment'),
            ('<!-- model: sand -->\n```\nx\n```', 9, 'no table "sand"'),
            ('<!-- model: send -->\n\n```\nx\n```', 10, 'opens a fenced block'),
            ('<!-- model: send -->\n```c\nx\n```', 10, 'opens a fenced block'),
            ('| a | b |\n| c | d |', 10, 'the second row'),
            ('| a | b |\n|---|---|', 9, 'at least one row'),
            ('| a | b |\n|---|---|\n| c |', 11, '1 cells in a table of 2'),
            ('| a | b |\n|---|---|\n| c | d', 11, 'begins and ends'),
            ('| a | b |\n|:--|--:|\n| c | d |', 10, 'the second row'),
    ):
        refused(body(text), line, why)


def a_span_outside_the_subset_is_refused_by_its_line():
    for text, why in (
            ('an *emphasis* here', 'a single *'),
            ('an _emphasis_ here', 'an underscore at the edge'),
            ('`open', 'without its partner'),
            ('` spaced `', 'without its partner'),
            ('``double``', 'without its partner'),
            ('**open', '** without its partner'),
            ('[link]', 'a bracket'),
            ('[link](https://a.b)', 'a bracket'),
            ('a ] bracket', 'a bracket'),
            ('see https://a.b', 'a bare address'),
            ('a <b>tag</b>', 'an HTML tag'),
            ('a &amp; b', 'an HTML entity'),
            (r'a \* b', 'a backslash'),
            ('a ~~struck~~', 'a struck-out text'),
    ):
        refused(body(text), 9, why)
        refused(body('| head | x |\n|---|---|\n| y | ' + text.replace('|', '') + ' |'), 11, why)


def an_image_is_refused():
    refused(body('an ![TWO](two.md)'), 9, 'an image')


def a_character_outside_ascii_is_refused_by_its_line():
    refused(body('first').encode() + 'é\n'.encode(), 14, 'outside ASCII')
    refused(body('a\tb'), 9, 'a tab')
    refused(body('a\x1b[1mb'), 9, 'a control character')
    refused(body('a '), 9, 'spaces at the end')
    refused(body('a' * 101), 9, 'longer than 100')
    refused(GOOD[:-1], GOOD.count('\n'), 'the last line has no end')


def a_page_without_its_parts_is_refused():
    for text, line, why in (
            ('# One\n', 1, 'begins with its head'),
            ('<!--\nword: ONE | term | a\n', 3, 'the head has no end'),
            ('<!--\nalias: x\n-->\n# One\n', 4, 'names no word'),
            ('<!--\nword ONE\n-->\n', 2, 'a line of the head'),
            ('<!--\nsee: ONE\n-->\n', 2, 'the head knows'),
            ('<!--\nword: ONE | term\n-->\n', 2, 'a word reads'),
            ('<!--\nword: ONE | verb | a\n-->\n', 2, '"verb" is no kind'),
            ('<!--\nword: ONE | term | ' + 'a' * 49 + '\n-->\n', 2, '48 is the limit'),
            ('<!--\nword: ' + 'A' * 29 + ' | term | a\n-->\n', 2, 'at most 28'),
            (HEAD + '\nText.\n', 6, 'a page opens with "# Title"'),
            (HEAD + '# One\n\n## Heading\n', 7, 'followed by a paragraph'),
            (HEAD + '# One\n\nText.\n', 7, 'the last heading must be'),
            (HEAD + '# One\n\nText.\n\n## See also\n\n- [TWO](two.md)\n', 11, 'is a paragraph'),
    ):
        refused(text, line, why)


def a_link_that_leads_nowhere_is_refused_by_its_line():
    refused(body('[THREE](three.md)'), 9, 'no word leads to it')
    refused(body('[TWO](three.md)'), 9, 'leads to two.md, not to three.md')
    refused(body('text and\n[TWO](one.md)'), 9, 'leads to two.md, not to one.md')


def a_word_that_is_taken_is_refused_by_its_line():
    refused(TWO.replace('word: TWO', 'word: uno'), 2, '"uno" leads to one.md already', 'two.md')
    refused(TWO.replace('-->', 'alias: x, o-n-e, One\n-->', 1), 3, 'leads to one.md', 'two.md')
    refused(GOOD.replace('alias: uno', 'alias: one'), 3, 'leads to one.md already')
    refused(GOOD.replace('alias: uno', 'alias: u.no'), 3, 'cannot be typed')


def a_name_that_links_cannot_write_is_refused():
    refused(TWO, 1, 'named in lower case', 'Three.md')


def the_list_for_the_code_host_is_whole():
    pages = {'one.md': GOOD, 'two.md': TWO}
    whole = '# Pages\n\n- [ONE](one.md)\n- [TWO](two.md)\n'
    assert run(pages | {'README.md': whole})[0] == 0
    status, said, _ = run(pages | {'README.md': whole.replace('- [TWO](two.md)\n', '')})
    assert status == 1 and 'TWO of two.md is missing' in said
    status, said, _ = run(pages | {'README.md': whole + '- [x](three.md)\n'})
    assert status == 1 and 'three.md is no page' in said


def the_pages_of_the_tree_are_in_the_subset():
    done = subprocess.run([sys.executable, TOOL, os.path.join(SOURCE, 'docs', 'explain')],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0 and done.stderr == '', done.stderr


CASES = [
    the_whole_subset_is_taken,
    a_block_outside_the_subset_is_refused_by_its_line,
    a_span_outside_the_subset_is_refused_by_its_line,
    an_image_is_refused,
    a_character_outside_ascii_is_refused_by_its_line,
    a_page_without_its_parts_is_refused,
    a_link_that_leads_nowhere_is_refused_by_its_line,
    a_word_that_is_taken_is_refused_by_its_line,
    a_name_that_links_cannot_write_is_refused,
    the_list_for_the_code_host_is_whole,
    the_pages_of_the_tree_are_in_the_subset,
]


if __name__ == '__main__':
    sys.exit(run_cases(CASES))
