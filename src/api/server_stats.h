/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the server can say about itself in numbers: the rows of system.stats and
 * the lines of /metrics come from one list.
 */
#pragma once

#include "api/api.h"

enum { SERVER_STATS_MAX = 64 };

typedef enum StatKind { STAT_TEXT, STAT_GAUGE, STAT_COUNTER } StatKind;

typedef struct Stat {
    const char *name;
    StatKind kind;
    Str text;      /* STAT_TEXT */
    double number; /* the others */
} Stat;

typedef struct StatList {
    Stat items[SERVER_STATS_MAX];
    size_t count;
} StatList;

/* As of now; reads a few files of /proc.  Any thread. */
StatList server_stats(const Api *api, const Catalog *catalog);

/* Prometheus' text format; texts are left out. */
void server_stats_write_metrics(Buf *out, const StatList *stats);

/* The value as system.stats shows it, in the arena. */
Str stat_value_text(Arena *arena, const Stat *stat);
