/* Counts what the steps of a plan say; the verdict was stated by hand. */
#include "generate/truth.h"

#include <arpa/inet.h>
#include <string.h>

#include "wire/segment.h"
#include "words/closed.h"
#include "words/fate.h"

struct count {
        uint32_t bytes, acked, acked_by_reset;
        uint32_t again, maybe_again, forged;
        bool by_reset;
        bool fin, reset, fin_acked;
        uint32_t fin_end;
        enum closed closed;
};

static uint32_t least(uint32_t a, uint32_t b)
{
        return a < b ? a : b;
}

static void count_payload(struct count *count, const struct step *step)
{
        uint32_t from = step->seq + !!(step->flags & SEGMENT_SYN), to = from + step->n;

        if (step->flags & SEGMENT_FIN)
                count->fin_end = to + 1;
        if (step->n == 0 || step->kind & STEP_PROBE)
                return;
        --from;
        --to;
        if (from < count->bytes) {
                if (step->kind & STEP_FIRST_SIGHT)
                        count->maybe_again += least(to, count->bytes) - from;
                else
                        count->again += least(to, count->bytes) - from;
        }
        if (to > count->bytes)
                count->bytes = to;
}

static void count_step(struct count *own, struct count *back, const struct step *step)
{
        own->forged += !!(step->kind & STEP_FORGED);
        if (step->kind & (STEP_FORGED | STEP_ICMP))
                return;
        if (step->flags & SEGMENT_RST) {
                if (own->closed == CLOSED_NO)
                        own->closed = CLOSED_RESET;
                if (step->flags & SEGMENT_ACK) {
                        back->by_reset = true;
                        if (step->ack - 1 > back->acked_by_reset)
                                back->acked_by_reset = step->ack - 1;
                }
                return;
        }
        if (step->flags & SEGMENT_FIN && own->closed == CLOSED_NO)
                own->closed = CLOSED_FIN;
        count_payload(own, step);
        if (step->flags & SEGMENT_ACK && step->ack - 1 > back->acked)
                back->acked = step->ack - 1;
}

/* An ACK of the FIN counts it as a place. */
static void settle(struct count *count)
{
        count->fin_acked = count->closed == CLOSED_FIN && count->acked + 1 >= count->fin_end;
        count->acked = least(count->acked, count->bytes);
        count->acked_by_reset = least(count->acked_by_reset, count->bytes);
}

static enum fate fate(const struct count *count, bool lost)
{
        uint32_t known = count->acked > count->acked_by_reset ? count->acked : count->acked_by_reset;

        if (count->bytes == 0)
                return FATE_NONE;
        if (lost)
                return FATE_LOST;
        return known < count->bytes ? FATE_UNCERTAIN : FATE_ACKED;
}

static void put_direction(FILE *file, const char *name, const struct count *count, bool lost, uint64_t packets)
{
        fprintf(file, "\"%s\":{\"bytes\":%u,\"acked\":%u,\"acked_by_reset\":", name, count->bytes, count->acked);
        if (count->by_reset)
                fprintf(file, "%u", count->acked_by_reset);
        else
                fputs("null", file);
        fprintf(file, ",\"closed\":\"%s\",\"fin_acked\":%s,\"retransmitted\":%u,\"maybe_retransmitted\":%u,"
                "\"packets\":%llu,\"forged\":%u,\"fate\":\"%s\"}", closed_name(count->closed),
                count->fin_acked ? "true" : "false",
                count->again, count->maybe_again, (unsigned long long)packets, count->forged,
                fate_name(fate(count, lost)));
}

static void put_word(FILE *file, const char *key, const char *word)
{
        if (word)
                fprintf(file, ",\"%s\":\"%s\"", key, word);
        else
                fprintf(file, ",\"%s\":null", key);
}

static void put_side(FILE *file, const char *key, enum side side)
{
        put_word(file, key, side == SIDE_UNKNOWN ? NULL : side_name(side));
}

static void put_end(FILE *file, const struct plan *plan, enum side side)
{
        char text[INET6_ADDRSTRLEN];

        inet_ntop(plan->family, plan->address[side], text, sizeof(text));
        fprintf(file, ",\"%s\":{\"ip\":\"%s\",\"port\":%u}", side_name(side), text, plan->port[side]);
}

static void write_part(FILE *file, const struct plan *plan, unsigned part)
{
        const struct verdict *v = &plan->verdict[part];
        const struct place *place = &plan->place[part];
        int64_t last = 0, interval = 0, ended = 0;
        struct count count[2] = {};
        unsigned resets = 0;

        count[0].closed = count[1].closed = CLOSED_NO;
        for (size_t i = 0; i < plan->n_steps; ++i) {
                const struct step *step = &plan->steps[i];

                if (step->part != part)
                        continue;
                interval = step->at - last;
                last = step->at;
                if (step->flags & SEGMENT_RST && resets++ == 0)
                        ended = step->at;
                count_step(&count[step->from], &count[other(step->from)], step);
        }
        settle(&count[0]);
        settle(&count[1]);

        fprintf(file, "{\"kind\":\"%s\",\"part\":%u,\"first\":%llu,\"last\":%llu", v->kind, part,
                (unsigned long long)place->first, (unsigned long long)place->last);
        put_end(file, plan, SIDE_CLIENT);
        put_end(file, plan, SIDE_SERVER);
        fprintf(file, ",\"started\":%lld,\"last_at\":%lld,\"last_interval\":%lld", (long long)place->begun,
                (long long)(plan->begun + last), (long long)interval);
        put_word(file, "ending", ending_name(v->ending));
        put_side(file, "ended_by", v->ended_by);
        put_side(file, "silent", v->silent);
        put_word(file, "cause", cause_name(v->cause));
        fprintf(file, ",\"gave_up\":%s,\"midstream\":%s", v->gave_up ? "true" : "false",
                v->midstream ? "true" : "false");
        if (resets) {
                put_side(file, "reset_by", v->reset_by);
                fprintf(file, ",\"reset_frame\":%llu,\"reset_at\":%lld,\"resets\":%u",
                        (unsigned long long)place->reset, (long long)(plan->begun + ended), resets);
        } else {
                fputs(",\"reset_by\":null,\"reset_frame\":null,\"reset_at\":null,\"resets\":0", file);
        }
        put_word(file, "conn_state", conn_state_name(v->conn_state));
        fputc(',', file);
        put_direction(file, "to_server", &count[SIDE_CLIENT], v->lost[SIDE_CLIENT], place->packets[SIDE_CLIENT]);
        fputc(',', file);
        put_direction(file, "to_client", &count[SIDE_SERVER], v->lost[SIDE_SERVER], place->packets[SIDE_SERVER]);
        fputs("}\n", file);
}

void truth_write(FILE *file, const struct plan *plan)
{
        for (unsigned part = 0; part < plan->n_parts; ++part)
                write_part(file, plan, part);
}

void truth_write_end(FILE *file, int64_t until, uint64_t n_frames)
{
        fprintf(file, "{\"until\":%lld,\"frames\":%llu}\n", (long long)until, (unsigned long long)n_frames);
}
