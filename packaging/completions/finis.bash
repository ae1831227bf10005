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

_finis_lab()
{
        case $2 in
        --pcap) COMPREPLY=($(compgen -d -- "$1")); return ;;
        --jobs | --random | --seed | --first | --for) return ;;
        esac
        case $1 in
        -*) COMPREPLY=($(compgen -W '--list --table --full --json --pcap --claims --random --for --seed --first
                --quick --ipv4 --ipv6 --no-namespace --jobs --demo --help' -- "$1")) ;;
        *) COMPREPLY=($(compgen -W "$(_finis_scenarios)" -- "$1")) ;;
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

_finis()
{
        local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]}

        COMPREPLY=()
        if [ "$COMP_CWORD" -eq 1 ]; then
                COMPREPLY=($(compgen -W 'lab stage explain help --help --version' -- "$word"))
                return
        fi
        case $command in
        help) [ "$COMP_CWORD" -eq 2 ] && COMPREPLY=($(compgen -W 'lab stage explain' -- "$word")) ;;
        lab) _finis_lab "$word" "${COMP_WORDS[COMP_CWORD - 1]}" ;;
        stage) _finis_stage "$word" "${COMP_WORDS[COMP_CWORD - 1]}" ;;
        explain) COMPREPLY=($(compgen -W "--all --help $(_finis_words)" -- "$word")) ;;
        esac
}
complete -F _finis finis
