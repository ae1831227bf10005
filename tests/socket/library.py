#!/usr/bin/env python3
"""The library as a file: what it exports, needs and is called; its header; its manual. Speaks TAP.

library.py SHARED STATIC: the two libraries as built.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
from tap import Skip, need, run_cases  # noqa: E402

SHARED, STATIC = sys.argv[1:3]
SOURCE = Path(os.environ['FINIS_SOURCE'])
HEADER = SOURCE / 'include/finis/finis.h'
SANITIZED = re.compile(r'\b(__(asan|ubsan|lsan|sanitizer|tsan)|libasan|libubsan)')


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f'{command}: {done.stdout}{done.stderr}'
    return done.stdout


def declared():
    """Each function that the header declares."""
    return set(re.findall(r'^FINIS_PUBLIC [^(]*?\b(finis_\w+)\(', HEADER.read_text(), re.M))


def exported():
    need('nm')
    lines = run('nm', '-D', '--defined-only', SHARED).splitlines()
    names = {line.split()[-1] for line in lines}
    return {name.split('@')[0] for name in names if not re.match(r'FINIS_\d+(@|$)', name)}


def the_shared_library_exports_what_the_header_declares_and_no_more():
    assert len(declared()) > 20
    assert exported() == declared(), exported() ^ declared()


def every_symbol_carries_its_version():
    need('nm')
    for line in run('nm', '-D', '--defined-only', SHARED).splitlines():
        name = line.split()[-1]
        assert name.endswith('@@FINIS_1') or name.startswith('FINIS_1'), name


def every_global_of_the_static_library_is_its_own():
    need('nm')
    lines = run('nm', '-g', '--defined-only', STATIC).splitlines()
    names = {line.split()[-1] for line in lines if len(line.split()) == 3}
    # A few functions that its files share cannot be hidden in an archive; they must not clash.
    inner = names - declared()
    assert all(re.match(r'(account|look|memory|ending)_|account$', name) for name in inner), inner


def it_has_no_writable_data():
    need('nm')
    for line in run('nm', STATIC).splitlines():
        parts = line.split()
        if len(parts) == 3 and parts[1] in 'bBdDcC' and not SANITIZED.search(line):
            if os.environ.get('FINIS_SANITIZED') or re.match(r'\.|_*ubsan|\.Lubsan|\.LASAN', parts[2]):
                continue
            assert False, f'a global: {line}'


def it_needs_libc_alone_and_is_called_libfinis_so_1():
    need('readelf')
    text = run('readelf', '-d', SHARED)
    needed = set(re.findall(r'NEEDED.*\[(.*)\]', text))
    needed = {name for name in needed if not name.startswith(('libasan', 'libubsan', 'ld-linux'))}
    assert needed <= {'libc.so.6'}, needed
    assert re.search(r'SONAME.*\[libfinis\.so\.1\]', text)


def it_calls_nothing_that_allocates_prints_or_starts_threads():
    need('nm')
    wanted = {line.split()[-1].split('@')[0] for line in run('nm', '-D', '--undefined-only', SHARED).splitlines()}
    allowed = {
        'send', 'sendmsg', 'recv', 'shutdown', 'setsockopt', 'getsockopt', 'connect', 'close', 'ioctl',
        'poll', 'clock_gettime', 'sigpending', 'pthread_sigmask', 'sigtimedwait', 'sigemptyset',
        'sigaddset', 'sigismember', 'memset', 'memcpy', '__errno_location', '__stack_chk_fail',
        '__cxa_finalize', '__gmon_start__', '_ITM_deregisterTMCloneTable', '_ITM_registerTMCloneTable',
        '__poll_chk', '__memset_chk',
    }
    foreign = {name for name in wanted - allowed if not SANITIZED.search(name)}
    assert not foreign, foreign


def compile_header(compiler, *options):
    need(compiler)
    with tempfile.TemporaryDirectory() as directory:
        for feature in ([], ['-D_POSIX_C_SOURCE=200809L']):
            run(compiler, *options, '-pedantic', '-Wall', '-Wextra', '-Werror', *feature,
                '-I', str(SOURCE / 'include'), '-c', str(SOURCE / 'tests/socket/header.c'),
                '-o', f'{directory}/header.o')


def the_header_is_plain_c99():
    compile_header('cc', '-std=c99')


def the_header_is_cpp_too():
    compile_header('g++', '-x', 'c++', '-std=c++11')


def a_stranger_builds_with_what_is_installed():
    need('meson')
    need('pkg-config')
    if SANITIZED.search(run('nm', STATIC)):
        raise Skip('built with a sanitizer, whose runtime a stranger lacks')
    with tempfile.TemporaryDirectory() as root:
        run('meson', 'install', '-C', os.environ['FINIS_BUILD'], '--no-rebuild', '--quiet', '--destdir', root)
        found = list(Path(root).rglob('finis.pc'))
        assert len(found) == 1, found
        prefix = re.search(r'^prefix=(.*)$', found[0].read_text(), re.M)[1]
        pkg = ['env', f'PKG_CONFIG_PATH={found[0].parent}', 'pkg-config', f'--define-variable=prefix={root}{prefix}']
        example = str(SOURCE / 'examples/close-epoll.c')
        for kind in ('shared', 'static'):
            flags = run(*pkg, '--cflags', '--libs', 'finis').split()
            if kind == 'static':
                flags = ['-Wl,-Bstatic' if flag == '-lfinis' else flag for flag in flags]
                flags[flags.index('-Wl,-Bstatic'):] = ['-Wl,-Bstatic', '-lfinis', '-Wl,-Bdynamic']
            run('cc', example, '-o', f'{root}/{kind}', *flags)
            library = found[0].parent.parent
            out = run('env', f'LD_LIBRARY_PATH={library if kind == "shared" else "/nowhere"}', f'{root}/{kind}', '4')
            assert out.startswith('clean 1\n'), out
        pages = {page.name for page in Path(root).rglob('man3/*')}
        assert {name + '.3' for name in declared()} <= pages, pages
        assert len(list(Path(root).rglob('doc/finis/record.schema.json'))) == 1     # as finis-record(5) says


def every_function_has_a_page_of_the_manual():
    pages = ''.join(page.read_text() for page in (SOURCE / 'docs/man').glob('*.3'))
    named = set(re.findall(r'^\.Fo (\w+)', pages, re.M))
    assert named == declared(), named ^ declared()


def every_page_says_what_it_owes():
    for page in sorted((SOURCE / 'docs/man').glob('finis_*.3')):
        text = page.read_text()
        for section in ('RETURN VALUES', 'SYSTEM CALLS', 'SIGNALS', 'THREAD SAFETY', 'WHAT IT DOES NOT PROMISE'):
            assert re.search(rf'^\.Sh {section}$', text, re.M), f'{page.name}: no {section}'


CHECKS = [
    the_shared_library_exports_what_the_header_declares_and_no_more,
    every_symbol_carries_its_version,
    every_global_of_the_static_library_is_its_own,
    it_has_no_writable_data,
    it_needs_libc_alone_and_is_called_libfinis_so_1,
    it_calls_nothing_that_allocates_prints_or_starts_threads,
    the_header_is_plain_c99,
    the_header_is_cpp_too,
    a_stranger_builds_with_what_is_installed,
    every_function_has_a_page_of_the_manual,
    every_page_says_what_it_owes,
]


sys.exit(run_cases(CHECKS, words=()))
