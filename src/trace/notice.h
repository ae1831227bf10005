/*
 * Tells at once of a socket that dies while its program still holds it: reset, or given up by its kernel. The watch
 * is an epoll(7) item on the program's own open file, put there through a short-lived duplicate; it holds no
 * reference, so the last close of the program is the last, and the item goes with it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct notice;

/* For the calling thread, whose waits SIGALRM interrupts when there is something to take. Returns 0 or a negative
 * errno. */
int notice_open(struct notice **ret_notice);
struct notice *notice_close(struct notice *notice);

/* Watches the socket that @fd, a duplicate, leads to; once. No harm if it is watched already. */
void notice_watch(struct notice *notice, int fd, uint64_t cookie);

/* Notes when @fd has something to read, once; and says when that was, or 0. To be asked for anew when all that is there
 * has been read: else it is there at once. */
void notice_hear(struct notice *notice, int fd);
int64_t notice_heard(struct notice *notice);

/* Takes up to @n cookies of sockets that died, or may have; how many. Costs nothing where there are none. */
size_t notice_take(struct notice *notice, uint64_t *cookies, size_t n);
