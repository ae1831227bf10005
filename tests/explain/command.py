#!/usr/bin/env python3
"""finis explain as it is typed. TAP."""

import os
import pty
import re
import subprocess
import sys

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
from tap import run_cases  # noqa: E402

FINIS = os.environ['FINIS']
SOURCE = os.environ.get('FINIS_SOURCE', os.path.join(os.path.dirname(__file__), '..', '..'))


def explain(*words, **environment):
    env = {k: v for k, v in os.environ.items() if k not in ('COLUMNS', 'NO_COLOR')} | environment
    done = subprocess.run([FINIS, 'explain', *words], stdin=subprocess.DEVNULL, env=env, timeout=60,
                          capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr


def on_a_terminal(*words, columns=0, **environment):
    """What a terminal gets; columns is its width."""
    master, slave = pty.openpty()
    if columns:
        import fcntl
        import struct
        import termios
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))
    env = {k: v for k, v in os.environ.items() if k not in ('COLUMNS', 'NO_COLOR')}
    env |= {'TERM': 'xterm'} | environment
    with subprocess.Popen([FINIS, 'explain', *words], stdin=slave, stdout=slave, stderr=slave,
                          env=env) as child:
        os.close(slave)
        out = b''
        while True:
            try:
                more = os.read(master, 65536)
            except OSError:     # EIO: the last writer has closed
                break
            if not more:
                break
            out += more
        child.wait(timeout=60)
    os.close(master)
    return out.replace(b'\r\n', b'\n')


def words_listed():
    """{word: line} of the list."""
    _, out, _ = explain()
    return dict(re.findall(rb'^  (\S+) {2,}(.*)$', out, re.M))


def widest(text):
    return max(map(len, text.splitlines()))


def the_list_has_every_kind_and_fits_80_columns():
    status, out, err = explain()
    assert status == 0 and err == b''
    assert widest(out) <= 80
    assert len(re.findall(rb'^\S', out, re.M)) == 8
    assert len(words_listed()) > 90
    assert b'\033' not in out


def every_word_that_is_listed_has_a_page():
    for word in words_listed():
        status, out, err = explain(word)
        assert status == 0 and err == b'' and b'\nSee also\n' in out, word
        assert widest(out) <= 80, word


def every_see_also_can_be_typed():
    listed = words_listed()
    for word in listed:
        _, out, _ = explain(word)
        named = out.split(b'\nSee also\n')[1].replace(b'\n', b' ').split(b',')
        assert len(named) >= 1
        for other in named:
            assert other.strip() in listed, (word, other)


def case_and_joints_make_no_difference():
    page = explain('SO_LINGER')[1]
    assert page.startswith(b'SO_LINGER\n')
    for typed in (['so-linger'], ['linger'], ['So_Linger'], ['so linger'], ['so', 'linger']):
        assert explain(*typed) == (0, page, b''), typed


def a_phrase_needs_no_quotes():
    page = explain('ECONNRESET')[1]
    for typed in (['connection reset by peer'], ['Connection', 'reset', 'by', 'peer'], ['104']):
        assert explain(*typed) == (0, page, b''), typed
    assert explain('broken', 'pipe')[1].startswith(b'EPIPE')


def a_message_may_be_pasted():
    for message in ('read: connection reset by peer', '[Errno 104] Connection reset by peer'):
        assert explain(message) == (0, explain('ECONNRESET')[1], b''), message
    assert explain('a reset')[0] == 2


def several_words_print_several_pages():
    status, out, err = explain('EPIPE', 'FIN')
    assert status == 0 and err == b''
    assert out == explain('EPIPE')[1] + b'\n\n' + explain('FIN')[1]


def a_near_miss_is_asked_about():
    for typed, meant in ((b'ECONRESET', b'ECONNRESET'), (b'econnrest', b'ECONNRESET'),
                         (b'so-lingre', b'SO_LINGER'), (b'zero_lingr', b'zero-linger'),
                         (b'broken-pip', b'EPIPE'), (b'timewiat', b'TIME_WAIT'),
                         (b'RSTOSO', b'RSTOS0'), (b'hlaf-close', b'half-close')):
        status, out, err = explain(typed)
        assert status == 2 and out == b'', typed
        assert err.startswith(b"finis explain: no page for '" + typed + b"': did you mean "), err
        assert err.count(b'\n') == 1
        assert meant in re.split(rb', | or |\?', err.split(b'did you mean ')[1]), err


def what_is_near_nothing_is_told_where_the_words_are():
    for typed in ('qqqqqqqqqq', '', 'x' * 5000):
        status, out, err = explain(typed)
        assert status == 2 and out == b'' and err.count(b'\n') == 1, typed
        assert b"'finis explain' lists the words" in err, err


def a_word_without_a_page_does_not_stop_the_others():
    status, out, err = explain('EPIPE', 'qqqqqqqqqq', 'FIN')
    assert status == 2 and err.count(b'\n') == 1 and b'qqqqqqqqqq' in err
    assert out == explain('EPIPE', 'FIN')[1]


def what_was_typed_reaches_no_terminal_as_control():
    for typed in (b'\033[31mred\n', b'\xc2\x9b', b'-\033', b'--\033[2J'):
        status, _, err = explain(typed)
        assert status == 2 and re.fullmatch(rb'[ -~]+\n', err), err


def an_unknown_option_is_refused():
    for typed, quoted in (('-z', '-z'), ('-zx', '-z'), ('-az', '-z'), ('--zoom', '--zoom'),
                          ('--table', '--table'), ('-t', '-t'), ('-1x', '-1')):
        status, out, err = explain(typed)
        assert status == 2 and out == b'' and err.count(b'\n') == 1, typed
        said = 'a value is missing behind' if typed in ('--table', '-t') else 'no such option:'
        assert err == f'finis explain: {said} {quoted}; finis explain --help shows what there is\n'.encode(), err


def a_negative_number_is_an_errno():
    for typed in (['-104'], ['--', '-104'], ['-104', 'ECONNRESET']):
        status, out, err = explain(*typed)
        assert status == 0 and err == b'' and out.startswith(b'ECONNRESET'), typed
    assert explain('-32')[1] == explain('EPIPE')[1]
    status, _, err = explain('-99999')
    assert status == 2 and b"no page for '99999'" in err, err


def what_a_newcomer_types_has_a_page():
    for page, words in (
            (b'recv()', ('recv', 'recv()', 'read', 'EOF', 'end of file', 'MSG_PEEK', 'recvmmsg')),
            (b'send()', ('send', 'write', 'sendmsg', 'sendfile')),
            (b'close()', ('close', 'close()')),
            (b'Half-close', ('shutdown', 'SHUT_WR')),
            (b'EINTR', ('EINTR', 'interrupted system call', '-4')),
            (b'TCP_INFO', ('tcp_info', 'tcpi_bytes_received', 'SIOCINQ', 'SIOCOUTQ', 'outq')),
            (b'The states of TCP', ('LAST_ACK', 'last-ack', 'ESTABLISHED', 'SYN_SENT', 'FIN_WAIT2',
                                    'fin-wait-2', 'CLOSING', 'SYN_RECV', 'LISTEN')),
            (b'TIME_WAIT', ('TIME_WAIT', 'minisocket')),
            (b"The kernel's counters", ('TcpExtTCPAbortOnClose', 'TCPAbortOnData', 'TcpOutRsts',
                                        'TcpExtListenOverflows', 'TcpEstabResets'))):
        for word in words:
            status, out, err = explain(word)
            assert status == 0 and err == b'' and out.startswith(page), (word, out[:40], err)


def a_table_is_the_models_or_refused():
    for name in ('send', 'recv', 'poll', 'close', 'rst', 'timers', 'icmp'):
        status, out, err = explain('--table', name)
        assert (status == 0 and out.endswith(b'\n') and err == b'') or \
               (status == 2 and out == b'' and err.count(b'\n') == 1), name
    status, out, err = explain('--table', 'qqqq')
    assert status == 2 and out == b'' and b"no table 'qqqq'" in err
    for typed in (('--table', 'send', 'EPIPE'), ('EPIPE', '--all'), ('--all', '--table', 'send')):
        status, out, err = explain(*typed)
        assert status == 2 and out == b'' and err.count(b'\n') == 1 and b'stand alone' in err, typed


def all_pages_are_printed_once():
    status, out, err = explain('--all')
    pages = [name for name in os.listdir(os.path.join(SOURCE, 'docs', 'explain'))
             if name.endswith('.md') and name != 'README.md']
    assert status == 0 and err == b''
    assert len(re.findall(rb'^See also$', out, re.M)) == len(pages)
    assert widest(out) <= 80


def a_narrow_terminal_gets_narrow_lines():
    wide, narrow = explain('half-close')[1], explain('half-close', COLUMNS='40')[1]
    assert widest(narrow) <= 40 < widest(wide)
    assert widest(on_a_terminal('half-close', columns=50, NO_COLOR='1')) <= 50
    assert explain('half-close', COLUMNS='999')[1] == wide
    assert explain('half-close', COLUMNS='x')[1] == wide


def bold_is_for_terminals_alone():
    plain = explain('EPIPE')[1]
    assert b'\033' not in plain
    bold = on_a_terminal('EPIPE')
    assert bold.startswith(b'\033[1mEPIPE')
    assert re.sub(rb'\033\[[01]m', b'', bold) == plain
    assert on_a_terminal('EPIPE', NO_COLOR='1') == plain
    assert on_a_terminal('EPIPE', TERM='dumb') == plain
    assert on_a_terminal('EPIPE', NO_COLOR='') == bold


CASES = [
    the_list_has_every_kind_and_fits_80_columns,
    every_word_that_is_listed_has_a_page,
    every_see_also_can_be_typed,
    case_and_joints_make_no_difference,
    a_phrase_needs_no_quotes,
    a_message_may_be_pasted,
    several_words_print_several_pages,
    a_near_miss_is_asked_about,
    what_is_near_nothing_is_told_where_the_words_are,
    a_word_without_a_page_does_not_stop_the_others,
    what_was_typed_reaches_no_terminal_as_control,
    an_unknown_option_is_refused,
    a_negative_number_is_an_errno,
    what_a_newcomer_types_has_a_page,
    a_table_is_the_models_or_refused,
    all_pages_are_printed_once,
    a_narrow_terminal_gets_narrow_lines,
    bold_is_for_terminals_alone,
]


if __name__ == '__main__':
    sys.exit(run_cases(CASES))
