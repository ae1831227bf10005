/* A table of connections by their addresses, each in one of three queues until it is due. */
#include "live/pairs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "live/address.h"
#include "live/mend.h"

#define MS UINT64_C(1000000)
/* The last SYN-ACK is sent again after this at the latest. */
#define HANDSHAKE_MAX (130000 * MS)

enum { BUCKETS = 1 << 15 };
enum { SYN = 2, ACK = 16 };

/* Each queue has one delay, so it is in the order of time by itself. */
enum queue {
        QUEUE_WHOLE,            /* both ends are here: only a RST that is told of late may come */
        QUEUE_ALONE,            /* the other end may be here, and be slow to notice */
        QUEUE_FAR,              /* the other end is on this host, and in no hurry */
        QUEUE_TOLD,             /* was told: kept for what comes late */
        QUEUE_HELD,             /* was told, and a program holds an end of it yet */
        N_QUEUES
};

static const uint64_t delays[N_QUEUES] = { 50 * MS, 1000 * MS, 60000 * MS, 60000 * MS, 3600000 * MS };

struct slot {
        struct live_connection connection;
        struct slot *bucket_next;
        struct slot *numbers_next;      /* of one end alone, by sequence numbers */
        uint32_t numbers_bucket;
        bool by_numbers;                /* it is in that table */
        struct slot *before, *after;    /* in its queue */
        uint32_t bucket;
        enum queue queue;
        uint64_t due_ns;
};

struct pairs {
        void (*tell)(void *context, struct live_connection *connection);
        void *context;
        uint64_t now_ns;
        struct slot *buckets[BUCKETS];
        struct slot *numbers[BUCKETS];
        struct slot *heads[N_QUEUES], *tails[N_QUEUES];
        struct slot *unused;
        struct slot slots[PAIRS_MAX];
};

int pairs_new(void (*tell)(void *context, struct live_connection *connection), void *context, struct pairs **ret_pairs)
{
        struct pairs *pairs = calloc(1, sizeof(*pairs));

        if (!pairs)
                return -ENOMEM;
        pairs->tell = tell;
        pairs->context = context;
        for (size_t i = PAIRS_MAX; i-- > 0;) {
                pairs->slots[i].after = pairs->unused;
                pairs->unused = &pairs->slots[i];
        }
        *ret_pairs = pairs;
        return 0;
}

struct pairs *pairs_free(struct pairs *pairs)
{
        free(pairs);
        return NULL;
}

/* The same for both directions. Addresses come from outside, but who can choose them cannot choose many. */
static uint32_t bucket_of(const uint8_t local[static 16], uint16_t local_port, const uint8_t remote[static 16],
                          uint16_t remote_port)
{
        uint64_t sum = 0;

        for (size_t i = 0; i < 16; i += 8) {
                uint64_t a, b;

                memcpy(&a, local + i, sizeof(a));
                memcpy(&b, remote + i, sizeof(b));
                sum = sum * 31 + a + b;
        }
        sum += (uint64_t)local_port * remote_port * 2654435761u + local_port + remote_port;
        sum ^= sum >> 29;
        sum *= UINT64_C(0x9e3779b97f4a7c15);
        return (uint32_t)(sum >> 40) % BUCKETS;
}

static void leave_queue(struct pairs *pairs, struct slot *slot)
{
        *(slot->before ? &slot->before->after : &pairs->heads[slot->queue]) = slot->after;
        *(slot->after ? &slot->after->before : &pairs->tails[slot->queue]) = slot->before;
        slot->before = slot->after = NULL;
}

static void join_queue(struct pairs *pairs, struct slot *slot, enum queue queue)
{
        slot->queue = queue;
        slot->due_ns = pairs->now_ns + delays[queue];
        slot->before = pairs->tails[queue];
        slot->after = NULL;
        *(slot->before ? &slot->before->after : &pairs->heads[queue]) = slot;
        pairs->tails[queue] = slot;
}

static bool was_told(enum queue queue)
{
        return queue == QUEUE_TOLD || queue == QUEUE_HELD;
}

static void add_reset(struct live_connection *c, const struct live_reset *reset)
{
        if (c->n_resets < LIVE_RESETS_MAX)
                c->resets[c->n_resets++] = *reset;
        else
                c->n_resets_more++;
}

static bool is_held(const struct live_connection *c)
{
        for (unsigned i = 0; i < c->n_ends; i++)
                if (!c->gone[i])
                        return true;
        return false;
}

static void tell(struct pairs *pairs, struct slot *slot)
{
        pairs->tell(pairs->context, &slot->connection);
        slot->connection.n_told++;
}

static void leave_numbers(struct pairs *pairs, struct slot *slot)
{
        struct slot **at = &pairs->numbers[slot->numbers_bucket];

        if (!slot->by_numbers)
                return;
        while (*at != slot)
                at = &(*at)->numbers_next;
        *at = slot->numbers_next;
        slot->by_numbers = false;
}

static void forget(struct pairs *pairs, struct slot *slot)
{
        struct slot **at = &pairs->buckets[slot->bucket];

        leave_numbers(pairs, slot);
        while (*at != slot)
                at = &(*at)->bucket_next;
        *at = slot->bucket_next;
        leave_queue(pairs, slot);
        slot->after = pairs->unused;
        pairs->unused = slot;
}

static struct slot *slot_new(struct pairs *pairs, uint32_t bucket)
{
        static const enum queue order[] = { QUEUE_TOLD, QUEUE_HELD, QUEUE_FAR, QUEUE_ALONE, QUEUE_WHOLE };
        struct slot *slot;

        for (size_t i = 0; i < N_QUEUES && !pairs->unused; i++) {
                slot = pairs->heads[order[i]];
                if (!slot)
                        continue;
                if (!was_told(slot->queue))
                        tell(pairs, slot);
                forget(pairs, slot);
        }
        slot = pairs->unused;
        pairs->unused = slot->after;
        memset(slot, 0, sizeof(*slot));
        slot->bucket = bucket;
        slot->bucket_next = pairs->buckets[bucket];
        pairs->buckets[bucket] = slot;
        return slot;
}

static bool is_same_way(const struct live_end *a, uint8_t family, const uint8_t *local, uint16_t local_port,
                        const uint8_t *remote, uint16_t remote_port)
{
        return a->family == family && a->local_port == local_port && a->remote_port == remote_port &&
               memcmp(a->local, local, 16) == 0 && memcmp(a->remote, remote, 16) == 0;
}

/* Whose SYN is among the bytes acknowledged: tcp_finish_connect() counts it, the accepting end has none to count. */
static bool fits_as_client(const struct live_end *client, const struct live_end *server)
{
        return client->send_start + 1 == server->recv_start && client->recv_start == server->send_start;
}

static bool are_a_pair(const struct live_end *a, const struct live_end *b)
{
        if (!is_same_way(a, b->family, b->remote, b->remote_port, b->local, b->local_port))
                return false;
        if (!(a->flags & b->flags & LIVE_SNAPPED) || !(a->flags & b->flags & LIVE_ESTABLISHED))
                return false;
        return fits_as_client(a, b) || fits_as_client(b, a);
}

/*
 * Across a NAT on this host the addresses differ, and the numbers alone are left. Of 64 bits both must fit, of two
 * whose handshakes were seen, the one asking, the other asked, at the same time; then nothing else can be meant.
 */
static bool are_a_pair_by_numbers(const struct live_end *a, const struct live_end *b)
{
        const struct live_end *client = a->flags & LIVE_OPENED ? a : b, *server = client == a ? b : a;

        if (!(a->flags & b->flags & LIVE_SNAPPED) || !(a->flags & b->flags & LIVE_ESTABLISHED) ||
            !(a->flags & b->flags & LIVE_BEGAN) || server->flags & LIVE_OPENED || !(client->flags & LIVE_OPENED))
                return false;
        return fits_as_client(client, server) && client->began_ns <= server->began_ns &&
               server->began_ns - client->began_ns < HANDSHAKE_MAX && client->family == server->family;
}

/* The first numbers of the client's stream and of the server's: the same from both ends. */
static uint32_t numbers_of(const struct live_end *end)
{
        bool opened = end->flags & LIVE_OPENED;
        uint64_t client = opened ? end->send_start + 1 : end->recv_start;
        uint64_t server = opened ? end->recv_start : end->send_start;

        return (uint32_t)((client << 32 | server) * UINT64_C(0x9e3779b97f4a7c15) >> 40) % BUCKETS;
}

static void join_numbers(struct pairs *pairs, struct slot *slot)
{
        slot->numbers_bucket = numbers_of(&slot->connection.ends[0]);
        slot->numbers_next = pairs->numbers[slot->numbers_bucket];
        pairs->numbers[slot->numbers_bucket] = slot;
        slot->by_numbers = true;
}

/* Of a socket whose beginning was not seen: does the count of acknowledged bytes hold a SYN besides the stream? */
static bool count_tells_role(const struct live_end *end, enum side *ret_side)
{
        bool fin_sent = end->flags & LIVE_FIN_OUT && end->unsent == 0;
        uint64_t stream = end->bytes_sent - end->bytes_again + fin_sent - end->unacked;

        if (!(end->flags & LIVE_SNAPPED) || (end->bytes_acked != stream && end->bytes_acked != stream + 1))
                return false;
        *ret_side = end->bytes_acked == stream ? SIDE_SERVER : SIDE_CLIENT;
        return true;
}

static enum side by_ports(uint16_t local_port, uint16_t remote_port)
{
        return local_port < remote_port ? SIDE_SERVER : SIDE_CLIENT;
}

static void find_roles(struct live_connection *c)
{
        c->roles = ROLES_TOLD;
        /* Where two SYNs crossed, who sent his first. */
        if (c->n_ends == 2 && c->ends[0].flags & c->ends[1].flags & LIVE_OPENED) {
                c->first = c->ends[0].began_ns <= c->ends[1].began_ns ? SIDE_CLIENT : SIDE_SERVER;
                return;
        }
        for (unsigned i = 0; i < c->n_ends; i++)
                if (c->ends[i].flags & (LIVE_BEGAN | LIVE_OPENED)) {
                        bool opened = c->ends[i].flags & LIVE_OPENED;

                        c->first = opened == (i == 0) ? SIDE_CLIENT : SIDE_SERVER;
                        return;
                }
        if (c->n_ends == 2) {
                c->first = fits_as_client(&c->ends[0], &c->ends[1]) ? SIDE_CLIENT : SIDE_SERVER;
        } else if (c->n_ends == 1) {
                if (count_tells_role(&c->ends[0], &c->first))
                        return;
                c->first = by_ports(c->ends[0].local_port, c->ends[0].remote_port);
                c->roles = ROLES_PORTS;
        } else if (c->resets[0].answers_flags & SYN) {
                c->first = c->resets[0].answers_flags & ACK ? SIDE_CLIENT : SIDE_SERVER;
                c->roles = c->resets[0].answers_flags & ACK ? ROLES_SYN_ACK : ROLES_SYN;
        } else {
                c->first = by_ports(c->resets[0].local_port, c->resets[0].remote_port);
                c->roles = ROLES_PORTS;
        }
}

static enum queue queue_for(const struct live_connection *c)
{
        const struct live_end *end = &c->ends[0];
        bool all_read;

        if (c->n_ends == 2)
                return QUEUE_WHOLE;
        if (c->n_ends == 0)
                return QUEUE_ALONE;
        all_read = !end->error && !(end->flags & (LIVE_RST_IN | LIVE_RST_OUT)) && end->unread == 0;
        /* Its FIN was taken; the other end is here, has not closed yet, and will be heard of. */
        if (all_read && end->flags & LIVE_ESTABLISHED && !(end->flags & LIVE_FIN_IN) &&
            (address_is_loopback(end->family, end->local) || memcmp(end->local, end->remote, 16) == 0))
                return QUEUE_FAR;
        return QUEUE_ALONE;
}

static void settle(struct pairs *pairs, struct slot *slot, bool is_new)
{
        find_roles(&slot->connection);
        if (!is_new)
                leave_queue(pairs, slot);
        join_queue(pairs, slot, queue_for(&slot->connection));
}

static void advance(struct pairs *pairs, uint64_t now_ns)
{
        if (now_ns > pairs->now_ns)
                pairs->now_ns = now_ns;
}

/* Of an end that was told before its socket was gone, this is the rest. */
static bool goes_on(struct live_connection *c, const struct live_end *end)
{
        for (unsigned i = 0; i < c->n_ends; i++)
                if (!c->gone[i] && c->ends[i].over_ns == end->over_ns && end->over_ns != 0 &&
                    is_same_way(&c->ends[i], end->family, end->local, end->local_port, end->remote, end->remote_port)) {
                        c->ends[i] = *end;
                        c->gone[i] = end->kind == LIVE_END;
                        return true;
                }
        return false;
}

/*
 * Whose place a RST was sent in. Network namespaces use the same addresses at once, so that of the sender's must be
 * that of this end; where the other end is not known it may be another, but for loopback.
 */
enum place { PLACE_NONE, PLACE_OF_OTHER, PLACE_KNOWN };

static enum place place_of(const struct live_reset *reset, const struct live_end *end)
{
        /* Of the segment that a listener answers it is not always known. */
        bool same = reset->netns == end->netns || !reset->netns;

        if (is_same_way(end, reset->family, reset->local, reset->local_port, reset->remote, reset->remote_port))
                return same ? PLACE_KNOWN : PLACE_NONE;
        if (!is_same_way(end, reset->family, reset->remote, reset->remote_port, reset->local, reset->local_port))
                return PLACE_NONE;
        if (same)
                return PLACE_KNOWN;
        return address_is_loopback(end->family, end->local) ? PLACE_NONE : PLACE_OF_OTHER;
}

/* A RST was heard of first: sent to this end, or in its place. */
static bool belongs_to_reset(const struct live_connection *c, const struct live_end *end)
{
        return c->n_ends == 0 && c->resets[0].at_ns >= end->began_ns && place_of(&c->resets[0], end) != PLACE_NONE;
}

/* Addresses are used again, and a RST is heard of before the ends of its connection: what was laid to an older one of
 * these addresses, or stands alone, is this one's if it was sent since this one began. */
static void take_resets_back(struct pairs *pairs, struct slot *slot, const struct live_end *end)
{
        struct live_connection *c = &slot->connection;
        struct slot *next;
        uint32_t bucket;

        if (!(end->flags & LIVE_BEGAN))
                return;
        bucket = bucket_of(end->local, end->local_port, end->remote, end->remote_port);
        for (struct slot *older = pairs->buckets[bucket]; older; older = next) {
                struct live_connection *o = &older->connection;
                unsigned n = o->n_resets;

                next = older->bucket_next;
                if (older == slot || (o->n_ends > 0 && o->ends[0].began_ns >= end->began_ns))
                        continue;
                o->n_resets = 0;
                for (unsigned i = 0; i < n; i++)
                        if (o->resets[i].at_ns < end->began_ns || place_of(&o->resets[i], end) != PLACE_KNOWN)
                                o->resets[o->n_resets++] = o->resets[i];
                        else
                                add_reset(c, &o->resets[i]);
                if (o->n_ends + o->n_resets == 0)
                        forget(pairs, older);
                else if (o->n_resets < n)
                        settle(pairs, older, false);
        }
}

static void add_end(struct pairs *pairs, struct slot *slot, const struct live_end *end, bool is_new)
{
        struct live_connection *c = &slot->connection;

        c->ends[c->n_ends] = *end;
        c->gone[c->n_ends++] = end->kind == LIVE_END;
        take_resets_back(pairs, slot, end);
        if (!slot->by_numbers)
                join_numbers(pairs, slot);
        settle(pairs, slot, is_new);
}

void pairs_end(struct pairs *pairs, const struct live_end *told)
{
        struct live_end end = *told;
        struct slot *slot;
        uint32_t bucket;

        address_unmap_end(&end);
        mend_end(&end);
        advance(pairs, end.ended_ns ? end.ended_ns : end.over_ns);
        bucket = bucket_of(end.local, end.local_port, end.remote, end.remote_port);
        for (slot = pairs->buckets[bucket]; slot; slot = slot->bucket_next) {
                struct live_connection *c = &slot->connection;

                if (goes_on(c, &end)) {
                        settle(pairs, slot, false);
                        return;
                }
                if ((c->n_ends == 1 && are_a_pair(&c->ends[0], &end)) || belongs_to_reset(c, &end)) {
                        add_end(pairs, slot, &end, false);
                        return;
                }
        }
        for (slot = pairs->numbers[numbers_of(&end)]; slot; slot = slot->numbers_next) {
                struct live_connection *c = &slot->connection;

                if (goes_on(c, &end)) {
                        settle(pairs, slot, false);
                        return;
                }
                if (c->n_ends == 1 && are_a_pair_by_numbers(&c->ends[0], &end)) {
                        c->translated = true;
                        add_end(pairs, slot, &end, false);
                        return;
                }
        }
        /* Its story was told, and had to make room since: half of it again would only hide the whole. */
        if (end.kind == LIVE_END && end.flags & LIVE_TOLD)
                return;
        add_end(pairs, slot_new(pairs, bucket), &end, true);
}

static enum place concerns(const struct live_reset *reset, const struct live_connection *c)
{
        enum place place = PLACE_NONE;

        if (c->n_ends == 0)
                return PLACE_NONE;
        /* A SYN is the beginning of another, if this one stood. */
        if ((reset->answers_flags & (SYN | ACK)) == SYN && c->ends[0].flags & LIVE_ESTABLISHED)
                return PLACE_NONE;
        for (unsigned i = 0; i < c->n_ends && place != PLACE_KNOWN; i++) {
                enum place here = place_of(reset, &c->ends[i]);

                place = here > place ? here : place;
        }
        return place == PLACE_OF_OTHER && c->n_ends == 2 ? PLACE_NONE : place;
}

/* The latest of these addresses stands first. Which of two network namespaces a third one answers is not known. */
static struct slot *slot_of_reset(struct pairs *pairs, uint32_t bucket, const struct live_reset *reset)
{
        struct slot *of_other = NULL;
        bool several = false;

        for (struct slot *slot = pairs->buckets[bucket]; slot; slot = slot->bucket_next) {
                enum place place = concerns(reset, &slot->connection);

                if (place == PLACE_KNOWN)
                        return slot;
                if (place == PLACE_OF_OTHER && !of_other)
                        of_other = slot;
                else if (place == PLACE_OF_OTHER)
                        several |= of_other->connection.ends[0].netns != slot->connection.ends[0].netns;
        }
        return several ? NULL : of_other;
}

void pairs_reset(struct pairs *pairs, const struct live_reset *told)
{
        struct live_reset reset = *told;
        struct slot *slot;
        uint32_t bucket;

        address_unmap_reset(&reset);
        advance(pairs, reset.at_ns);
        bucket = bucket_of(reset.local, reset.local_port, reset.remote, reset.remote_port);
        slot = slot_of_reset(pairs, bucket, &reset);
        if (slot) {
                struct live_connection *c = &slot->connection;

                add_reset(c, &reset);
                settle(pairs, slot, false);
                return;
        }
        slot = slot_new(pairs, bucket);
        slot->connection.resets[0] = reset;
        slot->connection.n_resets = 1;
        settle(pairs, slot, true);
}

void pairs_tick(struct pairs *pairs, uint64_t now_ns)
{
        struct slot *slot;

        advance(pairs, now_ns);
        for (enum queue queue = 0; queue < N_QUEUES; queue++)
                while ((slot = pairs->heads[queue]) && slot->due_ns <= pairs->now_ns) {
                        if (was_told(queue)) {
                                forget(pairs, slot);
                                continue;
                        }
                        tell(pairs, slot);
                        leave_queue(pairs, slot);
                        join_queue(pairs, slot, is_held(&slot->connection) ? QUEUE_HELD : QUEUE_TOLD);
                }
}

void pairs_flush(struct pairs *pairs)
{
        for (enum queue queue = 0; queue < N_QUEUES; queue++)
                while (pairs->heads[queue]) {
                        if (!was_told(queue))
                                tell(pairs, pairs->heads[queue]);
                        forget(pairs, pairs->heads[queue]);
                }
}

enum side connection_side(const struct live_connection *connection, unsigned index)
{
        return index == 0 ? connection->first : connection->first == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT;
}
