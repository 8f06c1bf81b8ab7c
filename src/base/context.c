/* SPDX-License-Identifier: Apache-2.0 */
#include "base/context.h"

#include "base/clock.h"
#include "base/memory_gauge.h"

void context_done(Context *ctx)
{
    arena_done(&ctx->arena);
    context_clear_error(ctx);
}

void context_clear_error(Context *ctx)
{
    ctx->error = STATUS_OK;
    ctx->message = ctx->detail = ctx->hint = STR_NULL;
    ctx->position = 0;
}

static Status record(Context *ctx, Status status, const char *format, va_list args)
{
    context_clear_error(ctx);
    ctx->error = status;
    ctx->message = arena_vprintf(&ctx->arena, format, args);
    return status;
}

Status fail(Context *ctx, Status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    record(ctx, status, format, args);
    va_end(args);
    return status;
}

Status fail_at(Context *ctx, Status status, size_t offset, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    record(ctx, status, format, args);
    va_end(args);
    ctx->position = (int)offset + 1;
    return status;
}

void context_place_error(Context *ctx, size_t offset)
{
    ctx->position = (int)offset + 1;
}

void fail_detail(Context *ctx, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    ctx->detail = arena_vprintf(&ctx->arena, format, args);
    va_end(args);
}

void fail_hint(Context *ctx, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    ctx->hint = arena_vprintf(&ctx->arena, format, args);
    va_end(args);
}

Str context_error_text(Arena *arena, const Context *ctx, Audience audience)
{
    const char *words = status_public_words(ctx->error, audience);
    if (words)
        return str_from_c(words);
    return arena_printf(arena, "%s%.*s", status_info(ctx->error)->prefix, STR_ARG(ctx->message));
}

void context_copy_error(Context *to, const Context *from)
{
    to->error = from->error;
    to->message = arena_str(&to->arena, from->message);
    to->detail = from->detail.ptr ? arena_str(&to->arena, from->detail) : STR_NULL;
    to->hint = from->hint.ptr ? arena_str(&to->arena, from->hint) : STR_NULL;
    to->position = from->position;
}

Status context_check(Context *ctx)
{
    if (atomic_load_explicit(&ctx->cancelled, memory_order_relaxed))
        return fail(ctx, STATUS_CANCELLED, "the statement was cancelled");
    if (ctx->deadline_us && clock_monotonic_us() > ctx->deadline_us)
        return fail(ctx, STATUS_TIMEOUT, "the statement ran longer than it may");
    if (ctx->memory_limit && ctx->arena.allocated_bytes > ctx->memory_limit)
        return fail(ctx,
                    STATUS_MEMORY_LIMIT,
                    "the statement needs more than %zu bytes of memory (limits.max_query_memory)",
                    ctx->memory_limit);
    return memory_gauge_check(ctx, ctx->arena.allocated_bytes);
}
