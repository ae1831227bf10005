/* The words of the library, the same as the command's. */
#include <finis/finis.h>

/* Letters, not pointers to them: nothing for the loader to fill in. */
static const char endings[][12] = {
        [FINIS_ENDING_REFUSED] = "refused",
        [FINIS_ENDING_UNANSWERED] = "unanswered",
        [FINIS_ENDING_RESET] = "reset",
        [FINIS_ENDING_ORDERLY] = "orderly",
        [FINIS_ENDING_TIMED_OUT] = "timed-out",
        [FINIS_ENDING_HALF_CLOSED] = "half-closed",
        [FINIS_ENDING_OPEN] = "open",
        [FINIS_ENDING_UNSEEN] = "unseen",
};

static const char closes[][8] = {
        [FINIS_CLOSE_CLEAN] = "clean",
        [FINIS_CLOSE_ACKED] = "acked",
        [FINIS_CLOSE_UNACKED] = "unacked",
        [FINIS_CLOSE_RESET] = "reset",
        [FINIS_CLOSE_OVERRUN] = "overrun",
        [FINIS_CLOSE_AGAIN] = "again",
};

const char *finis_ending_name(enum finis_ending ending)
{
        size_t i = (size_t)(int)ending;

        return i < sizeof(endings) / sizeof(endings[0]) ? endings[i] : "?";
}

const char *finis_close_name(int closed)
{
        size_t i = (size_t)closed;

        return i < sizeof(closes) / sizeof(closes[0]) ? closes[i] : "?";
}

int finis_version(void)
{
        return FINIS_VERSION;
}
