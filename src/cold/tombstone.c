/* SPDX-License-Identifier: Apache-2.0 */
#include "cold/tombstone.h"

#include "base/clock.h"
#include "commit/change_log.h"

enum { MS_PER_HOUR = 3600000 };

TombstoneRule tombstone_rule(const Table *table, Sequencer *sequencer)
{
    int64_t retention_ms = table->options.deleted_retention_hours * MS_PER_HOUR;
    return (TombstoneRule){
        .expired_before_ms = clock_wall_us() / 1000 - retention_ms,
        .log_low_water = change_log_table_low_water(sequencer, table->id),
    };
}

bool tombstone_is_over(const TombstoneRule *rule, const StoredRow *row)
{
    return row->gone || (row->deleted && snowflake_to_ms(row->seq) < rule->expired_before_ms &&
                         row->seq <= rule->log_low_water);
}
