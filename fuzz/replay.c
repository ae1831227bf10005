/* Runs a fuzz target on files, once each: for seeds and findings, in any build. After --cut N each file is
 * also given without its last N bytes, without its last 2 N, and so on, to the first. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* Exactly as large as it is, so that a sanitizer sees a read beyond its end. */
static void run(const uint8_t *bytes, size_t n)
{
        uint8_t *copy = malloc(n ? n : 1);

        if (!copy)
                abort();
        memcpy(copy, bytes, n);
        (void)LLVMFuzzerTestOneInput(copy, n);
        free(copy);
}

static int replay(const char *path, size_t cut)
{
        FILE *file = fopen(path, "rbe");
        uint8_t *bytes = NULL;
        size_t n = 0, r;

        if (!file) {
                fprintf(stderr, "%s: %s\n", path, strerror(errno));
                return 2;
        }
        do {
                uint8_t *more = realloc(bytes, n + (1 << 16));

                if (!more)
                        abort();
                bytes = more;
                r = fread(bytes + n, 1, 1 << 16, file);
                n += r;
        } while (r > 0);
        fclose(file);
        run(bytes, n);
        while (cut && n > cut)
                run(bytes, n -= cut);
        free(bytes);
        return 0;
}

int main(int argc, char **argv)
{
        size_t cut = 0;
        int status = 0;

        for (int i = 1; i < argc; ++i)
                if (strcmp(argv[i], "--cut") == 0 && i + 1 < argc)
                        cut = strtoul(argv[++i], NULL, 10);
                else if (replay(argv[i], cut))
                        status = 2;
        return status;
}
