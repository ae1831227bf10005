/* The keys of the filter language, as a table: a line a key. */
#include "cli/filter_keys.h"

#include "report/totals.h"

/* The sets of words of the record, by number. */
#define WORDS_OF_SET(set)                                                                          \
        static const char *set##_word(int i)                                                       \
        {                                                                                          \
                return set##_name((enum set)i);                                                    \
        }

WORDS_OF_SET(severity)
WORDS_OF_SET(ending)
WORDS_OF_SET(certainty)
WORDS_OF_SET(fate)
WORDS_OF_SET(retry)
WORDS_OF_SET(side)
WORDS_OF_SET(conn_state)
WORDS_OF_SET(os)
WORDS_OF_SET(source)

static const char *cause_word(int i)
{
        return i == N_CAUSES ? "none" : cause_name((enum cause)i);
}

/* The network ends connections, but it is always an end that falls silent. */
enum { SILENT_CLIENT, SILENT_SERVER, SILENT_UNKNOWN, N_SILENT };

static const char *silent_word(int i)
{
        return side_name(i == SILENT_CLIENT ? SIDE_CLIENT : i == SILENT_SERVER ? SIDE_SERVER : SIDE_UNKNOWN);
}

static const char *yes_no_word(int i)
{
        return i ? "yes" : "no";
}

enum { RESET_NONE = N_RESET_KINDS };

static const char *reset_word(int i)
{
        return i == RESET_NONE ? "none" : i == RESET_KIND_UNKNOWN ? "other" : reset_kind_name((enum reset_kind)i);
}

#define ONE_WORD(name, member)                                                                     \
        static size_t name##_of(const struct record *r, int words[static FILTER_OF_RECORD_MAX])    \
        {                                                                                          \
                words[0] = (int)r->member;                                                         \
                return 1;                                                                          \
        }

ONE_WORD(severity, severity)
ONE_WORD(ending, ending)
ONE_WORD(certainty, certainty)
ONE_WORD(retry, retry)
ONE_WORD(ended_by, ended_by)
ONE_WORD(ongoing, ongoing)
ONE_WORD(source, source)

static size_t silent_of(const struct record *r, int words[static FILTER_OF_RECORD_MAX])
{
        words[0] = r->silent == SIDE_CLIENT ? SILENT_CLIENT : r->silent == SIDE_SERVER ? SILENT_SERVER : SILENT_UNKNOWN;
        return 1;
}

static size_t state_of(const struct record *r, int words[static FILTER_OF_RECORD_MAX])
{
        words[0] = (int)r->conn_state;
        return r->conn_state_known;
}

static size_t reset_of(const struct record *r, int words[static FILTER_OF_RECORD_MAX])
{
        words[0] = r->reset.seen ? (int)r->reset.kind : RESET_NONE;
        return 1;
}

static size_t fate_of(const struct record *r, int words[static FILTER_OF_RECORD_MAX])
{
        words[0] = (int)r->to_server.fate;
        words[1] = (int)r->to_client.fate;
        return 2;
}

static size_t os_of(const struct record *r, int words[static FILTER_OF_RECORD_MAX])
{
        words[0] = (int)r->client.os;
        words[1] = (int)r->server.os;
        return 2;
}

/* The cause that is stated; where none is, each that may be it. */
static size_t cause_of(const struct record *r, int words[static FILTER_OF_RECORD_MAX])
{
        if (r->cause != CAUSE_NONE || r->n_causes == 0) {
                words[0] = r->cause != CAUSE_NONE ? (int)r->cause : N_CAUSES;
                return 1;
        }
        for (size_t i = 0; i < r->n_causes; i++)
                words[i] = (int)r->causes[i];
        return r->n_causes;
}

static int64_t clamp(uint64_t value)
{
        return value < INT64_MAX ? (int64_t)value : INT64_MAX;
}

static size_t port_of(const struct record *r, int64_t numbers[static 2])
{
        numbers[0] = r->client.port;
        numbers[1] = r->server.port;
        return 2;
}

static size_t pid_of(const struct record *r, int64_t numbers[static 2])
{
        size_t n = 0;

        if (r->client.pid.known)
                numbers[n++] = clamp(r->client.pid.value);
        if (r->server.pid.known)
                numbers[n++] = clamp(r->server.pid.value);
        return n;
}

static size_t one_number(struct maybe_u64 value, int64_t *number)
{
        *number = clamp(value.value);
        return value.known;
}

static size_t bytes_of(const struct record *r, int64_t numbers[static 2])
{
        return one_number(totals_add(r->to_server.bytes, r->to_client.bytes), numbers);
}

static size_t packets_of(const struct record *r, int64_t numbers[static 2])
{
        return one_number(totals_add(r->to_server.packets, r->to_client.packets), numbers);
}

static size_t uncertain_of(const struct record *r, int64_t numbers[static 2])
{
        return one_number(totals_add(r->to_server.uncertain, r->to_client.uncertain), numbers);
}

static size_t lost_of(const struct record *r, int64_t numbers[static 2])
{
        numbers[0] = clamp(totals_lost(&r->to_server) + totals_lost(&r->to_client));
        return 1;
}

static size_t retransmitted_of(const struct record *r, int64_t numbers[static 2])
{
        return one_number(totals_add(r->to_server.retransmitted, r->to_client.retransmitted), numbers);
}

static size_t missing_of(const struct record *r, int64_t numbers[static 2])
{
        return one_number(totals_add(r->to_server.missing, r->to_client.missing), numbers);
}

static size_t duration_of(const struct record *r, int64_t numbers[static 2])
{
        numbers[0] = r->duration.value;
        return r->duration.known;
}

static size_t idle_of(const struct record *r, int64_t numbers[static 2])
{
        numbers[0] = r->idle_before.value;
        return r->idle_before.known;
}

static size_t started_of(const struct record *r, int64_t numbers[static 2])
{
        numbers[0] = r->started.value;
        return r->started.known;
}

/* When it was last heard of: its end, or the last that was seen of it. */
static size_t last_of(const struct record *r, int64_t numbers[static 2])
{
        if (r->ended.known) {
                numbers[0] = r->ended.value;
                return 1;
        }
        if (__builtin_add_overflow(r->started.value, r->duration.value, &numbers[0]))
                return 0;
        return r->started.known && r->duration.known;
}

static size_t id_of(const struct record *r, const char *texts[static 2])
{
        texts[0] = r->id;
        return r->id != NULL;
}

static size_t comm_of(const struct record *r, const char *texts[static 2])
{
        size_t n = 0;

        if (r->client.comm)
                texts[n++] = r->client.comm;
        if (r->server.comm)
                texts[n++] = r->server.comm;
        return n;
}

#define WORDS(of, n) .type = FILTER_WORD, .word = of, .n_words = (n)

const struct filter_key filter_keys[] = {
        { "severity", WORDS(severity_word, N_SEVERITIES), .words_of = severity_of, .ordered = true,
          .help = "fine, notable, bad; severity>=notable" },
        { "ending", WORDS(ending_word, N_ENDINGS), .words_of = ending_of,
          .help = "refused, unanswered, reset, orderly, timed-out, ..." },
        { "cause", WORDS(cause_word, N_CAUSES + 1), .words_of = cause_of,
          .help = "the cause stated; where none is, one that may be" },
        { "certainty", WORDS(certainty_word, N_CERTAINTIES), .words_of = certainty_of, .ordered = true,
          .help = "possible, likely, certain" },
        { "ended-by", WORDS(side_word, N_SIDES), .words_of = ended_by_of, .help = "client, server, network, unknown" },
        { "silent", WORDS(silent_word, N_SILENT), .words_of = silent_of,
          .help = "who fell silent: client, server, unknown" },
        { "fate", WORDS(fate_word, N_FATES), .words_of = fate_of,
          .help = "none, acked, uncertain, lost: of either direction" },
        { "retry", WORDS(retry_word, N_RETRIES), .words_of = retry_of, .help = "safe, maybe-processed, unknown" },
        { "reset", WORDS(reset_word, RESET_NONE + 1), .words_of = reset_of, .help = "active, reply, other, none" },
        { "ongoing", WORDS(yes_no_word, 2), .words_of = ongoing_of, .help = "yes, no" },
        { "ip", .type = FILTER_ADDRESS, .client = true, .server = true,
          .help = "of either end: 10.0.0.5, 10.0.0.0/8, 10.0.0.5:443" },
        { "client", .type = FILTER_ADDRESS, .client = true, .help = "likewise, of the client" },
        { "server", .type = FILTER_ADDRESS, .server = true, .help = "likewise, of the server; server=:443" },
        { "port", .type = FILTER_PORT, .numbers_of = port_of, .help = "of either end: 443, 8000-8100" },
        { "since", .type = FILTER_SINCE, .numbers_of = last_of,
          .help = "not over before: 2026-11-22T05:56, 05:56 (UTC), -1h" },
        { "until", .type = FILTER_UNTIL, .numbers_of = started_of, .help = "begun by then" },
        { "duration", .type = FILTER_SPAN, .numbers_of = duration_of,
          .help = "seconds, or 100ms, 5m, 1h; duration>60" },
        { "idle", .type = FILTER_SPAN, .numbers_of = idle_of, .help = "the silence before its ending, likewise" },
        { "bytes", .type = FILTER_BYTES, .numbers_of = bytes_of, .help = "sent in both directions: bytes>10k" },
        { "lost", .type = FILTER_BYTES, .numbers_of = lost_of, .help = "bytes in directions that certainly lost some" },
        { "uncertain", .type = FILTER_BYTES, .numbers_of = uncertain_of, .help = "bytes sent and not acknowledged" },
        { "retransmitted", .type = FILTER_BYTES, .numbers_of = retransmitted_of, .help = "bytes sent again" },
        { "missing", .type = FILTER_BYTES, .numbers_of = missing_of, .help = "bytes acknowledged and not seen" },
        { "packets", .type = FILTER_COUNT, .numbers_of = packets_of, .help = "in both directions" },
        { "id", .type = FILTER_TEXT, .texts_of = id_of, .help = "1.3, 1.*" },
        { "state", WORDS(conn_state_word, N_CONN_STATES), .words_of = state_of,
          .help = "Zeek's conn_state: SF, RSTR, ..." },
        { "os", WORDS(os_word, N_OSES), .words_of = os_of, .help = "linux, other, unknown: of either end" },
        { "comm", .type = FILTER_TEXT, .texts_of = comm_of, .help = "the program's name (run, watch): nginx, php*" },
        { "pid", .type = FILTER_COUNT, .numbers_of = pid_of, .help = "its process (run, watch)" },
        { "source", WORDS(source_word, N_SOURCES), .words_of = source_of, .help = "capture, run, watch, lab, socket" },
};

const size_t n_filter_keys = sizeof(filter_keys) / sizeof(filter_keys[0]);
