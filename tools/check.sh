#!/bin/sh
# check.sh BUILD...: builds and tests in each of the named ways, and closes with one line that
# counts the test cases of all of them. A way that does not build counts as one failure.
#   default   the compiler that meson finds, in build/
#   gcc, clang, sanitize   each in a directory of its own; warnings are errors
#
# While the tests of one way run, most of them asleep, the next way is built. What compares finis
# with other programs over many captures takes each fourth where a second compiler has built it;
# the sanitizers see every capture all the same (generated/corpus_sanitized.py).
set -u

top=$(cd "$(dirname "$0")/.." && pwd) || exit 2
cd "$top" || exit 2
said=$(mktemp -d) || exit 2
trap 'rm -rf "$said"' EXIT
# More than there are processors: tests wait for timers.
processes=$(($(nproc 2>/dev/null || echo 2) + 4))

# Of a way: its directory, its compiler, its options; how many times as long its tests may take.
of() {
        compiler='' thin=1 factor=2
        options=--werror
        case $1 in
        default) dir=${BUILD:-build} options= ;;
        gcc) dir=build-gcc compiler=gcc ;;
        clang) dir=build-clang compiler=clang thin=4 ;;
        sanitize)
                dir=build-sanitize compiler=gcc thin=4 factor=6
                options="$options -Db_sanitize=address,undefined"
                ;;
        *) echo "check: unknown way '$1'" >&2; return 1 ;;
        esac
}

# build WAY [COMMAND...]: by that command.
# shellcheck disable=SC2086
build() {
        of "$1"
        shift
        rm -f "$dir/meson-logs/testlog.json"
        [ -z "$compiler" ] || export CC="$compiler"
        "$@" tools/build.sh "$dir" -Dtests=enabled $options
}

for way in "$@"; do
        of "$way" || exit 2
done
building='' tally=''
while [ $# -gt 0 ]; do
        way=$1
        shift
        echo "== $way"
        if [ -n "$building" ]; then
                wait "$building"
                built=$?
                building=
                cat "$said/$way" >&2
        else
                (build "$way")
                built=$?
        fi
        if [ $# -gt 0 ]; then
                # The tests go first: some of them look at times.
                build "$1" nice -n 10 >"$said/$1" 2>&1 &
                building=$!
        fi
        of "$way"
        if [ "$built" -eq 0 ]; then
                FINIS_CORPUS_THIN=${FINIS_CORPUS_THIN:-$thin} meson test -C "$dir" --no-rebuild -t "$factor" \
                        --num-processes "$processes" --no-suite peers
        else
                echo "$way: does not build" >&2
        fi
        tally="$tally $way=$dir/meson-logs/testlog.json"
done

# shellcheck disable=SC2086
python3 tools/tally.py $tally
