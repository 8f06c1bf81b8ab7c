/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of table/ share: a sequencer on a store in a temporary
 * directory, a wall clock that only the test moves, tables made by hand, and
 * closures that run inside a commit.
 */
#pragma once

#include "commit/catalog_commit.h"
#include "table/scan.h"
#include "table/table_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#undef fail /* cmocka's would hide ours */

typedef struct Fixture {
    char path[64];
    Context ctx;
    Store *store;
    Sequencer *sequencer;
} Fixture;

void fixture_init(Fixture *fixture);
void fixture_done(Fixture *fixture);

/* The wall clock of the whole program, in milliseconds since 1970. */
void fixture_set_time(int64_t ms);
int64_t fixture_time(void);

/* id BIGINT PRIMARY KEY, body TEXT; streams without key. The table stays valid with the fixture. */
const Table *
fixture_table(Fixture *fixture, const char *name, TableKind kind, TableOptions options);
void fixture_drop_table(Fixture *fixture, const Table *table);

/* Runs inside execute() of one operation and returns its status. */
typedef Status (*FixtureWrite)(TableWrite *write, CommitBuilder *builder, void *data);
Status
fixture_write(Fixture *fixture, const Table *table, const char *user, FixtureWrite run, void *data);

/* Single rows; `ret_seq` may be NULL. */
Status fixture_insert(Fixture *fixture,
                      const Table *table,
                      const char *user,
                      int64_t id,
                      const char *body,
                      SeqNo *ret_seq);
Status fixture_delete(Fixture *fixture, const Table *table, const char *user, int64_t id);
Status fixture_update(
    Fixture *fixture, const Table *table, const char *user, int64_t id, const char *body);

/* "id=body" of every row, separated by blanks, as a scan with these options sees them: snapshot,
 * table, owner and time are filled in. In the fixture's arena. */
const char *
fixture_scan(Fixture *fixture, const Table *table, const char *user, TableScanOptions options);

Owner fixture_owner(const Table *table, const char *user);
Str fixture_key(Fixture *fixture, const Table *table, int64_t id);
