#!/usr/bin/env python3
"""finis stage as a command: its options, its lines, the program that it runs, and clients of others. TAP."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
from stage_help import FINIS, PATIENCE, Stage, free_port, run, told  # noqa: E402
from tap import Skip, run_cases  # noqa: E402


def the_status_of_the_command_is_passed_on():
    for command, status in (('exit 0', 0), ('exit 3', 3), ('no-such-command-here 2>/dev/null', 127), ('kill -9 $$', 137)):
        assert run('reset', '--for', command).returncode == status, command


def the_address_is_in_the_environment():
    for listen, pattern in (('127.0.0.1:0', r'127\.0\.0\.1:(\d+) 127\.0\.0\.1 (\d+)\n'),
                            ('0.0.0.0:0', r'127\.0\.0\.1:(\d+) 127\.0\.0\.1 (\d+)\n'),
                            ('[::1]:0', r'\[::1\]:(\d+) ::1 (\d+)\n'),
                            ('[::]:0', r'\[::1\]:(\d+) ::1 (\d+)\n')):
        done = run('reset', '--listen', listen, '--for', 'echo $FINIS_STAGE $FINIS_STAGE_HOST $FINIS_STAGE_PORT')
        found = re.fullmatch(pattern, done.stdout)
        assert done.returncode == 0 and found and found[1] == found[2] != '0', (listen, done)


def the_command_s_connections_are_told_of():
    done = run('reset', '--json', '--for',
               f'''{sys.executable} -c "
import os, socket
for i in range(5):
    s = socket.create_connection((os.environ['FINIS_STAGE_HOST'], int(os.environ['FINIS_STAGE_PORT'])))
    s.sendall(b'x')
    try: s.recv(1)
    except ConnectionResetError: print('reset')
"''')
    assert done.returncode == 0 and done.stdout == 'reset\n' * 5, done
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line['n'] for line in lines] == [1, 2, 3, 4, 5] and all(line['confirmed'] for line in lines), done.stderr


def lines_go_to_the_log():
    with tempfile.TemporaryDirectory() as place:
        log = pathlib.Path(place) / 'log'
        done = run('orderly', '--log', str(log), '--for', 'true')
        assert (done.returncode, done.stdout, done.stderr) == (0, '', '')
        assert re.fullmatch(r'listening on 127\.0\.0\.1:\d+\n', log.read_text())


def a_stage_that_cannot_say_where_it_listens_ends():
    with open('/dev/full', 'wb') as full:
        for options in (dict(stdout=full), dict(preexec_fn=lambda: os.close(1))):
            for output in ([], ['--json'], ['--quiet']):
                done = subprocess.run([FINIS, 'stage', 'reset', '--count', '1', *output], stderr=subprocess.PIPE, text=True,
                                      timeout=PATIENCE, check=False, **options)
                assert done.returncode == 2, (output, done)
                assert re.fullmatch(r'finis stage: writing where it listens: [A-Z][a-z ]+; [ -~]+\n', done.stderr), done
    done = run('reset', '--count', '1', '--log', '/dev/full')
    assert done.returncode == 2 and done.stderr.count('\n') == 1 and 'No space left on device' in done.stderr, done


def a_port_of_its_own_can_be_asked_for():
    port = free_port()
    with Stage('reset', '--listen', f'127.0.0.1:{port}') as stage:
        assert stage.address == ('127.0.0.1', port)
        done = run('reset', '--listen', f'127.0.0.1:{port}', '--for', 'true')
        assert done.returncode == 2 and 'Address already in use' in done.stderr, done


def it_ends_after_so_many_connections():
    with Stage('orderly', '--count', '3') as stage:
        for _ in range(3):
            with stage.connect() as client:
                client.sendall(b'x')
                client.recv(1)
        assert stage.process.wait(PATIENCE) == 0


def a_killed_stage_takes_its_command_along():
    with subprocess.Popen([FINIS, 'stage', 'reset', '--for', 'echo $$; exec sleep 20'], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, text=True) as stage:
        command = int(stage.stdout.readline())
        stage.kill()
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                if pathlib.Path(f'/proc/{command}/stat').read_text().split()[2] == 'Z':
                    return
            except FileNotFoundError:
                return
            time.sleep(0.01)
        raise AssertionError('the command is left')


def a_signal_reaches_the_command():
    with subprocess.Popen([FINIS, 'stage', 'reset', '--for', "trap 'echo told; exit 5' TERM; echo ready; while :; do sleep 0.1; done"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as stage:
        assert stage.stdout.readline() == 'ready\n'
        stage.terminate()
        assert stage.stdout.readline() == 'told\n' and stage.wait(PATIENCE) == 5

BAD = [
    [], ['nonsense'], ['reset@nonsense'], ['reset', '--after', 'sent'], ['reset', '--after', 'sent=0'],
    ['reset', '--after', 'sent=-1'], ['reset', '--after', 'time=5parsecs'], ['reset', '--after', 'accept=1'],
    ['reset', '--after', 'pattern='], ['reset', '--after', 'pattern=\\q'], ['reset', '--after', 'answer'],
    ['reset', '--answer', 'abc', '--after', 'sent=4'], ['reset', '--answer', ''], ['reset', '--listen', 'x'],
    ['reset', '--listen', '::1:80'], ['reset', '--listen', '127.0.0.1:99999'], ['reset', '--listen', '127.0.0.1'],
    ['reset', '--listen', '192.0.2.1:0'], ['reset', '--to', '127.0.0.1:0', '--after', 'accept'],
    ['reset', '--to', '127.0.0.1:80'], ['reset', '--to', '127.0.0.1:80', '--answer', 'x'], ['drip', '--to', '127.0.0.1:80'],
    ['drip@answer', '--answer', 'x'], ['drip@sent=5'], ['reset,drip', '--after', 'answer', '--answer', 'x'],
    ['serve@accept'], ['unanswered,reset'], ['backlog-full@accept'], ['refused@accept'], ['reset,unanswered', '--cycle'],
    ['reset', '--count', '0'], ['reset', '--every', 'x'], ['reset', '--nonsense'], ['reset', '--after'],
    ['reset', '--answer-after', 'sent=3'], ['reset', *['--after', 'accept'] * 5], [','.join(['reset'] * 65)],
    ['\x1b[31m'], ['reset', '--log', '/nonexistent/file', '--for', 'true'],
]


def bad_arguments_are_refused_in_a_line():
    for arguments in BAD:
        done = run(*arguments)
        assert done.returncode == 2 and done.stdout == '', (arguments, done)
        assert re.fullmatch(r'finis stage: [ -~]+\n', done.stderr), (arguments, done.stderr)
        assert len(done.stderr) < 250, done.stderr


def a_mistyped_ending_is_named():
    assert run('unraed-data').stderr.endswith('; did you mean unread-data?\n')


def a_mistyped_file_is_no_answer():
    with tempfile.TemporaryDirectory() as place:
        for path, why in ((f'{place}/reply', 'No such file'), ('./reply', 'No such file'), (place, 'no regular file')):
            done = run('reset', '--answer', path, '--for', 'true', cwd=place)
            assert done.returncode == 2 and why in done.stderr, done


def the_manual_and_the_completions_name_every_option_and_ending():
    source = pathlib.Path(os.environ['FINIS_SOURCE'])
    options = set(re.findall(r'(?<![a-z-])--([a-z-]+)', run('--help').stdout))
    assert len(options) > 12
    manual = (source / 'docs' / 'man' / 'finis-stage.1').read_text(encoding='utf-8')
    named = set(re.findall(r'Fl -([a-z-]+)', manual))
    assert named == options - {'help'}, sorted(named ^ options)
    for name in told():
        assert re.search(rf'^\.It Cm {name}\b', manual, re.M), f'{name} is not in the manual'
    for shell in ('finis.bash', '_finis', 'finis.fish'):
        text = (source / 'packaging' / 'completions' / shell).read_text(encoding='utf-8')
        for option in options:
            assert re.search(rf'(?:--|-l ){option}(?![a-z0-9-])', text), f'--{option} is not in {shell}'


def curl_says_what_it_says_of_each_ending():
    if not shutil.which('curl'):
        raise Skip('curl is not installed')
    answer = ['--answer', 'HTTP/1.1 200 OK\\r\\nContent-Length: 10\\r\\n\\r\\n0123456789']
    for arguments, status in ((['reset'], 56), (['unread-data'], 56), (['orderly'], 52), (['half-closed'], 52),
                              (['refused'], 7), (['open'], 28), (['timed-out'], 28), (['unanswered'], 28),
                              (['backlog-full'], 28), (['serve', *answer], 0), (['orderly', '--after', 'sent=40', *answer], 18),
                              (['reset', '--after', 'sent=40', *answer], 56)):
        # Only what never answers is waited for in vain; to all others a late machine gives its time.
        seconds = 1 if status == 28 else PATIENCE
        done = run(*arguments, '--quiet', '--for', f'curl -sS -m {seconds} http://$FINIS_STAGE/')
        assert done.returncode == status, (arguments, status, done)


def node_says_what_it_says_of_each_ending():
    if not shutil.which('node'):
        raise Skip('node is not installed')
    script = ('require("http").get("http://" + process.env.FINIS_STAGE, r => { r.on("error", e => console.log("body", e.code));'
              ' r.on("end", () => console.log("end")); r.resume() }).on("error", e => console.log(e.code))')
    answer = ['--answer', 'HTTP/1.1 200 OK\\r\\nContent-Length: 10\\r\\n\\r\\n0123456789']
    # Of a body cut off by a RST it may say one thing or two. Where the RST is there when the first bytes are read,
    # libuv takes the hang-up beside them for the end (src/unix/stream.c, uv__stream_io), and only the body is told.
    # Where it comes after, the next read fails, and the request is told of that, too (lib/_http_client.js,
    # socketErrorListener).
    cut = 'body ECONNRESET\n'
    for arguments, *said in ((['reset'], 'ECONNRESET\n'), (['orderly'], 'ECONNRESET\n'), (['refused'], 'ECONNREFUSED\n'),
                             (['serve', *answer], 'end\n'),
                             (['reset', '--after', 'sent=40', *answer], cut, 'ECONNRESET\n' + cut)):
        done = run(*arguments, '--quiet', '--for', f"node -e '{script}'")
        assert done.stdout in said, (arguments, said, done)

JAVA = """
import java.net.*;
public class Ask {
    public static void main(String[] arguments) throws Exception {
        try (Socket s = new Socket(System.getenv("FINIS_STAGE_HOST"), Integer.parseInt(System.getenv("FINIS_STAGE_PORT")))) {
            s.getOutputStream().write("0123456789".getBytes());
            System.out.println(s.getInputStream().read());
        } catch (SocketException e) {
            System.out.println(e.getMessage());
        }
    }
}
"""


def java_says_what_it_says_of_each_ending():
    if not shutil.which('java'):
        raise Skip('java is not installed')
    with tempfile.TemporaryDirectory() as place:
        (pathlib.Path(place) / 'Ask.java').write_text(JAVA)
        for ending, said in (('reset', 'Connection reset'), ('unread-data', 'Connection reset'), ('orderly', '-1'),
                             ('half-closed', '-1'), ('refused', 'Connection refused')):
            done = run(ending, '--quiet', '--for', f'exec java {place}/Ask.java')
            if 'compiler' in done.stderr:
                raise Skip('java has no compiler here')
            assert done.stdout == said + '\n', (ending, done)


CASES = [
    the_status_of_the_command_is_passed_on,
    the_address_is_in_the_environment,
    the_command_s_connections_are_told_of,
    lines_go_to_the_log,
    a_stage_that_cannot_say_where_it_listens_ends,
    a_port_of_its_own_can_be_asked_for,
    it_ends_after_so_many_connections,
    a_killed_stage_takes_its_command_along,
    a_signal_reaches_the_command,
    bad_arguments_are_refused_in_a_line,
    a_mistyped_ending_is_named,
    a_mistyped_file_is_no_answer,
    the_manual_and_the_completions_name_every_option_and_ending,
    curl_says_what_it_says_of_each_ending,
    node_says_what_it_says_of_each_ending,
    java_says_what_it_says_of_each_ending,
]

if __name__ == '__main__':
    sys.exit(run_cases(CASES))
