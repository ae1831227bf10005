/*
 * Where in its program a stopped thread is: module and offset of each frame of its stack, as addr2line(1) takes them.
 * By the modules' own tables of frames where libdw is there, else along the frame pointers, which many programs leave
 * out: then the list is short, and its first line is right.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define WHERE_FRAMES_MAX 12
#define WHERE_NAME_MAX 48

struct where_frame {
        char module[WHERE_NAME_MAX];    /* the file's name without its folder; "?": in no file */
        uint64_t offset;                /* the address as the file has it; of a return, of the call before it */
        char symbol[WHERE_NAME_MAX];    /* the function; empty: not known */
};

struct where {
        struct where_frame frames[WHERE_FRAMES_MAX];
        size_t n;
        bool by_frame_pointers;
};

/* The thread must be stopped by the caller's ptrace(2). Returns 0 or a negative errno. */
int where_of(pid_t pid, pid_t tid, struct where *ret_where);

/* The two ways: addresses from the innermost out; how many. -EOPNOTSUPP where libdw is missing. */
int where_by_tables(pid_t pid, pid_t tid, uint64_t *pcs, size_t n, struct where *ret_where);
size_t where_by_frame_pointers(pid_t pid, uint64_t pc, uint64_t frame, uint64_t *pcs, size_t n);
