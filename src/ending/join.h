/*
 * Joins what two captures, one at each end, tell of the same connections: which of them belong together, how
 * far the two clocks are apart, and the facts of both as facts of one connection, which the ordinary judge
 * then judges.
 *
 * The theory. A capture at an end is the authority on what that end sent and on what it received. What one
 * end sent and the other did not receive was lost on the way; what one end received and the other did not
 * send was made on the way. The second is why a join can tell what no single capture can: a RST that bears
 * the server's address, reached the client, and was never sent by the server.
 *
 * A NAT between the two changes addresses and ports, not sequence numbers; a device that randomises sequence
 * numbers leaves the addresses. One of the two must be left to know a connection again.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ending/facts.h"

/* What a connection is known by in one capture; index by side. */
struct join_key {
        uint8_t family;
        uint8_t address[2][16];
        uint16_t port[2];
        bool isn_known[2];
        uint32_t isn[2];
        uint32_t first_seq[2];          /* where position 0 stands on the wire */
        bool first_seq_known[2];
        uint64_t bytes[2];
        int64_t first_ns, last_ns;      /* by its own capture's clock */
};

#define JOIN_NONE SIZE_MAX

/*
 * Pairs the connections of two captures. ret_pair[i] is the index in @server of client[i]'s other half, or
 * JOIN_NONE. Where two could be meant, none is taken. Returns 0 or -ENOMEM.
 */
int join_pair(const struct join_key *client, size_t n_client, const struct join_key *server, size_t n_server,
              size_t *ret_pair);

/* Do initial sequence numbers say so? Addresses alone may be used again, by another connection. */
bool join_is_sure(const struct join_key *client, const struct join_key *server);

/* Were both there at the same time, now that the clocks are known? */
bool join_fits_in_time(const struct join_key *client, const struct join_key *server, int64_t offset_ns);

/*
 * How far the server's clock is ahead of the client's, from the fastest segment in each direction: the true
 * offset lies within @slack_ns of @offset_ns, if neither clock was set meanwhile.
 */
struct join_clock {
        bool forth_known, back_known;
        int64_t forth_ns;               /* the least of (seen at the server - sent by the client) */
        int64_t back_ns;                /* the least of (seen at the client - sent by the server) */
};

/* Takes in what the facts of one pair tell. A clock begins as {}. */
void join_clock_add(struct join_clock *clock, const struct facts *at_client, const struct facts *at_server);

/* False where a direction was never seen. @ret_slack_ns below 0: the clocks contradict each other, as they do
 * when one of them was set or runs at another speed; the offset is then a middle. */
bool join_clock_read(const struct join_clock *clock, int64_t *ret_offset_ns, int64_t *ret_slack_ns);

/* How the two captures number a direction's bytes: @shift is added to a position at the server. */
struct join_shift {
        bool known;
        int64_t shift;
};

/* From the keys of a pair. */
void join_shifts(const struct join_key *client, const struct join_key *server, struct join_shift ret_shifts[static 2]);

/* What is known of the two captures as such. */
struct join_captures {
        int64_t offset_ns;              /* how far the server's clock is ahead */
        int64_t doubt_ns;               /* so much later one may hold what the other held now: see join_doubt() */
        bool lossy[2];                  /* by end: it lacks frames that were there */
};

/* From the slack of join_clock_read(): what is on its way, and what is not known of the clocks. */
int64_t join_doubt(int64_t slack_ns);

/* Do the facts of a connection show that the capture at @end, theirs, lost frames? */
bool join_shows_loss(const struct facts *f, enum side end);

/*
 * Whose capture alone is to be believed, since the other's stopped before, or lost what this one received:
 * SIDE_UNKNOWN where both can be joined.
 */
enum side join_alone(const struct facts *at_client, const struct facts *at_server, const struct join_captures *captures,
                     const struct join_shift shifts[static 2]);

/*
 * The facts of both as one. Times are the client's clock. Frame numbers are the client's capture's; what only the
 * server's capture holds has none.
 */
void join_facts(const struct facts *at_client, const struct facts *at_server, const struct join_captures *captures,
                const struct join_shift shifts[static 2], bool translated, struct facts *ret_facts);
