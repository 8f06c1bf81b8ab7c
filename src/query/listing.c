/* SPDX-License-Identifier: Apache-2.0 */
#include "query/listing.h"

Value *listing_add(QueryRun *run, Listing *listing)
{
    Arena *arena = &run->ctx.arena;
    listing->rows =
        arena_grow(arena, listing->rows, listing->row_count, &listing->capacity, sizeof(Value *));
    Value *row = ARENA_ARRAY(arena, Value, listing->column_count);
    listing->rows[listing->row_count++] = row;
    return row;
}

Status listing_emit(QueryRun *run, Listing *listing, bool *ret_done)
{
    bool full = false;
    if (!listing->begun) {
        run_begin(run);
        run_columns(run, listing->columns, listing->column_count);
        listing->begun = true;
    }
    while (listing->sent < listing->row_count && !full) {
        TRY(run_row(run, listing->rows[listing->sent++]));
        full = run_is_full(run);
    }
    *ret_done = listing->sent == listing->row_count;
    if (*ret_done) {
        ResultDone done = {.row_count = listing->row_count};
        run_done(run, &done);
    }
    return STATUS_OK;
}

const ResultColumn *listing_columns_of(Arena *arena, const Table *table)
{
    ResultColumn *columns = ARENA_ARRAY(arena, ResultColumn, table->column_count);
    for (uint32_t i = 0; i < table->column_count; i++) {
        const Column *column = &table->columns[i];
        columns[i] = (ResultColumn){
            .name = column->name,
            .type = column->type,
            .not_null = column->not_null || column->primary_key,
            .primary_key = column->primary_key,
        };
    }
    return columns;
}
