/* Plays as JSON, and captures beside them. */
#include "lab/play_json.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "capture/pcap_write.h"
#include "endpoint/rules.h"
#include "lab/tell.h"
#include "lab/truth.h"
#include "report/record_json.h"
#include "words/errno_name.h"
#include "words/tcp_state.h"

static const char *who(enum act_side side)
{
        static const char *const names[] = { "client", "server", "listener", "namespace" };

        return names[side];
}

static void write_look(struct json *j, const char *key, const struct step *s, int end)
{
        static const struct {
                short bit;
                const char *name;
        } bits[] = {
                { POLLIN, "IN" },   { POLLPRI, "PRI" }, { POLLOUT, "OUT" },
                { POLLERR, "ERR" }, { POLLHUP, "HUP" }, { POLLRDHUP, "RDHUP" },
        };
        const struct look *l = &s->look[end];

        if (!s->looked[end]) {
                json_null(j, key);
                return;
        }
        json_object(j, key);
        json_text(j, "state", tcp_state_name(l->state));
        json_array(j, "poll");
        for (size_t i = 0; i < sizeof(bits) / sizeof(*bits); i++)
                if (l->poll & bits[i].bit)
                        json_text(j, NULL, bits[i].name);
        json_array_end(j);
        json_uint(j, "inq", l->inq);
        json_uint(j, "outq", l->outq);
        json_uint(j, "outq_unsent", l->outq_unsent);
        json_object_end(j);
}

static void write_step(struct json *j, const struct step *s)
{
        const struct rule *rule = s->expected.rule;
        char text[TELL_MAX];

        json_object(j, NULL);
        json_text(j, "side", who(s->act.side));
        json_text(j, "act", s->act.text);
        json_text(j, "call", tell_act(&s->act, text));
        if (s->has_result && s->seen.value >= 0)
                json_uint(j, "result", (uint64_t)s->seen.value);
        else
                json_null(j, "result");
        json_text(j, "errno", s->has_result && s->seen.value < 0 ? errno_name(s->seen.error) : NULL);
        json_bool(j, "sigpipe", s->has_result && s->seen.sigpipe);
        json_text(j, "rule", rule ? rule->name : NULL);
        json_text(j, "kernel", rule ? rule->at : NULL);
        write_look(j, "client", s, CLIENT);
        write_look(j, "server", s, SERVER);
        json_object_end(j);
}

static void write_connection(struct json *j, const struct truth *truth)
{
        json_array(j, "connections");
        if (truth->record.client.ip[0] == 0) { /* no connection was tried */
                json_array_end(j);
                return;
        }
        json_object(j, NULL);
        json_record(j, "truth", &truth->record, 0);
        json_array(j, "visible");
        for (size_t i = 0; i < truth->n_visible; i++)
                json_text(j, NULL, truth->visible[i]);
        json_array_end(j);
        json_object_end(j);
        json_array_end(j);
}

static void write_head(struct json *j, const struct play *play)
{
        json_uint(j, "finis", RECORD_VERSION);
        json_text(j, "scenario", play->scenario->name);
        json_uint(j, "family", play->family == AF_INET ? 4 : 6);
}

/* All rules that the play has used: those of its calls, and those of what arrived at either end. */
static void write_rules(struct json *j, const struct play *play)
{
        json_array(j, "rules");
        for (size_t i = 0; i < play->pair.n_fired; i++)
                json_text(j, NULL, play->pair.fired[i]->name);
        json_array_end(j);
}

void play_write_json(FILE *file, const struct play *play)
{
        struct truth *truth = calloc(1, sizeof(*truth));
        char text[TELL_MAX];
        struct json j;

        if (!truth)
                return;
        json_begin(&j, file);
        json_object(&j, NULL);
        write_head(&j, play);
        /* Acts from the command line have no theme. */
        json_text(&j, "theme", play->scenario->theme < N_THEMES ? theme_name(play->scenario->theme) : NULL);
        json_text(&j, "verdict", play->disagrees ? "disagrees" : play->skipped ? "skipped" : "agrees");
        json_text(&j, "why", play->why[0] ? play->why : NULL);
        json_text(&j, "rule", play->rule ? play->rule->name : NULL);
        json_text(&j, "shows", play->scenario->shows);
        json_text(&j, "advice", play->scenario->advice);
        json_array(&j, "calls");
        for (size_t i = 0; i < play->n_steps; i++)
                write_step(&j, &play->steps[i]);
        json_array_end(&j);
        json_array(&j, "wire");
        for (size_t i = 0; i < play->pair.n_emitted; i++) {
                const char *word = tell_emitted(&play->pair.emitted[i], text);

                if (!word)
                        continue;
                json_object(&j, NULL);
                json_text(&j, "from", who((enum act_side)play->pair.emitted[i].from));
                json_text(&j, "what", word);
                json_object_end(&j);
        }
        json_array_end(&j);
        write_rules(&j, play);
        truth_of(play, truth);
        if (play->skipped) {
                json_array(&j, "connections");
                json_array_end(&j);
        } else {
                write_connection(&j, truth);
        }
        json_object_end(&j);
        json_end(&j);
        free(truth);
}

static FILE *create(const char *directory, const struct play *play, const char *suffix)
{
        char path[4096];
        int n = snprintf(path, sizeof(path), "%s/%s.ipv%d.%s", directory, play->scenario->name,
                         play->family == AF_INET ? 4 : 6, suffix);

        if (n < 0 || (size_t)n >= sizeof(path)) {
                errno = ENAMETOOLONG;
                return NULL;
        }
        return fopen(path, "we");
}

static int write_truth(const char *directory, const struct play *play)
{
        struct truth *truth = calloc(1, sizeof(*truth));
        FILE *file = truth ? create(directory, play, "json") : NULL;
        struct json j;
        int r;

        if (!file) {
                r = -errno;
                free(truth);
                return r ?: -ENOMEM;
        }
        truth_of(play, truth);
        json_begin(&j, file);
        json_object(&j, NULL);
        write_head(&j, play);
        write_connection(&j, truth);
        json_object_end(&j);
        r = json_end(&j);
        if (fclose(file) != 0 && r == 0)
                r = -errno;
        free(truth);
        return r;
}

int play_write_pcap(const char *directory, const struct play *play)
{
        const struct sniffer *sniffer = play_capture(play);
        FILE *file;
        int r;

        if (!sniffer || play->skipped)
                return -ENODATA;
        file = create(directory, play, "pcap");
        if (!file)
                return -errno;
        r = pcap_write_header(file, PCAP_LINK_RAW);
        for (size_t i = 0; r == 0 && i < sniffer->n_frames; i++) {
                const struct sniffer_frame *f = &sniffer->frames[i];

                r = pcap_write_frame(file, f->time_ns, f->bytes, f->n_bytes, f->n_frame);
        }
        if (fclose(file) != 0 && r == 0)
                r = -errno;
        return r == 0 ? write_truth(directory, play) : r;
}
