/* A binary heap: the first alarm in one step, every change in as many steps as the heap is high. */
#include "lab/stage/timers.h"

#include <errno.h>
#include <stdlib.h>

static void put(struct timers *t, size_t place, struct alarm *alarm)
{
        t->heap[place - 1] = alarm;
        alarm->place = place;
}

static void rise(struct timers *t, size_t place, struct alarm *alarm)
{
        for (; place > 1 && t->heap[place / 2 - 1]->due_ns > alarm->due_ns; place /= 2)
                put(t, place, t->heap[place / 2 - 1]);
        put(t, place, alarm);
}

static void sink(struct timers *t, size_t place, struct alarm *alarm)
{
        for (size_t child; (child = place * 2) <= t->n; place = child) {
                if (child < t->n && t->heap[child]->due_ns < t->heap[child - 1]->due_ns)
                        child++;
                if (t->heap[child - 1]->due_ns >= alarm->due_ns)
                        break;
                put(t, place, t->heap[child - 1]);
        }
        put(t, place, alarm);
}

static void take_out(struct timers *t, struct alarm *alarm)
{
        size_t place = alarm->place;
        struct alarm *last = t->heap[--t->n];

        alarm->place = 0;
        if (last == alarm)
                return;
        rise(t, place, last);
        sink(t, last->place, last);
}

int timers_set(struct timers *t, struct alarm *alarm, int64_t due_ns)
{
        if (alarm->place && alarm->due_ns == due_ns)
                return 0;
        if (alarm->place)
                take_out(t, alarm);
        alarm->due_ns = due_ns;
        if (due_ns == ALARM_NEVER)
                return 0;
        if (t->n == t->room) {
                size_t room = t->room ? t->room * 2 : 64;
                struct alarm **heap = reallocarray(t->heap, room, sizeof(struct alarm *));

                if (!heap)
                        return -ENOMEM;
                t->heap = heap;
                t->room = room;
        }
        rise(t, ++t->n, alarm);
        return 0;
}

struct alarm *timers_first(const struct timers *t)
{
        return t->n ? t->heap[0] : NULL;
}

void timers_deinit(struct timers *t)
{
        free(t->heap);
        *t = (struct timers){ 0 };
}
