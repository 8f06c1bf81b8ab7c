/* SPDX-License-Identifier: Apache-2.0 */
#include "cold/storage_define.h"

#include "base/file.h"
#include "cold/object_store_parts.h"
#include "cold/s3_config.h"
#include "cold/storage_path.h"
#include "cold/storage_secret.h"
#include "value/json.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

enum { TEXT_LENGTH_MAX = 1024, JSON_LENGTH_MAX = 16 << 10 };

/* The clauses as given; ptr NULL = not there. */
typedef struct Clauses {
    Str type, name, description, place, region, credentials, config;
    Str shared_template, user_template;
} Clauses;

static Str *clause_place(Clauses *clauses, Str key)
{
    const struct {
        Str key;
        Str *place;
    } places[] = {
        {STR_INIT("type"), &clauses->type},
        {STR_INIT("name"), &clauses->name},
        {STR_INIT("description"), &clauses->description},
        {STR_INIT("path"), &clauses->place},
        {STR_INIT("base_directory"), &clauses->place},
        {STR_INIT("bucket"), &clauses->place},
        {STR_INIT("region"), &clauses->region},
        {STR_INIT("credentials"), &clauses->credentials},
        {STR_INIT("config"), &clauses->config},
        {STR_INIT("shared_tables_template"), &clauses->shared_template},
        {STR_INIT("user_tables_template"), &clauses->user_template},
    };
    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
        if (str_equal(key, places[i].key))
            return places[i].place;
    return NULL;
}

static Status collect(Context *ctx, const AstOptionList *options, Clauses *clauses)
{
    for (size_t i = 0; i < options->count; i++) {
        const AstOption *option = &options->items[i];
        Str *place = clause_place(clauses, option->key);
        if (!place)
            return fail_at(ctx,
                           STATUS_INVALID_SQL,
                           option->offset,
                           "Unknown clause '%.*s' of a storage",
                           STR_ARG(option->key));
        if (place->ptr)
            return fail_at(ctx,
                           STATUS_INVALID_SQL,
                           option->offset,
                           "'%.*s': the storage has that already",
                           STR_ARG(option->key));
        if (option->value.len > JSON_LENGTH_MAX)
            return fail_at(ctx,
                           STATUS_LIMIT_EXCEEDED,
                           option->offset,
                           "'%.*s' is longer than %d bytes",
                           STR_ARG(option->key),
                           JSON_LENGTH_MAX);
        *place = option->value.ptr ? option->value : STR("");
    }
    return STATUS_OK;
}

/* ---- type and place ---- */

static Status read_type(Context *ctx, Str word, StorageType *ret_type)
{
    if (str_equal_nocase(word, STR("filesystem")) || str_equal_nocase(word, STR("local")))
        *ret_type = STORAGE_FILESYSTEM;
    else if (str_equal_nocase(word, STR("s3")))
        *ret_type = STORAGE_S3;
    else if (str_equal_nocase(word, STR("gcs")) || str_equal_nocase(word, STR("azure")))
        return fail(ctx,
                    STATUS_UNSUPPORTED,
                    "storages of type '%.*s' are not supported: there are filesystem and s3 (which "
                    "many object stores speak, Google's among them)",
                    STR_ARG(word));
    else if (word.len == 0)
        return fail(ctx, STATUS_INVALID_SQL, "A storage needs TYPE filesystem or s3");
    else
        return fail(ctx,
                    STATUS_INVALID_SQL,
                    "Unknown storage type '%.*s': expected filesystem or s3",
                    STR_ARG(word));
    return STATUS_OK;
}

static Str without_last_slashes(Str path)
{
    while (path.len > 1 && path.ptr[path.len - 1] == '/')
        path.len--;
    return path;
}

static bool has_dots(Str path)
{
    Str part;
    while (str_split(&path, '/', &part))
        if (str_equal(part, STR("..")) || str_equal(part, STR(".")))
            return true;
    return false;
}

/* Relative to where the server was started, which may not be the same next time. */
static Status absolute_path(Context *ctx, Str path, Str *ret_path)
{
    char current[PATH_MAX];
    while (str_starts_with(path, STR("./")))
        path = str_from(path.ptr + 2, path.len - 2);
    path = without_last_slashes(path);
    if (path.len == 0 || path.len > TEXT_LENGTH_MAX || has_dots(path) ||
        memchr(path.ptr, '\0', path.len) || storage_path_has_pattern(path))
        return fail(ctx,
                    STATUS_INVALID_SQL,
                    "PATH '%.*s' must be a directory without '.', '..' or any of *?[ in it, at "
                    "most %d bytes",
                    STR_ARG(path),
                    TEXT_LENGTH_MAX);
    if (path.ptr[0] == '/') {
        *ret_path = path;
        return STATUS_OK;
    }
    if (!getcwd(current, sizeof(current)))
        return file_fail(ctx, "find", STR("the current directory"));
    *ret_path = arena_printf(&ctx->arena, "%s/%.*s", current, STR_ARG(path));
    return STATUS_OK;
}

static Status set_place(Context *ctx, const Clauses *clauses, Storage *storage)
{
    Str bucket, prefix;
    if (!clauses->place.len)
        return fail(ctx,
                    STATUS_INVALID_SQL,
                    storage->type == STORAGE_S3 ? "An S3 storage needs BUCKET '..'"
                                                : "A filesystem storage needs PATH '..'");
    if (storage->type == STORAGE_FILESYSTEM)
        return absolute_path(ctx, clauses->place, &storage->directory);
    TRY(s3_config_read_place(ctx, clauses->place, &bucket, &prefix));
    storage->directory = arena_printf(
        &ctx->arena, "s3://%.*s%s%.*s", STR_ARG(bucket), prefix.len ? "/" : "", STR_ARG(prefix));
    return STATUS_OK;
}

/* The files that are there already would be lost. */
static Status refuse_moving(Context *ctx, const Clauses *clauses)
{
    if (!clauses->type.ptr && !clauses->place.ptr)
        return STATUS_OK;
    return fail(ctx,
                STATUS_INVALID_OPERATION,
                "TYPE and place of a storage cannot be changed: its files would not be found");
}

/* ---- CONFIG, CREDENTIALS ---- */

/* REGION 'r' is short for CONFIG '{"region":"r"}'. */
static Status merge_region(Context *ctx, Str region, Storage *storage)
{
    const Json *config = NULL;
    CLEANUP(buf_done) Buf merged = {0};
    if (!region.ptr)
        return STATUS_OK;
    if (storage->config_json.len)
        TRY(json_parse(ctx, storage->config_json, &config));
    BUF_LIT(&merged, "{\"region\":");
    json_write_string(&merged, region);
    for (const Json *member = config ? config->first : NULL; member; member = member->next) {
        if (str_equal(member->key, STR("region")))
            continue;
        BUF_LIT(&merged, ",");
        json_write_key(&merged, member->key);
        json_write(&merged, member);
    }
    BUF_LIT(&merged, "}");
    storage->config_json = arena_str(&ctx->arena, buf_str(&merged));
    return STATUS_OK;
}

static Status set_config(Context *ctx, const Clauses *clauses, Storage *storage)
{
    const Json *config;
    S3Options options = {0};
    if (clauses->config.ptr) {
        if (json_parse(ctx, clauses->config, &config) != STATUS_OK || config->kind != JSON_OBJECT)
            return fail(ctx, STATUS_INVALID_SQL, "CONFIG must be a JSON object in quotes");
        storage->config_json = clauses->config;
    }
    TRY(merge_region(ctx, clauses->region, storage));
    return storage->type == STORAGE_S3 ? s3_config_read(ctx, storage->config_json, &options)
                                       : STATUS_OK;
}

static Status set_credentials(Context *ctx, const ObjectStores *stores, Str json, Storage *storage)
{
    S3Credentials credentials;
    if (storage->type == STORAGE_FILESYSTEM && json.ptr)
        return fail(ctx, STATUS_INVALID_SQL, "A filesystem storage has no CREDENTIALS");
    if (storage->type == STORAGE_S3 && !json.ptr && !storage->credentials.ptr)
        return fail(ctx,
                    STATUS_INVALID_SQL,
                    "An S3 storage needs CREDENTIALS "
                    "'{\"access_key_id\":\"..\",\"secret_access_key\":\"..\"}'");
    if (!json.ptr)
        return STATUS_OK;
    TRY(s3_config_read_credentials(ctx, json, &credentials));
    return storage_secret_seal(
        ctx, object_stores_key(stores), storage->id, json, &storage->credentials);
}

/* ---- the rest ---- */

static Status set_text(Context *ctx, const char *what, Str given, Str *text)
{
    if (!given.ptr)
        return STATUS_OK;
    if (given.len > TEXT_LENGTH_MAX)
        return fail(
            ctx, STATUS_LIMIT_EXCEEDED, "%s is longer than %d bytes", what, TEXT_LENGTH_MAX);
    *text = given;
    return STATUS_OK;
}

static Status set_templates(Context *ctx, const Clauses *clauses, Storage *storage)
{
    Str shared = clauses->shared_template;
    Str user = clauses->user_template;
    if (shared.ptr)
        TRY(storage_template_normalise(ctx, shared, TEMPLATE_SHARED, &storage->shared_template));
    if (user.ptr)
        TRY(storage_template_normalise(ctx, user, TEMPLATE_USER, &storage->user_template));
    return STATUS_OK;
}

Status storage_define(Context *ctx,
                      const ObjectStores *stores,
                      const AstStorage *ast,
                      const Storage *before,
                      Storage *ret_storage)
{
    Clauses clauses = {0};
    Storage storage = {.id = ast->id.text, .name = ast->id.text};
    TRY(collect(ctx, &ast->options, &clauses));
    if (before) {
        storage_assign(&storage, before);
        TRY(refuse_moving(ctx, &clauses));
    } else {
        TRY(storage_id_check(ctx, storage.id));
        TRY(read_type(ctx, clauses.type, &storage.type));
        TRY(set_place(ctx, &clauses, &storage));
    }
    TRY(set_text(ctx, "NAME", clauses.name, &storage.name));
    TRY(set_text(ctx, "DESCRIPTION", clauses.description, &storage.description));
    TRY(set_config(ctx, &clauses, &storage));
    TRY(set_credentials(ctx, stores, clauses.credentials, &storage));
    TRY(set_templates(ctx, &clauses, &storage));
    storage_assign(ret_storage, &storage);
    return STATUS_OK;
}

/* ---- the directory ---- */

static Status real_path(Context *ctx, Str path, Str *ret_path)
{
    char resolved[PATH_MAX];
    if (!realpath(arena_str(&ctx->arena, path).ptr, resolved))
        return file_fail(ctx, "find", path);
    *ret_path = arena_str(&ctx->arena, str_from_c(resolved));
    return STATUS_OK;
}

static bool is_within(Str path, Str directory)
{
    return str_starts_with(path, directory) &&
           (path.len == directory.len || directory.len == 1 || path.ptr[directory.len] == '/');
}

static bool overlap(Str a, Str b)
{
    return is_within(a, b) || is_within(b, a);
}

static Status
check_against(Context *ctx, const Storage *storage, Str path, const Storage *other, Str other_path)
{
    if (!overlap(path, other_path))
        return STATUS_OK;
    return fail(ctx,
                STATUS_INVALID_OPERATION,
                "PATH '%.*s' is, holds or lies in that of storage '%.*s'",
                STR_ARG(storage->directory),
                STR_ARG(other->id));
}

Status storage_check_overlap(Context *ctx, const Catalog *catalog, const Storage *storage)
{
    StorageList list = catalog_storages(&ctx->arena, catalog);
    for (size_t i = 0; i < list.count; i++) {
        const Storage *other = list.items[i];
        if (other->type == STORAGE_FILESYSTEM && other->directory.len &&
            !str_equal(other->id, storage->id))
            TRY(check_against(ctx, storage, storage->directory, other, other->directory));
    }
    return STATUS_OK;
}

/* As above, behind symbolic links. */
static Status
check_real_overlap(Context *ctx, const Catalog *catalog, const Storage *storage, Str path)
{
    StorageList list = catalog_storages(&ctx->arena, catalog);
    for (size_t i = 0; i < list.count; i++) {
        const Storage *other = list.items[i];
        Str other_path = other->directory;
        if (other->type != STORAGE_FILESYSTEM || !other_path.len ||
            str_equal(other->id, storage->id))
            continue;
        if (real_path(ctx, other->directory, &other_path) != STATUS_OK)
            context_clear_error(ctx); /* it is away */
        TRY(check_against(ctx, storage, path, other, other_path));
    }
    return STATUS_OK;
}

Status storage_make_directory(Context *ctx,
                              const ObjectStores *stores,
                              const Catalog *catalog,
                              const Storage *storage)
{
    Str path = STR(""), local = STR("");
    TRY(file_make_directories(ctx, storage->directory));
    TRY(real_path(ctx, storage->directory, &path));
    TRY(real_path(ctx, object_stores_local_directory(stores), &local));
    if (overlap(path, file_directory(&ctx->arena, local)) || overlap(path, local))
        return fail(ctx,
                    STATUS_INVALID_OPERATION,
                    "PATH '%.*s' is, holds or lies in the server's data directory",
                    STR_ARG(storage->directory));
    return check_real_overlap(ctx, catalog, storage, path);
}
