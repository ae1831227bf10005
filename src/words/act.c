/* The acts that end connections. */
#include "words/act.h"

#include "words/word.h"

static const struct word acts[N_ACTS] = {
        [ACT_CLOSE] = { "close", "The program closed the last descriptor of the socket." },
        [ACT_SHUTDOWN] = { "shutdown", "The program called shutdown()." },
        [ACT_EXIT] = { "exit", "The process exited and the kernel closed its sockets." },
        [ACT_SIGNAL] = { "signal", "A signal killed the process and the kernel closed its sockets." },
        [ACT_EXEC] = { "exec", "The process ran another program and the socket was marked close-on-exec." },
        [ACT_CONNECT_UNSPEC] = { "connect-unspec", "The program called connect() with AF_UNSPEC." },
        [ACT_SOCK_DESTROY] = { "sock-destroy", "Another process destroyed the socket by SOCK_DESTROY." },
        [ACT_LISTENER_CLOSE] = { "listener-close", "The listener was closed before the connection was accepted." },
        [ACT_TIMER] = { "timer", "A timer of the kernel ran out; no program did anything." },
};

WORD_FUNCTIONS(act, acts)
