#!/usr/bin/env python3
"""That each check of tree.py can fail: every fault is planted alone in a sound little tree."""

import shutil
import sys
import tempfile
from pathlib import Path

import tree

SOUND = {
    'src/words/ending.h': '/* The names of endings, written once. */\n#pragma once\n#include "base/text.h"\n',
    'src/base/text.h': '/* Text in a buffer of the caller. */\n#pragma once\n#include <stdio.h>\n',
    'src/netlink/diag.c': '/* Asks the kernel for one socket. */\n#include <libmnl/libmnl.h>\n',
    'src/connection/seq.h': '/* Distances of sequence numbers. */\n#pragma once\n#include "ending/facts.h"\n',
    'src/cli/main.c': '/* Finds the subcommand and runs it. */\n#include "lab/lab.h"\n',
    'tests/words/ending.c': '/* Tests of endings. */\nint main(void)\n{\n}\n',
    'tests/words/meson.build': "unit_tests += ['words/ending']\n",
    'docs/man/finis.1': '.Dd November 22, 2026\n.Dt FINIS 1\n.Os\n.Sh NAME\n.Nm finis\n'
                        '.Nd tell how connections end\n',
}

# The check, the file that is written over or added, its text.
COMMENT = '/* A file that is here to be wrong. */\n'
FAULTS = [
    (tree.includes_point_one_way, 'src/base/up.c', COMMENT + '#include "words/ending.h"\n'),
    (tree.includes_point_one_way, 'src/lab/up.c', COMMENT + '#include "cli/commands.h"\n'),
    (tree.includes_point_one_way, 'src/connection/up.c', COMMENT + '#include "ending/judge.h"\n'),
    (tree.includes_point_one_way, 'src/report/up.c', COMMENT + '# include "wire/segment.h"\n'),
    (tree.includes_point_one_way, 'src/newpart/a.c', COMMENT),
    (tree.local_includes_are_written_from_src, 'src/base/a.c', COMMENT + '#include "text.h"\n'),
    (tree.local_includes_are_written_from_src, 'src/words/a.c',
     COMMENT + '#include "../base/text.h"\n'),
    (tree.interfaces_of_a_part_stay_in_it, 'src/lab/a.c', COMMENT + '#include <libmnl/libmnl.h>\n'),
    (tree.interfaces_of_a_part_stay_in_it, 'src/base/a.c', COMMENT + '#include <cmocka.h>\n'),
    (tree.a_source_opens_with_a_comment, 'src/base/text.h', '#include <stdio.h>\n/* Too late. */\n'),
    (tree.a_source_opens_with_a_comment, 'src/base/text.h', '/* */\n#include <stdio.h>\n'),
    (tree.a_file_has_one_purpose, 'src/base/text.h', COMMENT + '\n' * 600),
    (tree.a_file_has_one_purpose, 'tests/words/ending.c', COMMENT + '\n' * 600),
    (tree.a_file_has_one_purpose, 'tests/cli/a.py', '\n' * 601),
    (tree.a_file_has_one_purpose, 'bench/a.c', COMMENT + '\n' * 600),
    (tree.a_line_of_c_fits_into_120_columns, 'src/base/text.h',
     SOUND['src/base/text.h'] + '/* ' + 'x' * 115 + ' */\n'),
    (tree.a_line_of_c_fits_into_120_columns, 'tests/words/ending.c', COMMENT + ' ' * 120 + ';\n'),
    (tree.a_function_of_c_begins_in_one_manner, 'src/base/a.c', COMMENT + 'int a(void) {\n        return 1;\n}\n'),
    (tree.a_function_of_c_begins_in_one_manner, 'src/base/a.c', COMMENT + 'int\na(void)\n{\n        return 1;\n}\n'),
    (tree.a_function_of_c_begins_in_one_manner, 'src/base/a.c',
     COMMENT + 'static int\na(int b,\n  int c)\n{\n        return 1;\n}\n'),
    (tree.a_source_opens_with_a_comment, 'tests/cli/a.py', 'import os\n'),
    (tree.a_source_opens_with_a_comment, 'tools/a.sh', '#!/bin/sh\nset -u\n'),
    (tree.a_header_is_read_once, 'src/base/text.h', COMMENT + 'struct text;\n'),
    (tree.no_line_ends_with_a_blank_and_c_has_no_tabs, 'docs/a.md', 'words \n'),
    (tree.no_line_ends_with_a_blank_and_c_has_no_tabs, 'src/base/a.c', COMMENT + '\tint a;\n'),
    (tree.goto_goes_forward, 'src/base/a.c', COMMENT + 'again:\n        goto again;\n'),
    (tree.what_the_documents_name_is_there, 'README.md', 'see [there](docs/there.md)\n'),
    (tree.what_the_documents_name_is_there, 'docs/a.md', 'as tests/cli/there.py shows\n'),
    (tree.contributors_are_told_of_each_part, 'CONTRIBUTING.md', '| src/base | what C lacks |\n'),
    (tree.a_struct_is_called_a_struct, 'src/base/text.h', COMMENT + 'typedef struct text text_t;\n'),
    (tree.every_test_program_is_run, 'tests/words/cause.c', '/* Forgotten. */\nint main(void)\n'),
    (tree.every_test_program_is_run, 'tests/words/meson.build', "unit_tests += ['words/endings']\n"),
    (tree.every_function_of_a_test_is_called, 'tests/cli/a.py', 'def a_case():\n    pass\n'),
    (tree.every_function_of_a_test_is_called, 'tests/cli/a.py',
     "def a_case():\n    pass\ndef an_odd_one():\n    pass\n"
     "CASES = [v for n, v in list(globals().items()) if n.startswith(('a_', 'the_'))]\n"),
    (tree.no_file_names_a_machine_s_directories, 'docs/a.md', 'see /' + 'home/ann/notes\n'),
    (tree.no_file_names_a_machine_s_directories, 'Makefile', 'cd "/' + 'root/finis"\n'),
    (tree.man_pages_pass_lint, 'docs/man/finis.1', SOUND['docs/man/finis.1'] + '.Xq odd\n'),
    (tree.man_pages_pass_lint, 'docs/man/finis.1', SOUND['docs/man/finis.1'] + 'blank at end \n'),
    (tree.man_pages_fit_into_80_columns, 'docs/man/finis.1',
     SOUND['docs/man/finis.1'] + '.Sh TABLE\n.Bd -literal\n' + '\\(em' * 76 + '\n.Ed\n'),
    (tree.man_pages_refer_to_pages_that_are_there, 'docs/man/finis.1',
     SOUND['docs/man/finis.1'] + '.Sh SEE ALSO\n.Xr finis-lost 1\n'),
]


def plant(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def with_tree(files, ask):
    with tempfile.TemporaryDirectory() as directory:
        plant(Path(directory), SOUND | files)
        return ask(Path(directory))


def main():
    cases = [(f'a_sound_tree_passes: {check.__name__}', check, {}, False) for check in tree.CHECKS]
    cases += [(f'{check.__name__} sees the fault in {name}', check, {name: text}, True)
              for check, name, text in FAULTS]
    cases += [(f'{check.__name__} has a fault that it sees', check, None, True)
              for check in tree.CHECKS]
    failed = 0
    print(f'1..{len(cases)}')
    for number, (name, check, files, want) in enumerate(cases, 1):
        tool = tree.NEEDS.get(check)
        if tool and not shutil.which(tool):
            print(f'ok {number} - {name} # SKIP {tool} is not installed')
            continue
        if files is None:
            found = [fault for fault in FAULTS if fault[0] is check]
        else:
            found = with_tree(files, lambda root, check=check: list(check(root)))
        right = bool(found) == want
        failed += not right
        print(f"{'ok' if right else 'not ok'} {number} - {name}")
        if not right:
            print(f'# found: {found}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
