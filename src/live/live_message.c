/* SPDX-License-Identifier: Apache-2.0 */
#include "live/live_message.h"

#include "base/memory.h"
#include "net/gzip.h"
#include "value/json.h"

enum { GZIP_BYTES_MIN = 512 };

static void put_head(Buf *out, const char *type, Str subscription_id)
{
    buf_printf(out, "{\"type\":\"%s\",\"subscription_id\":", type);
    json_write_string(out, subscription_id);
}

void live_write_change_head(Buf *out, Str subscription_id)
{
    BUF_LIT(out, "{\"type\":\"change\",\"subscription_id\":");
    json_write_string(out, subscription_id);
}

/* loading, loading_batch or ready, from where the batch stands. */
static void put_batch_control(Buf *out, const LiveBatchControl *control)
{
    const char *status = !control->has_more        ? "ready"
                         : control->batch_num == 0 ? "loading"
                                                   : "loading_batch";
    buf_printf(out,
               ",\"batch_control\":{\"batch_num\":%u,\"has_more\":%s,\"status\":\"%s\"",
               control->batch_num,
               control->has_more ? "true" : "false",
               status);
    unsigned long long seq = control->last_seq;
    if (control->has_last_seq)
        buf_printf(out, ",\"last_seq_id\":%llu,\"last_seq\":\"%llu\"}", seq, seq);
    else
        BUF_LIT(out, ",\"last_seq_id\":null}");
}

static void put_schema_field(Buf *out, const LiveQuery *query, uint32_t at)
{
    LiveColumn column = live_query_column(query, at);
    bool is_user_column = column.index < query->table->column_count;
    buf_printf(out, "%s{\"name\":", at ? "," : "");
    buf_append(out, column.key.ptr, column.key.len - 1); /* without the colon */
    BUF_LIT(out, ",\"data_type\":");
    type_write_json(out,
                    is_user_column ? query->table->columns[column.index].type : TYPE(TIMESTAMP));
    buf_printf(out, ",\"index\":%u}", at);
}

void live_write_ack(Buf *out,
                    Str subscription_id,
                    const LiveQuery *query,
                    const LiveBatchControl *control,
                    bool resync)
{
    put_head(out, "subscription_ack", subscription_id);
    BUF_LIT(out, ",\"total_rows\":0");
    put_batch_control(out, control);
    BUF_LIT(out, ",\"schema\":[");
    for (uint32_t i = 0; i < query->selected_count; i++)
        put_schema_field(out, query, i);
    BUF_LIT(out, "]");
    if (resync)
        BUF_LIT(out, ",\"resync\":true");
    buf_byte(out, '}');
}

void live_write_batch(Buf *out, Str subscription_id, Str rows, const LiveBatchControl *control)
{
    put_head(out, "initial_data_batch", subscription_id);
    BUF_LIT(out, ",\"rows\":[");
    buf_str_append(out, rows);
    buf_byte(out, ']');
    put_batch_control(out, control);
    buf_byte(out, '}');
}

static void put_error(Buf *out, Str subscription_id, const char *code, Str message)
{
    put_head(out, "error", subscription_id);
    buf_printf(out, ",\"code\":\"%s\",\"message\":", code);
    json_write_string(out, message);
}

void live_write_error(Buf *out, Str subscription_id, const char *code, Str message)
{
    put_error(out, subscription_id, code, message);
    buf_byte(out, '}');
}

void live_write_end(Buf *out, Str subscription_id, const char *code, Str message, SeqNo seq)
{
    put_error(out, subscription_id, code, message);
    buf_printf(out, ",\"seq\":\"%llu\"}", (unsigned long long)seq);
}

void live_write_progress(Buf *out, Str subscription_id, SeqNo seq)
{
    put_head(out, "progress", subscription_id);
    buf_printf(out, ",\"seq\":\"%llu\"}", (unsigned long long)seq);
}

/* ---- frames ---- */

void live_frames_done(LiveFrames *frames)
{
    for (size_t i = 0; i < frames->count; i++)
        shared_unref(frames->items[i].bytes);
    free(frames->items);
    *frames = (LiveFrames){0};
}

static void add_frame(LiveFrames *frames, LiveFrame frame)
{
    if (frames->count == frames->capacity) {
        frames->capacity = frames->capacity ? frames->capacity * 2 : 4;
        frames->items = mem_realloc(frames->items, frames->capacity * sizeof(*frames->items));
    }
    frames->byte_count += frame.bytes->len;
    frames->items[frames->count++] = frame;
}

void live_frames_add_message(LiveFrames *frames, Buf *message, bool gzip)
{
    CLEANUP(buf_done) Buf packed = {0};
    CLEANUP(context_done) Context ctx = {0};
    bool pays = gzip && message->len >= GZIP_BYTES_MIN &&
                gzip_compress(&ctx, buf_str(message), &packed) == STATUS_OK &&
                packed.len < message->len;
    Shared *bytes = shared_take(pays ? &packed : message);
    buf_clear(message);
    add_frame(frames, (LiveFrame){.binary = pays, .bytes = bytes});
}

void live_frames_add_tail(LiveFrames *frames, Shared *tail)
{
    add_frame(frames, (LiveFrame){.tail = true, .bytes = tail});
}
