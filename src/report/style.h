/* How a report for eyes is to look: given by who knows the terminal, the same for all of its parts. */
#pragma once

#include <stdbool.h>

#define STYLE_WIDTH 80

struct style {
        unsigned width; /* columns */
        bool colour;
        bool utf8;      /* arrows are drawn, not typed */
};

#define STYLE_BOLD "\033[1m"
#define STYLE_DIM "\033[2m"
#define STYLE_RED "\033[31m"
#define STYLE_YELLOW "\033[33m"
#define STYLE_GREEN "\033[32m"
#define STYLE_PLAIN "\033[0m"

/* A sequence for the terminal, or nothing where there is no colour. */
static inline const char *style_on(const struct style *style, const char *sequence)
{
        return style->colour ? sequence : "";
}

static inline const char *style_off(const struct style *style)
{
        return style->colour ? STYLE_PLAIN : "";
}

static inline const char *style_arrow(const struct style *style)
{
        return style->utf8 ? "→" : "->";
}
