/* Counting records. */
#include "report/totals.h"

#include <string.h>

_Static_assert(N_CAUSES <= 32, "the causes of a record no longer fit into 32 bits");

static uint64_t value_or_0(struct maybe_u64 value)
{
        return value.known ? value.value : 0;
}

static uint64_t add(uint64_t a, uint64_t b)
{
        return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

struct maybe_u64 totals_add(struct maybe_u64 a, struct maybe_u64 b)
{
        if (!a.known && !b.known)
                return a;
        return known_u64(add(value_or_0(a), value_or_0(b)));
}

uint64_t totals_lost(const struct record_direction *d)
{
        if (d->fate != FATE_LOST)
                return 0;
        return add(value_or_0(d->uncertain), add(value_or_0(d->unread), value_or_0(d->unsent)));
}

uint64_t totals_uncertain(const struct record_direction *d)
{
        return d->fate == FATE_UNCERTAIN ? value_or_0(d->uncertain) : 0;
}

struct totals_share totals_share(const struct record *r)
{
        struct totals_share share = {
                .ending = (uint8_t)r->ending,
                .severity = (uint8_t)r->severity,
                .cause = (int8_t)r->cause,
                .bytes = add(value_or_0(r->to_server.bytes), value_or_0(r->to_client.bytes)),
                .uncertain = add(totals_uncertain(&r->to_server), totals_uncertain(&r->to_client)),
                .lost = add(totals_lost(&r->to_server), totals_lost(&r->to_client)),
                .missing = r->source == SOURCE_CAPTURE && r->seen.gaps && r->seen.sides == SIDES_SEEN_BOTH,
        };

        for (size_t i = 0; i < TOTALS_CAUSES_SHOWN; i++)
                share.first[i] = r->cause == CAUSE_NONE && i < r->n_causes ? (int8_t)r->causes[i] : CAUSE_NONE;
        if (r->cause == CAUSE_NONE)
                for (size_t i = 0; i < r->n_causes; i++)
                        share.causes |= UINT32_C(1) << r->causes[i];
        return share;
}

static struct totals_group *group_of(struct totals *t, const struct totals_share *share)
{
        for (size_t i = 0; i < t->n_groups; i++) {
                struct totals_group *g = &t->groups[i];

                if (g->ending == share->ending && g->cause == share->cause && g->causes == share->causes)
                        return g;
        }
        if (t->n_groups == TOTALS_GROUPS_MAX)
                return NULL;
        t->groups[t->n_groups] =
                (struct totals_group){ .ending = share->ending, .cause = share->cause, .causes = share->causes };
        memcpy(t->groups[t->n_groups].first, share->first, sizeof(share->first));
        return &t->groups[t->n_groups++];
}

/* Unsigned on purpose: taking away is adding the two's complement of one. */
static void apply(struct totals *t, const struct totals_share *share, uint64_t one)
{
        struct totals_group *group = group_of(t, share);
        uint64_t bad = share->severity == SEVERITY_BAD ? one : 0;

        t->n += one;
        t->endings[share->ending] += one;
        t->severities[share->severity] += one;
        t->bad[share->ending] += bad;
        if (share->severity == SEVERITY_NOTABLE)
                t->notable[share->ending] += one;
        t->bytes += one * share->bytes;
        t->uncertain += one * share->uncertain;
        t->lost += one * share->lost;
        if (share->missing)
                t->n_missing += one;
        if (group) {
                group->n += one;
                group->n_bad += bad;
        } else {
                t->n_ungrouped += one;
        }
}

void totals_count(struct totals *t, const struct totals_share *share)
{
        apply(t, share, 1);
}

void totals_uncount(struct totals *t, const struct totals_share *share)
{
        apply(t, share, UINT64_MAX);
}
