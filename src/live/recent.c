/* A ring of packets, each of which knows where the one before it of the same bucket stands. */
#include "live/recent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1 << 16, ALIGN = 16 };

/* Where a packet stands is told by how many bytes were ever written before it: what the ring has run over is
 * seen by that. */
struct entry {
        uint64_t before;        /* position of the one before it in the bucket, + 1; 0: none */
        uint64_t number;
        int64_t time_ns;
        uint32_t n_bytes, n_frame;
        struct recent_key key;
};

struct recent {
        uint64_t size;          /* a power of two */
        uint64_t head;          /* bytes ever written */
        uint64_t n;             /* packets ever added */
        uint64_t last[BUCKETS]; /* position + 1 */
        uint8_t *ring;
};

int recent_new(size_t size, struct recent **ret_recent)
{
        struct recent *recent = calloc(1, sizeof(*recent));

        if (!recent)
                return -ENOMEM;
        recent->size = 4 * (sizeof(struct entry) + RECENT_BYTES_MAX);
        while (recent->size & (recent->size - 1))
                recent->size += recent->size & -recent->size;
        while (recent->size < size && recent->size <= SIZE_MAX / 4)
                recent->size *= 2;
        recent->ring = malloc(recent->size);
        if (!recent->ring) {
                recent_free(recent);
                return -ENOMEM;
        }
        *ret_recent = recent;
        return 0;
}

struct recent *recent_free(struct recent *recent)
{
        if (recent)
                free(recent->ring);
        free(recent);
        return NULL;
}

struct recent_key recent_key(uint8_t family, const uint8_t a[static 16], uint16_t a_port, const uint8_t b[static 16],
                             uint16_t b_port)
{
        int order = memcmp(a, b, 16);
        size_t first = order > 0 || (order == 0 && a_port > b_port);
        struct recent_key key;

        memset(&key, 0, sizeof(key));
        key.family = family;
        memcpy(key.address[first], a, 16);
        memcpy(key.address[1 - first], b, 16);
        key.port[first] = a_port;
        key.port[1 - first] = b_port;
        return key;
}

/* Who fills a bucket on purpose only slows the look at his own packets: what is kept is bounded. */
static size_t bucket_of(const struct recent_key *key)
{
        uint64_t sum = (uint64_t)key->port[0] << 16 | key->port[1];

        for (size_t i = 0; i < 2; i++)
                for (size_t k = 0; k < 16; k += 8) {
                        uint64_t part;

                        memcpy(&part, key->address[i] + k, sizeof(part));
                        sum = (sum ^ part) * UINT64_C(0x9e3779b97f4a7c15);
                        sum ^= sum >> 32;
                }
        return sum % BUCKETS;
}

static struct entry *at(const struct recent *recent, uint64_t position)
{
        return (struct entry *)(void *)(recent->ring + (position & (recent->size - 1)));
}

/* Is what began there still whole? */
static int is_there(const struct recent *recent, uint64_t position)
{
        return recent->head - position <= recent->size;
}

void recent_add(struct recent *recent, const struct recent_key *key, int64_t time_ns, const uint8_t *bytes,
                uint32_t n_bytes, uint32_t n_frame)
{
        uint64_t *last = &recent->last[bucket_of(key)], room, need, position;
        struct entry *entry;

        if (n_bytes > RECENT_BYTES_MAX)
                n_bytes = RECENT_BYTES_MAX;
        need = (sizeof(*entry) + n_bytes + ALIGN - 1) & ~(uint64_t)(ALIGN - 1);
        /* None is split by the end of the ring. */
        room = recent->size - (recent->head & (recent->size - 1));
        if (room < need)
                recent->head += room;
        position = recent->head;
        recent->head += need;
        entry = at(recent, position);
        *entry = (struct entry){
                .before = *last && is_there(recent, *last - 1) ? *last : 0, .number = ++recent->n, .time_ns = time_ns,
                .n_bytes = n_bytes, .n_frame = n_frame, .key = *key,
        };
        memcpy(entry + 1, bytes, n_bytes);
        *last = position + 1;
}

size_t recent_find(const struct recent *recent, const struct recent_key *key, uint64_t after,
                   struct recent_packet *packets, size_t max)
{
        uint64_t next = recent->last[bucket_of(key)];
        size_t n = 0;

        while (next && n < max && is_there(recent, next - 1)) {
                const struct entry *entry = at(recent, next - 1);

                if (entry->number <= after)
                        break;
                if (memcmp(&entry->key, key, sizeof(*key)) == 0)
                        packets[n++] = (struct recent_packet){
                                .bytes = (const uint8_t *)(entry + 1),
                                .n_bytes = entry->n_bytes, .n_frame = entry->n_frame,
                                .time_ns = entry->time_ns, .number = entry->number,
                        };
                next = entry->before;
        }
        for (size_t i = 0; i < n / 2; i++) {
                struct recent_packet other = packets[i];

                packets[i] = packets[n - 1 - i];
                packets[n - 1 - i] = other;
        }
        return n;
}
