# bash completion for finis(1)

# The words that have a page: the indented first column of the list.
_finis_words()
{
        finis explain 2>/dev/null | sed -n 's/^  \([^ ][^ ]*\) .*/\1/p'
}

_finis()
{
        local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]}

        COMPREPLY=()
        if [ "$COMP_CWORD" -eq 1 ]; then
                COMPREPLY=($(compgen -W 'lab explain help --help --version' -- "$word"))
                return
        fi
        case $command in
        help) [ "$COMP_CWORD" -eq 2 ] && COMPREPLY=($(compgen -W 'lab explain' -- "$word")) ;;
        lab) COMPREPLY=($(compgen -W '--demo --help' -- "$word")) ;;
        explain) COMPREPLY=($(compgen -W "--all --help $(_finis_words)" -- "$word")) ;;
        esac
}
complete -F _finis finis
