/*
 * Zeek's conn.log (scripts/base/protocols/conn/main.zeek; the layout is that of its ASCII writer,
 * src/logging/writers/ascii/Ascii.cc). What a record has not is "-"; the uid is "C" and the record's id.
 */
#include "report/record_zeek.h"

#include <string.h>
#include <time.h>

#include "base/decimal.h"
#include "report/record_json_words.h"

#define SECOND_NS INT64_C(1000000000)

static void put_time(FILE *file, int64_t time_ns)
{
        time_t seconds = (time_t)(time_ns / SECOND_NS);
        struct tm tm;
        char text[32];

        if (gmtime_r(&seconds, &tm) && strftime(text, sizeof(text), "%Y-%m-%d-%H-%M-%S", &tm) > 0)
                fputs(text, file);
}

void record_zeek_header(FILE *file, int64_t time_ns)
{
        fputs("#separator \\x09\n"
              "#set_separator\t,\n"
              "#empty_field\t(empty)\n"
              "#unset_field\t-\n"
              "#path\tconn\n"
              "#open\t",
              file);
        put_time(file, time_ns);
        fputs("\n"
              "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\t"
              "resp_bytes\tconn_state\tlocal_orig\tlocal_resp\tmissed_bytes\thistory\torig_pkts\torig_ip_bytes\t"
              "resp_pkts\tresp_ip_bytes\ttunnel_parents\n"
              "#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\tbool\t"
              "bool\tcount\tstring\tcount\tcount\tcount\tcount\tset[string]\n",
              file);
}

void record_zeek_footer(FILE *file, int64_t time_ns)
{
        fputs("#close\t", file);
        put_time(file, time_ns);
        fputc('\n', file);
}

/* More than a line takes but its id and history, which are looked at first. */
enum { ROOM = 1024, SHORT_TEXT = 256 };

/* Seconds with six digits after the point; a negative time is possible. */
static char *put_seconds(char *p, int64_t ns)
{
        uint64_t us = (ns < 0 ? -(uint64_t)ns : (uint64_t)ns) / 1000;
        unsigned fraction = (unsigned)(us % 1000000);

        if (ns < 0)
                *p++ = '-';
        p = decimal_put(p, us / 1000000);
        *p++ = '.';
        return decimal_put_three(decimal_put_three(p, fraction / 1000), fraction % 1000);
}

/* Each of the others puts one field and the tab before it. */
static inline char *put_none(char *p)
{
        memcpy(p, "\t-", 2);
        return p + 2;
}

static inline char *put_maybe(char *p, struct maybe_u64 value)
{
        if (!value.known)
                return put_none(p);
        *p = '\t';
        return decimal_put(p + 1, value.value);
}

static char *put_text(FILE *file, char *line, char *p, const char *text)
{
        size_t n = strlen(text);

        if (n <= SHORT_TEXT) {
                memcpy(p, text, n);
                return p + n;
        }
        fwrite_unlocked(line, 1, (size_t)(p - line), file);
        fwrite_unlocked(text, 1, n, file);
        return line;
}

static char *put_end(char *p, const struct record_end *end)
{
        size_t n_ip = strlen(end->ip);

        *p++ = '\t';
        memcpy(p, end->ip, sizeof(end->ip)); /* in one size */
        p += n_ip;
        *p++ = '\t';
        return decimal_put(p, end->port);
}

/* As Zeek: a connection of a single moment has neither duration nor bytes. */
static char *put_span(char *p, const struct record *r)
{
        if (!r->duration.known || r->duration.value <= 0)
                return put_none(put_none(put_none(p)));
        *p++ = '\t';
        p = put_seconds(p, r->duration.value);
        p = put_maybe(p, r->to_server.bytes);
        return put_maybe(p, r->to_client.bytes);
}

static char *put_missed(char *p, const struct record *r)
{
        struct maybe_u64 s = r->to_server.missing, c = r->to_client.missing;

        if (!s.known && !c.known)
                return put_none(p);
        return put_maybe(p, known_u64((s.known ? s.value : 0) + (c.known ? c.value : 0)));
}

void record_zeek_write(FILE *file, const struct record *r)
{
        char line[ROOM], *p = line;

        if (r->started.known)
                p = put_seconds(p, r->started.value);
        else
                *p++ = '-';
        *p++ = '\t';
        *p++ = 'C';
        p = put_text(file, line, p, r->id);
        p = put_end(p, &r->client);
        p = put_end(p, &r->server);
        memcpy(p, "\ttcp\t-", 6);
        p = put_span(p + 6, r);
        *p++ = '\t';
        if (r->conn_state_known)
                p = json_put_bare_conn_state(p, r->conn_state);
        else
                *p++ = '-';
        p = put_none(put_none(p));
        p = put_missed(p, r);
        *p++ = '\t';
        p = put_text(file, line, p, r->history && *r->history ? r->history : "-");
        p = put_maybe(p, r->to_server.packets);
        p = put_none(p);
        p = put_maybe(p, r->to_client.packets);
        p = put_none(put_none(p));
        *p++ = '\n';
        fwrite_unlocked(line, 1, (size_t)(p - line), file);
}
