/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside a QueryRun: what the statements of this folder share.
 *
 * Each kind of statement is a Work: a plan with steps that query.c calls in
 * turn.  A step never waits; it returns STATUS_WOULD_BLOCK where it would have
 * to, and the statement then starts again on a worker.  Nothing may have left
 * the run by then: no row sent, no write submitted, no overlay touched.
 *
 *     prepare --> [execute on the executing thread] --> finish --> emit ...
 */
#pragma once

#include "auth/authorizer.h"
#include "base/memory_gauge.h"
#include "expr/expr.h"
#include "query/query.h"
#include "sql/parser.h"

typedef struct Work Work;
typedef struct Transaction Transaction;

struct Work {
    /* Plans, authorizes, computes.  Sets `writes` when execute is to run. */
    Status (*prepare)(QueryRun *run, Work *work);
    /* On the executing thread.  STATUS_STALE_PLAN starts the statement again. */
    Status (*execute)(QueryRun *run, Work *work, CommitBuilder *builder);
    /* After the commit, or right after prepare.  Reports the result unless emit does; may be NULL.
     */
    Status (*finish)(QueryRun *run, Work *work);
    /* Sends rows until all are sent (*ret_done) or the sink is full; may be NULL. */
    Status (*emit)(QueryRun *run, Work *work, bool *ret_done);
    /* Releases what is not in the arena; may be NULL. */
    void (*close)(Work *work);
    /* What is done and, after emit, what was counted: lines for EXPLAIN; only of SELECT. */
    void (*explain)(QueryRun *run, Work *work, Buf *out);
    bool writes;
    bool plan_only; /* EXPLAIN: prepare stops when it knows what is to be done */
    bool patient;   /* writes to sync tables only: WriteOp.patient */
};

typedef enum RunState {
    RUN_PARSE,
    RUN_STATEMENT, /* begin the next one */
    RUN_PREPARE,
    RUN_COMMITTING, /* the write is with the sequencer */
    RUN_EMIT,
    RUN_SUMS, /* the counts of a batch */
    RUN_DONE
} RunState;

typedef enum DmlKind { DML_INSERT, DML_UPDATE, DML_DELETE, DML_KIND_COUNT } DmlKind;

/* What a batch says of its INSERTs, UPDATEs or DELETEs in the end. */
typedef struct DmlSum {
    const AstStatement *last; /* NULL = none ran */
    uint64_t row_count;
    SeqNo seq;
    Str as_user;
} DmlSum;

struct QueryRun {
    Context ctx;
    const QueryEngine *engine;
    QueryRequest request;
    QueryLimits limits;     /* defaults filled in */
    const char *error_code; /* NULL = the status's */
    RunState state;
    QueryThread thread; /* of the present step */
    Status status;
    int replans; /* of the current statement */

    AstScript script;
    size_t next;      /* index of the statement after the current one */
    ArenaMark parsed; /* everything behind it belongs to one statement */
    Buf namespace_name;
    DmlSum sums[DML_KIND_COUNT];
    Transaction *transaction; /* NULL = none open */
    bool namespace_used;      /* USE chose it */
    bool left_open;           /* the request ended inside a transaction */
    bool impersonated;        /* by the current statement */

    /* The current statement. */
    const AstStatement *statement; /* inside EXECUTE AS: the inner one */
    Principal actor;               /* who asks */
    Principal principal;           /* as whom: differs inside EXECUTE AS */
    ExprEnvironment environment;
    ExprParameters parameters;
    Snapshot *snapshot; /* its catalog is what names mean; its rows are those of sync tables */
    Snapshot *rows;     /* those of async and stream tables; NULL until they are needed */
    bool durable_only;  /* a sync table takes part: all tables are read from `snapshot` */
    Work *work;

    WriteOp op;
    atomic_bool completed; /* set before wake() */
};

/* ---- for statements ---- */

/* STATUS_WOULD_BLOCK on a reactor, STATUS_OK on a worker. */
MUST_CHECK Status run_require_worker(QueryRun *run);

/* What a read on this thread may do. */
StoreTier run_tier(const QueryRun *run);

/* Decision 4: the snapshot whose rows a statement on this table sees; borrowed from the run. */
Snapshot *run_row_snapshot(QueryRun *run, const Table *table);

/* Whose rows of the table the statement means. */
Owner run_owner(const QueryRun *run, const Table *table);

/* Where names of the table's columns, parameters and CURRENT_USER() resolve.  table may be NULL. */
ExprScope run_scope(const QueryRun *run, const Table *table);

/* STATUS_MEMORY_LIMIT when this many bytes are more than one request may use, or all of them. */
MUST_CHECK Status run_check_memory(Context *ctx,
                                   MemoryShare *share,
                                   size_t bytes,
                                   size_t bytes_max);

/* Reports a result.  begin() must have been called for one with columns; for others it is called
 * here. */
void run_begin(QueryRun *run);
void run_columns(QueryRun *run, const ResultColumn *columns, size_t count);
MUST_CHECK Status run_row(QueryRun *run, const Value *values);
bool run_is_full(const QueryRun *run);
void run_done(QueryRun *run, const ResultDone *done);
/* Begin, and done with a message. */
void run_message(QueryRun *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* INSERT, UPDATE, DELETE: now, or summed when the request is a batch. */
void run_dml_done(QueryRun *run, DmlKind kind, const ResultDone *done);
