/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/storage.h"

#include "base/memory.h"

/* The copy's text stands right behind the struct. */
static Str pack(char **place, Str text)
{
    if (!text.ptr)
        return STR_NULL;
    char *copy = *place;
    if (text.len)
        memcpy(copy, text.ptr, text.len);
    *place += text.len;
    return str_from(copy, text.len);
}

void storage_assign(Storage *to, const Storage *from)
{
    to->id = from->id;
    to->revision = from->revision;
    to->type = from->type;
    to->name = from->name;
    to->description = from->description;
    to->directory = from->directory;
    to->credentials = from->credentials;
    to->config_json = from->config_json;
    to->shared_template = from->shared_template;
    to->user_template = from->user_template;
    to->created_at_us = from->created_at_us;
    to->updated_at_us = from->updated_at_us;
}

Storage *storage_copy(const Storage *storage)
{
    size_t text_size = storage->id.len + storage->name.len + storage->description.len +
                       storage->directory.len + storage->credentials.len +
                       storage->config_json.len + storage->shared_template.len +
                       storage->user_template.len;
    Storage *copy = mem_alloc(sizeof(*copy) + text_size);
    char *place = (char *)(copy + 1);
    storage_assign(copy, storage);
    refcount_init(&copy->refs);
    copy->id = pack(&place, storage->id);
    copy->name = pack(&place, storage->name);
    copy->description = pack(&place, storage->description);
    copy->directory = pack(&place, storage->directory);
    copy->credentials = pack(&place, storage->credentials);
    copy->config_json = pack(&place, storage->config_json);
    copy->shared_template = pack(&place, storage->shared_template);
    copy->user_template = pack(&place, storage->user_template);
    return copy;
}

Storage *storage_ref(Storage *storage)
{
    refcount_inc(&storage->refs);
    return storage;
}

void storage_unref(Storage *storage)
{
    if (storage && refcount_dec(&storage->refs))
        free(storage);
}

const char *storage_type_word(StorageType type)
{
    static const char *const WORDS[] = {"filesystem", "s3"};
    return WORDS[type];
}

static bool is_id_byte(char c)
{
    return (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

Status storage_id_check(Context *ctx, Str id)
{
    bool valid = id.len >= 1 && id.len <= STORAGE_ID_LENGTH_MAX;
    for (size_t i = 0; i < id.len && valid; i++)
        valid = is_id_byte(id.ptr[i]);
    if (valid)
        return STATUS_OK;
    return fail(ctx,
                STATUS_INVALID_SQL,
                "Storage id '%.*s' must have 1 to %d letters, digits, _ or -",
                STR_ARG(id),
                STORAGE_ID_LENGTH_MAX);
}
