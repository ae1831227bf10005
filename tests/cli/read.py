#!/usr/bin/env python3
"""finis read, as a script uses it: formats, filters, files, pipes, its status. TAP."""

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(1, str(Path(__file__).resolve().parents[1]))
import packets  # noqa: E402
from packets import ACK, PSH, Talk, cut, of, orderly, refused, unfinished  # noqa: E402
from reading import FINIS, PLAIN, SOURCE, client, finis, in_a_place, many, mixed, records, refuses, save  # noqa: E402
from tap import Skip, run_cases  # noqa: E402


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
        for end in ('client_next', 'server_next'):
            for key in ('if_recv', 'if_send'):
                assert row[f'{end}_{key}'].split() == (record[end] or {key: []})[key], (end, key)
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
    for more in ([], ['--json']):
        empty = finis('--check', *more, save('empty.pcap', packets.pcap()))
        assert empty.returncode == 0 and b'there is no connection, so none was checked' in empty.stderr, empty


def a_capture_out_of_the_order_of_its_times_says_so_and_is_less_certain():
    """As `mergecap -a` makes it; a clock that was set back looks the same."""
    still, later = unfinished(client=client(7)), orderly(client=client(8), at=5.0)
    found = {r['ending']: r['certainty'] for r in records(save('in-order.pcap', of(still, later)))}
    assert found == {'orderly': 'certain', 'open': 'certain'}
    done = finis('--json', save('out-of-order.pcap', of(later) + of(still)[24:]))
    assert done.returncode == 0 and done.stderr.count(b'\n') == 1, done
    assert b'not in the order of their times, but up to 5.' in done.stderr and b'reordercap' in done.stderr, done
    found = {r['ending']: r['certainty'] for r in map(json.loads, done.stdout.splitlines())}
    assert found == {'orderly': 'certain', 'open': 'likely'}


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
    piped, named = finis('--json', '-', 'a.pcap', input=mixed()), finis('--json', 'a.pcap', 'a.pcap')
    assert piped.returncode == named.returncode == 0 and piped.stderr == named.stderr, (piped, named)
    assert b'a.pcap: frames are not in the order' in named.stderr, named
    assert piped.stdout.count(b'\n') == named.stdout.count(b'\n') > 0, (piped, named)


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


def a_pipe_that_pauses_shows_all_that_came_before():
    # More than is taken at once, and the next may be long in coming.
    talks = [unfinished(client=client(n)) for n in range(8, 24)] + [refused(), orderly(client=client(70), at=6.0)]
    with subprocess.Popen([FINIS, 'read', '--json', '-'], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          env=PLAIN, bufsize=0) as process:
        process.stdin.write(of(*talks))
        assert json.loads(lines_of(process, 1))['ending'] == 'refused' and process.poll() is None
        process.stdin.close()
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
    said = (b'finis read: 89 connections were judged before their time, as too many were open at once; '
            b'--max-connections N remembers more\n')
    for more in (['--json'], ['--csv'], ['--zeek'], ['--show', '1.1'], ['--extract', 'all', '-w', 'out.pcapng']):
        assert finis('--max-connections', '10', *more, path).stderr == said, more


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
    a_capture_out_of_the_order_of_its_times_says_so_and_is_less_certain,
    rotated_files_are_one_sequence_in_the_order_of_their_times,
    standard_input_is_a_file,
    standard_input_stands_beside_files,
    a_pipe_that_grows_gives_records_as_connections_end,
    a_pipe_that_pauses_shows_all_that_came_before,
    an_interrupt_prints_what_is_known_and_says_so,
    a_reader_that_left_is_a_quiet_end,
    a_full_disk_is_told,
    a_straggler_replaces_its_record_in_the_totals,
    two_vlans_are_one_network_unless_asked_for,
    the_number_of_connections_remembered_is_bounded,
]


if __name__ == '__main__':
    sys.exit(run_cases(CASES, in_a_place))
