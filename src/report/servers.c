/* Who resets most: a table of bounded size, found by address and port. */
#include "report/servers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/phrase.h"

enum { SERVERS_MAX = 4096, SLOTS = 2 * SERVERS_MAX, SHOWN = 5, NAME_MAX = INET6_ADDRSTRLEN + 16 };

struct server {
        char ip[INET6_ADDRSTRLEN];
        uint16_t port;
        uint64_t n, reset, refused, silent, bad;
};

struct servers {
        struct server all[SERVERS_MAX];
        uint32_t slots[SLOTS];          /* the number of a server plus 1; 0: empty */
        size_t n;
};

int servers_new(struct servers **ret_servers)
{
        struct servers *servers = calloc(1, sizeof(*servers));

        if (!servers)
                return -ENOMEM;
        *ret_servers = servers;
        return 0;
}

struct servers *servers_free(struct servers *servers)
{
        free(servers);
        return NULL;
}

static uint32_t hash(const struct record_end *end)
{
        uint64_t h = end->port;

        for (const char *c = end->ip; *c; c++)
                h = (h ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
        return (uint32_t)(h ^ h >> 32);
}

/* NULL: there is no room for another. */
static struct server *find(struct servers *servers, const struct record_end *end)
{
        uint32_t slot = hash(end) % SLOTS;
        struct server *server;

        for (; servers->slots[slot]; slot = (slot + 1) % SLOTS) {
                server = &servers->all[servers->slots[slot] - 1];
                if (server->port == end->port && strcmp(server->ip, end->ip) == 0)
                        return server;
        }
        if (servers->n == SERVERS_MAX)
                return NULL;
        server = &servers->all[servers->n++];
        servers->slots[slot] = (uint32_t)servers->n;
        memcpy(server->ip, end->ip, sizeof(server->ip));
        server->port = end->port;
        return server;
}

/* What was counted of a server that has turned out to be the client is not there to be taken away. */
static void change(uint64_t *n, bool counts, bool less)
{
        if (counts && !less)
                ++*n;
        else if (counts && *n > 0)
                --*n;
}

static void apply(struct servers *servers, const struct record_end *end, const struct totals_share *share, bool less)
{
        struct server *server = find(servers, end);

        if (!server)
                return;
        change(&server->n, true, less);
        change(&server->bad, share->severity == SEVERITY_BAD, less);
        change(&server->reset, share->ending == ENDING_RESET, less);
        change(&server->refused, share->ending == ENDING_REFUSED, less);
        change(&server->silent, share->ending == ENDING_UNANSWERED || share->ending == ENDING_TIMED_OUT, less);
}

void servers_count(struct servers *servers, const struct record_end *server, const struct totals_share *share)
{
        apply(servers, server, share, false);
}

void servers_uncount(struct servers *servers, const struct record_end *server, const struct totals_share *share)
{
        apply(servers, server, share, true);
}

static uint64_t trouble(const struct server *s)
{
        return s->reset + s->refused + s->silent;
}

/* More bad ones first, then more that did not end in order; else whoever was seen first. */
static bool is_worse(const struct server *a, const struct server *b)
{
        if (a->bad != b->bad)
                return a->bad > b->bad;
        if (trouble(a) != trouble(b))
                return trouble(a) > trouble(b);
        return a->n > b->n;
}

static void put_line(FILE *file, const struct server *s, const struct style *style)
{
        const uint64_t counts[] = { s->n, s->reset, s->refused, s->silent, s->bad };
        char name[NAME_MAX];

        snprintf(name, sizeof(name), strchr(s->ip, ':') ? "[%s]:%u" : "%s:%u", s->ip, s->port);
        fprintf(file, "  %-32s", name);
        if (strlen(name) > 32)
                fprintf(file, "\n%*s", 34, "");
        for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
                struct phrase p = { 0 };
                bool red = i == 4 && counts[i] > 0;

                phrase_count(&p, counts[i]);
                fprintf(file, "%s%9s%s", red ? style_on(style, STYLE_RED) : "", counts[i] ? p.text : "-",
                        red ? style_off(style) : "");
        }
        fputc('\n', file);
}

void servers_write(FILE *file, const struct servers *servers, const struct style *style)
{
        const struct server *worst[SHOWN];
        size_t n = 0, n_troubled = 0, n_seen = 0;

        for (size_t i = 0; i < servers->n; i++) {
                const struct server *s = &servers->all[i];
                size_t at = n < SHOWN ? n : SHOWN;

                n_seen += s->n > 0;
                if (s->n == 0 || (trouble(s) < 2 && s->bad == 0))
                        continue;
                n_troubled++;
                for (; at > 0 && is_worse(s, worst[at - 1]); at--)
                        if (at < SHOWN)
                                worst[at] = worst[at - 1];
                if (at < SHOWN)
                        worst[at] = s;
                n += n < SHOWN;
        }
        if (n_seen < 2 || n == 0)       /* one that was reset once is no news */
                return;
        fprintf(file, "\n  %-32s%9s%9s%9s%9s%9s\n", "By server, the worst first", "all", "reset", "refused", "silent",
                "bad");
        for (size_t i = 0; i < n; i++)
                put_line(file, worst[i], style);
        if (n_troubled > n) {
                struct phrase p = { 0 };

                phrase_count(&p, n_troubled - n);
                fprintf(file, "  and %s more\n", p.text);
        }
}
