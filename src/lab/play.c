/* Plays a scenario act by act. */
#include "lab/play.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "endpoint/rules.h"
#include "lab/namespace.h"
#include "lab/play_internal.h"
#include "netlink/destroy.h"

int play_disagree(struct play *play, const struct rule *rule, const char *format, ...)
{
        va_list arguments;

        if (play->disagrees || play->skipped)
                return -EPROTO;
        play->disagrees = true;
        play->rule = rule;
        va_start(arguments, format);
        vsnprintf(play->why, sizeof(play->why), format, arguments);
        va_end(arguments);
        return -EPROTO;
}

int play_skip(struct play *play, const char *format, ...)
{
        va_list arguments;

        if (play->disagrees || play->skipped)
                return -ECANCELED;
        play->skipped = true;
        va_start(arguments, format);
        vsnprintf(play->why, sizeof(play->why), format, arguments);
        va_end(arguments);
        return -ECANCELED;
}

static int64_t wall_ns(void)
{
        struct timespec t;

        clock_gettime(CLOCK_REALTIME, &t);
        return t.tv_sec * SECOND_NS + t.tv_nsec;
}

static int wait_act(struct play *play, const struct lab_act *act)
{
        int end = (int)act->side;
        struct outcome o;

        if (!play->waiting[end])
                return 0; /* it returned before, and was compared then */
        if (play->pair.returned[end]) {
                o = play->pair.outcome[end];
                play->pair.returned[end] = false;
                return play_take_result(play, end, &o);
        }
        return play_take_result(play, end, NULL);
}

static int interrupt(struct play *play, const struct lab_act *act)
{
        int end = (int)act->side;
        struct outcome o;
        int r;

        if (!play->waiting[end] || !play->pair.end[end].pending)
                return play_skip(play, "%s: no call waits there", act->text);
        r = waiting_interrupt(play->waiting[end]);
        if (r < 0)
                return play_skip(play, "%s: %s", act->text, strerror(-r));
        if (!pair_interrupt(&play->pair, end, &o))
                return play_disagree(play, NULL, "%s: by the model the call goes on waiting", act->text);
        return play_take_result(play, end, &o);
}

static int expire(struct play *play, const struct lab_act *act, struct step *step)
{
        static const struct {
                const char *name;
                enum timer_kind timer;
        } timers[] = {
                { "retransmission", TIMER_RETRANSMISSION }, { "probe", TIMER_PROBE },
                { "keepalive", TIMER_KEEPALIVE },           { "user", TIMER_USER },
                { "fin-wait2", TIMER_FIN_WAIT2 },           { "linger", TIMER_LINGER },
        };
        struct event event = { .kind = EVENT_TIMER, .observed = -1 };
        int end = (int)act->side;

        for (size_t i = 0; i < sizeof(timers) / sizeof(*timers); i++)
                if (!strcmp(act->value, timers[i].name))
                        event.timer = timers[i].timer;
        if (event.timer == TIMER_NONE)
                return play_skip(play, "%s: no such timer", act->text);
        if (event.timer == TIMER_LINGER) {
                if (!pair_interrupt(&play->pair, end, &step->expected))
                        return play_disagree(play, NULL, "%s: by the model close() goes on waiting", act->text);
                return play_take_result(play, end, &step->expected);
        }
        pair_step(&play->pair, end, &event, &step->expected);
        if (!strcmp(step->expected.rule->name, "timer-finds-nothing"))
                return play_disagree(play, step->expected.rule, "%s: by the model no such timer runs", act->text);
        return play_settle(play, step, TIMER_NS);
}

static int destroy(struct play *play, struct step *step)
{
        struct event event = { .kind = EVENT_DESTROY, .observed = -1 };
        int end = (int)step->act.side, r;

        if (!play->rights->own_namespace)
                return play_skip(play, "SOCK_DESTROY needs a network namespace of its own");
        if (step->act.side == ACT_LISTENER)
                return play_destroy_listener(play, step);
        r = destroy_socket(&play->tuple[end]);
        if (r < 0 && r != -ENOENT && !(r == -EOPNOTSUPP && play->rights->traits.keeps_minisockets))
                return play_skip(play, "SOCK_DESTROY: %s", strerror(-r));
        pair_step(&play->pair, end, &event, &step->expected);
        if ((r == -EOPNOTSUPP) != (!strcmp(step->expected.rule->name, "destroy-refuses-the-minisocket")))
                return play_disagree(play, step->expected.rule, "%s is %s, the model says %s", step->act.text,
                                     r < 0 ? "refused" : "done", r < 0 ? "done" : "refused");
        if ((r == -ENOENT) != (!strcmp(step->expected.rule->name, "destroy-nothing")))
                return play_disagree(play, step->expected.rule, "%s found %s connection, the model says %s",
                                     step->act.text, r < 0 ? "no" : "a", r < 0 ? "there is one" : "there is none");
        return 0;
}

static int look_with_poll(struct play *play, struct step *step)
{
        int end = (int)step->act.side, r;

        r = look_poll_unasked(play->fd[end], &step->unasked);
        if (r == 0)
                r = look_epoll(play->fd[end], &step->epoll);
        return r < 0 ? play_skip(play, "%s: %s", step->act.text, strerror(-r)) : 0;
}

/* Whose act it can be; what a call of the listener can be, play_listener_call() says. */
static bool side_fits(const struct lab_act *act)
{
        switch ((int)act->verb) {
        case VERB_LISTEN:
        case VERB_FILL_BACKLOG:
                return act->side == ACT_LISTENER;
        case VERB_ACCEPT:
                return act->side == ACT_SERVER;
        case VERB_SYSCTL:
                return act->side == ACT_NAMESPACE;
        case VERB_LINGER:
        case VERB_DESTROY:
                return act->side <= ACT_LISTENER;
        default:
                return act->side <= (act->verb < VERB_WAIT ? ACT_LISTENER : ACT_SERVER);
        }
}

static int perform(struct play *play, struct step *step)
{
        const struct lab_act *act = &step->act;

        if (!side_fits(act))
                return play_skip(play, "%s: not an act of that side", act->text);
        if (verb_is_segment(act->verb))
                return play_segment(play, act);
        if (act->side == ACT_LISTENER && act->verb < VERB_WAIT && act->verb != VERB_LISTEN && act->verb != VERB_CLOSE)
                return play_listener_call(play, step);
        switch ((int)act->verb) {
        case VERB_LISTEN:
        case VERB_ACCEPT:
        case VERB_FILL_BACKLOG:
                return play_listener(play, step);
        case VERB_CLOSE:
                return act->side == ACT_LISTENER ? play_listener(play, step) : play_call(play, step);
        case VERB_SYSCTL:
                return play_setting(play, act);
        case VERB_WAIT:
                return wait_act(play, act);
        case VERB_SIGNAL:
                return interrupt(play, act);
        case VERB_EXPIRE:
                return expire(play, act, step);
        case VERB_DESTROY:
                return destroy(play, step);
        case VERB_POLL:
                return look_with_poll(play, step);
        case VERB_DUP:
        case VERB_FORK:
        case VERB_CHILD_EXIT:
        case VERB_CHILD_KILL:
        case VERB_CHILD_CRASH:
                return play_process(play, step);
        default:
                if (act->verb >= VERB_LINGER && act->verb <= VERB_RCVBUF)
                        return play_option(play, act);
                return play_call(play, step);
        }
}

/* poll() asked for nothing shows ERR and HUP alone; epoll shows what poll() does (eventpoll.c). */
static int compare_polls(struct play *play, const struct step *step)
{
        int end = (int)step->act.side;
        short free_bits, bits = endpoint_poll(&play->pair.end[end], &free_bits);
        char want[LOOK_POLL_TEXT_MAX], saw[LOOK_POLL_TEXT_MAX];

        if (step->unasked != (bits & (POLLERR | POLLHUP)))
                return play_disagree(play, NULL, "%s: poll() asked for nothing says %s, the model %s",
                                     step->act.text, look_poll_text(step->unasked, saw),
                                     look_poll_text(bits & (POLLERR | POLLHUP), want));
        if ((step->epoll | free_bits) != (bits | free_bits))
                return play_disagree(play, NULL, "%s: epoll says %s, the model %s", step->act.text,
                                     look_poll_text(step->epoll, saw), look_poll_text(bits, want));
        return 0;
}

static int play_acts(struct play *play)
{
        const char *text = play->scenario->acts, *why = NULL;
        struct step *step;
        int r;

        for (;;) {
                if (play->n_steps == PLAY_MAX_STEPS)
                        return play_skip(play, "more than %d acts", PLAY_MAX_STEPS);
                step = &play->steps[play->n_steps];
                r = act_parse(&text, &step->act, &why);
                if (r == -ENODATA)
                        return 0;
                if (r < 0)
                        return play_skip(play, "%s: at \"%s\"", why, text);
                play->n_steps++;
                step->emitted_before = play->pair.n_emitted;
                step->answered_before = play->pair.n_answered;
                step->time_ns = wall_ns();
                r = perform(play, step);
                if (r < 0)
                        return r;
                r = play_settle(play, step, SETTLE_NS);
                if (r < 0)
                        return r;
                if (step->act.verb == VERB_POLL && (r = compare_polls(play, step)) < 0)
                        return r;
        }
}

static int needs(struct play *play)
{
        unsigned flags = play->scenario->flags;
        bool by_hand = flags & (SCENARIO_CLIENT_BY_HAND | SCENARIO_SERVER_BY_HAND);

        if ((flags & SCENARIO_IPV4_ONLY) && play->family != AF_INET)
                return play_skip(play, "IPv4 only");
        if (by_hand && !play->rights->wire)
                return play_skip(play, "a peer below the sockets: %s", play->rights->why_not);
        if ((flags & SCENARIO_NAMESPACE) && !play->rights->own_namespace)
                return play_skip(play, "a network namespace of its own: %s", play->rights->why_not);
        return 0;
}

void play_run(const struct scenario *scenario, int family, const struct stage_rights *rights, struct sniffer *sniffer,
              struct play *ret_play)
{
        struct play *play = ret_play;
        bool unconnected = scenario->flags & SCENARIO_UNCONNECTED;
        int r;

        memset(play, 0, sizeof(*play));
        play->scenario = scenario;
        play->family = family;
        play->rights = rights;
        play->sniffer = sniffer;
        play->listener = play->reserved = -1;
        for (int i = 0; i < N_ENDS; i++)
                play->fd[i] = play->extra[i] = -1;
        if (unconnected)
                pair_init_unconnected(&play->pair, family);
        else
                pair_init_connected(&play->pair, family);
        for (int i = 0; i < N_ENDS; i++)
                play->pair.end[i].traits = rights->traits;
        play->pair.by_hand[CLIENT] = scenario->flags & SCENARIO_CLIENT_BY_HAND;
        play->pair.by_hand[SERVER] = scenario->flags & SCENARIO_SERVER_BY_HAND;
        play->started_ns = wall_ns();
        if (!rights->own_namespace)
                play->n_dropped = play_n_dropped();
        r = needs(play);
        if (r == 0)
                r = play_connect(play);
        if (r == 0)
                r = play_acts(play);
        if (r == 0)
                r = play->peer ? play_check_peer(play) : play_check_capture(play);
        /* What broke off and did not say why must never look as if it had agreed. */
        if (r < 0 && !play->skipped && !play->disagrees)
                play_skip(play, "after %s: %s", play->n_steps ? play->steps[play->n_steps - 1].act.text : "nothing",
                          strerror(-r));
        if (play->rights->wire_sniffer && play->peer)
                sniffer_drain(play->rights->wire_sniffer);
        play->ended_ns = wall_ns();
}

static void close_abruptly(int fd)
{
        struct linger now = { .l_onoff = 1 };

        if (fd < 0)
                return;
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
        close(fd);
}

static void end_child(struct holder_child *child)
{
        if (child->pid <= 0)
                return;
        kill(child->pid, SIGKILL);
        waitpid(child->pid, NULL, 0);
        child->pid = 0;
}

void play_end(struct play *play)
{
        struct result_seen ignored;

        for (int i = 0; i < N_ENDS; i++) {
                end_child(&play->child[i]);
                if (play->waiting[i])
                        waiting_interrupt(play->waiting[i]);
                if (play->fd[i] >= 0)
                        shutdown(play->fd[i], SHUT_RDWR);
                if (play->waiting[i] &&
                    waiting_join(play->waiting[i], now_ns() + SECOND_NS, &ignored) != -ETIMEDOUT)
                        play->waiting[i] = waiting_free(play->waiting[i]);
                close_abruptly(play->fd[i]);
                close_abruptly(play->extra[i]);
                play->fd[i] = play->extra[i] = -1;
        }
        for (size_t i = 0; i < play->n_fillers; i++)
                close_abruptly(play->fillers[i]);
        play->n_fillers = 0;
        if (play->listener >= 0)
                close(play->listener);
        if (play->reserved >= 0)
                close(play->reserved);
        play->listener = play->reserved = -1;
        play->peer = peer_close(play->peer);
        for (size_t i = play->n_settings; i-- > 0;)
                namespace_sysctl(play->settings[i].name, play->settings[i].value);
        play->n_settings = 0;
}
