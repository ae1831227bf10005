# bash completion for finis(1)

# The words that have a page: the indented first column of the list.
_finis_words()
{
        finis explain 2>/dev/null | sed -n 's/^  \([^ ][^ ]*\) .*/\1/p'
}

# The scenarios and their themes: `finis lab --list`.
_finis_scenarios()
{
        finis lab --list 2>/dev/null | sed -n 's/^  \([a-z0-9-]*\)$/\1/p; s/^\([a-z-]*\): .*/\1/p'
}

# What people say.
_finis_claims()
{
        finis explain 2>/dev/null | sed -n '/^Claims/,/^Terms/s/^  \([^ ][^ ]*\) .*/\1/p'
}

# The keys of filters, as a command's --help has them, each with the '=' that comes behind it.
_finis_filter_keys()
{
        finis "$1" --help 2>/dev/null | sed -n '/^A FILTER/,$s/^  \([a-z][a-z-]*\) .*/\1=/p'
}

# What a key can be: finis says so of a word that it cannot be.
_finis_filter_values()
{
        finis read "$1=?" 2>&1 | sed -n '/: it can be /{ s/.*: it can be //; s/,//g; p; }'
}

# Behind the '=' of a filter, which bash takes for a word of its own; of several values the last.
_finis_filter_value()
{
        local key=$3 done=

        case $2 in
        [a-z]*[a-z] | [a-z]*!) ;;
        *) return 1 ;;
        esac
        [[ $key == *= && $key != -* ]] || return 1
        [[ $1 != *,* ]] || done=${1%,*},
        COMPREPLY=($(compgen -P "$done" -W "$(_finis_filter_values "${2%!}")" -- "${1##*,}"))
        return 0
}

_finis_read()
{
        case $2 in
        --sort) COMPREPLY=($(compgen -W 'severity time bytes lost duration idle' -- "$1")); return ;;
        --show) COMPREPLY=($(compgen -W worst -- "$1")); return ;;
        --extract) COMPREPLY=($(compgen -W all -- "$1")); return ;;
        --limit | --max-connections | --key) return ;;
        esac
        case $1 in
        -*) COMPREPLY=($(compgen -W '--show --all --limit --sort --json --csv --zeek --evidence --check --strict
                --extract --anonymize --key -w --client --server --vlan --max-connections --help' -- "$1")) ;;
        *)
                compopt -o filenames
                COMPREPLY=($(compgen -f -- "$1"))
                if [ -n "$1" ] && [ ${#COMPREPLY[@]} -eq 0 ]; then
                        compopt +o filenames
                        compopt -o nospace
                        COMPREPLY=($(compgen -W "$(_finis_filter_keys read)" -- "$1"))
                fi
                ;;
        esac
}

_finis_watch()
{
        case $2 in
        --output | --capture) COMPREPLY=($(compgen -f -- "$1")); return ;;
        --pid) COMPREPLY=($(compgen -W "$(ps -eo pid= 2>/dev/null)" -- "$1")); return ;;
        --summary | --for | --count) return ;;
        esac
        case $1 in
        -*) COMPREPLY=($(compgen -W '--all --summary --json --evidence --for --count --check --pid --output
                --capture --unprivileged --help' -- "$1")) ;;
        *)
                compopt -o nospace
                COMPREPLY=($(compgen -W "$(_finis_filter_keys watch)" -- "$1"))
                ;;
        esac
}

_finis_lab()
{
        local names=_finis_scenarios

        [[ " ${COMP_WORDS[*]:0:COMP_CWORD} " != *' --claims '* ]] || names=_finis_claims
        case $2 in
        --pcap) COMPREPLY=($(compgen -d -- "$1")); return ;;
        --jobs | --random | --seed | --first | --for) return ;;
        esac
        case $1 in
        -*) COMPREPLY=($(compgen -W '--list --table --full --json --pcap --claims --random --for --seed --first
                --quick --ipv4 --ipv6 --no-namespace --jobs --demo --help' -- "$1")) ;;
        *) COMPREPLY=($(compgen -W "$($names)" -- "$1")) ;;
        esac
}

# Where in the line the program's own command begins: behind the options, the filters and "--".
_finis_command_at()
{
        local i

        for ((i = 2; i < COMP_CWORD; i++)); do
                case ${COMP_WORDS[i]} in
                --) ((i++)) && break ;;
                --output | --error-exitcode | --tracer | -p | --pid) ((i++)) ;;
                -*) ;;
                *) case ${COMP_WORDS[i + 1]} in *=) ((i += 2)) ;; *) break ;; esac ;;
                esac
        done
        echo "$i"
}

_finis_run()
{
        if (($(_finis_command_at) < COMP_CWORD)); then
                COMPREPLY=($(compgen -f -- "$1"))
                return
        fi
        case $2 in
        --output) COMPREPLY=($(compgen -f -- "$1")); return ;;
        -p | --pid) COMPREPLY=($(compgen -W "$(ps -eo pid= 2>/dev/null)" -- "$1")); return ;;
        --error-exitcode) return ;;
        --tracer) COMPREPLY=($(compgen -W 'ptrace bpf auto' -- "$1")); return ;;
        esac
        case $1 in
        -*)
                COMPREPLY=($(compgen -W '--calls --where --tracer --all --verbose --json --evidence --output
                        --error-exitcode --pid --help' -- "$1"))
                return
                ;;
        esac
        COMPREPLY=($(compgen -c -- "$1"))
        if [ -n "$1" ]; then
                # Only behind a command comes a blank.
                compopt -o nospace
                COMPREPLY=("${COMPREPLY[@]/%/ }" $(compgen -W "$(_finis_filter_keys run)" -- "$1"))
        fi
}

_finis_stage()
{
        case $2 in
        --after | --answer-after)
                COMPREPLY=($(compgen -W 'accept first-byte received= sent= answer time= idle= pattern= fin' -- "$1"))
                return ;;
        --answer | --log) COMPREPLY=($(compgen -f -- "$1")); return ;;
        --for) COMPREPLY=($(compgen -c -- "$1")); return ;;
        --listen | --to | --sequence | --every | --piece | --count) return ;;
        esac
        case $1 in
        -*) COMPREPLY=($(compgen -W '--list --listen --for --after --answer --answer-after --to --sequence --cycle
                --every --piece --count --json --log --quiet --help' -- "$1")) ;;
        *) COMPREPLY=($(compgen -W "$(finis stage --list 2>/dev/null |
                sed -n 's/^\([a-z][a-z-]*\).*/\1/p')" -- "$1")) ;;
        esac
}

_finis_explain()
{
        case $2 in
        --table) COMPREPLY=($(compgen -W 'send recv poll close rst timers icmp' -- "$1")); return ;;
        esac
        COMPREPLY=($(compgen -W "--all --table --help $(_finis_words)" -- "$1"))
}

_finis()
{
        local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} commands='read watch lab run stage explain'
        local before=${COMP_WORDS[COMP_CWORD - 1]} first=${COMP_WORDS[COMP_CWORD - 2]}

        COMPREPLY=()
        if [ "$COMP_CWORD" -eq 1 ]; then
                COMPREPLY=($(compgen -W "$commands help --help --version" -- "$word"))
                return
        fi
        # bash cuts a word at its '=', and what stands at the cursor may be that sign alone.
        if [[ $word == *= ]]; then
                first=$before before=$word word=
        fi
        # --sort=bytes
        [[ $before != = || $first != --* ]] || before=$first
        case $command in
        read | watch | run) _finis_filter_value "$word" "$first" "$before" && return ;;
        esac
        case $command in
        help) [ "$COMP_CWORD" -ne 2 ] || COMPREPLY=($(compgen -W "$commands" -- "$word")) ;;
        read | watch | lab | run | stage | explain) "_finis_$command" "$word" "$before" ;;
        esac
}
complete -F _finis finis
