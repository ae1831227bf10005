/* Making a record, and the rules that bind its keys together. */
#include "ending/record.h"

#include <stddef.h>

#include "base/zero.h"

/* Its lists stay as they are: they have no items. */
static void next_init(struct record_next *next)
{
        next->known = false;
        next->n_if_recv = next->n_if_send = 0;
}

#define SIZE_UP_TO(first, behind) (offsetof(struct record, behind) - offsetof(struct record, first))

static void end_init(struct record_end *end)
{
        end->ip[0] = '\0';
        end->port = 0;
        end->os = OS_UNKNOWN;
        end->comm = end->cgroup = NULL;
        end->pid = end->netns = (struct maybe_u64){ 0 };
}

/* Most of a record are lists, which have no items, so the parts around them are zeroed each alone. */
void record_init(struct record *r, enum source source, const char *id)
{
        end_init(&r->client);
        end_init(&r->server);
        zero_few(&r->started, SIZE_UP_TO(started, causes));
        zero_few(&r->n_causes, SIZE_UP_TO(n_causes, client_next));
        next_init(&r->client_next);
        r->client_saw = (struct record_saw){ 0 };
        next_init(&r->server_next);
        zero_few(&r->server_saw, sizeof(*r) - offsetof(struct record, server_saw));
        r->source = source;
        r->id = id;
        r->rev = 1;
        r->ending = ENDING_UNSEEN;
        r->ended_by = r->silent = SIDE_UNKNOWN;
        r->severity = SEVERITY_FINE;
        r->cause = CAUSE_NONE;
        r->certainty = CERTAINTY_POSSIBLE;
        r->to_server.closed = r->to_client.closed = CLOSED_UNKNOWN;
        r->to_server.fate = r->to_client.fate = FATE_UNKNOWN;
        r->reset.kind = RESET_KIND_UNKNOWN;
        r->reset.by = SIDE_UNKNOWN;
        r->reset.valid = RESET_VALIDITY_UNKNOWN;
        r->seen.roles = ROLES_FIRST;
        r->seen.sides = SIDES_SEEN_NONE;
        r->retry = RETRY_UNKNOWN;
}

struct maybe_u64 record_uncertain(const struct record_direction *d)
{
        uint64_t covered;

        if (!d->bytes.known || !d->acked.known)
                return (struct maybe_u64){ 0 };
        covered = d->acked.value;
        if (d->acked_by_reset.known && d->acked_by_reset.value > covered)
                covered = d->acked_by_reset.value;
        return known_u64(covered < d->bytes.value ? d->bytes.value - covered : 0);
}

void record_add_cause(struct record *r, enum cause cause)
{
        for (size_t i = 0; i < r->n_causes; i++)
                if (r->causes[i] == cause)
                        return;
        if (cause != CAUSE_NONE && r->n_causes < N_CAUSES)
                r->causes[r->n_causes++] = cause;
}

struct record_direction *record_from(struct record *r, enum side sender)
{
        return sender == SIDE_CLIENT ? &r->to_server : sender == SIDE_SERVER ? &r->to_client : NULL;
}

static const char *direction_fault(const struct record_direction *d)
{
        struct maybe_u64 uncertain = record_uncertain(d);

        if (d->bytes.known && d->acked.known && d->acked.value > d->bytes.value)
                return "more bytes are acked than were sent";
        if (d->uncertain.known != uncertain.known ||
            (uncertain.known && d->uncertain.value != uncertain.value))
                return "uncertain is not bytes less what is acked";
        if (d->fin_acked.known && d->fin_acked.value && d->closed != CLOSED_FIN)
                return "a FIN is acked that was not sent";
        if (d->fate == FATE_NONE && d->bytes.known && d->bytes.value > 0)
                return "bytes were sent, yet their fate is none";
        if (d->fate == FATE_ACKED && d->uncertain.known && d->uncertain.value > 0)
                return "bytes are uncertain, yet their fate is acked";
        return NULL;
}

static const char *cause_fault(const struct record *r)
{
        bool stated = r->cause != CAUSE_NONE;

        if (stated && (r->n_causes == 0 || r->causes[0] != r->cause))
                return "the cause is not the first of the causes";
        if (stated && r->certainty == CERTAINTY_POSSIBLE)
                return "a cause is stated that is only possible";
        if (!stated && r->n_causes > 0 && r->certainty != CERTAINTY_POSSIBLE)
                return "the cause is certain or likely, yet not stated";
        if (r->n_causes > 1 && r->certainty == CERTAINTY_CERTAIN)
                return "a certain cause stands beside others";
        if (r->n_causes > 0 && (r->ending == ENDING_ORDERLY || r->ending == ENDING_OPEN ||
                                r->ending == ENDING_HALF_CLOSED || r->ending == ENDING_UNSEEN))
                return "an ending that needs no cause has one";
        if (r->n_causes == 0 && (r->ending == ENDING_RESET || r->ending == ENDING_REFUSED ||
                                 r->ending == ENDING_TIMED_OUT || r->ending == ENDING_UNANSWERED))
                return "an ending that needs a cause has none";
        return NULL;
}

const char *record_fault(const struct record *r)
{
        const char *fault = cause_fault(r);

        if (!fault)
                fault = direction_fault(&r->to_server);
        if (!fault)
                fault = direction_fault(&r->to_client);
        if (fault)
                return fault;
        if (r->ended.known == r->ongoing)
                return "ended is to be unknown where it goes on, and only there";
        if (r->ending == ENDING_RESET && !r->reset.seen)
                return "it was reset without a reset";
        if (r->first_frame.known != r->last_frame.known)
                return "only one of the two frames is known";
        if (r->silent != SIDE_UNKNOWN && r->ending != ENDING_TIMED_OUT && r->ending != ENDING_UNANSWERED)
                return "somebody is called silent in an ending that has no silence";
        return NULL;
}
