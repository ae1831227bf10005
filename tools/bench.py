#!/usr/bin/env python3
"""Measures `finis read` against the least that reading costs, and against whatever peers are installed.

The input is generated, the same in every run: full-size frames (1.18 M, 1.1 GB) and small ones (8 M of 60 to
100 bytes, more than 500,000 connections, 20,000 alive at a time), of 38 kinds of endings, and such of which
each connection ended in order. All run in turn, round after round, so that
a busy moment of the machine strikes all alike. Printed are medians; the files are in the page cache.

usage: bench.py [--rounds N] [--scale 0.1] [--keep] [--no-peers] [BUILD]

BENCH_DIR says where the input goes (3 GB); what is there already is taken. --keep leaves it there.
"""

import argparse
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

INPUTS = {
    'full': ('full-size frames', {'mix': 'full', 'packets': 1180000, 'connections': 3000, 'seed': 1}),
    'small': ('small frames', {'mix': 'small', 'packets': 8000000, 'connections': 20000, 'seed': 2}),
    'orderly': ('small frames, all ended in order',
                {'mix': 'small', 'only': 'fin-client', 'packets': 8000000, 'connections': 20000, 'seed': 2}),
    'part': ('small frames, an eighth', {'mix': 'small', 'packets': 1000000, 'connections': 20000, 'seed': 2}),
}

MEASURED = ['full', 'small', 'orderly']

# Peers that take minutes on the whole get the smaller file and a single round.
PEERS = [
    ('tcpdump -w /dev/null', 'tcpdump', ['tcpdump', '-w', '/dev/null', '-r', '{}']),
    ('argus', 'argus', ['argus', '-X', '-w', '/dev/null', '-r', '{}']),
    ('nfpcapd', 'nfpcapd', ['nfpcapd', '-w', '{dir}', '-r', '{}']),
]
SLOW_PEERS = [
    ('tcptrace', 'tcptrace', ['tcptrace', '-n', '-q', '{}']),
    ('tshark -z conv,tcp', 'tshark', ['tshark', '-q', '-n', '-z', 'conv,tcp', '-r', '{}']),
    ('suricata', 'suricata', ['suricata', '-r', '{}', '-l', '{dir}', '--runmode', 'single']),
    ('zeek', 'zeek', ['zeek', '-b', 'base/protocols/conn', '-C', '-r', '{}']),
]


class Run:
    def __init__(self, wall, cpu, memory):
        self.wall, self.cpu, self.memory = wall, cpu, memory


def run(command, folder):
    """One run with its output thrown away: wall and CPU seconds, peak memory in MB."""
    with open(os.devnull, 'r+b') as null:
        start = time.monotonic()
        child = subprocess.Popen(command, stdin=null, stdout=null, stderr=null, cwd=folder)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - start
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command)
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def input_files(build, folder, scale, wanted):
    """Makes what is not there yet. {name: (path, frames)}, and the paths that were made."""
    files, new = {}, []
    for name in wanted:
        settings = dict(INPUTS[name][1])
        settings['packets'] = round(settings['packets'] * scale)
        settings['connections'] = max(1, round(settings['connections'] * scale))
        path = os.path.join(folder, f'finis-bench-{name}-{settings["packets"]}.pcap')
        if not os.path.exists(path):
            print(f'making {path}', file=sys.stderr)
            words = [f'--{key}={value}' for key, value in settings.items()]
            subprocess.run([f'{build}/bench/finis-generate', *words, path + '.part'], check=True)
            os.rename(path + '.part', path)
            new.append(path)
        files[name] = (path, settings['packets'])
    return files, new


def contenders(build, peers):
    yield 'read() loop', [f'{build}/bench/bench-read-loop', '{}']
    yield 'finis read --json', [f'{build}/src/cli/finis', 'read', '--json', '{}']
    if os.path.exists(f'{build}/bench/bench-pcap-loop'):
        yield 'libpcap loop', [f'{build}/bench/bench-pcap-loop', '{}']
    if peers:
        for name, program, command in PEERS:
            if shutil.which(program):
                yield name, command


def measure(candidates, path, rounds, folder):
    runs = {name: [] for name, _ in candidates}
    for _ in range(rounds):
        for name, command in list(candidates):
            try:
                runs[name].append(run([word.format(path, dir=folder) for word in command], folder))
            except (OSError, subprocess.CalledProcessError) as error:
                print(f'{name}: {error}', file=sys.stderr)
    return {name: Run(*(statistics.median(getattr(r, key) for r in all_)
                        for key in ('wall', 'cpu', 'memory'))) for name, all_ in runs.items() if all_}


def table(title, results, path, frames):
    size = os.path.getsize(path)
    print(f'\n{title}: {frames / 1e6:.2f} M frames, {size / 1e9:.2f} GB')
    print(f'{"":22}{"wall s":>8}{"CPU s":>8}{"MB":>8}{"M/s":>8}{"GB/s":>8}{"of read()":>11}')
    floor = results.get('read() loop')
    for name, r in results.items():
        share = f'{floor.wall / r.wall:.3f}' if floor else '-'
        print(f'{name:22}{r.wall:8.3f}{r.cpu:8.3f}{r.memory:8.0f}{frames / r.wall / 1e6:8.2f}'
              f'{size / r.wall / 1e9:8.2f}{share:>11}')


def machine():
    cpu = 'unknown processor'
    with open('/proc/cpuinfo', encoding='utf-8') as file:
        found = re.search(r'^model name\s*: (.*)$', file.read(), re.M)
        cpu = found[1] if found else cpu
    return f'{cpu}, {os.cpu_count()} CPUs, Linux {platform.release()}'


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--scale', type=float, default=1.0, help='of the input, for a quick look')
    parser.add_argument('--keep', action='store_true', help='leave the input in BENCH_DIR')
    parser.add_argument('--no-peers', action='store_true')
    parser.add_argument('build', nargs='?', default='build')
    options = parser.parse_args()
    build = os.path.abspath(options.build)
    targets = ['src/cli/finis', 'bench/finis-generate', 'bench/bench-read-loop']
    targets += ['bench/bench-pcap-loop'] if subprocess.run(['pkg-config', '--exists', 'libpcap']).returncode == 0 else []
    subprocess.run(['ninja', '-C', build, '--quiet', *targets], check=True, stdout=subprocess.DEVNULL)

    home = os.environ.get('BENCH_DIR') or tempfile.mkdtemp(prefix='finis-bench-')
    scratch = tempfile.mkdtemp(prefix='finis-bench-out-')
    new = []
    try:
        slow = [] if options.no_peers else [(n, c) for n, program, c in SLOW_PEERS if shutil.which(program)]
        files, new = input_files(build, home, options.scale, MEASURED + (['part'] if slow else []))
        print(machine())
        print(f'median of {options.rounds} rounds, in turn; files in the page cache')
        for name in MEASURED:
            path, frames = files[name]
            run([f'{build}/bench/bench-read-loop', path], scratch)
            table(INPUTS[name][0], measure(list(contenders(build, not options.no_peers)), path, options.rounds,
                                           scratch), path, frames)
        if slow:
            path, frames = files['part']
            own = list(contenders(build, False))
            table(INPUTS['part'][0], measure(own + slow, path, 1, scratch), path, frames)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        if not options.keep:
            for path in new:
                os.unlink(path)
            if not os.environ.get('BENCH_DIR'):
                shutil.rmtree(home, ignore_errors=True)
        else:
            print(f'the input is in {home}', file=sys.stderr)


if __name__ == '__main__':
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f'bench: {error}')
