/* What the programs at the two ends were told, or would be told by the next call. */
#include <errno.h>
#include <string.h>

#include "report/phrase.h"
#include "report/show.h"
#include "report/show_parts.h"
#include "report/told.h"

/* Why a call says so, in a line; docs/explain has the long form under the same word. */
static const char *reason_of(const struct told *told)
{
        if (told->kind != TOLD_ERROR)
                return NULL;
        switch (told->error) {
        case ECONNRESET:
                return "ECONNRESET is told once, to whoever asks first: "
                       "the reset left it in the socket's one error slot.";
        case EPIPE:
                return "EPIPE, with SIGPIPE unless it is ignored: this end can send no more.";
        case ECONNREFUSED:
                return "ECONNREFUSED is told once: the answer to the SYN left it in the socket's error slot.";
        case ETIMEDOUT:
                return "ETIMEDOUT is told once, when the kernel has given up; it can take a quarter of an hour.";
        case EHOSTUNREACH:
        case ENETUNREACH:
                return "The ICMP error, or the lack of a route, is what the kernel tells.";
        case ECONNABORTED:
                return "ECONNABORTED is told by a socket that was destroyed from outside.";
        default:
                return NULL;
        }
}

static void add_list(struct phrase *p, const char *call, const struct told *told, size_t n)
{
        char text[TOLD_TEXT_MAX];

        if (n == 0)
                return;
        phrase_add(p, "%s%s", p->n > 0 ? "; " : "", call);
        for (size_t i = 0; i < n; i++) {
                *told_put(text, &told[i]) = '\0';
                phrase_add(p, "%s%s", i == 0 ? " " : ", then ", text);
                if (told[i].kind == TOLD_BYTES && told[i].bytes == 0)
                        phrase_add(p, " (the end)");
        }
}

static void show_next(FILE *file, const char *name, const struct record_next *next, enum os os,
                      const struct style *style)
{
        struct phrase p = { 0 };

        if (!next->known) {
                show_row(file, name,
                         os == OS_LINUX ? "not known: it had closed, or it depends on more than was seen"
                                        : "not known: nothing shows that it is Linux",
                         style);
                return;
        }
        add_list(&p, "recv()", next->if_recv, next->n_if_recv);
        add_list(&p, "send()", next->if_send, next->n_if_send);
        show_row(file, name, p.text, style);
}

static void show_saw(FILE *file, const char *name, const struct record_saw *saw, const struct style *style)
{
        struct phrase p = { 0 };

        for (size_t i = 0; i < saw->n_calls; i++) {
                char text[TOLD_TEXT_MAX];

                *told_put(text, &saw->calls[i].told) = '\0';
                phrase_add(&p, "%s%s: %s", i == 0 ? "was told: " : ", then ", saw->calls[i].call, text);
        }
        if (p.n > 0)
                show_row(file, name, p.text, style);
}

/* Each reason once, of both ends. */
static void show_reasons(FILE *file, const struct record *r, const struct style *style)
{
        const struct record_next *ends[] = { &r->client_next, &r->server_next };
        const char *said[2 * 2 * RECORD_NEXT_MAX];
        size_t n_said = 0;

        for (size_t e = 0; e < 2; e++)
                for (size_t i = 0; ends[e]->known && i < ends[e]->n_if_recv + ends[e]->n_if_send; i++) {
                        size_t n = ends[e]->n_if_recv;
                        const char *reason =
                                reason_of(i < n ? &ends[e]->if_recv[i] : &ends[e]->if_send[i - n]);
                        bool is_said = !reason;

                        for (size_t j = 0; j < n_said; j++)
                                is_said = is_said || said[j] == reason;
                        if (is_said)
                                continue;
                        said[n_said++] = reason;
                        phrase_write(file, reason, style->width, SHOW_INDENT, 0);
                }
}

void show_told(FILE *file, const struct record *r, const struct style *style)
{
        if (!r->client_next.known && !r->server_next.known && !r->client_saw.known && !r->server_saw.known)
                return;
        show_heading(file, "What the next call tells each program, all data read", style);
        show_next(file, "client", &r->client_next, r->client.os, style);
        show_saw(file, "client", &r->client_saw, style);
        show_next(file, "server", &r->server_next, r->server.os, style);
        show_saw(file, "server", &r->server_saw, style);
        show_reasons(file, r, style);
}
