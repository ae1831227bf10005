"""The cases of this folder: several at once, since a play mostly waits."""

import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
from tap import Skip, need, run_cases, todo  # noqa: E402, F401

PATH = os.environ['PATH'] + ':/usr/local/sbin:/usr/sbin:/sbin'
# A port: shows what finis prints for people of connections there, instead of checking what it prints for programs.
TELL = os.environ.get('PEERS_TELL')


# A client in Python, to whose end a play puts what it says: each call's outcome is a line.
SAYS = """
import socket, sys, time
def told(call, *arguments):
    try:
        print(call.__name__, call(*arguments), flush=True)
    except OSError as error:
        print(call.__name__, error, flush=True)
        return error
"""
CLIENT = SAYS + "s = socket.create_connection(('127.0.0.1', %d))\n"


class Told(Exception):
    """The play was told for people; there is nothing to check."""


def talk(place, port, program, at='127.0.0.1', first=True, **options):
    """To its end: what of CLIENT follows the connect(), which the program may do for itself."""
    connects = f's = socket.create_connection(({at!r}, {port}))\n' if first else ''
    return place.client(sys.executable, '-c', SAYS + connects + program, **options)


def line_in(log, pattern, who):
    """The line of this log, or an error with what there is."""
    found = re.search(f'.*(?:{pattern}).*', log)
    assert found, f'{who} did not log {pattern}:\n{log[-1500:]}'
    return found[0]


def one(connections):
    assert len(connections) == 1, [c.views for c in connections]
    return connections[0]


def run_plays(cases, at_once=4):
    """As run_cases(), which prints them one by one: here each is under way before it is waited for."""
    wanted = [case for case in cases if not sys.argv[1:] or any(word in case.__name__ for word in sys.argv[1:])]
    with ThreadPoolExecutor(1 if TELL else at_once) as pool:
        under_way = {case: pool.submit(case) for case in wanted}

        def outcome(case):
            try:
                under_way[case].result()
            except Told:
                pass
        return run_cases(wanted, outcome, ())
