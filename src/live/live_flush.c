/* SPDX-License-Identifier: Apache-2.0 */
#include "live/live_flush.h"

#include "base/memory.h"
#include "live/live_private.h"
#include "value/json.h"

/* ---- the message ---- */

static void write_table_name(Buf *out, const FlushNotice *notice)
{
    CLEANUP(buf_done) Buf name = {0};
    if (notice->per_user) {
        buf_str_append(&name, notice->owner.user_id);
        BUF_LIT(&name, ".");
    }
    buf_str_append(&name, notice->table_name);
    json_write_string(out, buf_str(&name));
}

void live_write_flush_tail(Buf *out, const FlushNotice *notice)
{
    BUF_LIT(out, ",\"change_type\":\"flush\",\"table_name\":");
    write_table_name(out, notice);
    BUF_LIT(out, ",\"row_data\":{\"row_count\":");
    buf_uint64(out, notice->row_count);
    BUF_LIT(out, ",\"parquet_files\":[");
    for (size_t i = 0; i < notice->file_count; i++) {
        if (i)
            BUF_LIT(out, ",");
        json_write_string(out, notice->files[i]);
    }
    BUF_LIT(out, "],\"flushed_at\":");
    buf_int64(out, notice->flushed_at_ms);
    BUF_LIT(out, "}}");
}

/* ---- from the job to the reactors ---- */

void live_flush_tell(void *data, const FlushNotice *notice)
{
    CLEANUP(buf_done) Buf text = {0};
    FlushScope scope = {notice->table_id, notice->owner};
    live_write_flush_tail(&text, notice);
    CLEANUP(shared_unref) Shared *tail = shared_take(&text);
    live_registry_tell_flush(data, &scope, tail);
}

typedef struct FlushItem {
    MailboxItem item;
    LiveEngine *engine;
    FlushScope scope;
    Shared *tail;
    char user_id[];
} FlushItem;

static void flush_arrived(MailboxItem *item);

void live_engine_tell_flush(LiveEngine *engine, const FlushScope *scope, Shared *tail)
{
    Str user_id = scope->owner.user_id;
    FlushItem *flush = mem_zalloc(sizeof(*flush) + user_id.len);
    flush->item.run = flush_arrived;
    flush->engine = engine;
    if (user_id.len)
        memcpy(flush->user_id, user_id.ptr, user_id.len);
    flush->scope = (FlushScope){scope->table_id, owner_of(str_from(flush->user_id, user_id.len))};
    flush->tail = shared_ref(tail);
    engine->options.post(engine->options.post_data, &flush->item);
}

/* ---- on the reactor ---- */

static void tell_group(LiveGroup *group, const FlushItem *flush)
{
    if (!live_query_owns(group->query, flush->scope.owner))
        return;
    /* Backwards: whoever ends leaves the list. */
    for (uint32_t i = group->member_count; i-- > 0;)
        if (i < group->member_count)
            subscription_tell_flush(live_group_members(group)[i], flush->tail);
}

static void tell_table(LiveTable *live_table, const FlushItem *flush)
{
    size_t at = 0;
    for (LiveGroup *group; (group = id_map_next(&live_table->groups, &at));)
        for (; group; group = group->next_same_hash)
            tell_group(group, flush);
}

static void flush_arrived(MailboxItem *item)
{
    FlushItem *flush = CONTAINER_OF(item, FlushItem, item);
    LiveEngine *engine = flush->engine;
    LiveTable *live_table =
        engine->stopped ? NULL : id_map_get(&engine->tables, flush->scope.table_id);
    for (; live_table; live_table = live_table->next_version)
        tell_table(live_table, flush);
    shared_unref(flush->tail);
    free(flush);
}
