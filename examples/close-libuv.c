/* Closes a connection of libuv so that the result is known.
 *
 * A uv_tcp_t owns its descriptor. So the close works on a dup(2) of it: closing one of two sends
 * nothing. libuv's own poll handle is level-triggered, so FINIS_EDGE is not set, and where nothing is
 * to be watched the handle is stopped and only the timer runs.
 *
 * Plays both ends over loopback; the peer reads to the end and closes. */
#include <finis/finis.h>

#include <poll.h>
#include <stdio.h>
#include <unistd.h>
#include <uv.h>

enum {
        N_BYTES = 100000,
};

struct closing {
        struct finis finis;
        uv_poll_t poll;
        uv_timer_t timer;
        int n_handles;
};

static struct closing closing;
static uv_tcp_t listener, client, server;
static uv_connect_t connecting;
static uv_write_t writing;
static size_t n_read;
static int result = 1;

static void take(struct closing *c, int closed, const struct finis_want *want);

static int64_t now_of(const struct closing *c)
{
        return (int64_t)uv_now(c->timer.loop);
}

static void step(struct closing *c)
{
        struct finis_want want;

        uv_update_time(c->timer.loop);
        take(c, finis_close_step(&c->finis, now_of(c), &want), &want);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
        (void)status;
        (void)events;
        step(poll->data);
}

static void on_timer(uv_timer_t *timer)
{
        step(timer->data);
}

static void on_gone(uv_handle_t *handle)
{
        struct closing *c = handle->data;

        /* Only now has libuv let go of the descriptor, which FINIS_KEEP_FD left open. */
        if (--c->n_handles == 0)
                close(c->finis.fd);
}

static void take(struct closing *c, int closed, const struct finis_want *want)
{
        struct finis_report report;
        int events;

        if (closed != FINIS_CLOSE_AGAIN) {
                if (closed >= 0 && finis_report(&c->finis, &report) == 0)
                        printf("%s; %s: %llu of %llu bytes acknowledged, %zu read by the peer\n",
                               finis_close_name(closed), finis_ending_name(report.ending),
                               (unsigned long long)report.acknowledged,
                               (unsigned long long)report.written, n_read);
                result = closed != FINIS_CLOSE_CLEAN;
                uv_close((uv_handle_t *)&c->poll, on_gone);
                uv_close((uv_handle_t *)&c->timer, on_gone);
                return;
        }
        events = (want->events & POLLIN ? UV_READABLE | UV_DISCONNECT : 0);
        if (events)
                uv_poll_start(&c->poll, events, on_poll);
        else
                uv_poll_stop(&c->poll);
        if (want->timeout_ms >= 0)
                uv_timer_start(&c->timer, on_timer, (uint64_t)want->timeout_ms, 0);
        else
                uv_timer_stop(&c->timer);
}

static void begin_to_close(uv_tcp_t *tcp)
{
        const struct finis_close_options options = { .flags = FINIS_KEEP_FD };
        struct closing *c = &closing;
        struct finis_want want;

        uv_close((uv_handle_t *)tcp, NULL);
        uv_poll_init(tcp->loop, &c->poll, c->finis.fd);
        uv_timer_init(tcp->loop, &c->timer);
        c->poll.data = c->timer.data = c;
        c->n_handles = 2;
        take(c, finis_close_begin(&c->finis, &options, now_of(c), &want), &want);
}

/* libuv has given all to the kernel. It says no more than that. */
static void on_written(uv_write_t *request, int status)
{
        if (status < 0)
                return;
        finis_note_write(&closing.finis, N_BYTES);
        begin_to_close((uv_tcp_t *)request->handle);
}

static void on_connected(uv_connect_t *request, int status)
{
        static char bytes[N_BYTES];
        uv_buf_t buffer = uv_buf_init(bytes, sizeof(bytes));
        uv_os_fd_t fd;

        if (status == 0 && uv_fileno((uv_handle_t *)request->handle, &fd) == 0 &&
            finis_init(&closing.finis, dup(fd)) == 0)
                uv_write(&writing, request->handle, &buffer, 1, on_written);
}

static void give_room(uv_handle_t *handle, size_t size, uv_buf_t *ret)
{
        static char room[65536];
        (void)handle;
        (void)size;

        *ret = uv_buf_init(room, sizeof(room));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
        (void)buffer;
        if (n >= 0)
                n_read += (size_t)n;
        else
                uv_close((uv_handle_t *)stream, NULL);
}

static void on_accept(uv_stream_t *stream, int status)
{
        (void)status;
        uv_tcp_init(stream->loop, &server);
        if (uv_accept(stream, (uv_stream_t *)&server) == 0)
                uv_read_start((uv_stream_t *)&server, give_room, on_read);
        uv_close((uv_handle_t *)stream, NULL);
}

int main(void)
{
        uv_loop_t *loop = uv_default_loop();
        struct sockaddr_in at;
        struct sockaddr_storage bound;
        int n = sizeof(bound);

        uv_ip4_addr("127.0.0.1", 0, &at);
        uv_tcp_init(loop, &listener);
        if (uv_tcp_bind(&listener, (struct sockaddr *)&at, 0) < 0 ||
            uv_listen((uv_stream_t *)&listener, 1, on_accept) < 0 ||
            uv_tcp_getsockname(&listener, (struct sockaddr *)&bound, &n) < 0)
                return 2;
        uv_tcp_init(loop, &client);
        if (uv_tcp_connect(&connecting, &client, (struct sockaddr *)&bound, on_connected) < 0)
                return 2;
        uv_run(loop, UV_RUN_DEFAULT);
        uv_loop_close(loop);
        return result;
}
