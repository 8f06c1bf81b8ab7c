/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine for large queries and for Parquet (DuckDB), and the only user of
 * duckdb.h.
 *
 * The library is loaded and an instance in memory is opened by the first
 * statement; until then an engine costs nothing.  The instance is locked: no
 * files but those below the given directories, no network, no extensions, no
 * spilling, no settings to change.  Its text comes from us alone: nothing a
 * user wrote goes in but as a parameter, because a lock does not hold against
 * everything a SELECT can say.
 *
 * Rows of ours enter a statement through a DuckSource, which the text names
 * kalam_source(i): the i-th source of this statement, and of no other.
 *
 * A statement has a connection of its own and ends at the deadline or the
 * cancellation of the Context it was called with: a thread watches, and
 * interrupts it.  Errors say nothing about the library, its text or files;
 * they are those of error.h, a source's own where a source failed.
 */
#pragma once

#include "base/cleanup.h"
#include "value/value.h"

typedef struct DuckEngine DuckEngine;

typedef struct DuckOptions {
    Str library;         /* file; empty = searched for, see duck_engine_new() */
    size_t memory_bytes; /* of all statements together; 0 = 512 MiB */
    int threads;         /* 0 = 2 */
} DuckOptions;

/*
 * Copies the options; cannot fail, because nothing is loaded yet.  A library
 * that is not named is looked for beside the program, where the build put it,
 * and in /usr/lib/kalamdb and /usr/local/lib/kalamdb.
 */
DuckEngine *duck_engine_new(const DuckOptions *options);
/* All results are closed by now. */
void duck_engine_free(DuckEngine *engine);
DEFINE_CLEANUP(DuckEngine, duck_engine_free)

/*
 * COPY and read_parquet() may use files below this directory, too; from any
 * thread.  Statements under way keep what they had: a lock cannot be widened,
 * so later ones run on another instance.
 */
void duck_engine_allow(DuckEngine *engine, Str directory);

/* Has a statement run yet? */
bool duck_engine_is_loaded(DuckEngine *engine);

/* What all statements together may use. */
size_t duck_engine_memory_bytes(const DuckEngine *engine);

typedef struct DuckColumn {
    Str name;
    Type type;
} DuckColumn;

/* The type's name in DuckDB's dialect: "BLOB" for BYTES; in the arena. */
Str duck_type_sql(Arena *arena, Type type);

/*
 * A relation of ours inside a statement.  Called from DuckDB's threads, one
 * call at a time, each time with a Context that has the statement's bounds;
 * what next() takes from its arena dies before it is called again, what open()
 * takes dies after close().  After a close() it may be opened again.
 */
typedef struct DuckSource DuckSource;
struct DuckSource {
    const DuckColumn *columns; /* at least one */
    size_t column_count;
    uint64_t estimated_rows;
    /* wanted: of each column, is it read?  Valid until close(). */
    Status (*open)(DuckSource *source, Context *ctx, const bool *wanted);
    /*
     * The values of one row, column_count of them, NULL or of their column's
     * type, those not wanted ignored; NULL at the end.  Valid until the next call.
     */
    Status (*next)(DuckSource *source, Context *ctx, const Value **ret_values);
    void (*close)(DuckSource *source);
    /*
     * A second source of the same rows, for a statement that reads it twice at
     * a time (a CTE used twice); NULL or a NULL answer = such a statement fails.
     * The copy is closed, then freed with free_copy().
     */
    DuckSource *(*copy)(DuckSource *source);
    void (*free_copy)(DuckSource *source);
};

/*
 * A function of ours inside a statement, for what DuckDB would compute in
 * another way.  The text calls it duck_function_name()(i, argument, ..), i = its
 * index in the statement.  Called from DuckDB's threads, several at a time.
 */
typedef struct DuckFunction {
    Type result; /* of a DECIMAL only the scale counts: 38 digits come back */
    bool is_volatile;
    const void *data; /* for eval */
    /*
     * The arguments, NULLs among them, as their types in the text say.  The
     * result is NULL or of the type `result`; its text is borrowed from the
     * arguments or in ctx's arena.
     */
    Status (*eval)(const void *data, Context *ctx, const Value *arguments, Value *ret_value);
} DuckFunction;

Str duck_function_name(Arena *arena, const DuckFunction *function);

/*
 * A JSON or DECIMAL without precision is not told by its value alone: JSON
 * parameters arrive as text, DECIMALs as narrow as their digits allow; say
 * CAST($1 AS JSON).
 */
typedef struct DuckStatement {
    Str sql;                 /* one statement */
    const Value *parameters; /* $1 .. */
    size_t parameter_count;
    DuckSource *const *sources; /* live until the result is closed */
    size_t source_count;
    const DuckFunction *functions; /* likewise */
    size_t function_count;
} DuckStatement;

/*
 * Rows as they come, with bounded memory: DuckDB runs ahead of the reader by
 * about a megabyte.  The statement's text, parameters and array of sources are
 * not needed after the call; the engine, the sources and the functions are.
 */
typedef struct DuckResult DuckResult;
MUST_CHECK Status duck_query(Context *ctx,
                             DuckEngine *engine,
                             const DuckStatement *statement,
                             DuckResult **ret_result);
void duck_result_close(DuckResult *result);
DEFINE_CLEANUP(DuckResult, duck_result_close)

size_t duck_result_column_count(const DuckResult *result);
/*
 * Types that we do not have come as the nearest that holds them (HUGEINT as
 * DECIMAL(38,0)); where there is none (LIST, INTERVAL) duck_query() fails.
 */
const DuckColumn *duck_result_columns(const DuckResult *result);

/* NULL = end.  The values are valid until the next call.  ctx may be another one each time. */
MUST_CHECK Status duck_result_next(Context *ctx, DuckResult *result, const Value **ret_values);

/* For statements that answer with a number of rows (COPY). */
MUST_CHECK Status duck_execute(Context *ctx,
                               DuckEngine *engine,
                               const DuckStatement *statement,
                               uint64_t *ret_rows);
