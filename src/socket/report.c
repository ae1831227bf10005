/* The report: by a bare look, or by a look and a memory. */
#include <finis/finis.h>

#include "socket/account.h"
#include "socket/keep_errno.h"

int finis_look(int fd, struct finis_report *ret_report)
{
        KEEP_ERRNO;
        struct look look;
        int r;

        r = look_at(fd, &look);
        if (r < 0)
                return r;
        account(NULL, &look, ret_report);
        return 0;
}

int finis_report(struct finis *finis, struct finis_report *ret_report)
{
        KEEP_ERRNO;
        struct look look;
        int r;

        r = look_at(finis->fd, &look);
        if (r < 0)
                return r;
        account_remember(finis, &look);
        account(finis, &look, ret_report);
        return 0;
}
