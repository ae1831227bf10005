/* The command line: one table of subcommands, a file each. */
int main(void) { return 0; }
