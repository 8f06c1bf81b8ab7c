/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answer to a SQL request (protocol.md 1.6), written while it runs:
 *
 *     {"status":"success","results":[
 *         {"schema":[..],"rows":[[..],..],"row_count":1,"message":"..","as_user":".."}
 *     ],"took":1.234}
 *
 * An SqlEnvelope is the sink of a QueryRun.  While nothing of it has left, an
 * error replaces everything by an error envelope; afterwards it ends what was
 * begun with "error":{..} (decision 21).  Used by SQL over HTTP and over the
 * WebSocket, which puts members of its own before "status".
 *
 * One thread at a time; moves with its run.
 */
#pragma once

#include "api/sql_error.h"

typedef struct SqlEnvelopeOptions {
    Str prefix;        /* members before "status", each with a comma behind it; borrowed */
    Str user_id;       /* as_user of a result that was cut short; borrowed */
    Role role;         /* whether credentials are shown */
    size_t chunk_size; /* full when this much waits; 0 = never */
    size_t size_max;   /* a larger answer is an error; 0 = unlimited */
} SqlEnvelopeOptions;

typedef struct SqlEnvelope {
    SqlEnvelopeOptions options;
    Buf out;
    uint64_t row_count;  /* of the current result so far */
    size_t result_count; /* finished ones */
    const bool *secret;  /* which columns are shown as ***; NULL = none */
    bool *secret_memory;
    Str *real_names; /* of the columns that can hold NaN; NULL = none can */
    Arena names;
    size_t column_count;
    bool streaming;   /* something has left: nothing can be taken back */
    bool in_result;   /* begun and not done */
    bool has_columns; /* of the current result */
    bool selected;    /* some result had columns */
} SqlEnvelope;

void sql_envelope_init(SqlEnvelope *envelope, const SqlEnvelopeOptions *options);
void sql_envelope_done(SqlEnvelope *envelope);

/* data = the SqlEnvelope */
extern const ResultSink SQL_ENVELOPE_SINK;

/* What has been written so far is about to leave: the caller takes `out`. */
void sql_envelope_start_streaming(SqlEnvelope *envelope);

/* Completes `out`; exactly one of them, at the end. */
void sql_envelope_finish(SqlEnvelope *envelope, int64_t took_us);
void sql_envelope_fail(SqlEnvelope *envelope, const SqlError *error, int64_t took_us);
