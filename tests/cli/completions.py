#!/usr/bin/env python3
"""What the shells offer for finis, held against what finis says that it takes. bash and fish are asked, as far as they
are installed; of zsh's file it is seen that it names every option, and that zsh can read it."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from tap import Skip, need, run_cases  # noqa: E402

FINIS = pathlib.Path(os.environ['FINIS'])
PLACE = pathlib.Path(os.environ['FINIS_SOURCE']) / 'packaging' / 'completions'
ENVIRONMENT = os.environ | {'PATH': f'{FINIS.parent}:{os.environ["PATH"]}'}
COMMANDS = ['read', 'watch', 'lab', 'run', 'stage', 'explain']
WITH_FILTERS = ['read', 'watch', 'run']

IN_BASH = ('. "$1"; shift; COMP_WORDS=(finis "$@"); COMP_CWORD=$#; compopt() { :; }; _finis;'
           ' printf "%s\\n" "${COMPREPLY[@]}"')


def output(*command):
    # In a folder with nothing in it, lest its files be offered; fish keeps what it learns at home.
    with tempfile.TemporaryDirectory() as empty:
        return subprocess.run(command, env=ENVIRONMENT | {'HOME': empty}, cwd=empty, check=False, capture_output=True, text=True,
                              timeout=100)


def help_of(command):
    done = output(FINIS, command, '--help')
    assert done.returncode == 0, done
    return done.stdout


def options_of(command):
    found = set(re.findall(r'(?<![\w-])--[a-z][a-z0-9-]*', help_of(command)))
    assert found, command
    return found | {'--help'}


def keys_of(command):
    found = re.findall(r'^  ([a-z][a-z-]*) ', help_of(command).partition('A FILTER is')[2], re.M)
    assert len(found) > 20, found
    return {key + '=' for key in found}


def words_of(key):
    """What finis says that the key can be."""
    return re.search(r': it can be (.*)\n', output(FINIS, 'read', f'{key}=?').stderr)[1].split(', ')


def in_bash(*words):
    """What is offered at the end of these words. bash cuts them at each =, which stands alone."""
    need('bash')
    done = output('bash', '-c', IN_BASH, 'bash', PLACE / 'finis.bash', *words)
    assert not done.stderr, done.stderr
    return set(done.stdout.split())


def in_fish(line):
    need('fish')
    if output('fish', '--no-config', '-c', 'true').returncode:
        raise Skip('this fish has no --no-config')
    done = output('fish', '--no-config', '-c', f'source {PLACE}/finis.fish; complete -C "finis {line}"')
    assert not done.stderr, done.stderr
    return {offered.split('\t')[0] for offered in done.stdout.splitlines()}


def bash_offers_the_options_that_there_are():
    for command in COMMANDS:
        offered = {option for option in in_bash(command, '--') if option.startswith('--')}
        assert offered == options_of(command), (command, sorted(offered ^ options_of(command)))


def fish_offers_the_options_that_there_are():
    for command in COMMANDS:
        offered = {option for option in in_fish(f'{command} --') if option.startswith('--')}
        assert offered == options_of(command), (command, sorted(offered ^ options_of(command)))


def zsh_s_file_names_the_options_that_there_are():
    text = (PLACE / '_finis').read_text(encoding='utf-8')
    for command in COMMANDS:
        part = re.search(rf'^        {command}\)\n(.*?)^                ;;\n', text, re.M | re.S)[1]
        named = set(re.findall(r"['{,(*](--[a-z][a-z0-9-]*)(?=[\[}, )])", part))
        assert named == options_of(command), (command, sorted(named ^ options_of(command)))


def zsh_can_read_its_file():
    need('zsh')
    done = output('zsh', '-n', PLACE / '_finis')
    assert done.returncode == 0 and not done.stderr, done.stderr


def the_keys_of_filters_are_offered():
    for command in WITH_FILTERS:
        for key in sorted(keys_of(command)):
            assert key in in_bash(command, key[:-1]), (command, key)


def fish_offers_the_keys_of_filters():
    for command in WITH_FILTERS:
        assert keys_of(command) <= in_fish(f'{command} '), command


def a_key_s_words_are_offered_behind_it():
    for key in ('severity', 'ending', 'cause', 'certainty', 'ended-by', 'silent', 'fate', 'retry', 'reset', 'ongoing', 'state',
                'os', 'source'):
        words = set(words_of(key))
        assert len(words) > 1 and not any(' ' in word for word in words), words
        for command in WITH_FILTERS:
            assert in_bash(command, key, '=') == words, (command, key)
            assert in_bash(command, key + '!', '=') == words, (command, key)
    assert in_bash('watch', 'ending', '=', 're') == {'refused', 'reset'}
    assert in_bash('read', 'ending', '=', 'open,re') == {'open,refused', 'open,reset'}
    assert not in_bash('read', 'port', '='), 'words for what is a number'
    assert 'network' in words_of('ended-by') and 'network' not in words_of('silent')
    # It is the longest of them, and is said whole.
    assert words_of('cause')[0] == 'unread-data' and words_of('cause')[-1] == 'none'


def fish_offers_a_key_s_words_behind_it():
    for command in WITH_FILTERS:
        assert {f'silent={word}' for word in words_of('silent')} == in_fish(f'{command} silent='), command
    assert 'ending=open,reset' in in_fish('read ending=open,re')


def an_option_s_words_are_offered_behind_it():
    sorts = re.search(r'--sort KEY +((?:[a-z]+(?:, | or |\n))+)', help_of('read'))[1]
    sorts = set(re.findall(r'[a-z]+', sorts)) - {'or'}
    tables = re.search(r'With --table: [a-z ]* of ([a-z, \n]*)\.', help_of('explain'))[1]
    tables = set(re.findall('[a-z]+', tables))
    assert len(sorts) == 6 and len(tables) == 7, (sorts, tables)
    for command, option, words in (('read', '--sort', sorts), ('explain', '--table', tables),
                                   ('run', '--tracer', {'ptrace', 'bpf', 'auto'})):
        assert in_bash(command, option, '') == words, option
        assert in_bash(command, option, '=') == words, option
        text = (PLACE / '_finis').read_text(encoding='utf-8')
        assert set(re.search(rf"'{option}\[.*?\]:[a-z]*:\((.*?)\)'", text)[1].split()) == words, option
    for table in tables:
        assert output(FINIS, 'explain', '--table', table).returncode == 0, table


def fish_offers_an_option_s_words_behind_it():
    assert in_fish('explain --table ') == {'send', 'recv', 'poll', 'close', 'rst', 'timers', 'icmp'}
    assert in_fish('run --tracer ') == {'ptrace', 'bpf', 'auto'}


def behind_the_command_of_run_all_is_its_own():
    assert 'bash' in in_bash('run', 'bas') and 'bash' in in_bash('run', 'ending', '=', 'reset', 'bas')
    assert 'bash' in in_bash('run', '--output', 'x', '--', 'bas')
    for words in (['run', 'bash', '--'], ['run', '--', 'bash', '--a'], ['run', 'bash', 'end'], ['run', 'severity', '=', 'bad', 'bash', '--a']):
        assert not in_bash(*words), words


def fish_knows_that_too():
    assert 'bash' in in_fish('run bas') and 'bash' in in_fish('run ending=reset bas')
    assert 'ending=' not in in_fish('run bash end') and 'ending=' not in in_fish('run -- end')
    for line in ('run bash --a', 'run --json -- bash --a', 'run read --a'):
        assert '--all' not in in_fish(line), line


CASES = [case for name, case in list(globals().items())
         if name.startswith(('bash_', 'fish_', 'zsh_', 'the_', 'a_', 'an_', 'behind_')) and callable(case)]

if __name__ == '__main__':
    sys.exit(run_cases(CASES))
