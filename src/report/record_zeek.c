/*
 * Zeek's conn.log (scripts/base/protocols/conn/main.zeek; the layout is that of its ASCII writer,
 * src/logging/writers/ascii/Ascii.cc). What a record has not is "-"; the uid is "C" and the record's id.
 */
#include "report/record_zeek.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

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

/* Seconds with six digits after the point; a negative time is possible. */
static void put_seconds(FILE *file, int64_t ns)
{
        uint64_t us = (ns < 0 ? -(uint64_t)ns : (uint64_t)ns) / 1000;

        fprintf(file, "%s%" PRIu64 ".%06" PRIu64, ns < 0 ? "-" : "", us / 1000000, us % 1000000);
}

static void put_maybe(FILE *file, struct maybe_u64 value)
{
        if (value.known)
                fprintf(file, "\t%" PRIu64, value.value);
        else
                fputs("\t-", file);
}

void record_zeek_write(FILE *file, const struct record *r)
{
        /* As Zeek: a connection of a single moment has neither duration nor bytes. */
        bool lasted = r->duration.known && r->duration.value > 0;
        struct maybe_u64 none = {0}, missed = none;

        if (r->to_server.missing.known || r->to_client.missing.known)
                missed = known_u64((r->to_server.missing.known ? r->to_server.missing.value : 0) +
                                   (r->to_client.missing.known ? r->to_client.missing.value : 0));
        if (r->started.known)
                put_seconds(file, r->started.value);
        else
                fputc('-', file);
        fprintf(file, "\tC%s\t%s\t%u\t%s\t%u\ttcp\t-\t", r->id, r->client.ip, r->client.port, r->server.ip,
                r->server.port);
        if (lasted)
                put_seconds(file, r->duration.value);
        else
                fputc('-', file);
        put_maybe(file, lasted ? r->to_server.bytes : none);
        put_maybe(file, lasted ? r->to_client.bytes : none);
        fprintf(file, "\t%s\t-\t-", r->conn_state_known ? conn_state_name(r->conn_state) : "-");
        put_maybe(file, missed);
        fprintf(file, "\t%s", r->history && *r->history ? r->history : "-");
        put_maybe(file, r->to_server.packets);
        fputs("\t-", file);
        put_maybe(file, r->to_client.packets);
        fputs("\t-\t-\n", file);
}
