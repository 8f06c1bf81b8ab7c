/* SPDX-License-Identifier: Apache-2.0 */
#include "cold/s3_list.h"

#include "base/buf.h"

#include <stdio.h>
#include <time.h>

enum { CODE_LENGTH_MAX = 64 };

/* What stands between <tag> and </tag>; *rest moves behind it. */
static bool take_element(Str *rest, const char *tag, Str *ret_content)
{
    char open_tag[48], close_tag[48];
    int open_len = snprintf(open_tag, sizeof(open_tag), "<%s>", tag);
    int close_len = snprintf(close_tag, sizeof(close_tag), "</%s>", tag);
    const char *end = rest->ptr + rest->len;
    const char *open = rest->len ? memmem(rest->ptr, rest->len, open_tag, (size_t)open_len) : NULL;
    if (!open)
        return false;
    open += open_len;
    const char *close = memmem(open, (size_t)(end - open), close_tag, (size_t)close_len);
    if (!close)
        return false;
    *ret_content = str_from(open, (size_t)(close - open));
    *rest = str_from(close + close_len, (size_t)(end - close) - (size_t)close_len);
    return true;
}

static Str element(Str xml, const char *tag)
{
    Str content = STR_NULL;
    (void)take_element(&xml, tag, &content);
    return content;
}

static Str unescape(Arena *arena, Str text)
{
    static const struct {
        Str entity;
        char byte;
    } ENTITIES[] = {{STR_INIT("&amp;"), '&'},
                    {STR_INIT("&lt;"), '<'},
                    {STR_INIT("&gt;"), '>'},
                    {STR_INIT("&quot;"), '"'},
                    {STR_INIT("&apos;"), '\''}};
    CLEANUP(buf_done) Buf out = {0};
    for (size_t i = 0; i < text.len;) {
        Str rest = str_from(text.ptr + i, text.len - i);
        char byte = text.ptr[i];
        size_t taken = 1;
        for (size_t k = 0; byte == '&' && k < sizeof(ENTITIES) / sizeof(*ENTITIES); k++) {
            if (!str_starts_with(rest, ENTITIES[k].entity))
                continue;
            byte = ENTITIES[k].byte;
            taken = ENTITIES[k].entity.len;
            break;
        }
        buf_byte(&out, byte);
        i += taken;
    }
    return arena_str(arena, buf_str(&out));
}

/* 2026-07-31T10:20:30.000Z; 0 when it is none. */
static int64_t read_time(Arena *arena, Str text)
{
    struct tm parts = {0};
    if (!strptime(arena_str(arena, text).ptr, "%Y-%m-%dT%H:%M:%S", &parts))
        return 0;
    return (int64_t)timegm(&parts) * 1000;
}

static Status read_page(Context *ctx, Str result, S3Page *page)
{
    Str item;
    size_t capacity = 0;
    ObjectInfo *items = NULL;
    Str rest = result;
    while (take_element(&rest, "Contents", &item)) {
        ObjectInfo info = {
            .name = unescape(&ctx->arena, element(item, "Key")),
            .modified_ms = read_time(&ctx->arena, element(item, "LastModified")),
        };
        if (!str_to_uint64(element(item, "Size"), &info.size))
            return fail(ctx, STATUS_IO_ERROR, "the list of files has one without size");
        items = arena_grow(&ctx->arena, items, page->count, &capacity, sizeof(*items));
        items[page->count++] = info;
    }
    page->items = items;
    if (!str_equal(element(result, "IsTruncated"), STR("true")))
        return STATUS_OK;
    page->next = unescape(&ctx->arena, element(result, "NextContinuationToken"));
    return page->next.len ? STATUS_OK
                          : fail(ctx, STATUS_IO_ERROR, "the list of files does not go on");
}

Status s3_list_read(Context *ctx, Str xml, S3Page *ret_page)
{
    S3Page page = {0};
    if (!xml.len || !memmem(xml.ptr, xml.len, "<ListBucketResult", 17))
        return fail(ctx, STATUS_IO_ERROR, "the answer is no list of files");
    TRY(read_page(ctx, xml, &page));
    *ret_page = page;
    return STATUS_OK;
}

Str s3_error_code(Arena *arena, Str xml)
{
    Str code = element(element(xml, "Error"), "Code");
    bool plain = code.len <= CODE_LENGTH_MAX;
    for (size_t i = 0; i < code.len && plain; i++)
        plain = ascii_lower(code.ptr[i]) >= 'a' && ascii_lower(code.ptr[i]) <= 'z';
    return plain ? arena_str(arena, code) : STR_NULL;
}
