#!/usr/bin/env python3
"""The tracer compiles for arm64 without a warning, by the cross compiler, where that is installed. TAP.

It only compiles: no emulator of programs has ptrace(2).
"""

import os
import pathlib
import shutil
import subprocess
import sys

COMPILERS = 'aarch64-linux-gnu-gcc', 'aarch64-linux-gnu-gcc-12'
FLAGS = ['-std=gnu17', '-O2', '-Wall', '-Wextra', '-Werror', '-Wshadow', '-Wstrict-prototypes', '-Wmissing-prototypes', '-Wcast-align',
         '-Wconversion', '-Wno-sign-conversion', '-Wswitch-enum', '-D_GNU_SOURCE', '-DFINIS_LIBDW=0', '-fsyntax-only']


def main():
    source = pathlib.Path(os.environ['FINIS_SOURCE']) / 'src'
    compiler = next((name for name in COMPILERS if shutil.which(name)), None)
    here = os.uname().machine == 'aarch64'
    if here or not compiler:
        print('1..0 # SKIP', 'this is arm64' if here else 'no cross compiler for arm64 (gcc-aarch64-linux-gnu, libc6-dev-arm64-cross)')
        return 0
    files = sorted((source / 'trace').glob('*.c'))
    failed = 0
    print(f'1..{len(files)}')
    for number, file in enumerate(files, 1):
        done = subprocess.run([compiler, *FLAGS, '-I', source, file], capture_output=True, text=True, check=False)
        failed += done.returncode != 0
        print(f'{"not ok" if done.returncode else "ok"} {number} - {file.name} compiles for arm64')
        for line in done.stderr.splitlines()[:10]:
            print('#', line)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
