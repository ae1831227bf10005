#!/usr/bin/env python3
"""Every capture once more, each frame twice: what is said of the connections stays the same. TAP.

Twins are common: two ports of a switch mirrored into one, loopback, all interfaces at once. Nobody sent anything
again, no connection ended otherwise, and nobody is to be called for it.
"""

import struct
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from corpus import CORPUS, Differences, known, read, run, table

KNOWN = {
    **known('each frame is there twice already, far apart; twins next to each other make the others known',
            'zeek/pppoe-over-qinq.pcap', '1.1'),
}

KEYS = ('ending', 'ongoing', 'ended_by', 'silent', 'severity', 'cause', 'causes', 'certainty', 'retry')
COUNTS = ('bytes', 'acked', 'acked_by_reset', 'uncertain', 'closed', 'fin_acked', 'retransmitted', 'missing', 'fate')
ORDERS = {b'\xd4\xc3\xb2\xa1': '<', b'\x4d\x3c\xb2\xa1': '<', b'\xa1\xb2\xc3\xd4': '>', b'\xa1\xb2\x3c\x4d': '>'}
SIZE_FILE, SIZE_FRAME = 24, 16
LARGE = 300000  # files above are left out, for time


def doubled(content):
    """The same capture with each frame twice; None for other formats."""
    order = ORDERS.get(content[:4])
    if not order:
        return None
    out, at = [content[:SIZE_FILE]], SIZE_FILE
    while at + SIZE_FRAME <= len(content):
        n = struct.unpack_from(order + 'I', content, at + 8)[0]
        if at + SIZE_FRAME + n > len(content):
            break
        out += [content[at:at + SIZE_FRAME + n]] * 2
        at += SIZE_FRAME + n
    return b''.join(out)


def told(record):
    ways = {f'{way}.{key}': record[way][key] for way in ('to_server', 'to_client') for key in COUNTS}
    return {key: record[key] for key in KEYS} | ways


compared = Counter()


def case_of(files):
    def case():
        differences, n = Differences({key: reason for key, reason in KNOWN.items() if key[0] in files}), 0
        with tempfile.TemporaryDirectory(prefix='finis-doubled-') as folder:
            path = Path(folder) / 'doubled.pcap'
            for file in files:
                content = doubled((CORPUS / file).read_bytes())
                if not content:
                    continue
                path.write_bytes(content)
                before, after = read(file), read(path)
                if len(before) != len(after):
                    differences.add((file, 'all'), f'{len(after)} connections, not {len(before)}')
                for one, other in zip(before, after):
                    wrong = [f'{key}: {value!r}, not {told(one)[key]!r}' for key, value in told(other).items()
                             if value != told(one)[key]]
                    n += 1
                    if wrong:
                        differences.add((file, one['id']), '; '.join(wrong))
        differences.check()
        compared['connections'] += n
        return f'{n} connections'
    return case


def many_are_compared():
    assert compared['connections'] > 1000, compared
    return f"{compared['connections']} connections"


def main():
    collections = {}
    for row in table('manifest.tsv') if CORPUS else ():
        if int(row['bytes']) < LARGE and row['format'] != 'pcapng':
            collections.setdefault(row['file'].split('/')[0], []).append(row['file'])
    cases = [(f'twins change nothing in {name}', case_of(files)) for name, files in sorted(collections.items())]
    return run([*cases, many_are_compared])


if __name__ == '__main__':
    sys.exit(main())
