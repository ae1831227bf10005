#!/bin/sh
# build.sh DIRECTORY [MESON OPTION...]: sets a build directory up if it is new, and builds it.
# What meson says is shown only where it fails: the first run should show what was asked for.
set -u

dir=$1
shift

quietly() {
        log=$("$@" 2>&1) || { printf '%s\n' "$log" >&2; return 1; }
}

if [ ! -f "$dir/build.ninja" ]; then
        echo "setting up $dir, and compiling: a minute or two" >&2
        quietly meson setup "$@" "$dir" || exit 2
fi

# A directory that was set up before cmocka was there has no tests; it is asked again.
case " $* " in
*" -Dtests=enabled "*)
        if ! grep -q '"protocol"' "$dir/meson-info/intro-tests.json" 2>/dev/null; then
                quietly meson setup --reconfigure -Dtests=enabled "$dir" || exit 2
        fi
        ;;
esac

said=$(ninja -C "$dir" --quiet 2>&1)
status=$?
[ -z "$said" ] || [ "$said" = 'ninja: no work to do.' ] || printf '%s\n' "$said" >&2
exit $status
