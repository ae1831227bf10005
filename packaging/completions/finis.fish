# fish completion for finis(1)
complete -c finis -f
complete -c finis -n __fish_use_subcommand -a lab -d 'Stage every known ending here'
complete -c finis -n __fish_use_subcommand -a explain -d 'Say what a word of TCP endings means'
complete -c finis -n __fish_use_subcommand -a help -d 'Say how a command is used'
complete -c finis -n __fish_use_subcommand -l help -d 'Show the commands'
complete -c finis -n __fish_use_subcommand -l version -d 'Show the version'
complete -c finis -n '__fish_seen_subcommand_from help' -a 'lab explain'
complete -c finis -n '__fish_seen_subcommand_from lab' -l demo -d 'The two classic endings, side by side'
complete -c finis -n '__fish_seen_subcommand_from lab explain' -l help -d 'Say how it is used'
complete -c finis -n '__fish_seen_subcommand_from explain' -l all -d 'All pages'
complete -c finis -n '__fish_seen_subcommand_from explain' -a "(finis explain 2>/dev/null | sed -n 's/^  \([^ ][^ ]*\) .*/\1/p')"
