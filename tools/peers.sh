#!/bin/sh
# peers.sh BUILD [NAME...]: real programs beside finis, each case a line; the last line counts them. NAME is
# that of a file in tests/peers: nginx, redis and so on. The status is nonzero if a case failed.
cd "$(dirname "$0")/.." || exit 2

FINIS_SOURCE=$PWD
FINIS_BUILD=$PWD/$1
case $1 in /*) FINIS_BUILD=$1 ;; esac
FINIS=$FINIS_BUILD/src/cli/finis
export FINIS FINIS_BUILD FINIS_SOURCE LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
shift
[ $# -gt 0 ] || set -- $(sed -n "s/^peers += '\(.*\)'$/\1/p" tests/peers/meson.build)

said=$(mktemp) || exit 2
trap 'rm -f "$said"' EXIT
for name in "$@"; do
        echo "== $name"
        python3 "tests/peers/$name.py" | tee -a "$said" | grep -v '^1\.\.'
done

skipped=$(grep -c ' # \(SKIP\|TODO\) ' "$said")
failed=$(grep '^not ok' "$said" | grep -vc ' # TODO ')
passed=$(($(grep -c '^ok' "$said") - $(grep -c '^ok.* # SKIP ' "$said")))
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
