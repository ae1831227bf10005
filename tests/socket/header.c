/* The public header as a stranger includes it: alone, in plain C99 or C++. Built, not run. */
#include <finis/finis.h>

int main(void);

int main(void)
{
        struct finis finis;
        struct finis_report report;
        struct finis_close_options options = { 0, 0, 0, 0, { 0 } };
        struct finis_want want;
        struct finis_sigpipe sigpipe;

        /* Names only: nothing here would make sense to run. */
        if (finis_version() == FINIS_VERSION)
                return 0;
        (void)finis_sigpipe_block(&sigpipe);
        (void)finis_init(&finis, 0);
        (void)finis_write(&finis, "", 0);
        (void)finis_report(&finis, &report);
        (void)finis_close_begin(&finis, &options, 0, &want);
        return finis_sigpipe_restore(&sigpipe);
}
