/* What the parts of the play share. */
#pragma once

#include "lab/moment.h"
#include "lab/play.h"
#include "lab/waiting.h"

#define SETTLE_NS (8 * SECOND_NS)
#define TIMER_NS (45 * SECOND_NS)
#define HASTY_TIMER_NS (12 * SECOND_NS)

/* Notes that the kernel and the model differ; keeps the first. Returns -EPROTO. */
__attribute__((format(printf, 3, 4))) int play_disagree(struct play *play, const struct rule *rule,
                                                        const char *format, ...);
/* Notes why the scenario cannot be played here. Returns -ECANCELED. */
__attribute__((format(printf, 2, 3))) int play_skip(struct play *play, const char *format, ...);

static inline bool play_by_hand(const struct play *play, int end)
{
        return play->pair.by_hand[end];
}

/* Of a play with a peer by hand: the end that is a socket. */
static inline int play_socket_end(const struct play *play)
{
        return play->pair.by_hand[CLIENT] ? SERVER : CLIENT;
}

/* Makes the connection that most scenarios begin with. */
int play_connect(struct play *play);
/* Acts that are calls, descriptors, processes, options. */
int play_call(struct play *play, struct step *step);
int play_option(struct play *play, const struct lab_act *act);
int play_process(struct play *play, struct step *step);
/* Acts on the listener and on the namespace. */
int play_listener(struct play *play, struct step *step);
int play_listener_call(struct play *play, struct step *step);
int play_destroy_listener(struct play *play, struct step *step);
int play_setting(struct play *play, const struct lab_act *act);
/* Segments by hand. */
int play_segment(struct play *play, const struct lab_act *act);
int play_open_peer(struct play *play);
/* Has the peer seen all that the model says was sent? */
bool play_peer_saw_all(struct play *play, char *ret_missing, size_t size);
/* And nothing else? */
int play_check_peer(struct play *play);
int play_check_capture(struct play *play);
/* How many closed sockets the kernel has dropped because there were too many: of the whole namespace. */
uint64_t play_n_dropped(void);
/* Waits until the kernel is as the model says. */
int play_settle(struct play *play, struct step *step, int64_t patience_ns);
/* A call that waited has returned: compares. */
int play_take_result(struct play *play, int end, const struct outcome *expected);
int play_compare(struct play *play, const struct step *step);
void play_name(struct play *play, int end);
