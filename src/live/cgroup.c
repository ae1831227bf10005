/* Walks the tree of cgroups once, and again where an id is new, but not more than once a second. */
#include "live/cgroup.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

enum { NAMES_MAX = 4096, NAME_MAX_HERE = 256, OPEN_AT_ONCE = 16 };
#define CGROUP2_MAGIC 0x63677270
#define PAUSE_NS UINT64_C(1000000000)

struct name {
        uint64_t id;
        char text[NAME_MAX_HERE];
};

struct cgroups {
        const char *root;               /* NULL: none is mounted */
        uint64_t walked_ns;
        size_t n;
        struct name names[NAMES_MAX];
};

/* nftw() passes nothing on. */
static struct cgroups *walking;

static int take(const char *path, const struct stat *status, int kind, struct FTW *where)
{
        const char *name = path + strlen(walking->root);
        struct name *to = &walking->names[walking->n];

        (void)where;
        if (kind != FTW_D)
                return 0;
        if (walking->n == NAMES_MAX)
                return 1;
        to->id = status->st_ino;
        if (snprintf(to->text, sizeof(to->text), "%s", *name ? name : "/") < (int)sizeof(to->text))
                walking->n++;
        return 0;
}

static void walk(struct cgroups *cgroups, uint64_t now_ns)
{
        cgroups->walked_ns = now_ns;
        cgroups->n = 0;
        walking = cgroups;
        nftw(cgroups->root, take, OPEN_AT_ONCE, FTW_PHYS | FTW_MOUNT);
        walking = NULL;
}

int cgroups_new(struct cgroups **ret_cgroups)
{
        static const char *const roots[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
        struct cgroups *cgroups = calloc(1, sizeof(*cgroups));
        struct statfs status;

        if (!cgroups)
                return -ENOMEM;
        for (size_t i = 0; i < 2 && !cgroups->root; i++)
                if (statfs(roots[i], &status) == 0 && status.f_type == CGROUP2_MAGIC)
                        cgroups->root = roots[i];
        *ret_cgroups = cgroups;
        return 0;
}

struct cgroups *cgroups_free(struct cgroups *cgroups)
{
        free(cgroups);
        return NULL;
}

static const char *find(const struct cgroups *cgroups, uint64_t id)
{
        for (size_t i = 0; i < cgroups->n; i++)
                if (cgroups->names[i].id == id)
                        return cgroups->names[i].text;
        return NULL;
}

const char *cgroups_name(struct cgroups *cgroups, uint64_t id, uint64_t now_ns)
{
        const char *name = find(cgroups, id);

        if (name || !cgroups->root || id == 0 || (cgroups->walked_ns && now_ns < cgroups->walked_ns + PAUSE_NS))
                return name;
        walk(cgroups, now_ns);
        return find(cgroups, id);
}
