/* How a program, or the kernel in its place, brought its end of a connection to an end. */
#pragma once

enum act {
        ACT_CLOSE,
        ACT_SHUTDOWN,
        ACT_EXIT,
        ACT_SIGNAL,
        ACT_EXEC,
        ACT_CONNECT_UNSPEC,
        ACT_SOCK_DESTROY,
        ACT_LISTENER_CLOSE,
        ACT_TIMER,
        N_ACTS
};

/* The word as records print it, and what it means. NULL for a value out of range. */
const char *act_name(enum act value);
const char *act_sentence(enum act value);

/* 0, or -ENOENT. Case, '-' and '_' do not matter. */
int act_find(const char *name, enum act *ret);
