/*
 * What is kept of a connection in fewer bytes, and back again to the last bit: rows by what differs from the rows
 * before, since ends count on and repeat themselves; structs by leaving out what is zero and telling times from one of
 * them. For connections that say nothing for long, of which a large capture has most.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "connection/orderly.h"

/* Writes @n rows to the @room bytes at @to. Returns how many bytes they took, or 0 if there is too little room. */
size_t pack_rows(struct row *const rows[], unsigned n, uint8_t *to, size_t room);

/* And back: @n rows. */
void unpack_rows(const uint8_t *from, unsigned n, struct row *const ret_rows[]);

/* The same for any struct of @n_words times four bytes, in which times near @time may stand. */
size_t pack_words(const void *from, size_t n_words, int64_t time, uint8_t *to, size_t room);

/* Returns how many bytes at @from it took. */
size_t unpack_words(const uint8_t *from, size_t n_words, int64_t time, void *ret_words);
