#!/usr/bin/env python3
"""finis lab as a whole: with all rights, few and none; what it prints; that it leaves nothing behind. TAP."""

import json
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
from tap import Skip, need, run_cases, todo  # noqa: E402

SOURCE = pathlib.Path(os.environ['FINIS_SOURCE'])
NOBODY = '65534'


class Place:
    """A folder of its own, with a copy of the command that anybody may run: who runs it is seen in /proc."""

    def __init__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix='finis-lab-test-'))
        self.path.chmod(0o755)
        self.finis = self.path / 'finis'
        shutil.copy(os.environ['FINIS'], self.finis)
        self.finis.chmod(0o755)
        self.temp = self.path / 'temp'
        self.temp.mkdir()
        self.temp.chmod(0o777)
        self.environment = dict(os.environ, TMPDIR=str(self.temp), LC_ALL='C.UTF-8')

    def remove(self):
        shutil.rmtree(self.path)

    def options(self):
        return {'stdin': subprocess.DEVNULL, 'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE,
                'cwd': self.temp, 'env': self.environment, 'text': True}

    def run(self, *arguments, before=()):
        return subprocess.run([*before, str(self.finis), 'lab', *arguments], timeout=100, check=False,
                              **self.options())

    def processes(self):
        """Those that run the copy."""
        found = []
        for entry in pathlib.Path('/proc').iterdir():
            try:
                if entry.name.isdigit() and os.readlink(entry / 'exe').startswith(str(self.finis)):
                    found.append(int(entry.name))
            except OSError:
                continue
        return found

    def nothing_left(self):
        deadline = time.monotonic() + 5
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert self.processes() == [], 'processes are left'
        assert list(self.temp.iterdir()) == [], 'files are left'


def sums(text):
    """The closing line as numbers."""
    found = re.search(r'^(\d+) scenarios?, (\d+) plays in [\d.]+ s: (\d+) agree, (\d+) disagree'
                      r'(?:, (\d+) failed)?, (\d+) not played$', text, re.M)
    assert found, text[-300:]
    return dict(zip(('scenarios', 'plays', 'agree', 'disagree', 'failed', 'skipped'),
                    (int(n or 0) for n in found.groups())))


def all_agree(done, least):
    n = sums(done.stdout)
    lines = done.stdout.splitlines()
    said = [' '.join(' '.join(lines[i:i + 3]).split()) for i, line in enumerate(lines)
            if line.endswith(('DISAGREES', 'FAILED'))]
    assert n['disagree'] == 0 and n['failed'] == 0, '; '.join(said)
    assert done.returncode == 0, done.stderr[-300:]
    assert n['agree'] + n['skipped'] == n['scenarios']
    assert n['agree'] >= least, f'{n["agree"]} of {n["scenarios"]} played'
    return n


def need_root():
    if os.geteuid() != 0:
        raise Skip('needs root, to take rights away')


def with_what_rights_there_are_all_agree(place):
    all_agree(place.run('--quick', '--table'), 100)
    place.nothing_left()


def without_a_namespace_all_that_can_be_played_agree(place):
    done = place.run('--quick', '--table', '--no-namespace')
    n = all_agree(done, 100)
    assert n['skipped'] > 0 and '--no-namespace' in done.stdout
    place.nothing_left()


def nobody_with_user_namespaces_plays_as_much_as_root(place):
    need_root()
    need('setpriv')
    as_nobody = ('setpriv', '--reuid', NOBODY, '--regid', NOBODY, '--clear-groups')
    probe = subprocess.run([*as_nobody, 'unshare', '--user', '--net', 'true'], check=False, capture_output=True)
    if probe.returncode != 0:
        raise Skip('this kernel gives nobody no user namespace')
    n = all_agree(place.run('--quick', '--table', before=as_nobody), 100)
    assert n == all_agree(place.run('--quick', '--table'), 100) | {'plays': n['plays']}
    place.nothing_left()


def where_namespaces_are_forbidden_it_says_so_and_plays_the_rest(place):
    need('unshare')
    # The limits of a user namespace of our own: the host's are not touched.
    forbid = ('unshare', '--user', '--map-root-user', 'sh', '-c',
              'echo 0 >/proc/sys/user/max_user_namespaces && echo 0 >/proc/sys/user/max_net_namespaces && exec "$@"',
              'sh')
    if subprocess.run([*forbid, 'true'], check=False, capture_output=True).returncode != 0:
        raise Skip('no user namespace to be had, or its limits cannot be set')
    done = place.run('--quick', '--table', before=forbid)
    n = all_agree(done, 100)
    assert n['skipped'] > 0 and 'max_user_namespaces' in done.stdout + done.stderr, done.stdout[-500:]
    place.nothing_left()


def interrupted_it_tells_what_was_found_and_leaves_nothing(place):
    process = subprocess.Popen([str(place.finis), 'lab', '--table'], **place.options())
    while len(place.processes()) < 2:
        time.sleep(0.005)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=20)
    if 'interrupted' not in out:
        assert process.returncode == 0, process.returncode
        raise Skip('it was done before it could be interrupted')
    assert process.returncode == 2, process.returncode
    assert sums(out)['disagree'] == 0
    place.nothing_left()


def killed_it_leaves_nothing(place):
    for _ in range(3):
        process = subprocess.Popen([str(place.finis), 'lab', '--table'], **place.options())
        while len(place.processes()) < 2:
            time.sleep(0.005)
        time.sleep(0.2)
        process.kill()
        process.communicate(timeout=20)
        place.nothing_left()


PLAY_KEYS = ['finis', 'scenario', 'family', 'theme', 'verdict', 'why', 'rule', 'shows', 'advice', 'calls', 'wire',
             'rules', 'connections']
CALL_KEYS = ['side', 'act', 'call', 'result', 'errno', 'sigpipe', 'rule', 'kernel', 'client', 'server']
LOOK_KEYS = ['state', 'poll', 'inq', 'outq', 'outq_unsent']


def plays(place, *arguments):
    done = place.run('--json', '--quick', *arguments)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, [(p['scenario'], p['why']) for p in lines if p['verdict'] == 'disagrees']
    sums(done.stderr)
    return lines


def json_is_an_object_a_line_with_the_promised_keys(place):
    lines = plays(place)
    assert len(lines) > 200
    for play in lines:
        assert list(play) == PLAY_KEYS, f'{play["scenario"]}: {list(play)}'
        assert play['finis'] == 1 and play['family'] in (4, 6)
        assert play['verdict'] in ('agrees', 'disagrees', 'skipped')
        assert len(play['connections']) <= (play['verdict'] != 'skipped')   # none where none was tried
        for call in play['calls']:
            assert list(call) == CALL_KEYS, f'{play["scenario"]}: {list(call)}'
            assert call['result'] is None or call['errno'] is None
            for side in ('client', 'server'):
                assert call[side] is None or list(call[side]) == LOOK_KEYS
        for item in play['wire']:
            assert list(item) == ['from', 'what']
    assert len({(p['scenario'], p['family']) for p in lines}) == len(lines)
    played = [play for play in lines if play['verdict'] != 'skipped']
    assert sum(len(play['connections']) for play in played) > 0.9 * len(played)


def both_families_end_alike(place):
    by_name = {}
    for play in plays(place):
        told = [(c['call'], c['result'], c['errno'], c['sigpipe']) for c in play['calls']]
        # Counts that the kernel is free to choose differ from play to play.
        told = [(c, min(r, 20000) if r is not None else r, e, s) for c, r, e, s in told]
        if play['verdict'] == 'agrees' and 'ICMP' not in str(told):
            by_name.setdefault(play['scenario'], []).append(told)
    assert sum(len(v) == 2 for v in by_name.values()) > 100
    for name, told in by_name.items():
        assert len(told) == 1 or told[0] == told[1], name


@todo('no address of a client by hand, nor where connect() waits')
def each_truth_is_a_record(place):
    try:
        import jsonschema
        validator = jsonschema.Draft202012Validator(
            json.loads((SOURCE / 'docs' / 'record.schema.json').read_text(encoding='utf-8')))
    except (ImportError, AttributeError) as error:
        raise Skip('python3-jsonschema 4 or later is not installed') from error
    n = 0
    for play in plays(place):
        for connection in play['connections']:
            record = connection['truth']
            n += 1
            for error in validator.iter_errors(record):
                raise AssertionError(f'{record["id"]}: {error.json_path}: {error.message[:200]}')
            assert record['source'] == 'lab' and record['id'] == f'{play["scenario"]}.ipv{play["family"]}'
            for key in connection['visible']:
                value = record
                for part in key.split('.'):
                    assert part in value, f'{record["id"]}: {key} is said to be visible'
                    value = value[part]
    assert n > 200


def was_cut_short(play):
    """A drain that could not be made ends the play in the middle, and no one says so."""
    return any(call['act'].endswith('.drain') and call['result'] is None for call in play['calls'])


def every_call_of_a_play_that_agrees_has_a_result(place):
    cut = [play['scenario'] for play in plays(place) if play['verdict'] == 'agrees' and was_cut_short(play)]
    assert not cut, ', '.join(sorted(set(cut)))


def truths_keep_the_rules_that_bind_their_keys(place):
    faults = []
    for play in plays(place):
        for connection in play['connections']:
            r = connection['truth']
            if not was_cut_short(play):
                faults += [f'{r["id"]}: {fault}' for fault in record_faults(r)]
    assert not faults, '; '.join(faults[:5])


def record_faults(r):
    if r['cause'] and r['causes'] != [r['cause']]:
        yield 'a certain cause stands alone'
    if r['ending'] in ('orderly', 'half-closed', 'open') and r['cause']:
        yield f'{r["ending"]} has a cause'
    if (r['ended'] is None) != r['ongoing']:
        yield 'ended is null if and only if it is ongoing'
    if r['ending'] == 'reset' and not r['reset'] and r['seen']['roles'] == 'syn':
        yield 'reset without a RST'
    for key in ('to_server', 'to_client'):
        d = r[key]
        for part in ('acked', 'acked_by_reset', 'uncertain'):
            if d[part] is not None and d['bytes'] is not None and d[part] > d['bytes']:
                yield f'{key}.{part} is more than bytes'
        if d['fin_acked'] and d['closed'] != 'fin':
            yield f'{key}: a FIN is acknowledged that was not sent'
        if d['fate'] == 'acked' and (d['uncertain'] or d['unsent'] and not r['ongoing']):
            yield f'{key}: fate acked in spite of its counts'
        if d['fate'] == 'uncertain' and not d['uncertain']:
            yield f'{key}: fate uncertain without uncertain bytes'
    if r['severity'] != 'bad' and 'uncertain' in (r['to_server']['fate'], r['to_client']['fate']):
        yield 'bytes are uncertain, yet it is not bad'


FIELDS = ['ip.checksum.status', 'tcp.checksum.status', '_ws.malformed', 'frame.len', 'frame.cap_len', 'tcp.srcport', 'tcp.dstport',
          'tcp.len', 'tcp.seq_raw', 'tcp.flags.syn', 'tcp.flags.reset', 'tcp.window_size_value', 'ip.ttl', 'ipv6.hlim',
          'frame.protocols']


def frames_by_capture(folder, joined):
    """All frames as tshark reads them, in one run: {capture: [frame as {field: text}]}."""
    counts = []
    with open(joined, 'wb') as out:
        for path in sorted(folder.glob('*.pcap')):
            data = path.read_bytes()
            at, n = 24, 0
            while at < len(data):
                at += 16 + struct.unpack_from('<I', data, at + 8)[0]
                n += 1
            assert at == len(data), f'{path.name} is cut'
            counts.append((path.stem, n))
            out.write(data if len(counts) == 1 else data[24:])
    done = subprocess.run(['tshark', '-r', str(joined), '-o', 'tcp.check_checksum:TRUE',
                           '-o', 'ip.check_checksum:TRUE', '-T', 'fields', '-E', 'occurrence=f',
                           *(word for field in FIELDS for word in ('-e', field))],
                          capture_output=True, text=True, check=True, timeout=60)
    rows = [dict(zip(FIELDS, line.split('\t'))) for line in done.stdout.split('\n')[:-1]]
    assert len(rows) == sum(n for _, n in counts)
    found = {}
    for name, n in counts:
        found[name], rows = rows[:n], rows[n:]
    return found


def counted(frames, client_port, server_port):
    """What the visible keys of a truth must be, counted from the frames of its connection."""
    r = {'to_server.packets': 0, 'to_client.packets': 0, 'to_server.bytes': 0, 'to_client.bytes': 0, 'reset.count': 0}
    start = {}
    for number, frame in enumerate(frames, 1):
        if not frame['tcp.dstport'] or not frame['tcp.len']:
            continue
        if str(client_port) not in (frame['tcp.srcport'], frame['tcp.dstport']):
            continue
        way = 'to_server' if int(frame['tcp.dstport']) == server_port else 'to_client'
        r[f'{way}.packets'] += 1
        if frame['tcp.flags.syn'] in ('1', 'True') and way not in start:
            start[way] = int(frame['tcp.seq_raw']) + 1
        if frame['tcp.flags.reset'] in ('1', 'True'):
            r['reset.count'] += 1
            r.setdefault('reset.frame', number)
            r.setdefault('reset.by', 'client' if way == 'to_server' else 'server')
            r.setdefault('reset.window', int(frame['tcp.window_size_value']))
            r.setdefault('reset.ttl', int(frame['ip.ttl'] or frame['ipv6.hlim']))
        if int(frame['tcp.len']) > 0 and way in start:
            end = (int(frame['tcp.seq_raw']) + int(frame['tcp.len']) - start[way]) % 2 ** 32
            r[f'{way}.bytes'] = max(r[f'{way}.bytes'], end if end < 2 ** 31 else 0)
    return r


def captures_are_sound_and_hold_what_is_said_to_be_visible(place):
    need('tshark')
    folder = place.temp / 'captures'
    done = place.run('--quick', '--table', '--pcap', str(folder))
    if done.returncode == 2 and not list(folder.glob('*.pcap')):
        raise Skip('no captures here: no namespace')
    all_agree(done, 100)
    faults, n_keys = [], 0
    for name, frames in frames_by_capture(folder, place.path / 'joined.pcap').items():
        connections = json.loads((folder / f'{name}.json').read_text(encoding='utf-8'))['connections']
        if not connections:
            continue
        truth = connections[0]
        record = truth['truth']
        for number, frame in enumerate(frames, 1):
            cut = frame['frame.len'] != frame['frame.cap_len']
            # Zeros at a port by chance may be taken for a protocol above TCP, and malformed there.
            above = frame['frame.protocols'].split(':')[-1] not in ('ip', 'ipv6', 'tcp', 'icmp', 'icmpv6', 'raw')
            if frame['_ws.malformed'] and not cut and not above:
                faults.append(f'{name} frame {number} is malformed')
            if '0' in (frame['ip.checksum.status'], frame['tcp.checksum.status']):
                faults.append(f'{name} frame {number} has a bad checksum')
        if not frames or not record['server']['port']:
            continue
        for key, value in counted(frames, record['client']['port'], record['server']['port']).items():
            by_hand = record['client' if key.startswith('to_server') else 'server']['os'] is None
            # Segments by hand may lie beyond a gap or after the FIN: no bytes of the stream.
            if key not in truth['visible'] or (by_hand and key.endswith('.bytes')):
                continue
            first, second = key.split('.')
            n_keys += 1
            said = (record[first] or {}).get(second)
            if said != value:
                faults.append(f'{name}: {key} is said to be {said}, and tshark counts {value}')
    assert not faults, f'{len(faults)} faults: ' + '; '.join(faults[:8])
    assert n_keys > 500
    shutil.rmtree(folder)
    place.nothing_left()


def captures_that_cannot_be_kept_are_said_and_status_2(place):
    folder = place.temp / 'captures'
    name = 'two-writes-after-close-give-epipe'
    done = place.run(name, '--no-namespace', '--pcap', str(folder))
    assert done.returncode == 2 and 'agrees there too' in done.stdout, done.stdout
    assert done.stderr == (f'finis lab: writing captures to {folder}: that needs a network namespace of its own: '
                           'not wanted (--no-namespace) (1 scenario)\n'), done.stderr
    done = place.run(name, '--ipv4', '--pcap', str(folder))
    if done.returncode == 2:
        raise Skip('no captures here: no namespace')
    assert done.returncode == 0 and done.stderr == '' and len(list(folder.iterdir())) == 2
    for path in folder.iterdir():
        path.unlink()
    (folder / f'{name}.ipv4.pcap').mkdir()      # root could write into any folder
    done = place.run(name, '--ipv4', '--pcap', str(folder))
    assert done.returncode == 2 and done.stderr.endswith(': Is a directory (1 scenario)\n'), done.stderr
    shutil.rmtree(folder)


def names_select_and_wrong_ones_are_refused(place):
    listed = re.findall(r'^  ([a-z0-9-]+)$', place.run('--list').stdout, re.M)
    assert len(listed) > 100 and len(set(listed)) == len(listed)
    assert place.run('--list', listed[0]).stdout.split()[-1] == listed[0]
    themes = re.findall(r'^([a-z-]+): ', place.run('--list').stdout, re.M)
    for theme in themes:
        assert f'{theme}: ' in place.run('--list', theme).stdout
    for wrong in ('no-such-thing', 'two-write', '[', ''):
        done = place.run('--list', wrong)
        if done.returncode != 0:
            assert done.returncode == 2 and done.stderr.count('\n') == 1 and done.stdout == ''
    assert f'did you mean {listed[0]}' in place.run(listed[0] + 'x').stderr


def options_that_make_no_sense_are_refused(place):
    for arguments in (['--jobs', '0'], ['--jobs', 'x'], ['--jobs', '33'], ['--jobs'], ['--frobnicate'],
                      ['seq:c.frobnicate'], ['seq:send10'], ['--pcap', '/proc/nowhere/at/all', 'seq:c.close']):
        done = place.run(*arguments)
        assert done.returncode == 2 and done.stdout == '' and done.stderr, arguments


def acts_from_the_command_line_are_played_and_told(place):
    done = place.run('seq:c.send10,s.recv9,s.close,c.send1,c.send1')
    assert done.returncode == 0
    assert 'ECONNRESET' in done.stdout and 'EPIPE + SIGPIPE' in done.stdout
    assert place.run('--no-namespace', 'seq-unconnected:c.connect,c.connect').returncode == 0
    play = plays(place, '--ipv4', 'seq:c.send10,s.recv')[0]
    assert play['theme'] is None and play['shows'] is None and play['advice'] is None


def acts_of_a_side_that_cannot_do_them_are_not_played(place):
    acts = ('l.wait', 'n.signal', 'l.expire=user', 'n.poll', 'n.send1', 'l.dup', 'n.close', 'n.destroy', 'l.ack',
            'n.data1', 'n.accept', 'l.accept', 'c.listen', 'c.sysctl=a:b', 's.fill-backlog', 'l.recverr')
    for act in acts:
        done = place.run('--no-namespace', '--ipv4', f'seq:{act}')
        assert done.returncode == 2 and f'{act}: not an act of that side' in done.stdout, f'{act}: {done}'
    for act in ('l.recv', 'l.close', 'l.recv+block', 'l.drain', 'l.poll'):
        done = place.run('--no-namespace', '--ipv4', f'seq:{act}')
        assert done.returncode == 2 and 'listener' in done.stdout, f'{act}: {done}'


def output_is_80_columns_wide_and_without_colour_in_a_pipe(place):
    for arguments in (['--table', '--quick', '--ipv4'], ['--full', '--ipv4', 'two-writes', 'zero-linger']):
        text = place.run(*arguments).stdout
        assert '\x1b' not in text
        for line in text.splitlines():
            assert len(line) <= 80 and line == line.rstrip(), f'{len(line)} columns: {line!r}'


def the_demo_is_80_columns_wide_wherever_it_was_called_from(place):
    with tempfile.TemporaryDirectory() as folder:
        for path in ('finis', 'a-folder-with-a-longer-name/finis'):
            called = os.path.join(folder, path)
            os.makedirs(os.path.dirname(called), exist_ok=True)
            os.symlink(os.environ['FINIS'], called)
            text = subprocess.run([called, 'lab', '--demo'], capture_output=True, text=True, check=True).stdout
            assert f'{called} explain ECONNRESET' in text and len(text.splitlines()) <= 40
            for line in text.splitlines():
                assert len(line) <= 80 and line == line.rstrip(), f'{len(line)} columns: {line!r}'


def the_manual_and_the_completions_name_every_option_and_verb(place):
    options = set(re.findall(r'(?<![a-z-])--([a-z0-9-]+)', place.run('--help').stdout))
    verbs = re.findall(r'\{ "([a-z0-9-]+)", (?:NO_NUMBER|MAY_NUMBER|MUST_NUMBER|VALUE) \}',
                       (SOURCE / 'src' / 'lab' / 'act.c').read_text(encoding='utf-8'))
    assert len(options) > 10 and len(verbs) > 40
    manual = (SOURCE / 'docs' / 'man' / 'finis-lab.1').read_text(encoding='utf-8')
    named = set(re.findall(r'Fl -([a-z0-9-]+)', manual))
    assert named == options, sorted(named ^ options)
    for verb in verbs:
        assert re.search(rf'Cm (?:[ln]\.)?{verb}(?![a-z0-9-])', manual), f'{verb} is not in the manual'
    for shell in ('finis.bash', '_finis', 'finis.fish'):
        text = (SOURCE / 'packaging' / 'completions' / shell).read_text(encoding='utf-8')
        for option in options:
            assert re.search(rf'(?:--|-l ){option}(?![a-z0-9-])', text), f'--{option} is not in {shell}'


def bash_completes_options_themes_and_names(place):
    need('bash')
    script = '. "$1"; shift; COMP_WORDS=(finis lab "$@"); COMP_CWORD=$(($# + 1)); _finis; printf "%s\\n" "${COMPREPLY[@]}"'

    def complete(*words):
        environment = place.environment | {'PATH': f'{place.path}:{os.environ["PATH"]}'}
        path = SOURCE / 'packaging' / 'completions' / 'finis.bash'
        return subprocess.run(['bash', '-c', script, 'bash', str(path), *words], env=environment, check=True,
                              capture_output=True, text=True, timeout=20).stdout.split()

    assert '--no-namespace' in complete('--n') and '--json' not in complete('--n')
    words = complete('two-w')
    assert 'two-writes' in words and 'two-writes-after-close-give-epipe' in words
    assert all(word.startswith('two-w') for word in words)
    assert complete('--claims', 'so-') == ['so-error-means-dead'], complete('--claims', 'so-')


CASES = [
    with_what_rights_there_are_all_agree,
    without_a_namespace_all_that_can_be_played_agree,
    nobody_with_user_namespaces_plays_as_much_as_root,
    where_namespaces_are_forbidden_it_says_so_and_plays_the_rest,
    interrupted_it_tells_what_was_found_and_leaves_nothing,
    killed_it_leaves_nothing,
    json_is_an_object_a_line_with_the_promised_keys,
    both_families_end_alike,
    each_truth_is_a_record,
    every_call_of_a_play_that_agrees_has_a_result,
    truths_keep_the_rules_that_bind_their_keys,
    captures_are_sound_and_hold_what_is_said_to_be_visible,
    captures_that_cannot_be_kept_are_said_and_status_2,
    names_select_and_wrong_ones_are_refused,
    options_that_make_no_sense_are_refused,
    acts_from_the_command_line_are_played_and_told,
    acts_of_a_side_that_cannot_do_them_are_not_played,
    output_is_80_columns_wide_and_without_colour_in_a_pipe,
    the_demo_is_80_columns_wide_wherever_it_was_called_from,
    the_manual_and_the_completions_name_every_option_and_verb,
    bash_completes_options_themes_and_names,
]


def in_a_place(case):
    place = Place()
    try:
        case(place)
    finally:
        place.remove()


if __name__ == '__main__':
    sys.exit(run_cases(CASES, in_a_place))
