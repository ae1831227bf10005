# fish completion for finis(1)

# A key of a filter, as the command's --help has them, or what the key can be: finis says so of a word that it cannot
# be.
function __finis_filter
    set -l word (commandline -ct)
    if string match -qr '^[a-z_-]+[!<>]?=' -- $word
        set -l key (string replace -r '[!<>]?=.*' '' -- $word)
        set -l done (string replace -r '[^=,]*$' '' -- $word)
        for value in (finis read "$key=?" 2>&1 | string replace -rf '.*: it can be ' '' | string split ', ')
            echo $done$value
        end
    else
        finis $argv[1] --help 2>/dev/null | sed -n '/^A FILTER/,$s/^  \([a-z][a-z-]*\)  *\(.*\)/\1=\t\2/p'
    end
end

# Whether the command is one of these; of run, whether its program is yet to be named: behind it all is the program's.
function __finis_in
    set -l words (commandline -cop)
    set -q words[2]; and contains -- $words[2] $argv; and test -z (__finis_program | string collect)
end

# The program that run is to run, as far as it is typed: it stands behind the options, the filters and "--".
function __finis_program
    set -l words (commandline -cop)
    test "$words[2]" = run; or return
    set -e words[1..2]
    while set -q words[1]
        switch $words[1]
            case --
                set -e words[1]
                break
            case --output --error-exitcode --tracer -p --pid
                set -e words[1..2]
            case '-*' '*=*'
                set -e words[1]
            case '*'
                break
        end
    end
    set -q words[1]; and echo $words
end

function __finis_run
    set -l program (__finis_program)
    if test -n "$program"
        complete -C "$program "(commandline -ct)
    else
        contains -- -- (commandline -cop); or __finis_filter run
        string match -q '*=*' -- (commandline -ct); or __fish_complete_command
    end
end

complete -c finis -f
complete -c finis -n __fish_use_subcommand -a read -d 'Say how connections in captures ended'
complete -c finis -n __fish_use_subcommand -a watch -d 'Say how connections of this host end'
complete -c finis -n __fish_use_subcommand -a lab -d 'Stage every known ending here'
complete -c finis -n __fish_use_subcommand -a run -d 'Run a program, say how its connections ended'
complete -c finis -n __fish_use_subcommand -a stage -d 'Be a peer that ends connections as told'
complete -c finis -n __fish_use_subcommand -a explain -d 'Say what a word of TCP endings means'
complete -c finis -n __fish_use_subcommand -a help -d 'Say how a command is used'
complete -c finis -n __fish_use_subcommand -l help -d 'Show the commands'
complete -c finis -n __fish_use_subcommand -l version -d 'Show the version'
complete -c finis -n '__finis_in help' -a 'read watch lab run stage explain'
complete -c finis -n '__finis_in read' -F
complete -c finis -n '__finis_in read' -l show -x -a worst -d 'One connection in full'
complete -c finis -n '__finis_in read' -l all -d 'List all connections'
complete -c finis -n '__finis_in read' -l limit -x -d 'List so many'
complete -c finis -n '__finis_in read' -l sort -x -a 'severity time bytes lost duration idle' -d 'In this order'
complete -c finis -n '__finis_in read' -l json -d 'One object a line'
complete -c finis -n '__finis_in read' -l csv -d 'Records as CSV'
complete -c finis -n '__finis_in read' -l zeek -d 'A conn.log of Zeek'
complete -c finis -n '__finis_in read' -l evidence -d 'What speaks for each verdict'
complete -c finis -n '__finis_in read' -l check -d 'Exit 1 if anything is bad'
complete -c finis -n '__finis_in read' -l strict -d 'Exit 2 if a capture is damaged'
complete -c finis -n '__finis_in read' -l extract -x -a all -d 'Write its frames to a pcapng'
complete -c finis -n '__finis_in read' -l anonymize -d 'Without payload, under other addresses'
complete -c finis -n '__finis_in read' -l key -x -d 'The same other addresses again'
complete -c finis -n '__finis_in read' -s w -r -F -d 'The file to be written'
complete -c finis -n '__finis_in read' -l vlan -d 'VLANs set connections apart'
complete -c finis -n '__finis_in read' -l client -r -d 'A capture taken at the client'
complete -c finis -n '__finis_in read' -l server -r -d 'A capture taken at the server'
complete -c finis -n '__finis_in read' -l max-connections -x -d 'Remember so many at once'
complete -c finis -n '__finis_in read' -a '(__finis_filter read)'
complete -c finis -n '__finis_in lab' -l list -d 'The scenarios by theme'
complete -c finis -n '__finis_in lab' -l table -d 'Tell each in a table'
complete -c finis -n '__finis_in lab' -l full -d 'Tell each in full'
complete -c finis -n '__finis_in lab' -l json -d 'One object a play'
complete -c finis -n '__finis_in lab' -l pcap -x -a '(__fish_complete_directories)' -d 'Write captures'
complete -c finis -n '__finis_in lab' -l claims -d 'What people say, tested here'
complete -c finis -n '__finis_in lab' -l random -x -d 'Search with random sequences'
complete -c finis -n '__finis_in lab' -l for -x -d 'Search for so many seconds'
complete -c finis -n '__finis_in lab' -l seed -x -d 'Search elsewhere'
complete -c finis -n '__finis_in lab' -l first -x -d 'Begin with this sequence'
complete -c finis -n '__finis_in lab' -l quick -d 'Leave out what waits for timers'
complete -c finis -n '__finis_in lab' -l ipv4 -d 'This family only'
complete -c finis -n '__finis_in lab' -l ipv6 -d 'This family only'
complete -c finis -n '__finis_in lab' -l no-namespace -d 'Plain sockets on loopback'
complete -c finis -n '__finis_in lab' -l jobs -x -d 'Play so many at once'
complete -c finis -n '__finis_in lab' -l demo -d 'The two classic endings, side by side'
complete -c finis -n '__finis_in lab' -a "(finis lab --list 2>/dev/null | sed -n 's/^  \([a-z0-9-]*\)\$/\1/p; s/^\([a-z-]*\): .*/\1/p')"
complete -c finis -n '__finis_in run' -l calls -d 'Trace sending and receiving too'
complete -c finis -n '__finis_in run' -l where -d 'The stack of the failing call'
complete -c finis -n '__finis_in run' -l tracer -x -a 'ptrace bpf auto' -d 'How to see'
complete -c finis -n '__finis_in run' -l all -d 'The connections that ended well too'
complete -c finis -n '__finis_in run' -s v -l verbose -d 'Tell each as it ends'
complete -c finis -n '__finis_in run' -l json -d 'One object a line'
complete -c finis -n '__finis_in run' -l evidence -d 'What speaks for each verdict'
complete -c finis -n '__finis_in run' -l output -r -F -d 'Write there'
complete -c finis -n '__finis_in run' -l error-exitcode -x -d 'Exit so if one ended badly'
complete -c finis -n '__finis_in run' -s p -l pid -x -a '(__fish_complete_pids)' -d 'Attach to a process'
complete -c finis -n 'contains -- run (commandline -cop)[2]' -a '(__finis_run)'
complete -c finis -n '__finis_in watch' -l all -d 'The connections that ended well too'
complete -c finis -n '__finis_in watch' -l summary -x -d 'A table every so often'
complete -c finis -n '__finis_in watch' -l json -d 'One object a line'
complete -c finis -n '__finis_in watch' -l evidence -d 'What speaks for each verdict'
complete -c finis -n '__finis_in watch' -l for -x -d 'Stop after so many seconds'
complete -c finis -n '__finis_in watch' -l count -x -d 'Stop after so many'
complete -c finis -n '__finis_in watch' -l check -d 'Exit 1 if one ended badly'
complete -c finis -n '__finis_in watch' -l pid -x -a '(__fish_complete_pids)' -d 'Only of this process'
complete -c finis -n '__finis_in watch' -l output -r -F -d 'Write there'
complete -c finis -n '__finis_in watch' -l capture -r -F -d 'Write packets there'
complete -c finis -n '__finis_in watch' -l unprivileged -d 'As without rights'
complete -c finis -n '__finis_in watch' -a '(__finis_filter watch)'
complete -c finis -n '__finis_in stage' -l list -d 'The endings, and what a client is told'
complete -c finis -n '__finis_in stage' -l listen -x -d 'Listen here'
complete -c finis -n '__finis_in stage' -l for -x -d 'Run it with the address'
complete -c finis -n '__finis_in stage' -l after -x -a 'accept first-byte received= sent= answer time= idle= pattern= fin' -d 'When the ending is due'
complete -c finis -n '__finis_in stage' -l answer -r -F -d 'Answer this file or text'
complete -c finis -n '__finis_in stage' -l answer-after -x -a 'accept first-byte received= sent= answer time= idle= pattern= fin' -d 'When to answer'
complete -c finis -n '__finis_in stage' -l to -x -d 'Put a server behind it'
complete -c finis -n '__finis_in stage' -l sequence -x -d 'The endings'
complete -c finis -n '__finis_in stage' -l cycle -d 'Begin again at the end'
complete -c finis -n '__finis_in stage' -l every -x -d 'Pause of a drip'
complete -c finis -n '__finis_in stage' -l piece -x -d 'Bytes of a drip'
complete -c finis -n '__finis_in stage' -l count -x -d 'End after so many connections'
complete -c finis -n '__finis_in stage' -l json -d 'One object a connection'
complete -c finis -n '__finis_in stage' -l log -r -F -d 'Write the lines there'
complete -c finis -n '__finis_in stage' -l quiet -d 'Write no lines'
complete -c finis -n '__finis_in stage' -a "(finis stage --list 2>/dev/null | sed -n 's/^\([a-z][a-z-]*\).*/\1/p')"
complete -c finis -n '__finis_in read watch lab run stage explain' -l help -d 'Say how it is used'
complete -c finis -n '__finis_in explain' -l all -d 'All pages'
complete -c finis -n '__finis_in explain' -l table -x -a 'send recv poll close rst timers icmp' -d 'What the model says'
complete -c finis -n '__finis_in explain' -a "(finis explain 2>/dev/null | sed -n 's/^  \([^ ][^ ]*\) .*/\1/p')"
