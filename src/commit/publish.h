/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writing side of commit/published.h, for the sequencer's threads.
 */
#pragma once

#include "commit/published.h"

/* Takes the store's state of this moment; the catalog is counted up. */
Snapshot *snapshot_new(Store *store, SeqNo seq, Catalog *catalog);

/* Both are `first`, which is counted up. */
Published *published_new(Snapshot *first);
void published_free(Published *published);

/* Counted up.  A snapshot that is not newer than the present one is ignored. */
void published_set_applied(Published *published, Snapshot *snapshot);
/* The applied one follows when it is older. */
void published_set_durable(Published *published, Snapshot *snapshot);
