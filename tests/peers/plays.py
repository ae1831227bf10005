"""The cases of this folder: several at once, since a play mostly waits."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
from tap import Skip, need, run_cases, todo  # noqa: E402, F401

PATH = os.environ['PATH'] + ':/usr/local/sbin:/usr/sbin:/sbin'
# A port: shows what finis prints for people of connections there, instead of checking what it prints for programs.
TELL = os.environ.get('PEERS_TELL')


class Told(Exception):
    """The play was told for people; there is nothing to check."""


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
