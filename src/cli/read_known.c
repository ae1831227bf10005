/* A table of the records given out last: a bucket of four places for each id, of which the oldest gives way. */
#include "cli/read_known.h"

#include <errno.h>
#include <stdlib.h>

enum { N_BUCKETS = 1 << 14, N_PLACES = 4 };

struct place {
        uint64_t file, frame;   /* frame 0: empty */
        struct totals_share share;
};

struct bucket {
        struct place places[N_PLACES];
        unsigned next;
};

struct read_known {
        struct bucket buckets[N_BUCKETS];
};

int read_known_new(struct read_known **ret_known)
{
        struct read_known *known = calloc(1, sizeof(*known));

        if (!known)
                return -ENOMEM;
        *ret_known = known;
        return 0;
}

struct read_known *read_known_free(struct read_known *known)
{
        free(known);
        return NULL;
}

static struct bucket *bucket_of(struct read_known *known, uint64_t file, uint64_t frame)
{
        uint64_t hash = (frame ^ file << 48) * UINT64_C(0x9e3779b97f4a7c15);

        return &known->buckets[hash >> 50];
}

static struct place *find(struct bucket *bucket, uint64_t file, uint64_t frame)
{
        for (size_t i = 0; i < N_PLACES; i++)
                if (bucket->places[i].frame == frame && bucket->places[i].file == file)
                        return &bucket->places[i];
        return NULL;
}

bool read_known_put(struct read_known *known, uint64_t file, uint64_t frame, const struct totals_share *share,
                    struct totals_share *ret_old)
{
        struct bucket *bucket = bucket_of(known, file, frame);
        struct place *place = find(bucket, file, frame);
        bool was = place != NULL;

        if (was)
                *ret_old = place->share;
        else
                place = &bucket->places[bucket->next++ % N_PLACES];
        *place = (struct place){ .file = file, .frame = frame, .share = *share };
        return was;
}

bool read_known_take(struct read_known *known, uint64_t file, uint64_t frame, struct totals_share *ret_old)
{
        struct place *place = find(bucket_of(known, file, frame), file, frame);

        if (!place)
                return false;
        *ret_old = place->share;
        *place = (struct place){ 0 };
        return true;
}
