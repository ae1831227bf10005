/* The facts of two captures as those of one connection: each from the end that is the authority on it. */
#include "ending/join.h"

#include <string.h>

#include "ending/judging.h"

/* So long a segment may be on its way, beyond what the fastest took. */
#define ON_ITS_WAY_NS INT64_C(250000000)

static void shift_time(struct fact_time *time, int64_t ahead_ns)
{
        if (fact_known(time->how) && __builtin_sub_overflow(time->value, ahead_ns, &time->value))
                time->how = HOW_UNKNOWN;
}

#define SHIFT_time(fact) shift_time(&(fact), ahead_ns)
#define SHIFT_count(fact) (void)0
#define SHIFT_flag(fact) (void)0
#define SHIFT_os(fact) (void)0
#define SHIFT_side(fact) (void)0
#define SHIFT_act(fact) (void)0
#define SHIFT_state(fact) (void)0
#define SHIFT_error(fact) (void)0
#define SHIFT_reason(fact) (void)0
#define SHIFT_icmp(fact) (void)0
#define SHIFT_segment(fact) (void)0
#define SHIFT_validity(fact) (void)0
#define SHIFT(kind, name, sentence) SHIFT_##kind(of->name);

static void shift_connection(struct facts *of, int64_t ahead_ns)
{
        FACTS_OF_CONNECTION(SHIFT)
}

static void shift_end(struct facts_of_end *of, int64_t ahead_ns)
{
        FACTS_OF_END(SHIFT)
}

static void shift_direction(struct facts_of_direction *of, int64_t ahead_ns)
{
        FACTS_OF_DIRECTION(SHIFT)
}

static void shift_reset(struct facts_of_reset *of, int64_t ahead_ns)
{
        FACTS_OF_RESET(SHIFT)
}

static size_t n_resets(const struct facts *f)
{
        return f->n_resets < FACTS_RESETS_MAX ? f->n_resets : FACTS_RESETS_MAX;
}

static void shift_position(struct fact_count *count, struct join_shift shift)
{
        int64_t moved;

        if (!fact_known(count->how))
                return;
        if (!shift.known || count->value > INT64_MAX / 2) {
                count->how = HOW_UNKNOWN;
                return;
        }
        moved = (int64_t)count->value + shift.shift;
        count->value = moved > 0 ? (uint64_t)moved : 0;
}

/* No bytes are no bytes wherever one began to count. */
static void shift_count(struct fact_count *count, struct join_shift shift)
{
        if (shift.known || count->value > 0)
                shift_position(count, shift);
}

/* The server's facts in the client's time and count of bytes, without frame numbers. */
static struct facts translate(const struct facts *at_server, int64_t ahead_ns, const struct join_shift shifts[static 2])
{
        struct facts f = *at_server;

        shift_connection(&f, ahead_ns);
        f.seen.until -= ahead_ns;
        f.icmp_frame.how = HOW_UNKNOWN;
        for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
                struct facts_of_direction *from = &f.from[side];

                shift_end(&f.end[side], ahead_ns);
                shift_direction(from, ahead_ns);
                f.end[side].unanswered_frame.how = HOW_UNKNOWN;
                from->last_payload_frame.how = HOW_UNKNOWN;
                from->fin_frame.how = HOW_UNKNOWN;
                shift_count(&from->bytes, shifts[side]);
                /* Nothing above the first byte that it saw: below, it does not know. */
                if (shifts[side].known && shifts[side].shift > 0 && from->acked.value == 0)
                        from->acked.how = HOW_UNKNOWN;
                shift_count(&from->acked, shifts[side]);
                shift_count(&from->acked_by_reset, shifts[side]);
                shift_position(&from->fin_position, shifts[side]);
        }
        for (size_t i = 0; i < n_resets(&f); i++) {
                struct facts_of_reset *reset = &f.resets[i];
                enum side by = fact_known(reset->by.how) ? reset->by.value : SIDE_UNKNOWN;

                shift_reset(reset, ahead_ns);
                reset->frame.how = HOW_UNKNOWN;
                reset->answers_frame.how = HOW_UNKNOWN;
                if (by == SIDE_CLIENT || by == SIDE_SERVER) {
                        shift_position(&reset->position, shifts[by]);
                        shift_position(&reset->ack_position, shifts[by == SIDE_CLIENT]);
                }
        }
        return f;
}

/* What an end's own capture says, and else what the other's does. */
#define OWN_ELSE(fact, own, other) ((fact_known((own)->fact.how) ? (own) : (other))->fact)
#define TAKE(to, fact, own, other) ((to)->fact = OWN_ELSE(fact, own, other))

static struct fact_flag either(struct fact_flag a, struct fact_flag b)
{
        return fact_is(a) ? a : fact_is(b) ? b : fact_known(a.how) ? a : b;
}

/* Each end as its own capture knows it; but what its segments look like from afar is what those are compared
 * with that came from afar. */
static void join_end(const struct facts *own, const struct facts *other, enum side side, struct facts_of_end *to)
{
        *to = own->end[side];
        TAKE(to, os, &own->end[side], &other->end[side]);
        to->ttl = OWN_ELSE(ttl, &other->end[side], &own->end[side]);
        to->answers_in = OWN_ELSE(answers_in, &other->end[side], &own->end[side]);
        to->restarted = either(own->end[side].restarted, other->end[side].restarted);
        TAKE(to, challenge_acks, &own->end[side], &other->end[side]);
}

/* What is known of a connection at one end, and of the capture there; times are the client's. */
struct at_end {
        const struct facts *f;
        bool lossy;
        int64_t doubt_ns;
};

static bool is_whole(const struct at_end *end)
{
        return !end->f->seen.gaps && !end->f->seen.evicted && !end->lossy;
}

/* Did the capture hold all that was there until then, if there was anything? What was sent then has arrived. */
static bool is_whole_until(const struct at_end *end, struct fact_time at)
{
        int64_t least;

        return is_whole(end) && fact_known(at.how) &&
               !__builtin_add_overflow(at.value, end->doubt_ns, &least) && least <= end->f->seen.until;
}

int64_t join_doubt(int64_t slack_ns)
{
        const int64_t most = INT64_MAX / 4;

        if (slack_ns < -most || slack_ns > most)
                return most;
        return ON_ITS_WAY_NS + 2 * (slack_ns < 0 ? -slack_ns : slack_ns);
}

/* When it last sent a byte, or sent one again; at the latest with its last segment. */
static struct fact_time last_sent(const struct facts *f, enum side side)
{
        struct fact_time last = f->from[side].last_payload, again = f->end[side].unanswered_last;

        if (count_is(f->from[side].retransmitted, 0) && fact_known(last.how))
                return last;
        return fact_known(again.how) && fact_known(last.how) && again.value >= last.value ? again : f->last;
}

/* What was sent is known at the sender, what was acknowledged at the receiver. */
static void join_direction(const struct at_end *sender, const struct at_end *receiver, enum side side, bool comparable,
                           struct facts_of_direction *to)
{
        const struct facts_of_direction *sent = &sender->f->from[side], *got = &receiver->f->from[side];
        bool outlives = is_whole(sender) && is_whole_until(receiver, last_sent(sender->f, side));

        *to = *sent;
        if (comparable) {
                /* Even if it is less: then something on the way acknowledged for it. */
                if (fact_known(got->acked.how) &&
                    (!fact_known(sent->acked.how) || got->acked.value > sent->acked.value || outlives))
                        to->acked = got->acked;
                to->acked_by_reset = got->acked_by_reset;
        }
        if (!fact_known(to->acked.how) && !fact_known(to->bytes.how))
                to->acked = got->acked;
        to->sacked = OWN_ELSE(sacked, got, sent);
        to->fin_acked = either(got->fin_acked, sent->fin_acked);
        TAKE(to, fin_acked_at, sent, got);
        if (!fact_is(to->fin)) {
                to->fin_acked = sent->fin_acked;
                to->fin_acked_at = sent->fin_acked_at;
        }
        to->after_peer_fin = OWN_ELSE(after_peer_fin, got, sent);
        to->window_shut = OWN_ELSE(window_shut, got, sent);
        to->window_shut_at = fact_known(got->window_shut.how) ? got->window_shut_at : sent->window_shut_at;
        to->window = OWN_ELSE(window, got, sent);
        /* Without a hole in either capture, and without a byte that one passed over, the end of what came is known. */
        if (comparable && outlives && fact_known(got->bytes.how) && fact_known(sent->bytes.how) &&
            sent->bytes.how == HOW_SEEN && fact_known(got->missing.how) && got->missing.value == 0) {
                to->arrived = got->bytes;
                to->arrived.how = HOW_INFERRED;
        }
}

/* Was the end's own capture running, and unbroken, when something is said to have been sent or received then? Of one
 * that began in the middle it may have been just before. */
static bool would_hold(const struct at_end *own, enum side side, struct fact_time at)
{
        const struct facts *f = own->f;
        int64_t before = f->seen.midstream ? own->doubt_ns : 0, first;

        return is_whole_until(own, at) && count_above(f->from[side].packets, 0) && fact_known(f->first.how) &&
               !__builtin_add_overflow(f->first.value, before, &first) && at.value >= first;
}

static bool same_count(struct fact_count a, struct fact_count b)
{
        return !fact_known(a.how) || !fact_known(b.how) || a.value == b.value;
}

/* A TTL changes on the way, and a NAT changes the IP ID; the rest of a RST stays. */
static bool same_reset(const struct facts_of_reset *a, const struct facts_of_reset *b)
{
        return fact_known(a->by.how) && fact_known(b->by.how) && a->by.value == b->by.value &&
               same_count(a->position, b->position) && same_count(a->ack_position, b->ack_position) &&
               same_count(a->window, b->window) && same_count(a->payload, b->payload) &&
               !(fact_known(a->has_ack.how) && fact_known(b->has_ack.how) && a->has_ack.value != b->has_ack.value);
}

/* Its sender knows what drew it, its receiver what it did. */
static struct facts_of_reset join_reset(const struct facts_of_reset *sent, const struct facts_of_reset *got,
                                        const struct facts_of_reset *with_frame)
{
        struct facts_of_reset r = *sent;

        r.frame = with_frame->frame;
        r.ttl = got->ttl;
        r.ttl_differs = got->ttl_differs;
        r.ip_id = got->ip_id;
        r.ip_id_jumps = got->ip_id_jumps;
        r.validity = OWN_ELSE(validity, got, sent);
        r.obeyed = OWN_ELSE(obeyed, got, sent);
        r.mirrors = got->mirrors;
        /* Where it came to, what was sent before it may come later. */
        r.went_on = OWN_ELSE(went_on, sent, got);
        return r;
}

/* Those beyond as many as are kept are only counted. */
static bool keeps_all_resets(const struct facts *f)
{
        uint64_t n = 0;

        for (size_t i = 0; i < n_resets(f); i++)
                n += 1 + (fact_known(f->resets[i].repeats.how) ? f->resets[i].repeats.value : 0);
        return n >= f->n_resets_in_all;
}

/* Is another RST by that end left over, which might be the one after all? Or were there more than are kept? */
static bool has_another(const struct facts *f, enum side by, const bool *used)
{
        for (size_t i = 0; i < n_resets(f); i++)
                if (!used[i] && (!fact_known(f->resets[i].by.how) || f->resets[i].by.value == by))
                        return true;
        return !keeps_all_resets(f);
}

/* What the other end's capture says of it is said of a RST that the own one does not hold. */
static struct fact_flag went_on(const struct facts *own, const struct facts *other, const struct facts *joined,
                                enum side side)
{
        if (fact_is(own->end[side].went_on) || !fact_is(other->end[side].went_on))
                return OWN_ELSE(went_on, &own->end[side], &other->end[side]);
        for (size_t i = 0; i < n_resets(joined); i++) {
                const struct facts_of_reset *reset = &joined->resets[i];

                if (fact_known(reset->by.how) && reset->by.value == side && fact_is(reset->went_on))
                        return reset->went_on;
        }
        return keeps_all_resets(other) ? own->end[side].went_on : other->end[side].went_on;
}

static void add_reset(struct facts *f, const struct facts_of_reset *reset)
{
        f->n_resets_in_all += 1 + (fact_known(reset->repeats.how) ? reset->repeats.value : 0);
        if (f->n_resets < FACTS_RESETS_MAX)
                f->resets[f->n_resets++] = *reset;
}

/* Those of @in that @other does not hold: made on the way, or lost on it. */
static void add_one_sided(struct facts *f, const struct facts *in, const bool *used, const struct at_end *other,
                          const bool *used_other, enum side own)
{
        for (size_t i = 0; i < n_resets(in); i++) {
                struct facts_of_reset reset = in->resets[i];
                enum side by = fact_known(reset.by.how) ? reset.by.value : SIDE_UNKNOWN;

                if (used[i])
                        continue;
                if (by == SIDE_UNKNOWN ||
                    !would_hold(other, own == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT, reset.at) ||
                    has_another(other->f, by, used_other)) {
                        add_reset(f, &reset);
                        continue;
                }
                if (by == own) {
                        reset.not_arrived = (struct fact_flag){ HOW_INFERRED, true };
                        reset.obeyed.how = HOW_UNKNOWN;
                } else {
                        reset.not_sent = (struct fact_flag){ HOW_INFERRED, true };
                }
                add_reset(f, &reset);
        }
}

static void sort_resets(struct facts *f)
{
        for (size_t i = 1; i < f->n_resets; i++)
                for (size_t j = i; j > 0 && f->resets[j].at.value < f->resets[j - 1].at.value; j--) {
                        struct facts_of_reset swap = f->resets[j];

                        f->resets[j] = f->resets[j - 1];
                        f->resets[j - 1] = swap;
                }
}

static void join_resets(const struct at_end *at_client, const struct at_end *at_server, struct facts *to)
{
        const struct facts *c = at_client->f, *s = at_server->f;
        bool used_c[FACTS_RESETS_MAX] = { 0 }, used_s[FACTS_RESETS_MAX] = { 0 };

        to->n_resets = 0;
        to->n_resets_in_all = 0;
        for (size_t i = 0; i < n_resets(c); i++)
                for (size_t k = 0; k < n_resets(s) && !used_c[i]; k++) {
                        const struct facts_of_reset *a = &c->resets[i], *b = &s->resets[k];
                        bool by_client = fact_known(a->by.how) && a->by.value == SIDE_CLIENT;
                        struct facts_of_reset joined;

                        if (used_s[k] || !same_reset(a, b))
                                continue;
                        used_c[i] = used_s[k] = true;
                        joined = by_client ? join_reset(a, b, a) : join_reset(b, a, a);
                        add_reset(to, &joined);
                        /* What drew it is timed where it was sent. */
                        if (by_client)
                                to->end[SIDE_CLIENT].answers_in = c->end[SIDE_CLIENT].answers_in;
                        else
                                to->end[SIDE_SERVER].answers_in = s->end[SIDE_SERVER].answers_in;
                }
        add_one_sided(to, c, used_c, at_server, used_s, SIDE_CLIENT);
        add_one_sided(to, s, used_s, at_client, used_c, SIDE_SERVER);
        sort_resets(to);
        to->end[SIDE_CLIENT].went_on = went_on(c, s, to, SIDE_CLIENT);
        to->end[SIDE_SERVER].went_on = went_on(s, c, to, SIDE_SERVER);
        if (to->n_resets_in_all < c->n_resets_in_all)
                to->n_resets_in_all = c->n_resets_in_all;
        if (to->n_resets_in_all < s->n_resets_in_all)
                to->n_resets_in_all = s->n_resets_in_all;
}

static bool has_both_fins(const struct facts *f)
{
        return fact_is(f->from[SIDE_CLIENT].fin) && fact_is(f->from[SIDE_SERVER].fin);
}

/* The two FINs crossed if each was sent before the other's had come, as each end saw it itself. */
static struct fact_flag fins_crossed(const struct facts *c, const struct facts *s)
{
        const struct fact_time own_c = c->from[SIDE_CLIENT].fin_at, got_c = c->from[SIDE_SERVER].fin_at;
        const struct fact_time own_s = s->from[SIDE_SERVER].fin_at, got_s = s->from[SIDE_CLIENT].fin_at;

        /* Of a FIN that was lost on its way the other end has only a repeat, which may know more. */
        if (fact_known(c->first_fin.how) && fact_known(s->first_fin.how) && c->first_fin.value != s->first_fin.value)
                return (struct fact_flag){ c->first_fin.value == SIDE_CLIENT ? HOW_SEEN : HOW_UNKNOWN, true };
        /* Acknowledgement numbers know it best. */
        if (fact_known(c->crossed.how) || fact_known(s->crossed.how))
                return either(c->crossed, s->crossed);
        /* Where they do not tell, times do not. */
        if (!fact_known(own_c.how) || !fact_known(own_s.how) || has_both_fins(c) || has_both_fins(s))
                return (struct fact_flag){ 0 };
        /* What never came had not come before. */
        return (struct fact_flag){ HOW_SEEN, (!fact_known(got_c.how) || own_c.value < got_c.value) &&
                                                     (!fact_known(got_s.how) || own_s.value < got_s.value) };
}

/* An ICMP error ends what its receiver has; the client's goes first. */
static void join_icmp(const struct facts *c, const struct at_end *at_server, struct facts *to)
{
        const struct facts *s = at_server->f;
        const struct facts *f = fact_known(c->icmp.how) ? c : s;

        to->icmp = f->icmp;
        to->icmp_at = f->icmp_at;
        to->icmp_frame = f->icmp_frame;
        to->icmp_to = f->icmp_to;
        to->icmp_from_end = f->icmp_from_end;
        to->icmp_quoted = f->icmp_quoted;
        /* In the server's name, and the server's own capture does not hold it. */
        if (f == c && fact_known(c->icmp.how) && !fact_known(s->icmp.how) && fact_is(c->icmp_from_end) &&
            would_hold(at_server, SIDE_SERVER, c->icmp_at))
                to->icmp_from_end = (struct fact_flag){ HOW_INFERRED, false };
}

static void join_seen(const struct facts *c, const struct facts *s, struct facts_seen *to)
{
        bool client = fact_known(c->from[SIDE_CLIENT].packets.how) && c->from[SIDE_CLIENT].packets.value > 0;
        bool server = fact_known(s->from[SIDE_SERVER].packets.how) && s->from[SIDE_SERVER].packets.value > 0;

        *to = c->seen;
        if (s->seen.roles < to->roles)
                to->roles = s->seen.roles;
        if (client && server)
                to->sides = SIDES_SEEN_BOTH;
        to->midstream = c->seen.midstream || s->seen.midstream;
        to->gaps = c->seen.gaps || s->seen.gaps;
        to->losses = c->seen.losses || s->seen.losses;
        to->disorder = c->seen.disorder || s->seen.disorder;
        to->cut = c->seen.cut || s->seen.cut;
        to->evicted = c->seen.evicted || s->seen.evicted;
        to->both_ends = true;
        if (s->seen.until < to->until)
                to->until = s->seen.until;
}

/* Did more of a direction come than its sender's capture holds, which had stopped or loses frames? */
static bool sender_stopped(const struct at_end *sender, const struct at_end *receiver, enum side side, bool comparable)
{
        const struct facts_of_direction *sent = &sender->f->from[side], *got = &receiver->f->from[side];
        bool more = comparable && fact_known(sent->bytes.how) && fact_known(got->bytes.how) &&
                    got->bytes.value > sent->bytes.value;

        return (more || (fact_is(got->fin) && !fact_is(sent->fin))) && !is_whole_until(sender, receiver->f->last);
}

enum side join_alone(const struct facts *at_client, const struct facts *at_server, const struct join_captures *captures,
                     const struct join_shift shifts[static 2])
{
        const struct facts s = translate(at_server, captures->offset_ns, shifts);
        const struct at_end client = { at_client, captures->lossy[SIDE_CLIENT], captures->doubt_ns };
        const struct at_end server = { &s, captures->lossy[SIDE_SERVER], captures->doubt_ns };
        bool no_client = sender_stopped(&client, &server, SIDE_CLIENT, shifts[SIDE_CLIENT].known);
        bool no_server = sender_stopped(&server, &client, SIDE_SERVER, shifts[SIDE_SERVER].known);

        if (no_client && no_server)
                return at_client->seen.until < s.seen.until ? SIDE_SERVER : SIDE_CLIENT;
        return no_client ? SIDE_SERVER : no_server ? SIDE_CLIENT : SIDE_UNKNOWN;
}

void join_facts(const struct facts *at_client, const struct facts *at_server, const struct join_captures *captures,
                const struct join_shift shifts[static 2], bool translated, struct facts *ret_facts)
{
        const struct facts *c = at_client;
        const struct facts s = translate(at_server, captures->offset_ns, shifts);
        const struct at_end client = { c, captures->lossy[SIDE_CLIENT], captures->doubt_ns };
        const struct at_end server = { &s, captures->lossy[SIDE_SERVER], captures->doubt_ns };
        struct facts f = *c;

        join_seen(c, &s, &f.seen);
        if (fact_known(s.last.how) && (!fact_known(f.last.how) || s.last.value > f.last.value))
                f.last = s.last;
        /* SYN-ACKs are the server's to count. */
        TAKE(&f, syn_acks, &s, c);
        TAKE(&f, late_syn_acks, &s, c);
        TAKE(&f, answered_syns, &s, c);
        TAKE(&f, last_syn_ack, &s, c);
        f.two_isns = either(c->two_isns, s.two_isns);
        f.established = either(c->established, s.established);
        f.mptcp = either(c->mptcp, s.mptcp);
        f.reused = either(c->reused, s.reused);
        f.siblings_reset = either(c->siblings_reset, s.siblings_reset);
        f.crossed = fins_crossed(c, &s);
        TAKE(&f, first_fin, c, &s);
        f.translated = (struct fact_flag){ HOW_SEEN, translated };
        join_icmp(c, &server, &f);
        join_end(c, &s, SIDE_CLIENT, &f.end[SIDE_CLIENT]);
        join_end(&s, c, SIDE_SERVER, &f.end[SIDE_SERVER]);
        join_direction(&client, &server, SIDE_CLIENT, shifts[SIDE_CLIENT].known, &f.from[SIDE_CLIENT]);
        join_direction(&server, &client, SIDE_SERVER, shifts[SIDE_SERVER].known, &f.from[SIDE_SERVER]);
        f.both_acked = either(c->both_acked, s.both_acked);
        if (fact_is(f.from[SIDE_CLIENT].fin_acked) && fact_is(f.from[SIDE_SERVER].fin_acked))
                f.both_acked = (struct fact_flag){ HOW_SEEN, true };
        memset(f.resets, 0, sizeof(f.resets));
        join_resets(&client, &server, &f);
        *ret_facts = f;
}
