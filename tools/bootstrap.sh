#!/bin/sh
# Finds what is missing to build (build), to test (check), to test with every compiler
# (check-all) or beside real programs (peers), and on Debian and its kin installs it: all in one apt-get line, which root
# runs and others are shown. Where nothing is missing it says nothing.
set -u

missing=
quiet_servers=

# need PACKAGE PROBE...: the probe decides; so it works on every distribution. Where it fails
# although the package is there (another interpreter in front, say), the package decides.
need() {
        package=$1
        shift
        "$@" >/dev/null 2>&1 && return
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' && return
        case " $missing " in *" $package "*) ;; *) missing="$missing $package" ;; esac
}

has_command() { command -v "$1"; }
has_library() { pkg-config --exists "$1"; }
# Of the interpreter that meson is run by: tests are run by that one, whatever python3 stands first in PATH.
has_module() {
        python=$(sed -n '1s/^#! *//p' "$(command -v meson)")
        ${python:-python3} -c "import $1"
}
has_program() { PATH=$PATH:/usr/sbin:/sbin command -v "$1"; }
has_bpftool() { PATH=$PATH:/usr/sbin:/sbin command -v bpftool; }
compiles() { printf '#include <stdio.h>\n' | ${CC:-cc} -E -; }

for purpose in "$@"; do
        case $purpose in
        build)
                need gcc has_command "${CC:-cc}"
                need libc6-dev compiles
                need meson has_command meson
                need ninja-build has_command ninja
                need pkg-config has_command pkg-config
                need libmnl-dev has_library libmnl
                need zlib1g-dev has_library zlib
                need libzstd-dev has_library libzstd
                # For finis watch; a build goes without.
                need clang has_command clang
                need libbpf-dev has_library libbpf
                need bpftool has_bpftool
                ;;
        check)
                need libcmocka-dev has_library cmocka
                need mandoc has_command mandoc
                need python3-jsonschema has_module jsonschema
                ;;
        lint)
                need python3 has_command python3
                need mandoc has_command mandoc
                ;;
        fuzz)
                need clang has_command clang
                ;;
        check-all)
                need gcc has_command gcc
                need clang has_command clang
                # What some examples and their tests are made for; a build goes without.
                need libuv1-dev has_library libuv
                need libssl-dev has_library openssl
                need libdw-dev has_library libdw
                # Whose completions are tried, and a system whose calls are numbered otherwise.
                need fish has_command fish
                need zsh has_command zsh
                need gcc-aarch64-linux-gnu has_command aarch64-linux-gnu-gcc
                need libc6-dev-arm64-cross ls /usr/aarch64-linux-gnu/include/stdio.h
                ;;
        peers)
                need iproute2 has_program ip
                need util-linux has_program nsenter
                need nftables has_program nft
                need tcpdump has_program tcpdump
                need curl has_program curl
                need nginx has_program nginx
                need openssl has_program openssl
                need redis-server has_program redis-server
                need redis-tools has_program redis-benchmark
                need postgresql ls /usr/lib/postgresql
                need haproxy has_program haproxy
                need openssh-server has_program sshd
                need openssh-client has_program ssh
                need nodejs has_program node
                need golang-go has_program go
                need default-jdk-headless has_program javac
                quiet_servers=yes
                ;;
        *)
                echo "bootstrap: unknown purpose '$purpose'" >&2
                exit 2
                ;;
        esac
done

[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
        echo "finis: missing here, by their names in Debian:$missing" >&2
        exit 2
fi

line="apt-get install -y --no-install-recommends$missing"
if [ "$(id -u)" -ne 0 ]; then
        echo "finis: something is missing to go on; as root: $line" >&2
        exit 2
fi

export DEBIAN_FRONTEND=noninteractive
lock="-o DPkg::Lock::Timeout=300"
log=$(mktemp) || exit 2
trap 'rm -f "$log"' EXIT
# Servers are wanted as programs: none is to start because its package came.
policy=/usr/sbin/policy-rc.d
if [ -n "$quiet_servers" ] && [ ! -e "$policy" ]; then
        trap 'rm -f "$log" "$policy"' EXIT
        printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"
fi
echo "finis: installing what is missing: $line" >&2

# The options and the list are words: unquoted.
# shellcheck disable=SC2086
install() {
        apt-get $lock -q install -y --no-install-recommends $missing >"$log" 2>&1 </dev/null
}

# Lists that are absent or stale are renewed once; then the answer of apt-get stands.
# shellcheck disable=SC2086
install || { apt-get $lock -q update >"$log" 2>&1 && install; } || {
        cat "$log" >&2
        echo "finis: could not install:$missing" >&2
        exit 2
}
