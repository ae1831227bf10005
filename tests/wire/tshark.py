#!/usr/bin/env python3
"""Holds packet_read() against tshark, over captures of other people. Speaks TAP.

tshark.py PRINT_PACKETS: each TCP frame must have the same ports, sequence numbers, flags and payload
length. The captures are those of the folder FINIS_CORPUS; FINIS_CORPUS_EVERY=N takes every Nth (default 10), and
FINIS_CORPUS_THIN=N every Nth of those: for the second compiler.
"""

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Beside the tree, where someone has put them.
CORPUS = Path(os.environ.get('FINIS_CORPUS') or ROOT.parent / 'shared' / 'corpus')
EVERY = int(os.environ.get('FINIS_CORPUS_EVERY', '10')) * int(os.environ.get('FINIS_CORPUS_THIN', '1'))

FIELDS = ('frame.number', 'tcp.srcport', 'tcp.dstport', 'tcp.seq_raw', 'tcp.ack_raw', 'tcp.flags', 'tcp.len',
          'icmp.type', 'icmpv6.type')

# What differs, and why that is right.
DIFFER = {
    'damaged TCP header': {
        # tshark shows what there is of a header that claims more than the packet; a host drops it.
        'ndpi/fuzz-2006-09-29-28586.pcap', 'ndpi/kerberos_fuzz.pcapng', 'ndpi/reasm_crash_anon.pcapng',
        'suricata-verify/tests/mac-eve-packet/test.pcap'},
    'IP options that tshark does not read': {
        'suricata-verify/tests/firewall/tcp-session-decode-malformed-ipv4/input.pcap'},
    'a first fragment whose others never come': {'tcpdump/bgp-bgp_capabilities_print-oobr-1.pcap'},
    'cut before the flags': {'tcpdump/tcp_header_heapoverflow.pcap'},
    'fragments that overlap, which Linux throws away': {'zeek/ipv4/fragmented-4.pcap'},
    'a frame shorter than its IP header says, with a good checksum': {
        'zeek/modbus/fuzz-72.pcap', 'zeek/tunnels/gtp/gtp9_unknown_or_too_short_payload.pcap'},
}


def by_tshark(capture):
    words = ['tshark', '-n', '-r', capture, '-Y', 'tcp', '-o', 'tcp.desegment_tcp_streams:FALSE', '-T', 'fields',
             '-E', 'occurrence=l']
    for field in FIELDS:
        words += ['-e', field]
    lines = subprocess.run(words, capture_output=True, text=True, check=False, errors='replace').stdout.splitlines()
    for line in lines:
        number, *segment, icmp, icmp6 = line.split('\t')
        # The reserved bits beside the ninth flag are none; a quoted segment is no segment.
        if segment[4]:
            segment[4] = f'0x{int(segment[4], 16) & 0x1ff:04x}'
        if not icmp and not icmp6:
            yield number, segment


def by_us(print_packets, capture):
    lines = subprocess.run([print_packets, capture], capture_output=True, text=True, check=True).stdout.splitlines()
    for line in lines:
        if not line.startswith('#'):
            number, *segment = line.split('\t')
            yield number, segment


def faults(print_packets, capture):
    theirs, ours = dict(by_tshark(capture)), dict(by_us(print_packets, capture))
    for number in sorted(theirs.keys() | ours.keys(), key=int):
        if theirs.get(number) != ours.get(number):
            yield f'frame {number}: tshark {theirs.get(number)}, here {ours.get(number)}'


def main(print_packets):
    if not (CORPUS / 'manifest.tsv').exists() or not shutil.which('tshark'):
        print('1..0 # SKIP needs tshark, and captures in FINIS_CORPUS')
        return 0
    with open(CORPUS / 'manifest.tsv', newline='', encoding='utf-8') as file:
        rows = list(csv.DictReader(file, delimiter='\t'))[::EVERY]
    failed = 0
    print(f'1..{len(rows)}')
    for number, row in enumerate(rows, 1):
        reason = next((reason for reason, files in DIFFER.items() if row['file'] in files), None)
        if reason:
            print(f'ok {number} - {row["file"]} # SKIP {reason}')
            continue
        found = list(faults(print_packets, CORPUS / row['file']))
        failed += bool(found)
        print(f'{"not ok" if found else "ok"} {number} - {row["file"]}')
        for fault in found[:5]:
            print(f'# {fault}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
