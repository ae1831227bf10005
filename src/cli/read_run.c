/*
 * The loop of `finis read`. It is the hot path: frames come in batches, a packet is read straight into the
 * place where the tracker wants it, and nothing is allocated for a packet.
 */
#include "cli/read_run.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/address.h"
#include "base/decimal.h"
#include "cli/read_progress.h"
#include "base/say.h"
#include "ending/judge.h"
#include "report/phrase.h"
#include "wire/packet_plain.h"

#define ID_MAX 32
#define LINK_ETHERNET 1 /* www.tcpdump.org/linktypes.html */
#define PROGRESS_EVERY 1024 /* batches */
/* Bytes of captures from which on large pages are worth what it takes to clear them. */
#define LARGE_FROM ((uint64_t)32 << 20)

struct pass {
        const struct read_input *input;
        const struct read_hooks *hooks;
        struct read_counts *counts;
        struct packet_reader *reader;
        struct tracker *tracker;
        struct read_progress progress;
        uint32_t file;
        size_t n_others;            /* of the frames that are being read, those that go another way than
                                     * the straight one */
        uint64_t last_frame;        /* the number of the last of them */
        const struct frame *frames; /* of the batch that is being read */
        size_t n_frames;
        struct tracker_frame taken[TRACKER_BATCH];
        struct tracker_input others[TRACKER_BATCH]; /* of those that did not go the straight way, at the same places */
        uint64_t behind;            /* what was said of frames that are not in the order of their times, in ns */
        struct evidence evidence;
        struct record plain;        /* of those that judge_again() takes */
};

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
        (void)signal;
        stopped = 1;
}

void read_stop(void)
{
        stopped = 1;
}

void read_stop_on_signals(void)
{
        stopped = 0;
        /* Without SA_RESTART, so that a read() that waits comes back; once, so that a second signal kills. */
        struct sigaction action = { .sa_handler = stop, .sa_flags = (int)SA_RESETHAND };

        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
}

/* Which connection it is. @id holds the record's. */
static inline void name(const struct tracked *t, char id[static ID_MAX + 16], struct record *r)
{
        char *at = decimal_put(id, t->file);

        *at++ = '.';
        *decimal_put(at, t->first_frame) = '\0';
        r->id = id;
        r->rev = t->rev;
        address_put(r->client.ip, t->family, t->address[SIDE_CLIENT]);
        address_put(r->server.ip, t->family, t->address[SIDE_SERVER]);
        r->client.port = t->port[SIDE_CLIENT];
        r->server.port = t->port[SIDE_SERVER];
        r->conn_state_known = true;
        r->conn_state = t->conn_state;
        r->history = t->history;
        r->roomy = true;
        r->file = known_u64(t->file);
        r->first_frame = known_u64(t->first_frame);
        r->last_frame = known_u64(t->last_frame);
}

static __attribute__((noinline)) void give_any(struct pass *p, const struct tracked *t)
{
        char id[ID_MAX + 16];
        struct record r;

        record_init(&r, SOURCE_CAPTURE, NULL);
        name(t, id, &r);
        judge(&t->facts, &r, p->input->evidence ? &p->evidence : NULL);
        p->hooks->record(p->hooks->context, &r, t);
}

static void give(void *context, const struct tracked *t)
{
        struct pass *p = context;
        char id[ID_MAX + 16];

        if (!p->hooks->record)
                return;
        if (p->input->evidence || !judge_again(&t->facts, &p->plain)) {
                give_any(p, t);
                return;
        }
        name(t, id, &p->plain);
        p->hooks->record(p->hooks->context, &p->plain, t);
}

/* The frame of this batch that has this number: as a rule they follow each other without a gap. */
static const struct frame *frame_of(const struct pass *p, const struct tracked_segment *segment)
{
        size_t i;

        if (segment->at_file != p->file || p->n_frames == 0 || segment->frame < p->frames[0].number)
                return NULL;
        i = (size_t)(segment->frame - p->frames[0].number);
        return i < p->n_frames && p->frames[i].number == segment->frame ? &p->frames[i] : NULL;
}

static void give_segment(void *context, const struct tracked_segment *segment)
{
        struct pass *p = context;

        p->hooks->segment(p->hooks->context, segment, frame_of(p, segment));
}

/* The first @n inputs. */
static int track(struct pass *p, size_t n)
{
        return tracker_add_frames(p->tracker, p->file, p->last_frame, p->taken, n);
}

static void count_time(struct read_counts *counts, int64_t time_ns)
{
        if (time_ns == 0)
                return;
        if (counts->first_ns == 0 || time_ns < counts->first_ns)
                counts->first_ns = time_ns;
        if (counts->last_ns == 0 || time_ns > counts->last_ns)
                counts->last_ns = time_ns;
}

/* The same, where the last is kept aside for now: returns it. INT64_MAX: there was none. */
static __attribute__((noinline)) int64_t count_time_apart(struct read_counts *counts, int64_t last_ns, int64_t time_ns)
{
        if (last_ns != INT64_MAX)
                counts->last_ns = last_ns;
        count_time(counts, time_ns);
        return counts->last_ns > 0 ? counts->last_ns : INT64_MAX;
}

/* True where the packet was put together from fragments: it then holds until the next is read only. */
static bool is_elsewhere(const struct packet *packet, const struct frame *frame)
{
        uintptr_t payload = (uintptr_t)packet->segment.payload, bytes = (uintptr_t)frame->bytes;

        return payload < bytes || payload > bytes + frame->n_bytes;
}

/* A frame that does not go the straight way, into @into. Returns where the next belongs, or NULL for want of memory. */
static __attribute__((noinline)) struct tracker_frame *
take_other(struct pass *p, const struct frame *frame, struct tracker_frame *into)
{
        struct tracker_input *other = &p->others[into - p->taken];

        other->file = p->file;
        other->frame = frame->number;
        other->time_ns = frame->time_ns;
        other->cut = frame->n_bytes < frame->n_frame;
        other->kind = packet_walk(p->reader, frame->link_type, frame->bytes, frame->n_bytes, frame->n_frame,
                                  frame->time_ns, &other->packet);
        p->counts->kinds[other->kind]++;
        p->n_others++;
        p->last_frame = frame->number;
        tracker_frame_whole(into, other);
        into++;
        /* Others go along for their time alone: as long as there are any, the evidence goes on. */
        if ((other->kind != PACKET_TCP && other->kind != PACKET_ICMP_ERROR) || !is_elsewhere(&other->packet, frame))
                return into;
        return track(p, (size_t)(into - p->taken)) < 0 ? NULL : p->taken;
}

/* Whether a frame goes the straight way, and then it is in @into. */
static inline __attribute__((always_inline)) bool take_plain(struct frame frame, struct tracker_frame *into)
{
        into->frame = (uint32_t)frame.number;
        into->time_ns = frame.time_ns;
        return plain_find(frame.link_type, frame.bytes, frame.n_bytes, frame.n_frame, &into->plain);
}

/* The last frame of @run, if it does not. It is made again, so that nobody need keep it. */
static __attribute__((noinline)) struct tracker_frame *
take_again(struct pass *p, const struct frame_run *run, const uint8_t *bytes, struct tracker_frame *into)
{
        const struct frame frame = frame_again(run, bytes);

        return take_other(p, &frame, into);
}

/* What is counted of all frames is counted in registers, and told here: @n frames, @n_bytes of them on the wire. */
static void count(struct pass *p, size_t n, uint64_t n_bytes)
{
        p->counts->frames += n;
        p->counts->bytes += n_bytes;
        p->counts->kinds[PACKET_TCP] += n - p->n_others;
        p->n_others = 0;
}

static int take(struct pass *p, const struct frame *frames, size_t n)
{
        struct tracker_frame *into = p->taken;
        uint64_t n_bytes = 0;
        int r;

        p->frames = frames;
        p->n_frames = n;
        for (size_t i = 0; i < n; i++) {
                n_bytes += frames[i].n_frame;
                count_time(p->counts, frames[i].time_ns);
                into = take_plain(frames[i], into) ? into + 1 : take_other(p, &frames[i], into);
                if (!into)
                        return -ENOMEM;
        }
        count(p, n, n_bytes);
        p->last_frame = frames[n - 1].number;
        r = track(p, (size_t)(into - p->taken));
        p->n_frames = 0; /* the bytes are gone with the next batch */
        return r;
}

/* Frames of the usual kind, a batch at the most, each looked at but once. Returns how many there were, or -ENOMEM.
 * Compiled apart for Ethernet. */
static inline __attribute__((always_inline)) int take_run_of(struct pass *p, struct frame_run *run, bool ethernet)
{
        struct tracker_frame *into = p->taken;
        /* As a rule they are in order; where none was before, the first is to be noted. */
        int64_t last_ns = p->counts->last_ns > 0 ? p->counts->last_ns : INT64_MAX;
        const uint64_t before = run->number;
        uint64_t n_bytes = 0;
        struct frame frame;
        int n;

        while (run->number < before + TRACKER_BATCH && frame_next(run, &frame)) {
                if (ethernet)
                        frame.link_type = LINK_ETHERNET;
                n_bytes += frame.n_frame;
                if (__builtin_expect(frame.time_ns >= last_ns, 1))
                        last_ns = frame.time_ns;
                else
                        last_ns = count_time_apart(p->counts, last_ns, frame.time_ns);
                if (__builtin_expect(take_plain(frame, into), 1)) {
                        into++;
                        continue;
                }
                into = take_again(p, run, frame.bytes, into);
                if (!into)
                        return -ENOMEM;
        }
        if (last_ns != INT64_MAX)
                p->counts->last_ns = last_ns;
        n = (int)(run->number - before);
        count(p, (size_t)n, n_bytes);
        p->last_frame = run->number;
        return track(p, (size_t)(into - p->taken)) < 0 ? -ENOMEM : n;
}

static int take_run(struct pass *p, struct frame_run *run)
{
        return run->link_type == LINK_ETHERNET ? take_run_of(p, run, true) : take_run_of(p, run, false);
}

static const char *name_of(const char *path)
{
        return strcmp(path, "-") == 0 ? "standard input" : path;
}

/* One line on stderr: the file, and what is the matter with it. */
static void complain(struct pass *p, const char *path, const char *what, const char *then)
{
        if (p->input->quiet)
                return;
        read_progress_clear(&p->progress);
        fputs("finis read: ", stderr);
        say_typed(stderr, name_of(path));
        fprintf(stderr, ": %s%s\n", what, then);
}

/* The next frames; *@ret_n is 0 at the end, or a negative errno of reading. Returns 0, or -ENOMEM of taking them. */
static int read_batch(struct pass *p, struct capture *capture, int *ret_n)
{
        struct frame frames[TRACKER_BATCH];
        struct frame_run run;
        size_t n = 0;
        int r;

        /* Who wants to see each segment wants its frame, too. */
        if (!p->hooks->segment && capture_run(capture, &run)) {
                r = take_run(p, &run);
                capture_ran(capture, &run);
                *ret_n = r;
                if (r != 0)
                        return r < 0 ? r : 0;
        }
        r = capture_read(capture, frames, TRACKER_BATCH, &n);
        *ret_n = r < 0 ? r : (int)n;
        return *ret_n > 0 ? take(p, frames, n) : 0;
}

static void note_dropped(struct pass *p, const char *path, uint64_t n_dropped)
{
        char what[96];

        if (n_dropped == 0)
                return;
        tracker_lost(p->tracker);
        p->counts->n_dropped += n_dropped;
        snprintf(what, sizeof(what), "%llu frame%s dropped when it was taken", (unsigned long long)n_dropped,
                 n_dropped == 1 ? " was" : "s were");
        complain(p, path, what, "; a FIN or RST that is not here may be among them");
}

/* A concatenation of captures, or several files of the same time. It is said once for each file that adds to it. */
static void note_disorder(struct pass *p, const char *path)
{
        uint64_t behind = tracker_behind(p->tracker);
        struct phrase what = { 0 };

        if (behind <= TRACKER_DISORDER_NS || behind <= p->behind)
                return;
        p->behind = behind;
        phrase_add(&what, "frames are not in the order of their times, but up to ");
        phrase_span(&what, behind > INT64_MAX ? INT64_MAX : (int64_t)behind);
        phrase_add(&what, " behind");
        complain(p, path, what.text, "; if no clock was set back, mergecap or reordercap puts them in order");
}

static int read_capture(struct pass *p, const char *path, struct capture *capture)
{
        size_t n_batches = 0;
        bool waits;
        int r, n;

        while (!stopped) {
                r = read_batch(p, capture, &n);
                if (r < 0)
                        return r;
                if (n == -EINTR)
                        continue;
                if (n < 0) {
                        complain(p, path, strerror(-n), "; what came before is read");
                        p->counts->n_unreadable++;
                        return 0;
                }
                if (n == 0)
                        break;
                waits = n < TRACKER_BATCH && capture_size(capture) == 0;
                if (waits && p->hooks->wait)
                        p->hooks->wait(p->hooks->context);
                if (waits || ++n_batches % PROGRESS_EVERY == 0)
                        read_progress_show(&p->progress, capture_offset(capture), p->counts->frames);
        }
        p->counts->n_read++;
        note_dropped(p, path, capture_dropped(capture));
        note_disorder(p, path);
        if (stopped && capture_size(capture) > 0)
                p->counts->unfinished = true;
        if (!stopped && capture_complaint(capture)) {
                p->counts->n_damaged++;
                complain(p, path, capture_complaint(capture), "; all before that is read");
        }
        return 0;
}

static int read_path(struct pass *p, const char *path)
{
        __attribute__((cleanup(capture_closep))) struct capture *capture = NULL;
        const char *why = NULL;
        uint64_t size;
        int r;

        r = capture_open(path, &capture, &why);
        if (r == -EINTR && stopped)
                return 0;
        if (r < 0) {
                complain(p, path, why ? why : strerror(-r), "");
                p->counts->n_unreadable++;
                return 0;
        }
        r = read_capture(p, path, capture);
        size = capture_size(capture);
        p->progress.done += size;
        return r;
}

/* A file and when it begins. */
struct place {
        size_t i;
        int64_t first_ns;
};

static int by_time(const void *a, const void *b)
{
        const struct place *x = a, *y = b;

        if (x->first_ns != y->first_ns)
                return x->first_ns < y->first_ns ? -1 : 1;
        return x->i < y->i ? -1 : x->i > y->i;
}

/* When a capture begins; INT64_MAX where it cannot be read or is empty. */
static int64_t begins_at(const char *path)
{
        __attribute__((cleanup(capture_closep))) struct capture *capture = NULL;
        struct frame frame;
        size_t n;

        if (capture_open(path, &capture, NULL) < 0 || capture_read(capture, &frame, 1, &n) < 0 || n == 0)
                return INT64_MAX;
        return frame.time_ns;
}

/*
 * Rotated captures are read in the order of their beginnings: a shell puts cap10 before cap2. What is not a
 * regular file cannot be looked at beforehand; then the order is the one given.
 */
static int put_in_order(const struct read_input *input, struct place **ret_places)
{
        struct place *places = calloc(input->n_paths, sizeof(*places));
        bool regular = true;
        struct stat st;

        if (!places)
                return -ENOMEM;
        for (size_t i = 0; i < input->n_paths; i++) {
                places[i].i = i;
                regular = regular && strcmp(input->paths[i], "-") != 0 &&
                          (stat(input->paths[i], &st) < 0 || S_ISREG(st.st_mode) || S_ISDIR(st.st_mode));
        }
        if (regular && input->n_paths > 1) {
                for (size_t i = 0; i < input->n_paths; i++)
                        places[i].first_ns = begins_at(input->paths[i]);
                qsort(places, input->n_paths, sizeof(*places), by_time);
        }
        *ret_places = places;
        return 0;
}

static int read_all(struct pass *p)
{
        const struct read_input *input = p->input;
        struct place *places = NULL;
        int r;

        r = put_in_order(input, &places);
        for (size_t i = 0; r == 0 && i < input->n_paths && !stopped; i++) {
                p->file = (uint32_t)(places[i].i + 1);
                r = read_path(p, input->paths[places[i].i]);
        }
        p->counts->unfinished |= stopped && p->counts->n_read + p->counts->n_unreadable < input->n_paths;
        free(places);
        return r;
}

int read_run(const struct read_input *input, const struct read_hooks *hooks, struct read_counts *ret_counts)
{
        struct tracker_hooks tracker_hooks = { .give = give, .segment = hooks->segment ? give_segment : NULL };
        struct tracker_options options = input->tracker;
        struct pass *p = calloc(1, sizeof(*p));
        uint64_t n_lost = 0;
        int r = p ? 0 : -ENOMEM;

        *ret_counts = (struct read_counts){ 0 };
        if (p) {
                p->input = input;
                p->hooks = hooks;
                p->counts = ret_counts;
                record_init(&p->plain, SOURCE_CAPTURE, NULL);
                tracker_hooks.context = p;
                read_progress_init(&p->progress, input->paths, input->n_paths, input->streams);
                options.large = p->progress.size >= LARGE_FROM;
                r = packet_reader_new(&p->reader);
        }
        if (r == 0)
                r = tracker_new(&options, &tracker_hooks, &p->tracker);
        if (r == 0)
                r = read_all(p);
        if (p && p->tracker) {
                ret_counts->interrupted = stopped;
                n_lost = tracker_finish(p->tracker, ret_counts->n_damaged > 0);
                ret_counts->connections = tracker_connections(p->tracker);
                ret_counts->evicted = tracker_evicted(p->tracker);
                read_progress_clear(&p->progress);
        }
        if (n_lost > 0) {
                r = -ENOMEM;
                fprintf(stderr, "finis read: %s: of %llu connections nothing is told; "
                        "--max-connections N needs less memory\n", strerror(-r), (unsigned long long)n_lost);
        } else if (r < 0) {
                fprintf(stderr, "finis read: %s%s\n", strerror(-r),
                        r == -ENOMEM ? "; --max-connections N needs less memory" : "");
        }
        if (p) {
                tracker_free(p->tracker);
                packet_reader_free(p->reader);
                free(p);
        }
        return r;
}

int read_status(const struct read_counts *counts, bool strict)
{
        return counts->n_unreadable > 0 || counts->unfinished || (strict && counts->n_damaged > 0) ? 2 : 0;
}

static const char *read_number(const char *text, uint64_t most, uint64_t *ret_n)
{
        char *end;
        unsigned long long n;

        if (*text < '1' || *text > '9')
                return NULL;
        errno = 0;
        n = strtoull(text, &end, 10);
        if (errno || n > most)
                return NULL;
        *ret_n = n;
        return end;
}

int read_parse_id(const char *text, uint32_t *ret_file, uint64_t *ret_frame)
{
        uint64_t file = 1, frame;
        const char *end = read_number(text, UINT64_MAX, &frame);

        if (end && *end == '.' && frame <= UINT32_MAX) {
                file = frame;
                end = read_number(end + 1, UINT64_MAX, &frame);
        }
        if (!end || *end)
                return -EINVAL;
        *ret_file = (uint32_t)file;
        *ret_frame = frame;
        return 0;
}
