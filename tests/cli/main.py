#!/usr/bin/env python3
"""The command as a whole: what it says to a stranger, and what becomes of its output. TAP."""

import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
from tap import run_cases  # noqa: E402

FINIS = os.environ['FINIS']


def finis(*arguments, **options):
    streams = {'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE} | options
    return subprocess.run([FINIS, *arguments], stdin=subprocess.DEVNULL, timeout=60, check=False,
                          **streams)


def commands():
    """The subcommands that the help names, but for help itself."""
    return [name for name in re.findall(rb'^  ([a-z]+) ', finis('help').stdout, re.M)
            if name != b'help']


def is_one_line(text):
    return text.endswith(b'\n') and text.count(b'\n') == 1


def without_a_command_it_is_a_usage_error():
    done = finis()
    assert done.returncode == 2 and done.stdout == b''
    assert done.stderr == finis('help').stdout


def help_goes_to_stdout():
    for ask in ('help', '--help', '-h'):
        done = finis(ask)
        assert done.returncode == 0 and done.stderr == b''
        assert b'usage: finis COMMAND' in done.stdout
        assert max(map(len, done.stdout.splitlines())) <= 80


def help_of_help_is_the_help():
    for ask in (('help', 'help'), ('help', '--help'), ('--help', 'help')):
        done = finis(*ask)
        assert (done.returncode, done.stderr) == (0, b''), ask
        assert done.stdout == finis('help').stdout


def help_names_commands():
    assert len(commands()) >= 1


def help_of_a_command_is_its_own():
    for name in commands():
        done, own = finis('help', name), finis(name, '--help')
        assert (done.returncode, own.returncode) == (0, 0)
        assert done.stdout == own.stdout and b'finis ' + name in done.stdout
        assert max(map(len, done.stdout.splitlines())) <= 80


def the_version_is_a_line():
    done = finis('--version')
    assert done.returncode == 0 and re.fullmatch(rb'finis \d+\.\d+\.\d+\n', done.stdout)


def an_unknown_command_is_refused_in_a_line():
    for arguments in (['qqqqqq'], ['help', 'qqqqqq'], ['--qqqqqq'], ['q' * 5000], ['']):
        done = finis(*arguments)
        assert done.returncode == 2 and done.stdout == b'' and is_one_line(done.stderr)
        what = b"no such option: '" if arguments[0].startswith('-') else b"unknown command '"
        assert what in done.stderr and b'did you mean' not in done.stderr


def a_near_miss_is_named():
    for name in commands():
        for typed in (name[:-1], name + b'x', name[1:2] + name[:1] + name[2:], name.upper()):
            done = finis(typed)
            assert done.returncode == 2 and is_one_line(done.stderr)
            assert b"did you mean '%s'?" % name in done.stderr, typed


def a_file_in_place_of_a_command_is_told_who_reads_files():
    with tempfile.NamedTemporaryFile(suffix='.pcap') as capture:
        done = finis(capture.name)
        assert done.returncode == 2 and is_one_line(done.stderr) and b'finis read FILE' in done.stderr
    assert b'finis read' not in finis(capture.name).stderr


def a_wrong_option_is_named_with_what_to_do():
    for name in commands():
        own = b'; finis %s --help shows what there is\n' % name
        for typed, said in ((b'--qqqqqq', b'no such option: --qqqqqq' + own), (b'-q', b'no such option: -q' + own),
                            (b'--hlep', b'no such option: --hlep; did you mean --help?\n'),
                            (b'--help=3', b'--help=3: --help takes no value\n')):
            done = finis(name, typed)
            assert done.returncode == (125 if name == b'run' else 2) and done.stdout == b'', done
            assert done.stderr == b'finis %s: %s' % (name, said), done
    assert finis('read', '--show').stderr.startswith(b'finis read: a value is missing behind --show; ')
    assert finis('run', '-vx').stderr.startswith(b'finis run: no such option: -x; ')


def what_was_typed_reaches_no_terminal_as_control():
    done = finis(b'\x1b[31mred\x07\r\n\xc2\x9b\xff\x7f')
    assert re.fullmatch(rb"[ -~]*'\?\[31mred[?]+'[ -~]*\n", done.stderr), done.stderr
    path = b'./not-there\x1b[31m/red\x07'
    for arguments in (['run', '--output', path, 'true'], ['run', path], ['run', b'end\x1b[31ming=reset', 'true'],
                      ['run', b'ending=\x1b[31m', 'true'], ['run', '--pid', b'1\x1b[31m'], ['run', '--pid', '1', path],
                      ['run', b'--\x1b[31m'], ['watch', '--output', path], ['watch', '--pid', b'1\x1b[31m'], ['watch', path],
                      ['watch', b'ending=\x1b[31m'], ['lab', '--pcap', path], ['lab', path], ['lab', b'seq:c.\x1b[31m'],
                      ['lab', '--jobs', b'1\x1b[31m'], ['stage', 'reset', '--log', path, '--for', 'true'],
                      ['stage', 'reset', '--answer', path], ['stage', path], ['stage', b'reset@\x1b[31m'],
                      ['read', path], ['read', '--client', path, '--server', path], ['read', b'--show=\x1b[31m', path],
                      ['explain', path], ['explain', '--table', path]):
        done = finis(*arguments)
        assert done.returncode >= 2, (arguments, done)
        assert done.stdout == b'' and re.fullmatch(rb'([ -~]+\n)+', done.stderr), (arguments, done.stderr)


def a_full_disk_is_reported():
    for arguments in [('help',), ('--version',)] + [(name, b'--help') for name in commands()]:
        with open('/dev/full', 'wb') as full:
            done = finis(*arguments, stdout=full)
        assert done.returncode == 2 and is_one_line(done.stderr), arguments
        assert b'No space left on device' in done.stderr


def a_disk_that_is_full_in_the_midst_is_reported_with_its_reason():
    # Much at once, of which nothing is left to write at the end, when the reason is asked for.
    with open('/dev/full', 'wb') as full:
        done = finis('lab', '--json', '--quick', '--ipv4', '--no-namespace', 'two-writes', stdout=full)
    assert done.returncode == 2 and b'No space left on device' in done.stderr.splitlines()[-1], done.stderr


def a_closed_stdout_is_reported():
    done = finis('help', stdout=None, preexec_fn=lambda: os.close(1))
    assert done.returncode == 2 and is_one_line(done.stderr)
    assert b'cannot write to standard output' in done.stderr


def closed_descriptors_hurt_nothing_that_prints_nothing():
    done = finis('qqqqqq', stdout=None, stderr=None,
                 preexec_fn=lambda: (os.close(0), os.close(1), os.close(2)))
    assert done.returncode == 2


def reader_that_left(**options):
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return finis('help', stdout=writer, **options)
    finally:
        os.close(writer)


def a_reader_that_left_is_a_quiet_end():
    done = reader_that_left(restore_signals=True)
    assert done.stderr == b'' and done.returncode in (0, -13)


def a_reader_that_left_is_a_quiet_end_with_sigpipe_ignored():
    done = reader_that_left(restore_signals=False)
    assert done.stderr == b'' and done.returncode == 0


CASES = [
    without_a_command_it_is_a_usage_error,
    help_goes_to_stdout,
    help_of_help_is_the_help,
    help_names_commands,
    help_of_a_command_is_its_own,
    the_version_is_a_line,
    an_unknown_command_is_refused_in_a_line,
    a_near_miss_is_named,
    a_file_in_place_of_a_command_is_told_who_reads_files,
    a_wrong_option_is_named_with_what_to_do,
    what_was_typed_reaches_no_terminal_as_control,
    a_full_disk_is_reported,
    a_disk_that_is_full_in_the_midst_is_reported_with_its_reason,
    a_closed_stdout_is_reported,
    closed_descriptors_hurt_nothing_that_prints_nothing,
    a_reader_that_left_is_a_quiet_end,
    a_reader_that_left_is_a_quiet_end_with_sigpipe_ignored,
]


if __name__ == '__main__':
    sys.exit(run_cases(CASES))
