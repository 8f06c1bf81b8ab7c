/* SPDX-License-Identifier: Apache-2.0 */
#include "live/live_options.h"

/*
 * A whole number, not negative; *ret_given false when absent.  Sequence numbers
 * may be strings too: they do not fit into a double.
 */
static Status read_number_as(
    Context *ctx, const Json *json, Str name, bool string_too, uint64_t *ret_value, bool *ret_given)
{
    const Json *member = json_member(json, name);
    *ret_given = member && member->kind != JSON_NULL;
    if (!*ret_given)
        return STATUS_OK;
    bool readable = member->kind == JSON_NUMBER || (string_too && member->kind == JSON_STRING);
    if (!readable || !str_to_uint64(member->text, ret_value))
        return fail(ctx,
                    STATUS_UNSUPPORTED,
                    "option %.*s must be a whole number that is not negative, got %.*s",
                    STR_ARG(name),
                    STR_ARG(member->source));
    return STATUS_OK;
}

static Status
read_number(Context *ctx, const Json *json, Str name, uint64_t *ret_value, bool *ret_given)
{
    return read_number_as(ctx, json, name, false, ret_value, ret_given);
}

static Status read_seq(Context *ctx, const Json *json, Str name, SeqNo *ret_seq, bool *ret_given)
{
    return read_number_as(ctx, json, name, true, ret_seq, ret_given);
}

static Status read_flag(Context *ctx, const Json *json, Str name, bool *ret_flag)
{
    const Json *member = json_member(json, name);
    if (member && member->kind != JSON_TRUE && member->kind != JSON_FALSE &&
        member->kind != JSON_NULL)
        return fail(ctx,
                    STATUS_UNSUPPORTED,
                    "option %.*s must be true or false, got %.*s",
                    STR_ARG(name),
                    STR_ARG(member->source));
    *ret_flag = member && member->kind == JSON_TRUE;
    return STATUS_OK;
}

static Status read_on_lag(Context *ctx, const Json *json, LiveOnLag *ret_on_lag)
{
    static const Str WORDS[] = {[LIVE_LAG_CATCH_UP] = STR_INIT("catch_up"),
                                [LIVE_LAG_LATEST] = STR_INIT("latest"),
                                [LIVE_LAG_CLOSE] = STR_INIT("close")};
    const Json *member = json_member(json, STR("on_lag"));
    *ret_on_lag = LIVE_LAG_CATCH_UP;
    if (!member || member->kind == JSON_NULL)
        return STATUS_OK;
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(*WORDS); i++) {
        if (member->kind == JSON_STRING && str_equal(member->text, WORDS[i])) {
            *ret_on_lag = (LiveOnLag)i;
            return STATUS_OK;
        }
    }
    return fail(ctx,
                STATUS_UNSUPPORTED,
                "option on_lag must be \"catch_up\", \"latest\" or \"close\", got %.*s",
                STR_ARG(member->source));
}

static Status read_batch_size(Context *ctx, const Json *json, LiveOptions *options)
{
    uint64_t size = LIVE_BATCH_SIZE_DEFAULT;
    bool given;
    TRY(read_number(ctx, json, STR("batch_size"), &size, &given));
    if (size == 0)
        return fail(ctx, STATUS_UNSUPPORTED, "option batch_size must be at least 1");
    options->batch_size = size > LIVE_BATCH_SIZE_MAX ? LIVE_BATCH_SIZE_MAX : (uint32_t)size;
    return STATUS_OK;
}

static Status read_last_rows(Context *ctx, const Json *json, LiveOptions *options)
{
    uint64_t rows = 0;
    TRY(read_number(ctx, json, STR("last_rows"), &rows, &options->has_last_rows));
    if (options->has_last_rows && rows > options->batch_size)
        return fail(ctx,
                    STATUS_UNSUPPORTED,
                    "last_rows (%llu) cannot exceed batch_size (%u); paginated last_rows replay "
                    "is not supported",
                    (unsigned long long)rows,
                    options->batch_size);
    options->last_rows = (uint32_t)rows;
    return STATUS_OK;
}

/* from, its alias from_seq_id, or since (milliseconds). */
static Status read_from(Context *ctx, const Json *json, LiveOptions *options)
{
    uint64_t since = 0;
    TRY(read_seq(ctx, json, STR("from"), &options->from, &options->resume));
    if (!options->resume)
        TRY(read_seq(ctx, json, STR("from_seq_id"), &options->from, &options->resume));
    if (options->resume)
        return STATUS_OK;
    TRY(read_number(ctx, json, STR("since"), &since, &options->resume));
    if (!options->resume)
        return STATUS_OK;
    /* A change at exactly `since` counts as after it. */
    uint64_t first = snowflake_from_ms(since > INT64_MAX / 2 ? INT64_MAX / 2 : (int64_t)since);
    options->from = first ? first - 1 : 0;
    options->from_time = true;
    return STATUS_OK;
}

Status live_options_parse(Context *ctx, const Json *json, LiveOptions *ret_options)
{
    LiveOptions options = {.batch_size = LIVE_BATCH_SIZE_DEFAULT};
    if (json && json->kind != JSON_NULL && json->kind != JSON_OBJECT)
        return fail(ctx, STATUS_UNSUPPORTED, "options must be an object");
    if (json && json->kind == JSON_OBJECT) {
        options.initial = true;
        TRY(read_batch_size(ctx, json, &options));
        TRY(read_last_rows(ctx, json, &options));
        TRY(read_from(ctx, json, &options));
        TRY(read_on_lag(ctx, json, &options.on_lag));
        TRY(read_flag(ctx, json, STR("full"), &options.full));
        TRY(read_flag(ctx, json, STR("progress"), &options.progress));
        TRY(read_flag(ctx, json, STR("include_flush"), &options.include_flush));
    }
    *ret_options = options;
    return STATUS_OK;
}
