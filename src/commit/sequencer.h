/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one door for every change.
 *
 * Write operations are queued and executed one after another against the newest
 * state, by whichever of two threads holds the executing seat (commit/crew.h).
 * What a group of them changed goes to the store in one batch; then the group's
 * snapshot is taken.  Whoever holds the syncing seat makes all groups that wait
 * durable with one fsync, publishes, feeds the reactors and completes the
 * operations, while the other thread may execute the next group.
 *
 * Sequence numbers: one per change, strictly increasing for ever (snowflake
 * layout of value/ids.h); a lease on the next seconds of numbers is persisted
 * before they are used.  After a failed fsync, or a failed write to the store,
 * every operation is refused with STATUS_READ_ONLY and the reason.
 */
#pragma once

#include "commit/commit_record.h"
#include "commit/published.h"

typedef struct Sequencer Sequencer;
typedef struct CommitBuilder CommitBuilder;

/*
 * One write operation.  The submitter fills in the first part and keeps the
 * struct alive until complete() was called; meanwhile ctx belongs to the
 * sequencer's threads.
 */
typedef struct WriteOp WriteOp;
struct WriteOp {
    Context *ctx;
    /*
     * Runs on the executing thread and must not wait for anything.  Whatever it
     * added to the builder becomes one commit when it returns STATUS_OK and
     * nothing at all otherwise.  A commit without a change is legal.
     */
    Status (*execute)(WriteOp *op, CommitBuilder *builder);
    /*
     * Called exactly once, from one of the sequencer's threads, when the
     * outcome may be told: durable (sync), applied (async), or failed.  Should
     * only post the operation to where it came from.
     */
    void (*complete)(WriteOp *op);
    /*
     * The submitter expects a sync commit: nothing is lost when it is executed only after the sync
     * that is under way.  A hint; spares a wake-up.
     */
    bool patient;

    /* The outcome. */
    Status status; /* described in ctx */
    SeqNo seq;     /* of the commit; 0 when nothing changed */

    /* The sequencer's own. */
    WriteOp *next;
    CommitRecord *record;
    SeqNo wait_for; /* the outcome may be told when everything up to here is on disk */
    void *waiter;   /* of sequencer_execute() */
};

typedef struct SequencerOptions {
    Store *store;
    int64_t async_interval_ms; /* async writes are on disk within; 0 = 100 */
    uint16_t worker_id;        /* node part of sequence numbers, 0..1023 */
    /* Called once, when the first write or fsync fails; from any thread, must not wait; or NULL. */
    void (*on_read_only)(void *data, const char *reason);
    void *read_only_data;
} SequencerOptions;

/* Loads the catalog and the lease from the store and starts the threads. */
MUST_CHECK Status sequencer_open(Context *ctx,
                                 const SequencerOptions *options,
                                 Sequencer **ret_sequencer);
/* Completes everything submitted, syncs, ends the threads. */
void sequencer_close(Sequencer *sequencer);
DEFINE_CLEANUP(Sequencer, sequencer_close)

/* From any thread.  After sequencer_close() began: completed with STATUS_SHUTTING_DOWN. */
void sequencer_submit(Sequencer *sequencer, WriteOp *op);

/* Submits and waits; for workers and tests, never on a reactor. */
MUST_CHECK Status sequencer_execute(Sequencer *sequencer, WriteOp *op);

Published *sequencer_published(Sequencer *sequencer);

/* NULL while writes are accepted, else why not (static text of the first failure). */
const char *sequencer_read_only_reason(Sequencer *sequencer);

/* ---- inside execute() ---- */

/* The newest catalog, this commit's changes included.  Borrowed. */
const Catalog *commit_catalog(const CommitBuilder *builder);

/*
 * Installs a changed catalog (takes the reference) when the commit succeeds; the
 * catalog changes themselves are added with commit_add().
 */
void commit_set_catalog(CommitBuilder *builder, Catalog *catalog);

/* Milliseconds since 1970 of this commit; never steps back. */
int64_t commit_time_ms(const CommitBuilder *builder);

/* The newest version of a row, earlier changes of this very operation included.
 * *ret_found is false when there is none; a tombstone and a marker are found.  Bytes are in
 * the operation's arena or borrowed until execute() returns. */
MUST_CHECK Status commit_read_row(CommitBuilder *builder,
                                  uint32_t table_id,
                                  Owner owner,
                                  Str pk,
                                  StoredRow *ret_row,
                                  bool *ret_found);

/*
 * The newest value of an entry of FAMILY_CATALOG, FAMILY_MANIFEST or FAMILY_JOBS,
 * earlier changes of this very operation included; ptr NULL = there is none.
 * Bytes as above.
 */
MUST_CHECK Status commit_read_entry(CommitBuilder *builder,
                                    StoreFamily family,
                                    Str key,
                                    Str *ret_value);

/* Was that stream event removed by a change that the store does not show yet? */
bool commit_event_is_removed(CommitBuilder *builder, uint32_t table_id, Owner owner, SeqNo event);

/* Did earlier operations of the group, which the store does not show yet, change rows of the table?
 */
bool commit_group_has_table(const CommitBuilder *builder, uint32_t table_id);

/*
 * Appends a change and returns its sequence number; seq is assigned here, the
 * other fields are the caller's.  Bytes must stay valid until execute() returns.
 */
SeqNo commit_add(CommitBuilder *builder, const Change *change);

/* The commit waits for the disk.  Default false; changes of catalog, manifest and jobs always do.
 */
void commit_require_sync(CommitBuilder *builder);

/* ---- the feed: whole commits to whoever watches ---- */

enum { FEED_CONSUMERS_MAX = 64 };

/* Commits in order, counted. */
typedef struct CommitGroup {
    RefCount refs;
    size_t count;
    CommitRecord *records[];
} CommitGroup;

void commit_group_unref(CommitGroup *group);

/*
 * Registers consumer `index` (a reactor).  deliver() is called from the
 * sequencer's threads with a counted group (the consumer unrefs it) that holds
 * commits of interest to it, sync ones after they are durable and published,
 * others once applied and published; per table in sequence order.  It must only
 * post.  Register before any commit; commits before the interest bit was set
 * may or may not come.
 */
void sequencer_add_consumer(Sequencer *sequencer,
                            unsigned index,
                            void (*deliver)(void *data, CommitGroup *group),
                            void *data);

/*
 * Interest of a consumer in a table (0 = catalog changes).  Counted: each set
 * needs its clear.  A consumer that set its interest and then takes a published
 * snapshot S gets every later commit (> S) of the table.
 */
void sequencer_interest_add(Sequencer *sequencer, unsigned index, uint32_t table_id);
void sequencer_interest_remove(Sequencer *sequencer, unsigned index, uint32_t table_id);
