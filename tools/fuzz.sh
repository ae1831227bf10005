#!/bin/sh
# fuzz.sh SECONDS [NAME...]: builds the fuzzers with clang, ASan and UBSan, makes seeds, and runs each of them
# (or those named) for that long. What they find stays in build-fuzz/found; the status is then 1.
set -u

cd "$(dirname "$0")/.." || exit 2
seconds=$1
shift
dir=build-fuzz
names=$*
[ -n "$names" ] || names=$(for file in fuzz/*.c; do basename "$file" .c; done | grep -vx -e replay -e seed)

CC=clang tools/build.sh "$dir" -Dfuzz=true -Dtests=disabled -Db_sanitize=address,undefined -Db_lundef=false \
        --buildtype=debugoptimized || exit 2
# shellcheck disable=SC2046
ninja -C "$dir" --quiet $(for name in $names; do echo "fuzz/fuzz-$name"; done) || exit 2

mkdir -p "$dir/found" || exit 2
status=0
export UBSAN_OPTIONS=print_stacktrace=1
for name in $names; do
        corpus=$dir/corpus/$name
        mkdir -p "$corpus" || exit 2
        fuzz/seeds.py "$name" "$dir/bench/finis-generate" "$corpus" || exit 2
        echo "== $name: $(find "$corpus" -type f | wc -l) seeds, $seconds s"
        log=$dir/found/$name.log
        if "$dir/fuzz/fuzz-$name" -max_total_time="$seconds" -max_len=65536 -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
                -artifact_prefix="$dir/found/$name-" "$corpus" >"$log" 2>&1; then
                grep -E 'DONE|stat::number_of_executed_units|stat::peak_rss_mb' "$log"
        else
                tail -n 40 "$log"
                echo "$name: found something; see $dir/found/"
                status=1
        fi
done
exit $status
