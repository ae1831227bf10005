#!/bin/sh
# check.sh BUILD...: builds and tests in each of the named ways, and closes with one line that
# counts the test cases of all of them. A way that does not build counts as one failure.
#   default   the compiler that meson finds, in build/
#   gcc, clang, sanitize   each in a directory of its own; warnings are errors
set -u

top=$(cd "$(dirname "$0")/.." && pwd) || exit 2
cd "$top" || exit 2
tally=

run() {
        way=$1 dir=$2 factor=$3
        shift 3
        echo "== $way"
        rm -f "$dir/meson-logs/testlog.json"
        if tools/build.sh "$dir" -Dtests=enabled "$@"; then
                meson test -C "$dir" --no-rebuild -t "$factor" --no-suite peers
        else
                echo "$way: does not build" >&2
        fi
        tally="$tally $way=$dir/meson-logs/testlog.json"
}

for way in "$@"; do
        case $way in
        default) run default "${BUILD:-build}" 1 ;;
        gcc) CC=gcc run gcc build-gcc 1 --werror ;;
        clang) CC=clang run clang build-clang 1 --werror ;;
        sanitize) CC=gcc run sanitize build-sanitize 4 --werror -Db_sanitize=address,undefined ;;
        *) echo "check: unknown way '$way'" >&2; exit 2 ;;
        esac
done

# shellcheck disable=SC2086
exec python3 tools/tally.py $tally
