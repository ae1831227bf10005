#!/usr/bin/env python3
"""conn_state and history against a second reading of Zeek's rules, by a checker of another hand. TAP.

That checker knows neither content gaps (G), nor the mark of roles that are turned by a late SYN (the ^ that
Zeek's FlipRoles() appends), and it cuts connections by Zeek's timers, which finis never does. What differs
for these reasons is counted; what differs for any other must be listed.
"""

import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from corpus import CORPUS, Differences, address, by_file, ends, known, read_by_ends, run, show, table

# The checker worked on columns of another program's output, where a tunnel shows two addresses in one.
IN_A_TUNNEL = 'in a tunnel: the checker has the outer addresses, or none'

KNOWN = {
    **known(IN_A_TUNNEL, 'ndpi/6in4tunnel.pcap',
            '174.3.73.24:35610 184.105.255.26:993', '174.3.73.24:41538 184.105.255.26:80',
            '174.3.73.24:443 184.105.255.26:53234', '174.3.73.24:53234 184.105.255.26:443',
            '174.3.73.24:56381 184.105.255.26:993', '174.3.73.24:60205 184.105.255.26:443',
            '174.3.73.24:993 184.105.255.26:60491',
            '2001:470:1f17:13f:3e97:eff:fe73:4dec:41538 2604:a880:1:20::224:b001:80',
            '2001:470:1f17:13f:3e97:eff:fe73:4dec:53234 2a03:2880:1010:6f03:face:b00c:0:2:443',
            '2001:470:1f17:13f:3e97:eff:fe73:4dec:60205 2604:a880:1:20::224:b001:443',
            '2001:470:1f17:13f:6d69:c72:7313:616f:35610 2604:a880:1:20::224:b001:993',
            '2001:470:1f17:13f:6d69:c72:7313:616f:56381 2604:a880:1:20::224:b001:993'),
    **known(IN_A_TUNNEL, 'tcpdump/gso-ipv4-geneve-ipv6.pcap',
            '10.25.132.11:34235 10.25.132.13:37399', 'fd00::1:37399 fd00::2:34235'),
    **known(IN_A_TUNNEL, 'zeek/tunnels/ayiya3.pcap',
            '192.168.3.101:53382 216.14.98.22:80', '2001:4860:b002::68:80 2001:4978:f:4c::2:53382'),
    **known('frames that OpenFlow carries as data are taken for connections there', 'tcpdump/of13_ericsson.pcapng',
            '127.0.0.1:6633 192.168.1.1:58449', '192.168.1.1:58449 192.168.1.2:6633',
            '192.168.1.1:6633 192.168.1.2:58449'),
    **known('the home address option of IPv6 names the true sender', 'zeek/chksums/ip6-hoa-tcp-good-chksum.pcap',
            '2001:4f8:4:7:2e0:81ff:fe52:9a6b:80 2001:4f8:4:7:2e0:81ff:fe52:ffff:30000',
            '2001:4f8:4:7:2e0:81ff:fe52:9a6b:80 2001:78:1:32::1:30000'),
    **known('a TCP header longer than its packet: a kernel drops it', 'ndpi/fuzz-2006-09-29-28586.pcap',
            '170.170.170.170:43690'),
    **known('a TCP header longer than its packet: a kernel drops it', 'suricata-verify/tests/mac-eve-packet/test.pcap',
            '116.90.231.16:55524 185.100.143.115:23', '116.90.231.16:57536 95.130.237.126:23'),
    **known('a first fragment whose others never came', 'tcpdump/bgp-bgp_capabilities_print-oobr-1.pcap',
            '16.233.34.0:100 226.219.0.0:179'),
    **known('fragments that overlap are not put together', 'zeek/ipv4/fragmented-4.pcap',
            '10.0.0.1:80 128.32.46.142:7790'),
}

# Captures of flags that no TCP sends together: what belongs to one connection there is anybody's guess.
WITHOUT_SENSE = {'esnet/tcp/control/two_way_all_flags.pcap'}

LEAST_EQUAL = 0.97


def without_gaps(words):
    return sorted((state, history.replace('G', '').replace('g', '')) for state, history in words)


def without_late_flips(words):
    return sorted((state, history[:1] + history[1:].replace('^', '')) for state, history in words)


def is_cut_by_timers(ours, theirs):
    """More rows there than here, with no letter here that is in none of them; a repeat across the cut apart."""
    letters = {letter.lower() for _, history in theirs for letter in history} | set('gtw^')
    return len(theirs) > len(ours) > 0 and all(set(history.lower()) <= letters for _, history in ours)


def kind_of(file, ours, theirs):
    if sorted(ours) == sorted(theirs):
        return 'equal'
    if without_gaps(ours) == without_gaps(theirs):
        return 'but for gaps'
    if without_late_flips(ours) == without_late_flips(theirs):
        return 'but for a late flip'
    if file in WITHOUT_SENSE and len(ours) != len(theirs):
        return 'flags without sense'
    if is_cut_by_timers(ours, theirs):
        return 'cut by timers there'
    return None


kinds = Counter()
roles = Counter()


def row_ends(row):
    return ends(row['orig_h'], row['orig_p'], row['resp_h'], row['resp_p'])


def check_roles(file, records, rows):
    """Whether the client is Zeek's originator, as docs/zeek.md says: but for a SYN-ACK, or flags that contradict each
    other, before anything else."""
    for record, row in zip(records, rows):
        client = (address(record['client']['ip']), record['client']['port'])
        if client == (address(row['orig_h']), int(row['orig_p'])):
            roles['the same'] += 1
        elif record['history'][0] in 'HQI':
            roles['turned, after a SYN-ACK or flags without sense'] += 1
        else:
            roles[f'turned: {file} {record["id"]} {record["history"]}'] += 1


def case_of(collection, files):
    def case():
        mine = Counter()
        differences = Differences({key: reason for key, reason in KNOWN.items() if key[0] in files})
        for file, rows in sorted(files.items()):
            found = read_by_ends(file)
            rows_of = {}
            for row in rows:
                rows_of.setdefault(row_ends(row), []).append(row)
            for key in sorted(set(found) | set(rows_of), key=show):
                records, named = found.get(key, []), rows_of.get(key, [])
                ours = [(record['conn_state'], record['history']) for record in records]
                theirs = [(row['conn_state'], row['history']) for row in named]
                kind = kind_of(file, ours, theirs)
                if kind == 'equal':
                    check_roles(file, records, named)
                mine[kind or 'otherwise'] += max(len(ours), len(theirs))
                if not kind:
                    differences.add((file, show(key)), f'finis says {ours}, the checker {theirs}')
        kinds.update(mine)
        differences.check()
        return ', '.join(f'{kind}: {count}' for kind, count in mine.most_common())
    return case


def nearly_all_are_equal():
    total = kinds.total()
    assert total > 0, 'nothing was compared'
    same = kinds['equal'] + kinds['but for gaps'] + kinds['but for a late flip']
    told = ', '.join(f'{kind}: {count}' for kind, count in kinds.most_common())
    assert same >= LEAST_EQUAL * (total - kinds['flags without sense'] - kinds['cut by timers there']), told
    return told


def the_client_is_the_originator():
    allowed = {'the same', 'turned, after a SYN-ACK or flags without sense'}
    assert roles and set(roles) <= allowed, '\n'.join(sorted(set(roles) - allowed))
    return ', '.join(f'{what}: {count}' for what, count in roles.most_common())


def main():
    cases = []
    if CORPUS:
        collections = {}
        for file, rows in by_file(table('zeek-derived.tsv')).items():
            collections.setdefault(file.split('/')[0], {})[file] = rows
        cases = [(f'the captures of {name} are told as the checker tells them', case_of(name, files))
                 for name, files in sorted(collections.items())]
    return run([*cases, nearly_all_are_equal, the_client_is_the_originator])


if __name__ == '__main__':
    sys.exit(main())
