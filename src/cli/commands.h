/* The subcommands of finis: each is a main of its own, in a file of its name. */
#pragma once

/*
 * argv[0] is the subcommand's name, argv[1] the first word behind it. The result is the exit
 * status: 0 done, 2 could not, after one line on stderr; 1 is the command's own to give a
 * meaning. With --help a command prints how it is used and returns 0. A command writes to
 * stdout and returns: main() flushes it and reports what could not be written.
 */
int lab_main(int argc, char **argv);
int explain_main(int argc, char **argv);
int stage_main(int argc, char **argv);
int watch_main(int argc, char **argv);
int read_main(int argc, char **argv);
int run_main(int argc, char **argv);
