#!/usr/bin/env python3
"""The same generated connections in every capture format, behind every link header, packed or not: the
records are the same, byte by byte. TAP."""

import gzip
import os
import shutil
import subprocess
import sys

import made

FORMATS = ('pcap', 'pcap-ns', 'be', 'ns-be', 'pcapng', 'pcapng-be')
LINKS = ('vlan', 'qinq', 'mpls', 'pppoe', 'gre', 'vxlan', 'sll', 'sll2', 'raw', 'null', 'loop', 'ppp')
WHAT = {'seed': 11, 'mix': 'eval', 'packets': 3000, 'connections': 30}


def lines(path, stdin=None):
    done = subprocess.run([made.FINIS, 'read', '--json', path], stdin=stdin or subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, check=False)
    if done.returncode or done.stderr:
        return [f'status {done.returncode}: {done.stderr.decode()}']
    return done.stdout.decode().splitlines()


def differences(got, wanted):
    if len(got) != len(wanted):
        yield f'{len(got)} lines, not {len(wanted)}: {got[0] if got else "nothing"}'
    different = [(a, b) for a, b in zip(got, wanted) if a != b]
    if different:
        yield f'{len(different)} records differ, the first:'
        yield from different[0]


class Cases:
    def __init__(self, folder):
        self.path = os.path.join(folder, 'capture')
        made.generate(self.path, format='pcap-ns', link='ethernet', **WHAT)
        self.plain = lines(self.path)

    def generated(self, **how):
        made.generate(self.path, **(WHAT | {'format': 'pcap-ns', 'link': 'ethernet'} | how))
        yield from differences(lines(self.path), self.plain)

    def there_is_something(self):
        if len(self.plain) < 100:
            yield f'only {len(self.plain)} records: {self.plain[:1]}'

    def packed(self, pack):
        made.generate(self.path, format='pcapng', link='ethernet', **WHAT)
        pack(self.path, self.path + '.packed')
        yield from differences(lines(self.path + '.packed'), self.plain)

    def piped(self):
        made.generate(self.path, format='pcapng', link='ethernet', **WHAT)
        with open(self.path, 'rb') as file:
            cat = subprocess.Popen(['cat'], stdin=file, stdout=subprocess.PIPE)
            yield from differences(lines('-', cat.stdout), self.plain)
            cat.stdout.close()
            cat.wait()


def with_gzip(path, packed):
    with open(path, 'rb') as file, gzip.open(packed, 'wb', 1) as out:
        shutil.copyfileobj(file, out)


def with_zstd(path, packed):
    subprocess.run(['zstd', '-q', '-1', '-f', path, '-o', packed], check=True)


def main():
    with made.folder() as folder:
        cases = Cases(folder)
        named = [('there are records to compare', cases.there_is_something)]
        named += [(f'{format_}: the same records', lambda f=format_: cases.generated(format=f)) for format_ in FORMATS]
        named += [(f'behind {link}: the same records', lambda l=link: cases.generated(link=l)) for link in LINKS]
        named.append(('packed by gzip: the same records', lambda: cases.packed(with_gzip)))
        named.append(('from a pipe: the same records', cases.piped))
        if shutil.which('zstd'):
            named.append(('packed by zstd: the same records', lambda: cases.packed(with_zstd)))
        else:
            named.append(('packed by zstd: the same records # SKIP zstd is not installed', lambda: ()))
        return made.tap(named)


if __name__ == '__main__':
    sys.exit(main())
