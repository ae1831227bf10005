/*
 * Connections over loopback as fast as one core makes them: connect, 100 bytes, close; accept, receive, close. Prints
 * how many, and the CPU seconds that they took. storm SECONDS [CPU]
 */
#include <arpa/inet.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu_seconds(void)
{
        struct rusage usage;

        getrusage(RUSAGE_SELF, &usage);
        return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
               (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv)
{
        struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        struct linger hard = { .l_onoff = 1 };
        double until, seconds = argc > 1 ? atof(argv[1]) : 1, used;
        int cpu = argc > 2 ? atoi(argv[2]) : 0, listener = socket(AF_INET, SOCK_STREAM, 0);
        int resets = argc > 3 && argv[3][0] == 'r';
        socklen_t size = sizeof(at);
        unsigned long n = 0;
        char bytes[100] = { 0 };
        cpu_set_t set;

        CPU_ZERO(&set);
        CPU_SET((size_t)cpu, &set);
        sched_setaffinity(0, sizeof(set), &set);
        if (bind(listener, (struct sockaddr *)&at, size) < 0 || listen(listener, 64) < 0 ||
            getsockname(listener, (struct sockaddr *)&at, &size) < 0)
                return 2;
        until = now() + seconds;
        used = cpu_seconds();
        do {
                int client = socket(AF_INET, SOCK_STREAM, 0), server;

                if (connect(client, (struct sockaddr *)&at, sizeof(at)) < 0)
                        return 2;
                server = accept(listener, NULL, NULL);
                if (server < 0 || send(client, bytes, sizeof(bytes), 0) < 0)
                        return 2;
                if (resets)
                        setsockopt(client, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
                if (recv(server, bytes, sizeof(bytes), 0) < 0)
                        return 2;
                close(client);
                close(server);
        } while (++n % 64 || now() < until);
        printf("%lu %.6f\n", n, cpu_seconds() - used);
        return 0;
}
