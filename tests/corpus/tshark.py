#!/usr/bin/env python3
"""Packets and bytes of payload of every stream, each way, against tshark's. TAP.

tshark begins a stream anew at a SYN with another number, and finis where a connection was over or the new one
was answered: where they part, the sums over the two ends must still be equal.
"""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from corpus import CORPUS, Differences, address, by_file, ends, known, run, show, table

QUOTED = 'tshark counts the segments that ICMP errors quote'
IN_A_TUNNEL = 'in a tunnel: the table has the outer addresses'
HEADER_TOO_LONG = 'a TCP header longer than its packet: a kernel drops it'

KNOWN = {
    **known(QUOTED, 'esnet/attacks/scanners/nmap/nmap_80_all.pcap',
            '10.87.1.10:52300 130.211.223.103:80', '10.87.1.10:52302 130.211.223.103:80'),
    **known(QUOTED, 'suricata-verify/tests/bug-3616-smtp/input.pcap', '10.10.1.4:1470 74.53.140.153:25'),
    **known(QUOTED, 'suricata-verify/tests/ipv6-evasion/ipv6-malformed-fragments-22/frag-22.pcap',
            '2001:db8:1:0:703a:5332:47f3:1d22:52308 2620:100:6022:3::a27d:4203:443'),
    **known(QUOTED, 'zeek/smtp.pcap', '10.10.1.4:1470 74.53.140.153:25'),
    **known(IN_A_TUNNEL, 'ndpi/6in4tunnel.pcap',
            '174.3.73.24:35610 184.105.255.26:993', '174.3.73.24:41538 184.105.255.26:80',
            '174.3.73.24:53234 184.105.255.26:443', '174.3.73.24:56381 184.105.255.26:993',
            '174.3.73.24:60205 184.105.255.26:443', '174.3.73.24:993 184.105.255.26:60491',
            '2001:470:1f17:13f:3e97:eff:fe73:4dec:41538 2604:a880:1:20::224:b001:80',
            '2001:470:1f17:13f:3e97:eff:fe73:4dec:53234 2a03:2880:1010:6f03:face:b00c:0:2:443',
            '2001:470:1f17:13f:3e97:eff:fe73:4dec:60205 2604:a880:1:20::224:b001:443',
            '2001:470:1f17:13f:6d69:c72:7313:616f:35610 2604:a880:1:20::224:b001:993',
            '2001:470:1f17:13f:6d69:c72:7313:616f:56381 2604:a880:1:20::224:b001:993'),
    **known(IN_A_TUNNEL, 'tcpdump/gso-ipv4-geneve-ipv6.pcap',
            '10.25.132.11:34235 10.25.132.13:37399', 'fd00::1:37399 fd00::2:34235'),
    **known(IN_A_TUNNEL, 'zeek/tunnels/ayiya3.pcap',
            '192.168.3.101:53382 216.14.98.22:80', '2001:4860:b002::68:80 2001:4978:f:4c::2:53382'),
    **known('the addresses of a frame that OpenFlow carries turn the sides in the table',
            'tcpdump/of13_ericsson.pcapng', '127.0.0.1:6633 127.0.0.1:58449'),
    **known('the home address option of IPv6 names the true sender', 'zeek/chksums/ip6-hoa-tcp-good-chksum.pcap',
            '2001:4f8:4:7:2e0:81ff:fe52:9a6b:80 2001:4f8:4:7:2e0:81ff:fe52:ffff:30000',
            '2001:4f8:4:7:2e0:81ff:fe52:9a6b:80 2001:78:1:32::1:30000'),
    **known(HEADER_TOO_LONG, 'ndpi/fuzz-2006-09-29-28586.pcap', '170.170.170.170:43690',
            '172.20.3.13:80 172.20.3.5:2601'),
    **known('a TCP header of 8 bytes, which is none', 'ndpi/kerberos_fuzz.pcapng', '126.4.1.0:88 19.0.0.0:53646'),
    **known('a TCP header of 0 bytes, which is none', 'ndpi/reasm_crash_anon.pcapng',
            '10.209.8.148:21999 192.168.145.147:51218'),
    **known(HEADER_TOO_LONG, 'suricata-verify/tests/mac-eve-packet/test.pcap',
            '116.90.231.16:55524 185.100.143.115:23', '116.90.231.16:57536 95.130.237.126:23'),
    **known('a first fragment whose others never came', 'tcpdump/bgp-bgp_capabilities_print-oobr-1.pcap',
            '16.233.34.0:100 226.219.0.0:179'),
    **known('fragments that overlap are not put together', 'zeek/ipv4/fragmented-4.pcap',
            '10.0.0.1:80 128.32.46.142:7790'),
    **known('an IP header whose options make no sense is read over', 'suricata-verify/tests/firewall/'
            'tcp-session-decode-malformed-ipv4/input.pcap', '192.0.2.10:43210 198.51.100.5:443'),
    **known('a frame shorter than its IP header says, whose checksum holds: the header is believed',
            'zeek/modbus/fuzz-72.pcap', '166.161.16.230:502 192.168.66.235:2582'),
    **known('an inner IP length beyond the outer packet: the inner header is believed',
            'zeek/tunnels/gtp/gtp9_unknown_or_too_short_payload.pcap', '10.131.119.38:55746 217.20.156.4:80'),
    **known('a FIN repeated 12 s after the end, when the connection was given out', 'ndpi/edonkey.pcap',
            '135.192.214.240:7551 201.15.177.227:1754'),
}

TRACKED = os.environ.get('FINIS_TRACKED')


def count(text):
    return 0 if text == '-' else int(text)


def tracked(file):
    """By ends: for each connection, what each of the ends sent: {end: (packets, payload)}."""
    done = subprocess.run([TRACKED, CORPUS / file], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, f'{file}: status {done.returncode}: {done.stderr}'
    last = {}
    for line in done.stdout.splitlines():
        fields = line.split('\t')
        last[fields[0]] = fields
    found = {}
    for fields in sorted(last.values(), key=lambda fields: int(fields[0].split('.')[1])):
        one, other = (address(fields[2]), int(fields[3])), (address(fields[4]), int(fields[5]))
        sent = {other: (count(fields[8]), count(fields[9]))}
        sent[one] = (count(fields[6]), count(fields[7]))
        found.setdefault(frozenset({one, other}), []).append(sent)
    return found


def streams(rows):
    found = {}
    for row in rows:
        one, other = (address(row['a']), int(row['ap'])), (address(row['b']), int(row['bp']))
        sent = {other: (int(row['pkts_ba']), int(row['payload_ba']))}
        sent[one] = (int(row['pkts_ab']), int(row['payload_ab']))
        found.setdefault(ends(row['a'], row['ap'], row['b'], row['bp']), []).append(sent)
    return found


def total(several):
    """What each end sent in all of several connections."""
    sums = {}
    for sent in several:
        for end, (packets, payload) in sent.items():
            before = sums.get(end, (0, 0))
            sums[end] = (before[0] + packets, before[1] + payload)
    return sums


def kind_of(ours, theirs):
    if ours == theirs:
        return 'equal'
    if len(ours) != len(theirs) and total(ours) == total(theirs):
        return 'parted elsewhere'
    return None


kinds = Counter()


def case_of(collection, files):
    def case():
        mine = Counter()
        differences = Differences({key: reason for key, reason in KNOWN.items() if key[0] in files})
        for file, rows in sorted(files.items()):
            ours_of, theirs_of = tracked(file), streams(rows)
            for key in sorted(set(ours_of) | set(theirs_of), key=show):
                ours, theirs = ours_of.get(key, []), theirs_of.get(key, [])
                kind = kind_of(ours, theirs)
                mine[kind or 'otherwise'] += max(len(ours), len(theirs))
                if not kind:
                    differences.add((file, show(key)), f'finis counts {ours}, tshark {theirs}')
        kinds.update(mine)
        differences.check()
        return ', '.join(f'{kind}: {number}' for kind, number in mine.most_common())
    return case


def nearly_all_are_equal():
    assert kinds.total() > 0, 'nothing was compared'
    told = ', '.join(f'{kind}: {number}' for kind, number in kinds.most_common())
    assert kinds['equal'] >= 0.97 * (kinds.total() - kinds['parted elsewhere']), told
    return told


def main():
    cases = []
    if CORPUS:
        collections = {}
        for file, rows in by_file(table('tshark-streams.tsv')).items():
            collections.setdefault(file.split('/')[0], {})[file] = rows
        cases = [(f'the streams of {name} have the packets and bytes that tshark counts', case_of(name, files))
                 for name, files in sorted(collections.items())]
    return run([*cases, nearly_all_are_equal], needs=['FINIS_TRACKED'])


if __name__ == '__main__':
    sys.exit(main())
