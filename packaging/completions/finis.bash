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

# The words of a record, for filters.
_finis_filter_values()
{
        case $1 in
        severity) echo fine notable bad ;;
        ending) echo refused unanswered reset orderly timed-out half-closed open unseen ;;
        certainty) echo possible likely certain ;;
        ended-by | silent) echo client server network unknown ;;
        fate) echo none acked uncertain lost unknown ;;
        retry) echo safe maybe-processed unknown ;;
        reset) echo active reply other none ;;
        ongoing) echo yes no ;;
        os) echo linux other unknown ;;
        state) echo S0 S1 SF REJ S2 S3 RSTO RSTR RSTOS0 RSTRH SH SHR OTH ;;
        cause) echo unread-data zero-linger disconnect sock-destroyed listener-closed backlog-full \
                data-after-close no-connection state-lost not-listening keepalive user-timeout \
                retransmission-timeout probe-timeout linger2 memory orphan-timeout bad-segment abandoned \
                firewall forged unreachable mptcp unknown none ;;
        esac
}

# Behind the '=' of a filter, which bash takes for a word of its own.
_finis_filter_value()
{
        if [ "$1" = = ]; then
                COMPREPLY=($(_finis_filter_values "$2"))
        elif [ "$2" = = ]; then
                COMPREPLY=($(compgen -W "$(_finis_filter_values "${COMP_WORDS[COMP_CWORD - 2]}")" -- "$1"))
        else
                return 1
        fi
}

_finis_read()
{
        _finis_filter_value "$@" && return
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
                        COMPREPLY=($(compgen -W 'severity= ending= cause= certainty= ended-by= silent= fate=
                                retry= reset= ongoing= ip= client= server= port= since= until= duration= idle=
                                bytes= lost= uncertain= retransmitted= missing= packets= id= state= os=' -- "$1"))
                fi
                ;;
        esac
}

_finis_watch()
{
        _finis_filter_value "$@" && return
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
                COMPREPLY=($(compgen -W 'severity= ending= cause= certainty= ended-by= fate= ip= client= server=
                        port= comm= pid=' -- "$1"))
                ;;
        esac
}

_finis_run()
{
        local i

        # What follows the first word that is no option is the program's own.
        for ((i = 2; i < COMP_CWORD; i++)); do
                case ${COMP_WORDS[i]} in
                --) ((i++)) && break ;;
                --output | --error-exitcode | --tracer | -p | --pid) ((i++)) ;;
                -* | *=*) ;;
                *) break ;;
                esac
        done
        if ((i < COMP_CWORD)); then
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
        -*) COMPREPLY=($(compgen -W '--calls --where --tracer --all --verbose --json --evidence --output --error-exitcode --pid --help' -- "$1")) ;;
        *) COMPREPLY=($(compgen -c -- "$1")) ;;
        esac
}

_finis()
{
        local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]}

        COMPREPLY=()
        if [ "$COMP_CWORD" -eq 1 ]; then
                COMPREPLY=($(compgen -W 'read watch lab run stage explain help --help --version' -- "$word"))
                return
        fi
        case $command in
        help) [ "$COMP_CWORD" -eq 2 ] && COMPREPLY=($(compgen -W 'read watch lab run stage explain' -- "$word")) ;;
        watch) _finis_watch "$word" "${COMP_WORDS[COMP_CWORD - 1]}" ;;
        read) _finis_read "$word" "${COMP_WORDS[COMP_CWORD - 1]}" ;;
        lab) _finis_lab "$word" "${COMP_WORDS[COMP_CWORD - 1]}" ;;
        run) _finis_run "$word" "${COMP_WORDS[COMP_CWORD - 1]}" ;;
        stage) _finis_stage "$word" "${COMP_WORDS[COMP_CWORD - 1]}" ;;
        explain) COMPREPLY=($(compgen -W "--all --help $(_finis_words)" -- "$word")) ;;
        esac
}
complete -F _finis finis
