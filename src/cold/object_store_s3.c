/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An S3 bucket as a store.
 *
 * Putting is one PUT whose signature covers the SHA-256 of the bytes (the server
 * refuses others), then a HEAD that shows size and digest.  The digest stays with
 * the object, and every download is compared with it.  Nothing depends on
 * conditional requests, which older servers do not have: names are used once and
 * have one writer, so that looking before writing is enough.
 */
#include "base/fault.h"
#include "base/file.h"
#include "base/memory.h"
#include "cold/object_store_cache.h"
#include "cold/s3_client.h"
#include "cold/s3_list.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_BYTES = 256 << 10, HTTP_OK = 200, HTTP_NO_CONTENT = 204, HTTP_NOT_FOUND = 404 };

typedef struct S3Store {
    ObjectStore base;
    S3Client *client;
    ObjectCache *cache;
    Str prefix; /* behind the struct */
} S3Store;

static S3Store *s3_store(ObjectStore *store)
{
    return CONTAINER_OF(store, S3Store, base);
}

static Str key_of(Arena *arena, ObjectStore *store, Str name)
{
    Str prefix = s3_store(store)->prefix;
    return prefix.len ? arena_printf(arena, "%.*s/%.*s", STR_ARG(prefix), STR_ARG(name)) : name;
}

/* Another revision of the storage may be another bucket. */
static Str cache_key(Arena *arena, const ObjectStore *store, Str name)
{
    return arena_printf(arena,
                        "%.*s/%llx/%llx/%.*s",
                        STR_ARG(store->storage->id),
                        (unsigned long long)store->storage->created_at_us,
                        (unsigned long long)store->storage->revision,
                        STR_ARG(name));
}

/* ---- errors ---- */

typedef struct Step {
    ObjectStore *store;
    const char *what; /* "write" */
    Str name;
} Step;

/* What we know better than the server how to say. */
static const char *explain(Str code, long status)
{
    static const struct {
        Str code;
        const char *text;
    } KNOWN[] = {
        {STR_INIT("SignatureDoesNotMatch"), "the secret key is wrong"},
        {STR_INIT("InvalidAccessKeyId"), "the access key is unknown"},
        {STR_INIT("NoSuchBucket"), "there is no such bucket"},
        {STR_INIT("AccessDenied"), "these credentials may not do that"},
        {STR_INIT("RequestTimeTooSkewed"), "the clocks of the two machines differ too much"},
        {STR_INIT("PermanentRedirect"), "the bucket is in another region"},
        {STR_INIT("AuthorizationHeaderMalformed"), "the region is wrong"},
    };
    for (size_t i = 0; i < sizeof(KNOWN) / sizeof(*KNOWN); i++)
        if (str_equal(code, KNOWN[i].code))
            return KNOWN[i].text;
    if (status == 403 && code.len == 0) /* an answer to HEAD has no body */
        return "access is denied: the keys are wrong or may not do that";
    return status == 301 || status == 307 ? "the bucket is in another region" : "it refused";
}

static Status refused(Context *ctx, const Step *step, const S3Reply *reply)
{
    Str code = s3_error_code(&ctx->arena, reply->body);
    if (reply->status == HTTP_NOT_FOUND && !str_equal(code, STR("NoSuchBucket")))
        return fail(ctx,
                    STATUS_NOT_FOUND,
                    "Storage '%.*s' has no file %.*s",
                    STR_ARG(step->store->storage->id),
                    STR_ARG(step->name));
    Str why = arena_printf(&ctx->arena,
                           "%s (HTTP %ld%s%.*s)",
                           explain(code, reply->status),
                           reply->status,
                           code.len ? " " : "",
                           STR_ARG(code));
    return object_store_fail(ctx, step->store, step->what, step->name, why.ptr);
}

/* Sends it and puts the step into the error, if there is one. */
static Status send(Context *ctx, const Step *step, const S3Request *request, S3Reply *ret_reply)
{
    Status status = s3_request(ctx, s3_store(step->store)->client, request, ret_reply);
    if (status != STATUS_IO_ERROR)
        return status;
    Str why = arena_str(&ctx->arena, ctx->message);
    return object_store_fail(ctx, step->store, step->what, step->name, why.ptr);
}

/* ---- looking ---- */

static Status head(Context *ctx, const Step *step, S3Reply *ret_reply)
{
    S3Request request = {.method = "HEAD", .key = key_of(&ctx->arena, step->store, step->name)};
    TRY(send(ctx, step, &request, ret_reply));
    return ret_reply->status == HTTP_OK ? STATUS_OK : refused(ctx, step, ret_reply);
}

static Status stat_object(Context *ctx, ObjectStore *store, Str name, ObjectInfo *ret_info)
{
    S3Reply reply;
    Step step = {store, "read", name};
    TRY(head(ctx, &step, &reply));
    *ret_info = (ObjectInfo){.name = name, .size = reply.size, .modified_ms = reply.modified_ms};
    return STATUS_OK;
}

/* ---- writing ---- */

static Status draft_object(Context *ctx, ObjectStore *store, Str name, Str *ret_path)
{
    Str path = object_cache_draft_path(&ctx->arena, s3_store(store)->cache);
    (void)name;
    CLEANUP(file_done)
    FileHandle file = {open(path.ptr, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE)};
    if (file.descriptor < 0)
        return file_fail(ctx, "create", path);
    *ret_path = path;
    return STATUS_OK;
}

static void digest_free(EVP_MD_CTX *digest)
{
    EVP_MD_CTX_free(digest);
}
DEFINE_CLEANUP(EVP_MD_CTX, digest_free)

static Status digest_file(Context *ctx, int descriptor, Str path, S3Upload *ret_upload)
{
    unsigned char result[EVP_MAX_MD_SIZE];
    unsigned result_size = 0;
    char *bytes = arena_alloc(&ctx->arena, READ_BYTES);
    CLEANUP(digest_free) EVP_MD_CTX *digest = EVP_MD_CTX_new();
    if (!digest || EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1)
        return fail(ctx, STATUS_INTERNAL, "SHA-256 is not available");
    uint64_t size = 0;
    for (ssize_t got; (got = read(descriptor, bytes, READ_BYTES)) != 0;) {
        if (got < 0)
            return file_fail(ctx, "read", path);
        EVP_DigestUpdate(digest, bytes, (size_t)got);
        size += (uint64_t)got;
        TRY(context_check(ctx));
    }
    EVP_DigestFinal_ex(digest, result, &result_size);
    *ret_upload = (S3Upload){descriptor, size, s3_hex(&ctx->arena, result, result_size)};
    return STATUS_OK;
}

/* A name that was used stays what it is. */
static Status check_unused(Context *ctx, const Step *step)
{
    S3Reply reply;
    Status status = head(ctx, step, &reply);
    if (status == STATUS_NOT_FOUND) {
        context_clear_error(ctx);
        return STATUS_OK;
    }
    TRY(status);
    return fail(ctx,
                STATUS_ALREADY_EXISTS,
                "Storage '%.*s' has a file %.*s",
                STR_ARG(step->store->storage->id),
                STR_ARG(step->name));
}

static Status upload(Context *ctx, const Step *step, const S3Upload *file)
{
    S3Reply reply;
    S3Request request = {
        .method = "PUT",
        .key = key_of(&ctx->arena, step->store, step->name),
        .upload = file,
    };
    TRY(fault_point(ctx, "object.upload"));
    TRY(send(ctx, step, &request, &reply));
    if (reply.status != HTTP_OK)
        return refused(ctx, step, &reply);
    TRY(fault_point(ctx, "object.verify"));
    TRY(head(ctx, step, &reply));
    if (reply.size == file->size && str_equal(reply.kept_sha256, file->sha256))
        return STATUS_OK;
    return object_store_fail(
        ctx, step->store, step->what, step->name, "what arrived is not what was sent");
}

static Status put_object(Context *ctx, ObjectStore *store, const ObjectPut *put)
{
    S3Upload file = {0};
    Step step = {store, "write", put->name};
    CLEANUP(file_done) FileHandle draft = {open(put->draft.ptr, O_RDONLY | O_CLOEXEC)};
    if (draft.descriptor < 0)
        return file_fail(ctx, "open", put->draft);
    TRY(digest_file(ctx, draft.descriptor, put->draft, &file));
    if (file.size > OBJECT_BYTES_MAX)
        return object_store_fail(ctx, store, "write", put->name, "it is larger than 5 GiB");
    if (!put->replace)
        TRY(check_unused(ctx, &step));
    object_cache_forget(s3_store(store)->cache, cache_key(&ctx->arena, store, put->name));
    return upload(ctx, &step, &file);
}

static Status remove_object(Context *ctx, ObjectStore *store, Str name)
{
    S3Reply reply;
    Step step = {store, "delete", name};
    S3Request request = {.method = "DELETE", .key = key_of(&ctx->arena, store, name)};
    TRY(fault_point(ctx, "object.remove"));
    TRY(send(ctx, &step, &request, &reply));
    object_cache_forget(s3_store(store)->cache, cache_key(&ctx->arena, store, name));
    if (reply.status == HTTP_NO_CONTENT || reply.status == HTTP_OK)
        return STATUS_OK;
    Status status = refused(ctx, &step, &reply);
    if (status != STATUS_NOT_FOUND)
        return status;
    context_clear_error(ctx);
    return STATUS_OK;
}

/* ---- reading ---- */

typedef struct Download {
    Step step;
    uint64_t size;
} Download;

static Status check_download(Context *ctx, const Download *download, const S3Reply *reply)
{
    if (reply->size != download->size)
        return fail(ctx,
                    STATUS_CORRUPT,
                    "Storage '%.*s': file %.*s has %llu bytes instead of %llu",
                    STR_ARG(download->step.store->storage->id),
                    STR_ARG(download->step.name),
                    (unsigned long long)reply->size,
                    (unsigned long long)download->size);
    if (reply->kept_sha256.len && !str_equal(reply->kept_sha256, reply->sha256))
        return fail(ctx,
                    STATUS_CORRUPT,
                    "Storage '%.*s': file %.*s does not have the bytes that were written",
                    STR_ARG(download->step.store->storage->id),
                    STR_ARG(download->step.name));
    return STATUS_OK;
}

static Status load(Context *ctx, void *data, Str path)
{
    const Download *download = data;
    const Step *step = &download->step;
    S3Reply reply;
    TRY(fault_point(ctx, "object.fetch"));
    CLEANUP(file_done)
    FileHandle file = {open(path.ptr, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE)};
    if (file.descriptor < 0)
        return file_fail(ctx, "create", path);
    S3Request request = {
        .method = "GET",
        .key = key_of(&ctx->arena, step->store, step->name),
        .download = file.descriptor,
    };
    TRY(send(ctx, step, &request, &reply));
    if (reply.status != HTTP_OK)
        return refused(ctx, step, &reply);
    return check_download(ctx, download, &reply);
}

static Status
fetch_object(Context *ctx, ObjectStore *store, Str name, uint64_t size, ObjectFile **ret_file)
{
    Download download = {.step = {store, "read", name}, .size = size};
    ObjectCacheLoad missing = {
        .key = cache_key(&ctx->arena, store, name),
        .size = size,
        .load = load,
        .data = &download,
    };
    return object_cache_get(ctx, s3_store(store)->cache, &missing, ret_file);
}

/* ---- listing ---- */

static Str list_query(Arena *arena, Str prefix, Str token)
{
    CLEANUP(buf_done) Buf query = {0};
    if (token.len) {
        BUF_LIT(&query, "continuation-token=");
        s3_encode(&query, token, false);
        BUF_LIT(&query, "&");
    }
    BUF_LIT(&query, "list-type=2&prefix=");
    s3_encode(&query, prefix, false);
    return arena_str(arena, buf_str(&query));
}

/* Names that we would not give are not ours. */
static Status
add_page(Context *ctx, ObjectStore *store, const S3Page *page, ObjectList *list, size_t *capacity)
{
    Str prefix = s3_store(store)->prefix;
    size_t skipped = prefix.len ? prefix.len + 1 : 0;
    for (size_t i = 0; i < page->count; i++) {
        ObjectInfo info = page->items[i];
        if (info.name.len <= skipped)
            continue;
        info.name = str_from(info.name.ptr + skipped, info.name.len - skipped);
        if (object_name_is_valid(info.name))
            TRY(object_list_add(ctx, list, capacity, &info));
    }
    return STATUS_OK;
}

static Status list_objects(Context *ctx, ObjectStore *store, Str directory, ObjectList *ret_list)
{
    Arena *arena = &ctx->arena;
    Step step = {store, "list", directory.len ? directory : STR("all files")};
    Str prefix = directory.len ? arena_printf(arena, "%.*s/", STR_ARG(directory)) : STR_NULL;
    prefix = key_of(arena, store, prefix);
    S3Page page = {0};
    size_t capacity = 0;
    do {
        S3Reply reply;
        S3Request request = {.method = "GET", .query = list_query(arena, prefix, page.next)};
        TRY(fault_point(ctx, "object.list"));
        TRY(send(ctx, &step, &request, &reply));
        if (reply.status != HTTP_OK)
            return refused(ctx, &step, &reply);
        TRY(s3_list_read(ctx, reply.body, &page));
        TRY(add_page(ctx, store, &page, ret_list, &capacity));
    } while (page.next.len);
    return STATUS_OK;
}

/* ---- life cycle ---- */

static void close_s3_store(ObjectStore *store)
{
    s3_client_free(s3_store(store)->client);
    storage_unref(store->storage);
    free(s3_store(store));
}

ObjectStore *
s3_store_new(Storage *storage, const S3Options *options, Str prefix, ObjectCache *cache)
{
    static const ObjectBackend BACKEND = {
        .draft = draft_object,
        .put = put_object,
        .remove = remove_object,
        .fetch = fetch_object,
        .stat = stat_object,
        .list = list_objects,
        .close = close_s3_store,
    };
    S3Store *store = mem_alloc(sizeof(*store) + prefix.len);
    if (prefix.len)
        memcpy(store + 1, prefix.ptr, prefix.len);
    *store = (S3Store){
        .base = {.backend = &BACKEND, .storage = storage},
        .client = s3_client_new(options),
        .cache = cache,
        .prefix = str_from((const char *)(store + 1), prefix.len),
    };
    refcount_init(&store->base.refs);
    return &store->base;
}
