/* Writes pcapng with nanoseconds, interfaces of any link types, and comments. The caller opens and closes the
 * stream. In this machine's byte order. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The longest comment that an option holds; a longer one is cut there, between two letters. */
#define PCAPNG_COMMENT_MAX 65535

struct pcapng_writer {
        FILE *file;
        uint32_t n_interfaces;
};

/* Begins the section. @application and @comment may be NULL. Returns 0 or a negative errno. */
int pcapng_write_section(struct pcapng_writer *ret_writer, FILE *file, const char *application, const char *comment);

/* Describes one more interface; @name may be NULL. Returns its number, or a negative errno; -ERANGE for a link
 * type that the format cannot hold. */
int pcapng_write_interface(struct pcapng_writer *writer, uint32_t link_type, const char *name);

/* Writes a frame of which @n_bytes of @n_frame are at hand, with a comment or NULL. Returns 0 or a negative errno;
 * -ERANGE for a time before 1970 or a size that the format cannot hold, -EINVAL for an interface that was
 * not described. */
int pcapng_write_frame(struct pcapng_writer *writer, uint32_t interface, int64_t time_ns, const void *bytes,
                       size_t n_bytes, size_t n_frame, const char *comment);
