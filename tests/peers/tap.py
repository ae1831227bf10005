"""Cases with sentences for names, told in TAP: run, skipped with the reason, or failed with what was seen."""

import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor

PATH = os.environ['PATH'] + ':/usr/local/sbin:/usr/sbin:/sbin'


class Skip(Exception):
    """Why a case cannot be tried here."""


class Told(Exception):
    """The play was told for people; there is nothing to check."""


def need(*programs):
    for program in programs:
        if not shutil.which(program, path=PATH):
            raise Skip(f'{program} is not installed')


def todo(why):
    """A case of which it is known that finis is not yet right: it fails as "TODO", which is told and no failure."""
    def mark(case):
        case.todo = why
        return case
    return mark


def tried(case):
    """The lines of one case; whether it failed."""
    try:
        case()
        return '', [], False
    except Skip as why:
        return f' # SKIP {why}', [], False
    except Told:
        return '', [], False
    except Exception as error:  # a case that breaks is a case that failed
        trace, line = error.__traceback__, 0
        while trace:
            if trace.tb_frame.f_code is case.__code__:
                line = trace.tb_lineno
            trace = trace.tb_next
        return '', [f'# line {line}: {type(error).__name__}: {error}'.replace('\n', '\n# ')], True


def run_cases(cases, at_once=1, names=None):
    """Prints the plan and a line a case, in order; the exit status."""
    names = sys.argv[1:] if names is None else names
    cases = [case for case in cases if not names or any(name in case.__name__ for name in names)]
    failures = 0
    print(f'1..{len(cases)}', flush=True)
    with ThreadPoolExecutor(1 if os.environ.get('PEERS_TELL') else at_once) as pool:
        for number, (case, (skip, lines, failed)) in enumerate(zip(cases, pool.map(tried, cases)), 1):
            if failed and hasattr(case, 'todo'):
                skip, lines = f' # TODO {case.todo}', lines[:1]
            else:
                failures += failed
            print('\n'.join([f"{'not ok' if failed else 'ok'} {number} - {case.__name__}{skip}", *lines]), flush=True)
    return 1 if failures else 0
