"""Cases with sentences for names, told in TAP: passed, skipped with the reason, or failed with what was seen."""

import os
import shutil
import sys


class Skip(Exception):
    """Why a case cannot be tried here."""


def need(*programs):
    """Skips the case where one of these is not installed."""
    for program in programs:
        if not shutil.which(program, path=os.environ['PATH'] + ':/usr/local/sbin:/usr/sbin:/sbin'):
            raise Skip(f'{program} is not installed')


def line_of(error):
    """Where in the test's own file it broke: what a library does below says less."""
    trace, line = error.__traceback__.tb_next, 0
    own = os.path.abspath(sys.modules['__main__'].__file__)
    while trace:
        if os.path.abspath(trace.tb_frame.f_code.co_filename) == own:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def tried(case, call):
    """How the case went: words behind its name, and lines below it where it failed."""
    try:
        call(case)
    except Skip as why:
        return f' # SKIP {why}', []
    except Exception as error:  # a case that breaks in any way is a case that failed
        kind = '' if isinstance(error, AssertionError) else f'{type(error).__name__}: '
        return '', f'line {line_of(error)}: {kind}{error}'[:4000].splitlines()
    return '', []


def todo(why):
    """A case that fails of something known: that is told, and no failure."""
    def mark(case):
        case.todo = why
        return case
    return mark


def run_cases(cases, call=lambda case: case(), words=None):
    """Prints the plan and a line a case. `call` calls a case, where that takes more than calling it. Only
    cases with one of the words in their names are run, if there are any: by default the script's arguments.
    Returns the exit status."""
    words = sys.argv[1:] if words is None else words
    cases = [case for case in cases if not words or any(word in case.__name__ for word in words)]
    failures = 0
    print(f'1..{len(cases)}', flush=True)
    for number, case in enumerate(cases, 1):
        behind, lines = tried(case, call)
        known = getattr(case, 'todo', None)
        failures += bool(lines) and not known
        if lines and known:
            behind = f' # TODO {known}'
        print('not ok' if lines else 'ok', f'{number} - {case.__name__}{behind}', flush=True)
        for line in lines:
            print('#', line, flush=True)
    return 1 if failures else 0
