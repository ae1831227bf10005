#!/bin/sh
# ci.sh FINIS: the short run for continuous integration: one kernel (6.1, of Debian 12's archive), the
# scenarios that wait for no timer and 2,000 random sequences. Speaks TAP; where QEMU or the kernel
# cannot be had both cases are skipped, with the reason. Under two minutes.
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 2
finis=$1
name=6.1
export KERNELS="${KERNELS:-$(cd "$here/../.." && pwd)/build/kernels}"
out=$KERNELS/ci
cases='the_scenarios_agree_on_another_kernel random_sequences_agree_on_another_kernel'

skip() {
        number=0
        for case in $cases; do
                number=$((number + 1))
                echo "ok $number - $case # SKIP $1"
        done
        exit 0
}

echo 1..2
[ -x "$finis" ] || skip "$finis was not built"
. "$here/needs.sh"
reason=$(kernels_need) || skip "$reason"
mkdir -p "$KERNELS"
package=$(timeout 120 "$here/fetch.sh" "$name" 2>"$KERNELS/why") || skip "$(tail -n 1 "$KERNELS/why")"
echo "# $package"

GUEST_SECONDS=110 "$here/boot.sh" "$name" "$finis" "$out" 'lab finis lab --quick --table' \
        'random finis lab --jobs 24 --random 2000' >"$KERNELS/why" 2>&1 || {
        sed 's/^/# /' "$KERNELS/why"
        tail -n 5 "$out/console.txt" | sed 's/^/# /'
}

status=0
number=0
for case in $cases; do
        number=$((number + 1))
        step=lab
        [ "$number" -eq 1 ] || step=random
        if [ -f "$out/$step.out" ] && python3 "$here/unpack.py" --passed "$out" "$step"; then
                echo "ok $number - $case"
        else
                echo "not ok $number - $case"
                status=1
                grep -h -A 3 'DISAGREES\|FAILED' "$out/$step.out" "$out/$step.err" 2>/dev/null | sed 's/^/# /' | head -n 30
        fi
        tail -qn 2 "$out/$step.out" 2>/dev/null | grep . | sed 's/^/# /'
done
exit "$status"
