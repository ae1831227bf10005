#!/usr/bin/env python3
"""finis read --extract and --anonymize: what is written is read again, and says the same. TAP."""

import ipaddress
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
from tap import Skip, run_cases  # noqa: E402

FINIS = os.environ['FINIS']
GENERATE = Path(os.environ['FINIS_BUILD'], 'bench', 'finis-generate')

# What must be the same of a connection, whatever was cut off.
TOLD = ('started', 'ended', 'duration', 'idle_before', 'ending', 'ongoing', 'ended_by', 'silent', 'severity', 'cause',
        'causes', 'certainty', 'to_server', 'to_client', 'retry', 'conn_state')


def finis(*words, **options):
    streams = {'stdin': subprocess.DEVNULL, 'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE} | options
    return subprocess.run([FINIS, 'read', *map(str, words)], timeout=120, check=False,
                          **({'text': 'input' not in options} | streams))


def done(*words, **options):
    run = finis(*words, **options)
    assert run.returncode == 0, (words, run.returncode, run.stderr)
    return run.stdout


def generate(path, **settings):
    words = [f'--{key}={value}' for key, value in ({'seed': 11, 'mix': 'eval', 'packets': 1500, 'connections': 40} |
                                                   settings).items()]
    subprocess.run([GENERATE, *words, path], check=True)
    return path


def records(*paths):
    return [json.loads(line) for line in done('--json', *paths).splitlines()]


def by_ports(all_records):
    """Records by what no anonymising changes; the generator gives no ports twice at the same moment."""
    return sorted(((r['client']['port'], r['server']['port'], r['started'], r['rev'], [r[key] for key in TOLD])
                   for r in all_records), key=str)


def only(all_records, **what):
    return [r for r in all_records if all(r[key] == value for key, value in what.items())]


def in_folder(test):
    def run():
        with tempfile.TemporaryDirectory() as folder:
            test(Path(folder))
    run.__name__ = test.__name__
    return run


@in_folder
def one_connection_is_cut_out_with_all_it_had(folder):
    made = generate(folder / 'made.pcap')
    for whole in records(made)[:40]:
        done('--extract', whole['id'], '-w', folder / 'out', made)
        again = records(folder / 'out')
        assert len(again) == 1, (whole['id'], len(again))
        assert by_ports(again) == by_ports([whole]), whole['id']
        assert again[0]['client']['ip'] == whole['client']['ip']
        assert again[0]['history'] == whole['history']


@in_folder
def any_frame_names_its_connection(folder):
    made = generate(folder / 'made.pcap')
    whole = only(records(made), ending='orderly')[0]
    filters = {done('--extract', id_, '-w', folder / 'out', made)
               for id_ in (whole['id'], f"1.{whole['frames'][1]}", str(whole['frames'][1]))}
    assert len(filters) == 1 and f"frame.number>={whole['frames'][0]}" in filters.pop()


@in_folder
def a_filter_or_all_chooses_several(folder):
    made = generate(folder / 'made.pcap')
    everything = records(made)
    resets = only(everything, ending='reset', severity='bad')
    assert 1 < len(resets) < len(everything)
    for words in (('--extract', 'ending=reset', 'severity=bad'), ('--extract', 'all', 'ending=reset', 'severity=bad')):
        done(*words, '-w', folder / 'out', made)
        assert by_ports(records(folder / 'out')) == by_ports(resets)
    done('--extract', 'all', '-w', folder / 'out', made)
    assert by_ports(records(folder / 'out')) == by_ports(everything)


def pcap_frames(path):
    """The head of a pcap, and its frames with the headers before them."""
    whole, at, found = path.read_bytes(), 24, []
    while at < len(whole):
        n = 16 + struct.unpack_from('<I', whole, at + 8)[0]
        found.append(whole[at:at + n])
        at += n
    return whole[:24], found


def pcapng_frames(whole):
    at, found = 0, []
    while at < len(whole):
        block, length = struct.unpack_from('<II', whole, at)
        if block == 6:
            found.append(whole[at + 28:at + 28 + struct.unpack_from('<I', whole, at + 20)[0]])
        at += length
    return found


@in_folder
def what_show_names_is_cut_out(folder):
    """Twins, repeats, late segments, and SYNs on a living connection that were not taken up."""
    for kind in ('syn-on-live', 'simultaneous-open', 'assassinated', 'unreachable', 'close-notify'):
        head, frames = pcap_frames(generate(folder / 'made.pcap', only=kind, packets=400))
        made = folder / 'doubled.pcap'
        made.write_bytes(head + b''.join(frame for frame in frames for _ in range(2)))
        for record in records(made):
            shown = done('--show', record['id'], '--limit', 1000, made).partition('\nSegments\n')[2]
            named = {int(n) for n in re.findall(r'(?:│|┤)  (\d+)', shown)}
            cut_out = pcapng_frames(done('--extract', record['id'], '-w', '-', made, text=False))
            assert len(named) >= 2, (kind, record['id'], shown)
            assert cut_out == [frames[(n - 1) // 2][16:] for n in sorted(named)], (kind, record['id'], len(cut_out), named)


@in_folder
def the_display_filter_shows_the_same_frames(folder):
    if not shutil.which('tshark'):
        raise Skip('tshark is not installed')
    made = generate(folder / 'made.pcap', link='vlan')
    fields = ['-T', 'fields', '-e', 'frame.time_epoch', '-e', 'frame.len', '-e', 'tcp.seq_raw']
    for words in (('--extract', 'ending=refused'), ('--extract', 'ending=timed-out', 'severity=bad')):
        shown = done(*words, '-w', folder / 'out', made).strip()
        theirs, ours = (subprocess.run(['tshark', '-n', '-r', path, *more, *fields], capture_output=True, text=True,
                                       check=True).stdout
                        for path, more in ((made, ['-Y', shown]), (folder / 'out', [])))
        assert theirs == ours and theirs.count('\n') > 5, (words, theirs.count('\n'), ours.count('\n'))


@in_folder
def the_verdict_is_a_comment_on_two_frames(folder):
    if not shutil.which('tshark'):
        raise Skip('tshark is not installed')
    made = generate(folder / 'made.pcap')
    whole = only(records(made), ending='reset')[0]
    done('--extract', whole['id'], '-w', folder / 'out', made)
    lines = subprocess.run(['tshark', '-n', '-r', folder / 'out', '-T', 'fields', '-e', 'tcp.flags.reset',
                            '-e', 'frame.comment'], capture_output=True, text=True, check=True).stdout.splitlines()
    commented = [line for line in lines if line.split('\t')[1]]
    assert len(commented) == 2 and commented[0] == lines[0], commented
    assert commented[1].startswith('1\tfinis, connection ' + whole['id'] + ', ended here: '), commented
    assert 'reset' in commented[0]


@in_folder
def several_files_are_one_capture(folder):
    made = generate(folder / 'made.pcap').read_bytes()
    borders, at = [24], 24
    while at < len(made):
        at += 16 + struct.unpack_from('<I', made, at + 8)[0]
        borders.append(at)
    middle = borders[len(borders) // 2]
    (folder / 'a').write_bytes(made[:middle])
    (folder / 'b').write_bytes(made[:24] + made[middle:])
    whole = records(folder / 'a', folder / 'b')
    done('--extract', 'all', '-w', folder / 'out', folder / 'a', folder / 'b')
    assert by_ports(records(folder / 'out')) == by_ports(whole)
    # A shell may put them the other way round.
    done('--extract', 'all', '-w', folder / 'out', folder / 'b', folder / 'a')
    assert by_ports(records(folder / 'out')) == by_ports(whole)


@in_folder
def fragments_come_along(folder):
    plain = generate(folder / 'made.pcap', only='reset-by-client', packets=1, connections=1, link='raw').read_bytes()
    cut, at = bytearray(plain[:24]), 24
    n_cut = 0
    while at < len(plain):
        head, n = plain[at:at + 8], struct.unpack_from('<I', plain, at + 8)[0]
        packet = plain[at + 16:at + 16 + n]
        at += 16 + n
        if packet[0] >> 4 != 4 or n < 100:
            cut += head + struct.pack('<II', n, n) + packet
            continue
        n_cut += 1
        for offset, more in ((0, 0x2000), (8, 0)):
            piece = packet[20:60] if offset == 0 else packet[60:]
            ip = bytearray(packet[:20])
            struct.pack_into('>H', ip, 2, 20 + len(piece))
            struct.pack_into('>H', ip, 6, more | (40 // 8 if offset else 0))
            struct.pack_into('>H', ip, 10, 0)
            cut += head + struct.pack('<II', 20 + len(piece), 20 + len(piece)) + ip + piece
    if n_cut == 0:
        raise Skip('the generator made no large IPv4 packet')
    (folder / 'cut').write_bytes(cut)
    whole = records(folder / 'cut')
    assert by_ports(whole) == by_ports(records(folder / 'made.pcap'))
    for words in ((), ('--anonymize',)):
        done('--extract', whole[0]['id'], *words, '-w', folder / 'out', folder / 'cut')
        assert by_ports(records(folder / 'out')) == by_ports(whole), words


@in_folder
def standard_input_is_kept_to_be_read_again(folder):
    made = generate(folder / 'made.pcap')
    whole = records(made)
    run = finis('--extract', 'all', '-w', folder / 'out', '-', input=made.read_bytes(), stdin=None)
    assert run.returncode == 0, run.stderr
    assert by_ports(records(folder / 'out')) == by_ports(whole)
    env = os.environ | {'TMPDIR': '/nowhere/at/all'}
    run = finis('--extract', 'all', '-w', folder / 'none', '-', input=made.read_bytes(), stdin=None, env=env)
    assert run.returncode == 2 and b'/nowhere/at/all' in run.stderr and not (folder / 'none').exists()


@in_folder
def a_pipe_by_name_is_kept_too(folder):
    made = generate(folder / 'made.pcap')
    os.mkfifo(folder / 'pipe')
    with subprocess.Popen(['cp', made, folder / 'pipe']) as feeding:
        done('--extract', 'all', '-w', folder / 'out', folder / 'pipe')
        assert feeding.wait(60) == 0
    assert by_ports(records(folder / 'out')) == by_ports(records(made))


def addresses_in(capture):
    """All that a capture's records name, as bytes and as text."""
    for record in records(capture):
        for end in ('client', 'server'):
            address = ipaddress.ip_address(record[end]['ip'])
            yield address.packed, str(address).encode()


def without_numbers(written):
    """What anonymising writes, less the numbers of TCP headers: those are kept, and may be like any address.

    A timestamp option of 25,600 ms is 08 0a 00 00 64 00, and in it stands 10.0.0.100.
    """
    left, at = bytearray(written), 0
    while at < len(written):
        kind, length = struct.unpack_from('<II', written, at)
        ip = at + 28 + 14
        while kind == 6 and written[ip - 2:ip] not in (b'\x08\x00', b'\x86\xdd'):
            ip += 4  # a VLAN tag
        if kind == 6 and written[ip + (6 if written[ip] >> 4 == 6 else 9)] == 6:
            tcp = ip + (40 if written[ip] >> 4 == 6 else 20)
            option, end = tcp + 20, min(tcp + (written[tcp + 12] >> 4) * 4, at + length)
            left[tcp:tcp + 12] = b'\xff' * 12
            while option + 1 < end and written[option] != 0:
                size = 1 if written[option] == 1 else max(written[option + 1], 2)
                if written[option] in (2, 3, 4, 5, 8):
                    left[option:option + size] = b'\xff' * size
                option += size
        at += length
    return bytes(left)


@in_folder
def nothing_is_left_of_the_addresses(folder):
    for link in ('ethernet', 'vlan', 'gre', 'vxlan', 'sll2'):
        made = generate(folder / 'made.pcap', link=link, seed=5)
        shown = done('--extract', 'all', '--anonymize', '-w', folder / 'out', made)
        written = without_numbers((folder / 'out').read_bytes())
        originals = set(addresses_in(made))
        assert len(originals) > 20
        for packed, text in originals:
            assert packed in made.read_bytes()
            assert packed not in written, (link, text)
            assert not re.search(rb'(?<![\d.])' + re.escape(text) + rb'(?![\d.])', written + shown.encode()), (link, text)
        assert b'made.pcap' not in written


@in_folder
def nothing_is_left_of_macs_payload_and_checksums(folder):
    made = generate(folder / 'made.pcap', only='orderly' if 'orderly' in kinds() else kinds()[0])
    done('--extract', 'all', '--anonymize', '-w', folder / 'out', made)
    block = struct.Struct('<II')
    written, at, n = (folder / 'out').read_bytes(), 0, 0
    while at < len(written):
        kind, length = block.unpack_from(written, at)
        if kind == 6:
            kept, on_wire = struct.unpack_from('<II', written, at + 20)
            frame = written[at + 28:at + 28 + kept]
            assert frame[:12] == bytes(12)
            ip = frame[14:]
            tcp = ip[40 if ip[0] >> 4 == 6 else 20:]
            header = (tcp[12] >> 4) * 4
            assert len(tcp) == header or tcp[header:header + 2] == b'\x15\x03' and len(tcp) == header + 5
            assert tcp[16:18] == b'\0\0' and (ip[0] >> 4 == 6 or ip[10:12] == b'\0\0')
            assert on_wire >= kept
            n += 1
        at += length
    assert n > 100


def kinds():
    return subprocess.run([GENERATE, '--list'], capture_output=True, text=True, check=True).stdout.split()


@in_folder
def an_anonymous_capture_tells_the_same(folder):
    for seed, link in enumerate(('ethernet', 'qinq', 'gre', 'null')):
        made = generate(folder / 'made.pcap', link=link, seed=seed)
        done('--extract', 'all', '--anonymize', '-w', folder / 'out', made)
        assert by_ports(records(folder / 'out')) == by_ports(records(made)), link


@in_folder
def the_same_key_gives_the_same_addresses_and_no_key_others(folder):
    made = generate(folder / 'made.pcap')
    texts = []
    for key in ('a', 'a', 'b', None, None):
        done('--anonymize', *(['--key', key] if key else []), '-w', folder / 'out', made)
        texts.append((folder / 'out').read_bytes())
    assert texts[0] == texts[1]
    assert len(set(texts)) == 4


@in_folder
def what_is_anonymous_is_shown_by_its_filter(folder):
    if not shutil.which('tshark'):
        raise Skip('tshark is not installed')
    made = generate(folder / 'made.pcap')
    shown = done('--extract', 'ending=refused', '--anonymize', '-w', folder / 'out', made).strip()
    frames = [subprocess.run(['tshark', '-n', '-r', folder / 'out', *more, '-T', 'fields', '-e', 'frame.number'],
                             capture_output=True, text=True, check=True).stdout
              for more in ([], ['-Y', shown])]
    assert frames[0] == frames[1] and frames[0]


@in_folder
def what_cannot_be_done_is_said_in_a_line(folder):
    made = generate(folder / 'made.pcap')
    out = folder / 'out'
    for words, said in (
            (('--extract', '1.1', made), '-w FILE'),
            (('--extract', '1.999999', '-w', out, made), '1.999999'),
            (('--extract', 'nonsense', '-w', out, made), 'nonsense'),
            (('--extract', 'port=1', '-w', out, made), 'none of the 102 connections fits port=1'),
            (('--extract', 'prot=1', '-w', out, made), 'prot'),
            (('--extract', '1.1', '-w', folder / 'no' / 'where', made), 'No such file'),
            (('--extract', '1.1', '-w', made, made), 'one of the captures'),
            (('--extract', '1.1', '-w', '/dev/full', made), 'No space left'),
            (('-w', out, made), '--extract'),
            (('--key', 'x', made), '--anonymize'),
            (('--extract', '1.1', '--json', '-w', out, made), '--extract'),
            *((('--anonymize', *more, '-w', out, made), 'go with none of') for more in
              (['--check'], ['--json'], ['--show', '1.1'], ['--evidence'], ['--limit', '3'], ['--sort', 'time']))):
        before = made.read_bytes()
        run = finis(*words)
        assert run.returncode == 2 and run.stdout == '', (words, run)
        assert said in run.stderr and run.stderr.count('\n') == 1, (words, run.stderr)
        assert not out.exists() and made.read_bytes() == before


@in_folder
def what_cannot_be_read_is_said_once_and_the_rest_cut_out(folder):
    made = generate(folder / 'made.pcap')
    (folder / 'cut').write_bytes(made.read_bytes()[:-5])
    run = finis('--extract', 'all', '-w', folder / 'out', folder / 'none', folder / 'cut')
    assert run.returncode == 2 and run.stderr.count('\n') == 2, run.stderr
    assert run.stderr.count('No such file') == 1 and run.stderr.count('cut short within frame') == 1
    assert len(records(folder / 'out')) > 10


@in_folder
def standard_output_takes_the_capture(folder):
    made = generate(folder / 'made.pcap')
    run = finis('--extract', 'all', '-w', '-', made, text=False)
    assert run.returncode == 0 and b'tcp.port' not in run.stdout
    (folder / 'out').write_bytes(run.stdout)
    assert by_ports(records(folder / 'out')) == by_ports(records(made))


TESTS = [
    one_connection_is_cut_out_with_all_it_had,
    any_frame_names_its_connection,
    a_filter_or_all_chooses_several,
    what_show_names_is_cut_out,
    the_display_filter_shows_the_same_frames,
    the_verdict_is_a_comment_on_two_frames,
    several_files_are_one_capture,
    fragments_come_along,
    standard_input_is_kept_to_be_read_again,
    a_pipe_by_name_is_kept_too,
    nothing_is_left_of_the_addresses,
    nothing_is_left_of_macs_payload_and_checksums,
    an_anonymous_capture_tells_the_same,
    the_same_key_gives_the_same_addresses_and_no_key_others,
    what_is_anonymous_is_shown_by_its_filter,
    what_cannot_be_done_is_said_in_a_line,
    what_cannot_be_read_is_said_once_and_the_rest_cut_out,
    standard_output_takes_the_capture,
]


if __name__ == '__main__':
    sys.exit(run_cases(TESTS))
