#!/bin/sh
# run.sh [NAME…]: the lab on the kernels of tools/kernels/list, or on the named ones, one after the
# other: all scenarios over both families, timers too, then the random search. What came of it
# is kept in build/kernels/runs/NAME; when every kernel of the list has been run to its end,
# docs/kernels.md is written anew from that.
#
# SEQUENCES: how many random ones (100000). Status 0 if all agreed, 1 if not, 2 if something
# could not be run.
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 2
top=$(cd "$here/../.." && pwd) || exit 2
build=${BUILD:-build}
case $build in /*) ;; *) build=$top/$build ;; esac
finis=$build/src/cli/finis
export KERNELS="${KERNELS:-$build/kernels}"
runs=$KERNELS/runs
sequences=${SEQUENCES:-100000}
status=0

# shellcheck source=tools/kernels/needs.sh
. "$here/needs.sh"
reason=$(kernels_need) || { echo "kernels: $reason" >&2; exit 2; }
[ -x "$finis" ] || { echo "kernels: $finis is not built" >&2; exit 2; }
mkdir -p "$runs" || exit 2
# A copy, since this takes long and the tree may be built anew meanwhile.
cp "$finis" "$runs/finis" || exit 2

# Many workers: in emulation a worker mostly waits.
# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(sed -n 's/^\([0-9][0-9.]*\) .*/\1/p' "$here/list")
for name in "$@"; do
        package=$("$here/fetch.sh" "$name") || { status=2; continue; }
        begun=$(date +%s)
        echo "Linux $name: $package" >&2
        "$here/boot.sh" "$name" "$runs/finis" "$runs/$name" 'lab finis lab --json' \
                "random finis lab --jobs 24 --random $sequences" || { status=2; continue; }
        echo "$package" >"$runs/$name/package"
        echo $(($(date +%s) - begun)) >"$runs/$name/seconds"
        rm -f "$runs/$name/initrd.gz"
        python3 "$here/page.py" --line "$top" "$runs" "$name" || [ "$status" -eq 2 ] || status=1
done

if python3 "$here/page.py" "$top" "$runs" >"$runs/kernels.md"; then
        cmp -s "$runs/kernels.md" "$top/docs/kernels.md" || cp "$runs/kernels.md" "$top/docs/kernels.md"
        echo "docs/kernels.md is as these runs say" >&2
else
        echo "docs/kernels.md is left as it was" >&2
fi
exit "$status"
