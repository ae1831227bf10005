#!/usr/bin/env python3
"""finis read, as a stranger reads it: the list, one connection in full, 80 columns, colours. TAP."""

import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(1, str(Path(__file__).resolve().parents[1]))
import packets  # noqa: E402
from packets import ACK, FIN, SYN, Talk, cut, late_data, of, orderly, refused, unfinished  # noqa: E402
from reading import (  # noqa: E402
    CORPUS, FINIS, PLAIN, client, finis, fits, in_a_place, many, mixed, records, refuses, save, server)
from tap import Skip, run_cases  # noqa: E402
from terminal import told_a_terminal  # noqa: E402


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


def each_line_says_how_bad_it_is():
    path = save('a.pcap', mixed())
    lines = {line.split()[0]: line for line in finis('--all', path).stdout.decode().splitlines() if ' → ' in line}
    said = {r['id']: r['severity'] for r in records(path)}
    assert lines.keys() == said.keys() and set(said.values()) == {'bad', 'notable', 'fine'}, said
    for i, severity in said.items():
        words = re.findall(r' (bad|notable|fine) ', lines[i])
        assert words == ([] if severity == 'fine' else [severity]), lines[i]


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
    done = finis('--json', save('back.pcap', head + body))
    assert b'not in the order of their times, but up to 1.' in done.stderr, done
    assert [json.loads(line)['ended_by'] for line in done.stdout.splitlines()] == ['server']


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
    refuses('--show', '2.1', path, says=b'no connection 2.1: there is no file 2')


def a_line_that_is_too_long_for_both_ends_ends_without_a_blank():
    path = save('six.pcap', of(orderly(client=('2600:1f13:f8:d400:3a6:303c:e011:18eb', 33892),
                                       server=('2001:4860:4860:1234:5678:9abc:def0:8888', 443))))
    for options in [], ['--all']:
        text = finis(*options, path).stdout.decode()
        assert '18eb]:33892 →\n      [2001:' in text and not re.search(' $', text, re.M), text


def a_filter_that_leaves_nothing_is_said_with_what_there_is():
    path = save('a.pcap', of(orderly(), refused(client=client(2), at=50.0)))
    refuses('--show', '1.2', path, 'ending=open', says=b'connection 1.1 does not fit ending=open')
    refuses('--show', '1.500', path, 'ending=orderly', says=b'no connection 1.500 in a.pcap; the nearest that fit: 1.1\n')
    for asked in (['ending=open'], ['ending=open', 'port!=1']):
        says = ' '.join(asked).encode()
        refuses('--show', 'worst', path, *asked, says=b'none of the 2 connections in a.pcap fits ' + says + b'\n')
        refuses('--show', '1.500', path, *asked, says=b'none of the 2 connections in a.pcap fits ' + says + b'\n')
        refuses('--extract', asked[0], '-w', 'out', path, *asked[1:], says=b'none of the 2 connections fits ' + says + b'\n')
    one = save('one.pcap', of(orderly()))
    refuses('--show', 'worst', one, 'ending=open', says=b'the one connection in one.pcap does not fit ending=open\n')
    none = save('none.pcap', of())
    refuses('--show', 'worst', none, 'ending=open', says=b'no connection in none.pcap; there is none at all\n')
    refuses('--extract', 'all', '-w', 'out', none, says=b'there is no connection\n')


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


def told_while_it_waits(*options, **streams):
    """What a terminal is told while a pipe gives a packet now and then, until it is a progress or for 2 s."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([FINIS, 'read', *options, '-'], stdin=subprocess.PIPE, env=PLAIN,
                          **{name: subprocess.DEVNULL if out is None else theirs for name, out in streams.items()}) as run:
        os.close(theirs)
        data, at, told, ends = many(5000), 24, b'', time.monotonic() + 60
        run.stdin.write(data[:at])
        while b'packets' not in told and time.monotonic() < ends:
            size = 16 + struct.unpack_from('<I', data, at + 8)[0]
            run.stdin.write(data[at:at + size])
            run.stdin.flush()
            at += size
            # Some connections have ended by then; from there on it is slow.
            if at > 20000 and select.select([ours], [], [], 0.02)[0]:
                told += os.read(ours, 65536)
            if b'refused' in told:
                ends = min(ends, time.monotonic() + 2)
        run.kill()
    os.close(ours)
    return told


def a_terminal_is_told_how_far_a_slow_pipe_has_come():
    assert re.match(rb'\rfinis read: \d+ packets ', told_while_it_waits(stdout=None, stderr=True))
    # Where the connections themselves are told there, they show it, and are not mixed up with it.
    told = told_while_it_waits('--all', stdout=True, stderr=True)
    assert b'refused' in told and b'packets' not in told, told[:200]


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


def every_real_capture_is_told_in_80_columns():
    captures = [CORPUS / line.split('\t')[0] for line in
                (CORPUS / 'manifest.tsv').read_text().splitlines()[1:]] if (CORPUS / 'manifest.tsv').exists() else []
    if not captures:
        raise Skip('FINIS_CORPUS names no captures')
    for path in captures[::int(os.environ.get('FINIS_CORPUS_THIN', '1'))]:
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
    many_connections_are_counted_and_the_first_of_them_listed,
    lists_can_be_put_in_order,
    each_line_says_how_bad_it_is,
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
    a_filter_that_leaves_nothing_is_said_with_what_there_is,
    a_line_that_is_too_long_for_both_ends_ends_without_a_blank,
    a_long_connection_s_ladder_is_cut_in_the_middle,
    names_of_files_reach_no_terminal_as_control,
    the_command_that_is_proposed_can_be_typed,
    a_terminal_is_told_how_far_a_slow_pipe_has_come,
    colour_is_for_terminals_and_can_be_declined,
    what_is_no_tcp_is_counted_by_kind,
    every_real_capture_is_told_in_80_columns,
]


if __name__ == '__main__':
    sys.exit(run_cases(CASES, in_a_place))
