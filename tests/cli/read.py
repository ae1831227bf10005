#!/usr/bin/env python3
"""finis read, as a stranger and as a script use it. TAP."""

import csv
import io
import json
import os
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(1, str(Path(__file__).resolve().parents[1]))
import packets  # noqa: E402
from packets import ACK, FIN, PSH, SYN, Talk, cut, late_data, of, orderly, refused, unfinished  # noqa: E402
from tap import Skip, run_cases  # noqa: E402
from terminal import told_a_terminal  # noqa: E402

FINIS = os.environ['FINIS']
SOURCE = Path(os.environ['FINIS_SOURCE'])
CORPUS = Path(os.environ.get('FINIS_CORPUS') or SOURCE.parent / 'shared' / 'corpus')
PLAIN = {**os.environ, 'LC_ALL': 'C.UTF-8', 'TERM': 'xterm'}
PLAIN.pop('NO_COLOR', None)
PLAIN.pop('COLUMNS', None)


def finis(*arguments, **options):
    options = {'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE, 'env': PLAIN, 'timeout': 60} | options
    if 'input' not in options:
        options.setdefault('stdin', subprocess.DEVNULL)
    return subprocess.run([FINIS, 'read', *arguments], check=False, **options)


def records(*arguments, **options):
    done = finis('--json', *arguments, **options)
    assert done.returncode == 0 and done.stderr == b'', done
    return [json.loads(line) for line in done.stdout.splitlines()]


def refuses(*arguments, says=b''):
    """A line on stderr, nothing on stdout, status 2."""
    done = finis(*arguments)
    assert done.returncode == 2 and done.stdout == b'', done
    assert done.stderr.count(b'\n') == 1 and done.stderr.startswith(b'finis read: '), done.stderr
    assert says in done.stderr, done.stderr
    assert not re.search(rb': :', done.stderr), done.stderr


def server(n):
    return ('192.0.2.%d' % n, 443)


def client(n):
    return ('10.0.0.%d' % n, 40000 + n)


def mixed():
    """Six connections, one of a kind; the ids are those of their first frames."""
    return of(orderly(client=client(1)), cut(client=client(2)), late_data(client=client(3)),
              refused(client=client(4)), unfinished(client=client(5)),
              orderly(client=('2001:db8::1', 40006), server=('2001:db8::2', 80)))


def save(name, data):
    path = Path(name)
    path.write_bytes(data)
    return str(path)


def json_is_one_valid_record_a_line():
    found = records(save('a.pcap', mixed()))
    assert len(found) == 6 and {r['ending'] for r in found} == {'orderly', 'reset', 'refused', 'open'}
    try:
        import jsonschema
        validator = jsonschema.Draft202012Validator
    except (ImportError, AttributeError):
        raise Skip('python3-jsonschema 4 or later is not installed') from None
    schema = validator(json.loads((SOURCE / 'docs/record.schema.json').read_text()))
    for record in found + records('--evidence', 'a.pcap'):
        schema.validate(record)
    assert all(record['evidence'] for record in records('--evidence', 'a.pcap') if record['ending'] != 'open')
    assert not any('evidence' in record for record in found)


def the_records_say_what_happened():
    by_port = {r['client']['port']: r for r in records(save('a.pcap', mixed()))}
    reset = by_port[40002]
    assert (reset['ending'], reset['ended_by'], reset['severity']) == ('reset', 'server', 'bad')
    assert reset['to_server']['bytes'] == 1000 and reset['to_server']['acked'] == 400
    assert reset['idle_before'] == 5 and reset['started'] == '2026-11-22T05:56:00.010000000Z'
    assert by_port[40003]['to_server']['fate'] == 'lost' and by_port[40003]['cause'] == 'data-after-close'
    assert by_port[40004]['ending'] == 'refused' and by_port[40001]['ending'] == 'orderly'
    assert by_port[40006]['client']['ip'] == '2001:db8::1'
    assert by_port[40005]['ongoing'] and by_port[40005]['ended'] is None


def all_is_what_machines_are_given_anyway():
    path = save('a.pcap', mixed())
    for form in ('--json', '--csv', '--zeek'):
        asked, plain = finis(form, '--all', path), finis(form, path)
        assert asked.returncode == 0 and asked.stdout == plain.stdout and len(plain.stdout.splitlines()) >= 6, form


def csv_is_read_again_as_the_json_is():
    path = save('a.pcap', mixed())
    text = finis('--csv', path).stdout.decode()
    assert text.count('\r\n') == text.count('\n') == 7
    rows = {row['id']: row for row in csv.DictReader(io.StringIO(text, newline=''), strict=True)}
    for record in records(path):
        row = rows[record['id']]
        assert None not in row and None not in row.values()
        for key in ('started', 'ended', 'ending', 'ended_by', 'severity', 'cause', 'retry', 'history', 'conn_state'):
            assert row[key] == ('' if record[key] is None else str(record[key])), key
        assert row['causes'].split() == record['causes']
        assert row['client_ip'] == record['client']['ip'] and int(row['server_port']) == record['server']['port']
        for way in ('to_server', 'to_client'):
            for key, value in record[way].items():
                as_text = '' if value is None else str(value).lower() if isinstance(value, bool) else str(value)
                assert row[f'{way}_{key}'] == as_text, (way, key)
        assert [row['first_frame'], row['last_frame']] == [str(n) for n in record['frames']]
        assert row['reset_kind'] == ((record['reset'] or {}).get('kind') or '')


def zeek_s_log_has_zeek_s_columns():
    path = save('a.pcap', mixed())
    lines = finis('--zeek', path).stdout.decode().splitlines()
    head = {line.split('\t')[0]: line.split('\t')[1:] for line in lines if line.startswith('#')}
    assert lines[0] == '#separator \\x09' and lines[-1].startswith('#close\t')
    assert head['#path'] == ['conn'] and len(head['#fields']) == len(head['#types']) == 21
    rows = {}
    for line in lines:
        if not line.startswith('#'):
            cells = line.split('\t')
            assert len(cells) == 21
            row = dict(zip(head['#fields'], cells))
            rows[row['uid']] = row
    for record in records(path):
        row = rows['C' + record['id']]
        assert row['id.orig_h'] == record['client']['ip'] and row['id.resp_p'] == str(record['server']['port'])
        assert (row['conn_state'], row['history']) == (record['conn_state'], record['history'])
        assert row['orig_bytes'] == str(record['to_server']['bytes'])
        assert row['resp_pkts'] == str(record['to_client']['packets'])
        assert row['ts'] == '1795326960.010000' and row['proto'] == 'tcp'


def an_empty_capture_gives_an_empty_log():
    path = save('none.pcap', packets.pcap())
    assert finis('--json', path).stdout == b''
    assert finis('--csv', path).stdout.count(b'\n') == 1
    assert finis('--zeek', path).stdout.count(b'\n') == 9
    done = finis(path)
    assert done.returncode == 0 and b'no TCP in it' in done.stdout


def filters_choose_the_same_everywhere():
    path = save('a.pcap', mixed())
    for words, wanted in ((['severity=bad'], {40002, 40003}), (['ending=reset', 'cause=data-after-close'], {40003}),
                          (['ip=2001:db8::/32'], {40006}), (['port=80,40004'], {40004, 40006}),
                          (['idle>4'], {40002}), (['ending!=reset', 'ip=10.0.0.0/8'], {40001, 40004, 40005}),
                          (['since=05:56:03'], {40002}), (['ongoing=yes'], {40005})):
        assert {r['client']['port'] for r in records(*words, path)} == wanted, words
        assert {r['client']['port'] for r in records(path, *words)} == wanted, words
        rows = csv.DictReader(io.StringIO(finis('--csv', *words, path).stdout.decode(), newline=''))
        assert {int(row['client_port']) for row in rows} == wanted, words
        text = finis(path, *words).stdout.decode()
        assert f'{len(wanted)} of 6 connections' in text, words
        assert {int(port) for port in re.findall(r':(4000\d)', text)} == wanted, words


def a_mistyped_filter_is_told_what_was_meant():
    path = save('a.pcap', mixed())
    refuses('severty=bad', path, says=b"'severity'")
    refuses(path, 'ending=rset', says=b"'reset'")
    refuses(path, 'port=http', says=b'a port is needed')
    refuses(path, 'sort=time', says=b'--sort')


def a_file_may_look_like_a_filter():
    save('x=1.pcap', mixed())
    save('port=1', mixed())
    assert len(records('x=1.pcap')) == 6
    assert len(records('./port=1')) == len(records('--', 'port=1')) == 6
    refuses('y=1.pcap', says=b'filter key')


def a_mistyped_option_is_told_what_was_meant():
    path = save('a.pcap', mixed())
    refuses('--jsno', path, says=b'--json')
    refuses('-x', path)
    refuses('-r', path, says=b'finis read FILE')
    refuses('--limit', 'x', path, says=b'number')
    refuses('--limit', says=b'missing')
    refuses('--sort', 'size', path, says=b'severity, time')
    refuses('--show', 'x', path, says=b'id')
    refuses('--json', '--csv', path)
    refuses('--json', '--limit', '3', path, says=b'for eyes')
    refuses('--csv', '--sort', 'bytes', path, says=b'for eyes')
    refuses('-', '-')
    refuses('', says=b'empty')
    refuses(says=b'no file')


def the_status_tells_what_could_not_be_read():
    good, bad = save('a.pcap', mixed()), save('b.pcap', mixed()[:-5])
    text, empty = save('c.txt', b'hello, world\n' * 10), save('d.pcap', b'')
    Path('e').mkdir(exist_ok=True)
    assert finis(good).returncode == 0
    done = finis(bad)
    assert done.returncode == 0 and done.stderr.count(b'\n') == 1 and b'b.pcap' in done.stderr
    assert finis('--strict', bad).returncode == 2
    for name in (text, empty, 'e', 'not-there.pcap'):
        refuses(name, says=name.encode())
        done = finis('--json', name, good)
        assert done.returncode == 2 and len(done.stdout.splitlines()) == 6, name
        assert done.stderr.count(b'\n') == 1 and name.encode() in done.stderr
        assert json.loads(done.stdout.splitlines()[0])['file'] == 2


def check_exits_1_where_anything_is_bad():
    path = save('a.pcap', mixed())
    for more in ([], ['--json'], ['--csv'], ['--zeek'], ['--all']):
        assert finis('--check', *more, path).returncode == 1, more
        assert finis('--check', *more, path, 'severity!=bad').returncode == 0, more
    assert finis('--check', save('b.pcap', of(orderly()))).returncode == 0
    assert finis('--check', '--show', '1.1', 'b.pcap').returncode == 0
    bad = records(path, 'severity=bad')[0]['id']
    assert finis('--check', '--show', bad, path).returncode == 1
    assert finis('--check', path, 'not-there').returncode == 2
    nothing = finis('--check', path, 'port=1')
    assert nothing.returncode == 0 and b'no connection fits the filter' in nothing.stderr, nothing
    assert finis('--check', path, 'severity=bad').stderr == b''


def rotated_files_are_one_sequence_in_the_order_of_their_times():
    frames = cut().frames + orderly(client=client(9), at=20.0).frames
    save('cap10', packets.pcap(*frames[4:]))
    save('cap2', packets.pcap(*frames[:4]))
    found = records('cap10', 'cap2')
    assert [(r['id'], r['ending'], r['file']) for r in found] == [('2.1', 'reset', 2), ('1.4', 'orderly', 1)]
    assert found[0]['to_server']['bytes'] == 1000 and found[0]['seen']['gaps'] is False
    text = finis('--show', '2.1', 'cap10', 'cap2').stdout
    assert b'frames 1 to 3 of cap2 and cap10' in b' '.join(text.split()), text


def standard_input_is_a_file():
    assert records('-', input=mixed()) == records(save('a.pcap', mixed()))
    assert b'standard input' in finis('-', input=mixed()).stdout
    done = finis('-', input=b'')
    assert done.returncode == 2 and b'standard input' in done.stderr


def standard_input_stands_beside_files():
    save('a.pcap', mixed())
    assert len(records('-', 'a.pcap', input=mixed())) == len(records('a.pcap', 'a.pcap'))


def lines_of(process, n, seconds=20):
    """The first n lines of a process that may go on; fails if they do not come."""
    got, until = b'', time.monotonic() + seconds
    os.set_blocking(process.stdout.fileno(), False)
    while got.count(b'\n') < n:
        assert time.monotonic() < until, f'only {got!r}'
        got += process.stdout.read() or b''
        time.sleep(0.01)
    return got


def a_pipe_that_grows_gives_records_as_connections_end():
    first, later = refused(), orderly(client=client(7), at=6.0)
    data = of(first, later)
    with subprocess.Popen([FINIS, 'read', '--json', '-'], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          env=PLAIN, bufsize=0) as process:
        process.stdin.write(data[:-1])
        line = lines_of(process, 1)
        assert json.loads(line)['ending'] == 'refused' and process.poll() is None
        process.stdin.write(data[-1:])
        process.stdin.close()
        os.set_blocking(process.stdout.fileno(), True)
        assert json.loads(process.stdout.read())['ending'] == 'orderly'
        assert process.wait(20) == 0


def an_interrupt_prints_what_is_known_and_says_so():
    for options in (['--json'], []):
        with subprocess.Popen([FINIS, 'read', *options, '-'], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env=PLAIN, bufsize=0) as process:
            process.stdin.write(of(unfinished(), refused(client=client(7), at=1.0), orderly(client=client(8), at=9.0)))
            if options:
                lines_of(process, 1)    # what it has read by then is all there is
                os.set_blocking(process.stdout.fileno(), True)
            time.sleep(0.3)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=20)
            assert process.returncode == 0 and b'interrupted' in err and err.count(b'\n') == 1, (process.returncode, err)
            if options:
                assert {json.loads(line)['ending'] for line in out.splitlines()} == {'open', 'orderly'}
            else:
                assert b'3 connections' in out


def many(n):
    frames = []
    for i in range(n):
        frames += refused(client=('10.%d.%d.%d' % (i >> 16, i >> 8 & 255, i & 255), 40000), at=i * 0.05).frames
    return packets.pcap(*frames)


def a_reader_that_left_is_a_quiet_end():
    path = save('many.pcap', many(3000))
    for options in ('--json', '--csv', '--zeek', '--all'):
        reader, writer = os.pipe()
        with subprocess.Popen([FINIS, 'read', options, path], stdout=writer, stderr=subprocess.PIPE, env=PLAIN,
                              restore_signals=True) as process:
            os.close(writer)
            os.read(reader, 10)
            os.close(reader)
            assert process.stderr.read() == b'' and process.wait(20) in (0, 2, -signal.SIGPIPE), options


def a_full_disk_is_told():
    path = save('many.pcap', many(3000))
    for options in (['--json'], ['--csv'], ['--zeek'], ['--all'], [], ['--show', '1.1']):
        with open('/dev/full', 'wb') as full:
            done = finis(*options, path, stdout=full)
        assert done.returncode == 2 and b'cannot write to standard output: No space left' in done.stderr, (options, done)
        assert done.stderr.count(b'\n') == 1, done.stderr


def many_connections_are_counted_and_the_first_of_them_listed():
    path = save('many.pcap', many(3000))
    text = finis(path).stdout.decode()
    assert '3,000 connections: 3,000 notable' in text
    assert len(re.findall(r'^1\.\d+ ', text, re.M)) == 10 and '2,990 more of these' in text
    assert len(re.findall(r'^1\.\d+ ', finis('--limit', '25', path).stdout.decode(), re.M)) == 25
    ids = re.findall(r'^(1\.\d+) ', finis('--all', path).stdout.decode(), re.M)
    assert ids == [f'1.{2 * i + 1}' for i in range(3000)]


def lists_can_be_put_in_order():
    path = save('a.pcap', mixed())
    by_id = {r['id']: r for r in records(path)}
    keys = {'duration': lambda r: -r['duration'], 'bytes': lambda r: -r['to_server']['bytes'] - r['to_client']['bytes'],
            'time': lambda r: r['started'], 'severity': lambda r: -['fine', 'notable', 'bad'].index(r['severity'])}
    for sort, key in keys.items():
        ids = re.findall(r'^(1\.\d+) ', finis('--sort', sort, path).stdout.decode(), re.M)
        values = [key(by_id[i]) for i in ids]
        assert len(ids) == 6 and values == sorted(values), sort
    assert finis('--sort', 'idle', path).returncode == 0


def fits(text, width=80):
    """All but commands to be copied, which need the whole of a file's name."""
    lines = [line for line in text.splitlines() if not line.startswith('  finis read ')]
    return max(map(len, lines), default=0) <= width and not re.search(r'[\x00-\x09\x0b-\x1f\x7f-\x9f]', text)


def all_fits_into_80_columns_without_controls():
    path = save('a.pcap', mixed())
    ids = [r['id'] for r in records(path)]
    for options in [[], ['--all'], ['--all', '--evidence'], ['--help']] + [['--show', i] for i in ids]:
        done = finis(*options, path)
        text = done.stdout.decode()
        assert done.returncode == 0 and text and fits(text), (options, max(text.splitlines(), key=len))
        ascii_only = finis(*options, path, env={**PLAIN, 'LC_ALL': 'C'}).stdout
        assert ascii_only.isascii(), options


def a_stranger_can_read_what_is_bad():
    text = finis(save('a.pcap', mixed())).stdout.decode()
    assert 'Bad, worst first:' in text and '6 connections: 2 bad' in text
    flat = re.sub(r'\s+', ' ', text)
    assert '10.0.0.2:40002 → 192.0.2.10:443' in flat
    assert 'the server reset it, after 5.0 s of silence' in flat
    assert 'up to 42 bytes from the client lost; likely cause: data-after-close' in flat
    shown = re.search(r'finis read --show (\S+) a\.pcap', text)
    assert shown and finis('--show', shown[1], 'a.pcap').returncode == 0


def what_is_said_of_several_in_a_row_is_said_once():
    path = save('a.pcap', of(*(refused(client=client(n)) for n in (1, 2, 3)), cut(client=client(4))))
    text = finis('--limit', '9', path).stdout.decode()
    assert text.count('the server refused it') == 1, text
    heads, words = text.split('the server refused it')
    assert all(f'10.0.0.{n}:4000{n} ' in heads for n in (1, 2, 3)) and '10.0.0' not in words, text
    assert finis('--limit', '9', '--evidence', path).stdout.count(b'the server refused it') == 3
    assert finis('--all', path).stdout.count(b'the server refused it') == 3


def what_to_type_next_works_as_it_stands():
    text = finis(save('a.pcap', of(orderly(), late_data(client=client(2))))).stdout.decode()
    show, word = re.search(r'\nMore of one, and of a word:\n  finis read (.+)\n  finis explain (\S+)\n$', text).groups()
    assert finis(*show.split()).returncode == 0
    assert subprocess.run([FINIS, 'explain', word], stdout=subprocess.DEVNULL, check=False).returncode == 0
    assert 'explain' not in finis(save('b.pcap', of(orderly()))).stdout.decode()


def files_that_could_not_be_read_are_not_counted_as_read():
    done = finis(save('a.pcap', mixed()), 'not-there')
    assert done.returncode == 2 and done.stdout.startswith(b'1 of 2 files: '), done


def one_connection_is_told_in_full():
    path = save('a.pcap', mixed())
    record = next(r for r in records('--evidence', path) if r['client']['port'] == 40003)
    text = finis('--show', record['id'], path).stdout.decode()
    flat = re.sub(r'\s+', ' ', text)
    for line in record['evidence']:
        assert line in flat, line
    assert 'data-after-close' in text and 'Some certainly never reached the program' in flat
    assert 'Yes (safe): The last request reached no program' in flat
    assert '142 bytes sent, 100 acknowledged' in flat and f"frame {record['reset']['frame']}" in flat
    ladder = text[text.index('\nSegments'):]
    assert len(re.findall(r'├─|─┤', ladder)) == record['to_server']['packets'] + record['to_client']['packets']
    assert 'recv() 0 (the end); send() EPIPE+SIGPIPE' in flat


def a_syn_on_a_living_connection_stands_in_its_ladder():
    talk = Talk().open().ask_and_answer()
    talk.send('c', SYN, seq=77777, options=packets.LINUX_OPTIONS).send('s', ACK).ask_and_answer().close()
    text = finis('--show', '1.1', save('s.pcap', of(talk))).stdout.decode()
    assert re.search(r'├─ SYN ─+►│  7, not taken up$', text, re.M), text
    # One that begins a connection of its own stands in that one's.
    again = Talk().open().ask_and_answer().close()
    later = Talk(at=5.0)
    later.seq = {'c': 5000000, 's': 7000000}
    text = finis('--show', '1.1', save('t.pcap', of(again, later.open().close()))).stdout.decode()
    assert len(re.findall(r'├─ SYN ─', text)) == 1 and 'not taken up' not in text


def servers_with_trouble_are_told_the_worst_first():
    talks = [orderly(client=client(n), server=server(1)) for n in range(1, 9)]
    talks += [cut(client=client(n), server=server(2)) for n in range(11, 13)]
    talks += [refused(client=client(n), server=server(3)) for n in range(21, 25)]
    talks += [refused(client=client(30), server=server(4))]
    text = finis(save('many.pcap', of(*talks))).stdout.decode()
    table = text[text.index('By server'):text.index('Bad, worst')].splitlines()
    assert table[0].split()[-5:] == ['all', 'reset', 'refused', 'silent', 'bad']
    assert [line.split() for line in table[1:3]] == [['192.0.2.2:443', '2', '2', '-', '-', '2'],
                                                     ['192.0.2.3:443', '4', '-', '4', '-', '-']]
    assert '192.0.2.1:' not in ''.join(table) and '192.0.2.4:' not in ''.join(table)
    # Where there is one server only, the totals say it all.
    assert 'By server' not in finis(save('one.pcap', of(*talks[8:10] * 4))).stdout.decode()


def closes_first_whose_fin_the_other_acknowledged():
    """The clock went back a second between the FINs."""
    talk = unfinished().send('s', FIN | ACK).send('c', ACK)
    talk.send('c', FIN | ACK, after=-1.0).send('s', ACK)
    head, body = of(unfinished())[:24], b''
    for at, data in talk.frames:
        ns = round(at * 1e9) + 10**9
        body += struct.pack('<IIII', packets.START + ns // 10**9, ns % 10**9, len(data), len(data)) + data
    assert [r['ended_by'] for r in records(save('back.pcap', head + body))] == ['server']


def an_icmp_error_is_no_segment_of_either_end():
    talk = Talk().send('c', SYN, options=packets.LINUX_OPTIONS)
    path = save('i.pcap', packets.pcap(*talk.frames, (0.5, packets.icmp('198.51.100.1', talk.frames[0][1]))))
    text = finis('--show', '1.1', path).stdout.decode()
    assert 'A host on the way refused it' in text
    assert re.search(r'│ +ICMP error about the SYN +│  2$', text, re.M) and len(re.findall(r'├─|─┤', text)) == 1


def two_captures_of_the_same_connections_are_told_as_one():
    path = save('a.pcap', mixed())
    for options in ([], ['--all'], ['--csv'], ['--zeek'], ['--json']):
        done = finis(*options, '--client', path, '--server', path)
        assert done.returncode == 0 and done.stdout, (options, done)
    text = finis('--client', path, '--server', path).stdout.decode()
    assert text.startswith('a.pcap and a.pcap: ') and '6 connections' in text and fits(text)


def any_frame_of_a_connection_leads_to_it():
    path = save('a.pcap', of(orderly(), refused(client=client(2), at=50.0)))
    whole = finis('--show', '1.1', path).stdout
    assert finis('--show', '5', path).stdout == finis('--show', '1.5', path).stdout == whole
    assert finis('--show', 'worst', path).stdout == finis('--show', '1.10', path).stdout
    done = finis('--show', '5', path, 'not-there')     # two passes, but one complaint
    assert done.returncode == 2 and done.stderr.count(b'\n') == 1 and b'How it ended' in done.stdout
    done = finis('--show', '1.5', '-', input=Path(path).read_bytes())
    assert done.returncode == 2 and b'1.1' in done.stderr


def a_pipe_is_not_read_twice():
    path = save('a.pcap', of(orderly(), refused(client=client(2), at=50.0)))
    for show, says in (('worst', b'twice'), ('1.5', b'1.1')):
        reader, writer = os.pipe()
        os.write(writer, Path(path).read_bytes())
        os.close(writer)
        done = finis('--show', show, f'/dev/fd/{reader}', pass_fds=[reader])
        os.close(reader)
        assert done.returncode == 2 and says in done.stderr and done.stderr.count(b'\n') == 1, done


def an_id_that_is_not_there_is_told_the_nearest():
    path = save('a.pcap', of(orderly(), refused(client=client(2), at=50.0)))
    refuses('--show', '1.500', path, says=b'1.10, 1.1')
    refuses('--show', '2.1', path, says=b'no file 2')
    refuses('--show', '1.1', 'not-there', says=b'No such file')
    refuses('--show', '1.1', path, 'ending=open', says=b'no connection 1.1 that fits the filter in ')
    refuses('--show', 'worst', path, 'ending=open', says=b'no connection that fits the filter in ')


def a_long_connection_s_ladder_is_cut_in_the_middle():
    talk = Talk().open()
    for _ in range(500):
        talk.ask_and_answer()
    path = save('long.pcap', of(talk.close()))
    text = finis('--show', '1.1', path).stdout.decode()
    assert len(re.findall(r'├─|─┤', text)) == 40
    assert re.search(r'1466 more, in \d+\.\d+ s', text) and '  1506\n' in text
    assert len(re.findall(r'├─|─┤', finis('--show', '1.1', '--limit', '100', path).stdout.decode())) == 100


def names_of_files_reach_no_terminal_as_control():
    name = b'a\x1b[31m\r\nb\xc2\x9b\xff.pcap'
    Path(os.fsdecode(name)).write_bytes(mixed()[:-5])
    for arguments in ([name], [b'--show', b'1.2', name], [b'not-' + name], [b'--\x1b[31m', name]):
        done = finis(*arguments)
        for stream in (done.stdout, done.stderr):
            assert not re.search(rb'[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xff', stream), (arguments, stream)


def the_command_that_is_proposed_can_be_typed():
    for name in ("it's here.pcap", '-x.pcap', 'a b.pcap'):
        save('./' + name, mixed())
        for arguments in (['--', name], ['--client', './' + name, '--server', './' + name]):
            line, = re.findall(r'^  finis read --show .*$', finis(*arguments).stdout.decode(), re.M)
            done = subprocess.run(['sh', '-c', line.replace('finis', '"$FINIS"', 1)], env=PLAIN, capture_output=True,
                                  check=False)
            assert done.returncode == 0 and b'How it ended' in done.stdout, (line, done)


def on_a_terminal(env):
    """What is written to a terminal."""
    status, out = told_a_terminal([FINIS, 'read', 'a.pcap'], env=env)
    assert status == 0
    return out


def colour_is_for_terminals_and_can_be_declined():
    save('a.pcap', mixed())
    assert b'\x1b[31m' in on_a_terminal(PLAIN)
    assert b'\x1b' not in on_a_terminal({**PLAIN, 'NO_COLOR': '1'})
    assert b'\x1b' not in on_a_terminal({**PLAIN, 'TERM': 'dumb'})
    assert b'\x1b' not in finis('a.pcap').stdout


def what_is_no_tcp_is_counted_by_kind():
    quic = bytes([0xc3, 0, 0, 0, 1, 8]) + b'12345678' + b'\x08' + b'87654321' + b'\0' * 1200
    ends = (('10.0.0.1', 4000), ('10.0.0.2', 443))
    path = save('u.pcap', packets.pcap((0, packets.udp(('10.0.0.1', 53), ('10.0.0.2', 53))),
                                       (1, packets.udp(*ends, quic)), *refused().frames))
    text = finis(path).stdout.decode()
    assert 'UDP 1' in text and 'QUIC 1' in text and 'encrypted' in text and '1 connection' in text


def a_straggler_replaces_its_record_in_the_totals():
    first = Talk().open().send('c', PSH | ACK, b'q' * 100).send('s', ACK)
    first.send('s', packets.RST | ACK, window=92)
    other = orderly(client=client(7), at=10.0)
    first.send('c', PSH | ACK, b'q' * 50, after=20.0)   # it goes on: the reset was not obeyed
    first.send('s', ACK)
    path = save('s.pcap', of(first, other))
    found = records(path)
    revs = [r['rev'] for r in found if r['id'] == '1.1']
    assert revs == [1, 2], revs
    text = finis(path).stdout.decode()
    assert '2 connections' in text and text.count('10.0.0.5:51234') == 1


def two_vlans_are_one_network_unless_asked_for():
    def tagged(talk, vlan):
        head = bytes(12) + b'\x81\x00' + vlan.to_bytes(2, 'big') + b'\x08\x00'
        return [(at, head + data) for at, data in talk.frames]

    frames = tagged(orderly(), 10) + tagged(refused(at=0.001), 20)
    path = save('v.pcap', packets.pcap(*frames, link=1))
    assert {r['ending'] for r in records('--vlan', path)} == {'orderly', 'refused'}
    assert 'refused' not in {r['ending'] for r in records(path)}


def the_number_of_connections_remembered_is_bounded():
    path = save('many.pcap', of(*(unfinished(client=client(i), at=i) for i in range(1, 100))))
    done = finis('--max-connections', '10', path)
    assert done.returncode == 0 and b'99 connections' in done.stdout and b'before their time' in done.stdout


def every_real_capture_is_told_in_80_columns():
    captures = [CORPUS / line.split('\t')[0] for line in
                (CORPUS / 'manifest.tsv').read_text().splitlines()[1:]] if (CORPUS / 'manifest.tsv').exists() else []
    if not captures:
        raise Skip('FINIS_CORPUS names no captures')
    for path in captures:
        n = len({json.loads(line)['id'] for line in finis('--json', path).stdout.splitlines()})
        for options in ([], ['--show', 'worst']) if n else ([],):
            done = finis(*options, path.name, cwd=path.parent)
            text = done.stdout.decode()
            assert done.returncode == 0, (path, options, done.stderr)
            assert fits(text), (path, options, max(text.splitlines(), key=len))
            if not options and n:
                found = re.search(r'^([\d,]+) connections?: ', text, re.M)
                assert found and int(found[1].replace(',', '')) == n, (path, n)


CASES = [
    json_is_one_valid_record_a_line,
    all_is_what_machines_are_given_anyway,
    the_records_say_what_happened,
    csv_is_read_again_as_the_json_is,
    zeek_s_log_has_zeek_s_columns,
    an_empty_capture_gives_an_empty_log,
    filters_choose_the_same_everywhere,
    a_mistyped_filter_is_told_what_was_meant,
    a_file_may_look_like_a_filter,
    a_mistyped_option_is_told_what_was_meant,
    the_status_tells_what_could_not_be_read,
    check_exits_1_where_anything_is_bad,
    rotated_files_are_one_sequence_in_the_order_of_their_times,
    standard_input_is_a_file,
    standard_input_stands_beside_files,
    a_pipe_that_grows_gives_records_as_connections_end,
    an_interrupt_prints_what_is_known_and_says_so,
    a_reader_that_left_is_a_quiet_end,
    a_full_disk_is_told,
    many_connections_are_counted_and_the_first_of_them_listed,
    lists_can_be_put_in_order,
    all_fits_into_80_columns_without_controls,
    a_stranger_can_read_what_is_bad,
    what_is_said_of_several_in_a_row_is_said_once,
    what_to_type_next_works_as_it_stands,
    files_that_could_not_be_read_are_not_counted_as_read,
    one_connection_is_told_in_full,
    an_icmp_error_is_no_segment_of_either_end,
    a_syn_on_a_living_connection_stands_in_its_ladder,
    servers_with_trouble_are_told_the_worst_first,
    closes_first_whose_fin_the_other_acknowledged,
    two_captures_of_the_same_connections_are_told_as_one,
    any_frame_of_a_connection_leads_to_it,
    a_pipe_is_not_read_twice,
    an_id_that_is_not_there_is_told_the_nearest,
    a_long_connection_s_ladder_is_cut_in_the_middle,
    names_of_files_reach_no_terminal_as_control,
    the_command_that_is_proposed_can_be_typed,
    colour_is_for_terminals_and_can_be_declined,
    what_is_no_tcp_is_counted_by_kind,
    a_straggler_replaces_its_record_in_the_totals,
    two_vlans_are_one_network_unless_asked_for,
    the_number_of_connections_remembered_is_bounded,
    every_real_capture_is_told_in_80_columns,
]


def in_a_place(case):
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)
        try:
            case()
        finally:
            os.chdir('/')


if __name__ == '__main__':
    sys.exit(run_cases(CASES, in_a_place))
