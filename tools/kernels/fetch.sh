#!/bin/sh
# fetch.sh NAME: has the kernel of that name in tools/kernels/list unpacked in build/kernels/NAME,
# and says on stdout which package it is. What is there is not fetched again. apt works on lists
# of its own in that folder: neither the machine's sources nor its packages are touched.
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 2
store=${KERNELS:-$here/../../build/kernels}
name=$1
dir=$store/$name

if [ -f "$dir/package" ]; then
        cat "$dir/package"
        exit 0
fi

line=$(grep -E "^${name}[[:space:]]" "$here/list") || {
        echo "kernels: no kernel '$name' in tools/kernels/list" >&2
        exit 2
}
# shellcheck disable=SC2086
set -- $line
suite=$2 archive=$3 meta=$4

if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
        echo "kernels: apt-get and dpkg-deb are needed to fetch Linux $name from Debian" >&2
        exit 2
fi

mkdir -p "$dir/apt/lists/partial" "$dir/apt/cache/archives/partial" "$dir/root" || exit 2
dir=$(cd "$dir" && pwd)
log=$dir/fetch.log
for ring in /usr/share/keyrings/debian-archive-keyring.gpg /usr/share/keyrings/debian-archive-keyring.pgp; do
        [ -f "$ring" ] && signed="[arch=amd64 signed-by=$ring] "
done
echo "deb ${signed:-[arch=amd64] }$archive $suite main" >"$dir/apt/sources.list"

private() {
        tool=$1
        shift
        "$tool" -o Dir::State="$dir/apt" -o Dir::State::status=/dev/null -o Dir::Cache="$dir/apt/cache" \
                -o Dir::Etc::SourceList="$dir/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
                -o APT::Architecture=amd64 -o APT::Architectures=amd64 -o APT::Sandbox::User= \
                -o Acquire::Languages=none -o Debug::NoLocking=1 "$@"
}

fail() {
        tail -n 5 "$log" >&2
        echo "kernels: Linux $name cannot be had: $1" >&2
        exit 2
}

echo "fetching Linux $name from $suite" >&2
private apt-get -q update >"$log" 2>&1 || fail "the lists of $suite at $archive"
image=$(private apt-cache depends --no-recommends --no-suggests "$meta" 2>>"$log" |
        sed -n 's/^ *Depends: *\(linux-[a-z]*-[0-9].*\)/\1/p' | grep '^linux-image' | head -n 1)
[ -n "$image" ] || fail "no package $meta in $suite"
# From 7.0 the modules may lie in a package of their own.
packages=$image
for extra in $(private apt-cache depends --no-recommends --no-suggests "$image" 2>>"$log" |
        sed -n 's/^ *Depends: *\(linux-\(modules\|base\|binary\)-[0-9].*\)/\1/p'); do
        packages="$packages $extra"
done
# shellcheck disable=SC2086
(cd "$dir/apt" && private apt-get -q download $packages) >>"$log" 2>&1 || fail "downloading $packages"
for deb in "$dir"/apt/*.deb; do
        dpkg-deb -x "$deb" "$dir/root" || fail "unpacking $deb"
done
version=$(private apt-cache show --no-all-versions "$image" | sed -n 's/^Version: //p' | head -n 1)
rm -rf "$dir/apt"
echo "$image $version ($suite)" >"$dir/package"
cat "$dir/package"
