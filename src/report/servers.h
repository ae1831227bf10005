/* Connections counted by server: who resets, refuses or stays silent most often. */
#pragma once

#include <stdio.h>

#include "ending/record.h"
#include "report/style.h"
#include "report/totals.h"

struct servers;

int servers_new(struct servers **ret_servers);

/* Takes NULL and returns NULL. */
struct servers *servers_free(struct servers *servers);

/* @share of a record of @server is counted, or taken away again. So many servers are told apart; of the others none. */
void servers_count(struct servers *servers, const struct record_end *server, const struct totals_share *share);
void servers_uncount(struct servers *servers, const struct record_end *server, const struct totals_share *share);

/* The worst of them, a line each; nothing where there is one server only, or nothing to tell of any. */
void servers_write(FILE *file, const struct servers *servers, const struct style *style);
