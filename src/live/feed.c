/* Loads the BPF programs and reads their records. */
#include "live/feed.h"

#include <errno.h>
#include <stdio.h>

#include "live/rights.h"

#if FINIS_BPF

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <linux/membarrier.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "ending/facts.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wshadow"
#include "live/ending.skel.h"
#pragma GCC diagnostic pop

enum { REASONS_MAX = 256 };

struct feed {
        struct ending_bpf *skel;
        struct ring_buffer *ring;
        struct feed_hooks hooks;
        bool has_reasons;
        bool sees_accept;
        uint8_t reasons[REASONS_MAX];   /* this kernel's number -> enum reset_reason */
        int n_cpus;
        uint64_t n_taken;
        bool stopped;
        uint64_t n_unseen;              /* until then */
};

static int quiet(enum libbpf_print_level level, const char *format, va_list arguments)
{
        (void)level;
        (void)format;
        (void)arguments;
        return 0;
}

/* Numbers of reasons move from kernel to kernel; names do not. */
static void learn_reasons(struct feed *feed, const struct btf *btf)
{
        int32_t id = btf__find_by_name_kind(btf, "sk_rst_reason", BTF_KIND_ENUM);
        const struct btf_type *type = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;

        if (!type)
                return;
        feed->has_reasons = true;
        for (unsigned i = 0; i < btf_vlen(type); i++) {
                const struct btf_enum *value = &btf_enum(type)[i];
                const char *name = btf__name_by_offset(btf, value->name_off);
                enum reset_reason reason;

                if (name && value->val >= 0 && value->val < REASONS_MAX && reset_reason_find(name, &reason) == 0)
                        feed->reasons[value->val] = (uint8_t)reason;
        }
}

static int take_record(void *context, void *data, size_t size)
{
        struct feed *feed = context;
        uint8_t kind = size > 0 ? *(const uint8_t *)data : 0;

        feed->n_taken++;
        if ((kind == LIVE_END || kind == LIVE_NEWS) && size >= sizeof(struct live_end)) {
                struct live_end end;

                memcpy(&end, data, sizeof(end));
                end.reason = feed->reasons[end.reason];
                feed->hooks.end(feed->hooks.context, &end);
        } else if (kind == LIVE_RESET && size >= sizeof(struct live_reset)) {
                struct live_reset reset;

                memcpy(&reset, data, sizeof(reset));
                reset.reason = feed->reasons[reset.reason];
                feed->hooks.reset(feed->hooks.context, &reset);
        }
        return 0;
}

/* The sockets that are there already: whose, and in which state. Where it cannot be done they are followed from where
 * they are first met. */
static void seed(struct feed *feed)
{
        struct bpf_link *link = bpf_program__attach_iter(feed->skel->progs.on_open_file, NULL);
        char nothing[64];
        ssize_t n;
        int fd;

        if (!link || libbpf_get_error(link))
                return;
        fd = bpf_iter_create(bpf_link__fd(link));
        /* It says EAGAIN after a million files. */
        if (fd >= 0) {
                do {
                        n = read(fd, nothing, sizeof(nothing));
                } while (n > 0 || (n < 0 && errno == EAGAIN));
                close(fd);
        }
        bpf_link__destroy(link);
}

static bool has_func(const struct btf *btf, const char *name)
{
        return btf__find_by_name_kind(btf, name, BTF_KIND_FUNC) >= 0;
}

/* Is there a helper of this name? */
static bool has_helper(const struct btf *btf, const char *helper)
{
        int32_t id = btf__find_by_name_kind(btf, "bpf_func_id", BTF_KIND_ENUM);
        const struct btf_type *type = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;

        for (unsigned i = 0; type && i < btf_vlen(type); i++) {
                const char *name = btf__name_by_offset(btf, btf_enum(type)[i].name_off);

                if (name && strcmp(name, helper) == 0)
                        return true;
        }
        return false;
}

/* May a program look into the packet that a RST answers? Only where it is known that there need not be one
 * is it checked. */
static bool gives_packets(const struct btf *btf)
{
        static const char suffix[] = "__nullable";
        int32_t id = btf__find_by_name_kind(btf, "__bpf_trace_tcp_send_reset", BTF_KIND_FUNC);
        const struct btf_type *type = id > 0 ? btf__type_by_id(btf, btf__type_by_id(btf, (uint32_t)id)->type) : NULL;
        const char *name = type && btf_vlen(type) > 2 ? btf__name_by_offset(btf, btf_params(type)[2].name_off) : NULL;
        size_t n = name ? strlen(name) : 0;

        return n > strlen(suffix) && strcmp(name + n - strlen(suffix), suffix) == 0 &&
               has_func(btf, "bpf_dynptr_from_skb");
}

/* From 7.0 on a task may lose its CPU in the midst of a tracepoint. BTF does not show it; where this is wrong, events
 * are missed, counted and told. Elsewhere that is so rare that stand-ins cost more than they are worth. */
static bool may_be_preempted(void)
{
        struct utsname name;

        return uname(&name) == 0 && strtol(name.release, NULL, 10) >= 7;
}

/* A test may ask for them on any kernel, or for events that are missed: FINIS_STAND_INS is on, all, half or none. */
static enum live_stand_ins which_stand_ins(void)
{
        const char *asked = getenv("FINIS_STAND_INS");

        if (asked && strcmp(asked, "all") == 0)
                return LIVE_STAND_INS_FOR_ALL;
        if (asked && strcmp(asked, "half") == 0)
                return LIVE_STAND_INS_FOR_HALF;
        if (asked && strcmp(asked, "none") == 0)
                return LIVE_STAND_INS_FOR_NONE;
        return may_be_preempted() || (asked && strcmp(asked, "on") == 0) ? LIVE_STAND_INS : LIVE_NO_STAND_INS;
}

/* What not every kernel allows. */
struct extras {
        bool accept;    /* a function may be traced */
        bool words;     /* a packet may be read */
};

static int load(struct feed *feed, bool tell_orderly, struct extras extras, const struct btf *btf,
                const char **ret_what)
{
        enum live_stand_ins stand_ins = which_stand_ins();

        *ret_what = "opening the BPF programs";
        feed->skel = ending_bpf__open();
        if (!feed->skel)
                return -errno;
        feed->skel->rodata->tell_orderly = tell_orderly;
        feed->skel->rodata->stand_ins = stand_ins;
        bpf_program__set_autoload(feed->skel->progs.in_place_of_on_state, stand_ins != LIVE_NO_STAND_INS);
        bpf_program__set_autoload(feed->skel->progs.in_place_of_on_reset_sent, stand_ins != LIVE_NO_STAND_INS);
        bpf_program__set_autoload(feed->skel->progs.in_place_of_on_destroy, stand_ins != LIVE_NO_STAND_INS);
        /* 5.14 and later. */
        if (btf__find_by_name_kind(btf, "btf_trace_inet_sk_error_report", BTF_KIND_TYPEDEF) < 0)
                bpf_program__set_autoload(feed->skel->progs.on_error_report, false);
        /* 5.11 and later. */
        if (!has_helper(btf, "BPF_FUNC_sock_from_file"))
                bpf_program__set_autoload(feed->skel->progs.on_open_file, false);
        /* It is run once, and not attached for good. */
        bpf_program__set_autoattach(feed->skel->progs.on_open_file, false);
        bpf_program__set_autoload(feed->skel->progs.on_accept, extras.accept);
        bpf_program__set_autoload(feed->skel->progs.on_reset_words, extras.words);
        *ret_what = "loading the BPF programs";
        return ending_bpf__load(feed->skel);
}

static int attach_one(const struct bpf_program *program, struct bpf_link **link)
{
        if (!bpf_program__autoload(program))
                return 0;
        *link = bpf_program__attach(program);
        return *link ? 0 : -errno;
}

static int attach(struct feed *feed, const char **ret_what)
{
        struct ending_bpf *skel = feed->skel;
        int r;

        *ret_what = "attaching to the tracepoints";
        /* Before the others: whoever is followed from then on is not gone unseen. And stand-ins go first. */
        r = attach_one(skel->progs.in_place_of_on_destroy, &skel->links.in_place_of_on_destroy);
        if (r == 0)
                r = attach_one(skel->progs.on_destroy, &skel->links.on_destroy);
        if (r == 0)
                r = ending_bpf__attach(skel);
        if (r < 0)
                return r;
        seed(feed);
        *ret_what = "mapping the ring buffer";
        feed->ring = ring_buffer__new(bpf_map__fd(feed->skel->maps.records), take_record, feed, NULL);
        return feed->ring ? 0 : -errno;
}

/* With the second tier where the kernel lets functions be traced (5.17 and later, and not everywhere); else without.
 * And with the words that drew a RST wherever they stand, from 6.12 on. */
static int load_and_attach(struct feed *feed, bool tell_orderly, const struct btf *btf, const char **ret_what)
{
        static const struct extras tries[] = { { true, true }, { false, true }, { true, false }, { false, false } };
        bool accept = has_func(btf, "inet_csk_accept") && has_helper(btf, "BPF_FUNC_get_func_ret"),
             words = gives_packets(btf);
        int r = 0;

        for (size_t i = 0; i < sizeof(tries) / sizeof(*tries); i++) {
                if ((tries[i].accept && !accept) || (tries[i].words && !words))
                        continue;
                r = load(feed, tell_orderly, tries[i], btf, ret_what);
                if (r == 0)
                        r = attach(feed, ret_what);
                if (r == 0) {
                        feed->sees_accept = tries[i].accept;
                        break;
                }
                ring_buffer__free(feed->ring);
                feed->ring = NULL;
                ending_bpf__destroy(feed->skel);
                feed->skel = NULL;
        }
        return r;
}

int feed_open(bool tell_orderly, const struct feed_hooks *hooks, struct feed **ret_feed, char why[static FEED_WHY_MAX])
{
        struct feed *feed = calloc(1, sizeof(*feed));
        const char *what = "reading the kernel's BTF";
        struct btf *btf;
        int r;

        if (!feed)
                return -ENOMEM;
        feed->hooks = *hooks;
        libbpf_set_print(quiet);
        libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
        feed->n_cpus = libbpf_num_possible_cpus();
        btf = btf__load_vmlinux_btf();
        r = libbpf_get_error(btf) ? (int)libbpf_get_error(btf) : 0;
        if (r == 0) {
                learn_reasons(feed, btf);
                r = load_and_attach(feed, tell_orderly, btf, &what);
                btf__free(btf);
        }
        if (r == 0 && feed->n_cpus <= 0)
                r = -EINVAL;
        if (r < 0) {
                rights_explain(what, r, why, FEED_WHY_MAX);
                feed_close(feed);
                return r;
        }
        *ret_feed = feed;
        return 0;
}

struct feed *feed_close(struct feed *feed)
{
        if (feed) {
                ring_buffer__free(feed->ring);
                ending_bpf__destroy(feed->skel);
        }
        free(feed);
        return NULL;
}

int feed_fd(const struct feed *feed)
{
        return ring_buffer__epoll_fd(feed->ring);
}

int feed_take(struct feed *feed)
{
        int r = ring_buffer__consume(feed->ring);

        return r < 0 ? r : 0;
}

static struct bpf_link *detach(struct bpf_link *link)
{
        bpf_link__destroy(link);
        return NULL;
}

void feed_stop(struct feed *feed)
{
        uint64_t totals[N_LIVE_TOTALS];

        if (feed_totals(feed, totals) == 0)
                feed->n_unseen = totals[LIVE_TOTAL_UNSEEN];
        feed->stopped = true;
        /* Whose end is not seen any more is not to be told as gone, nor as gone unseen. */
        feed->skel->links.on_destroy = detach(feed->skel->links.on_destroy);
        feed->skel->links.in_place_of_on_destroy = detach(feed->skel->links.in_place_of_on_destroy);
        ending_bpf__detach(feed->skel);
        /* Returns when no CPU is in the middle of a program any more. */
        syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
}

uint64_t feed_taken(const struct feed *feed)
{
        return feed->n_taken;
}

int feed_totals(const struct feed *feed, uint64_t ret_totals[static N_LIVE_TOTALS])
{
        uint64_t *values = calloc((size_t)feed->n_cpus, sizeof(*values));
        int fd = bpf_map__fd(feed->skel->maps.totals), r = 0;

        if (!values)
                return -ENOMEM;
        for (uint32_t i = 0; i < N_LIVE_TOTALS && r == 0; i++) {
                if (bpf_map_lookup_elem(fd, &i, values) < 0)
                        r = -errno;
                ret_totals[i] = 0;
                for (int cpu = 0; cpu < feed->n_cpus && r == 0; cpu++)
                        ret_totals[i] += values[cpu];
        }
        if (feed->stopped)
                ret_totals[LIVE_TOTAL_UNSEEN] = feed->n_unseen;
        free(values);
        return r;
}

static bool stands_in(const struct bpf_program *program)
{
        return strncmp(bpf_program__name(program), "in_place_of_", strlen("in_place_of_")) == 0;
}

uint64_t feed_missed(const struct feed *feed)
{
        uint64_t totals[N_LIVE_TOTALS], n = 0;
        struct bpf_program *program;

        bpf_object__for_each_program(program, feed->skel->obj) {
                struct bpf_prog_info info = { 0 };
                uint32_t size = sizeof(info);
                int fd = bpf_program__fd(program);

                if (fd >= 0 && !stands_in(program) && bpf_obj_get_info_by_fd(fd, &info, &size) == 0)
                        n += info.recursion_misses;
        }
        /* The stand-in comes first: what it took meanwhile is not missed. */
        if (feed_totals(feed, totals) < 0)
                return n;
        return n > totals[LIVE_TOTAL_STOOD_IN] ? n - totals[LIVE_TOTAL_STOOD_IN] : 0;
}

bool feed_has_reasons(const struct feed *feed)
{
        return feed->has_reasons;
}

bool feed_sees_accept(const struct feed *feed)
{
        return feed->sees_accept;
}

bool feed_is_built(void)
{
        return true;
}

#else

int feed_open(bool tell_orderly, const struct feed_hooks *hooks, struct feed **ret_feed, char why[static FEED_WHY_MAX])
{
        (void)tell_orderly;
        (void)hooks;
        (void)ret_feed;
        snprintf(why, FEED_WHY_MAX, "this finis was built without BPF (libbpf, clang or bpftool was missing then)");
        return -EOPNOTSUPP;
}

struct feed *feed_close(struct feed *feed)
{
        (void)feed;
        return NULL;
}

int feed_fd(const struct feed *feed)
{
        (void)feed;
        return -1;
}

int feed_take(struct feed *feed)
{
        (void)feed;
        return -EOPNOTSUPP;
}

void feed_stop(struct feed *feed)
{
        (void)feed;
}

uint64_t feed_taken(const struct feed *feed)
{
        (void)feed;
        return 0;
}

int feed_totals(const struct feed *feed, uint64_t ret_totals[static N_LIVE_TOTALS])
{
        (void)feed;
        (void)ret_totals;
        return -EOPNOTSUPP;
}

uint64_t feed_missed(const struct feed *feed)
{
        (void)feed;
        return 0;
}

bool feed_has_reasons(const struct feed *feed)
{
        (void)feed;
        return false;
}

bool feed_sees_accept(const struct feed *feed)
{
        (void)feed;
        return false;
}

bool feed_is_built(void)
{
        return false;
}

#endif
