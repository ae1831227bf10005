/* Reads /proc/net/netstat: a line of names, then a line of values, for each group. */
#include "lab/counter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void filep(FILE **file)
{
        if (*file)
                fclose(*file);
}

static void freep(char **text)
{
        free(*text);
}

int counter_read(const char *name, uint64_t *ret_value)
{
        __attribute__((cleanup(filep))) FILE *file = fopen("/proc/thread-self/net/netstat", "re");
        __attribute__((cleanup(freep))) char *names = NULL;
        __attribute__((cleanup(freep))) char *values = NULL;
        size_t n_names = 0, n_values = 0;

        if (!file)
                return -errno;
        while (getline(&names, &n_names, file) > 0 && getline(&values, &n_values, file) > 0) {
                char *rest_name = NULL, *rest_value = NULL;
                char *one = strtok_r(names, " \n", &rest_name), *value = strtok_r(values, " \n", &rest_value);

                for (; one && value;
                     one = strtok_r(NULL, " \n", &rest_name), value = strtok_r(NULL, " \n", &rest_value))
                        if (!strcmp(one, name)) {
                                *ret_value = strtoull(value, NULL, 10);
                                return 0;
                        }
        }
        return -ENOENT;
}
