/* SPDX-License-Identifier: Apache-2.0 */
#include "cold/s3_client.h"

#include "base/clock.h"
#include "base/memory.h"

#include <curl/curl.h>
#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { TRIES = 4, FIRST_PAUSE_MS = 200, IDLE_MAX = 8, HEADERS_MAX = 8, PAUSE_SLICE_MS = 50 };

#define KEPT_SHA256 "x-amz-meta-sha256"

struct S3Client {
    Arena arena;
    S3Options options;
    Str host;     /* the Host header */
    Str base_url; /* scheme://host */
    Str base_path;
    pthread_mutex_t lock; /* guards the idle handles */
    CURL *idle[IDLE_MAX];
    size_t idle_count;
};

/* ---- life cycle ---- */

static void init_library(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* Without the port that the scheme implies, as it stands in the Host header. */
static Str host_of(Str endpoint, Str *ret_scheme)
{
    bool tls = str_starts_with(endpoint, STR("https://"));
    *ret_scheme = tls ? STR("https") : STR("http");
    Str host = str_from(endpoint.ptr + ret_scheme->len + 3, endpoint.len - ret_scheme->len - 3);
    Str implied = tls ? STR(":443") : STR(":80");
    if (str_ends_with(host, implied))
        host.len -= implied.len;
    return host;
}

static void find_place(S3Client *client)
{
    Arena *arena = &client->arena;
    S3Options *options = &client->options;
    Str scheme;
    Str host = host_of(options->endpoint, &scheme);
    client->host = options->path_style
                       ? host
                       : arena_printf(arena, "%.*s.%.*s", STR_ARG(options->bucket), STR_ARG(host));
    client->base_path =
        options->path_style ? arena_printf(arena, "/%.*s", STR_ARG(options->bucket)) : STR_NULL;
    client->base_url = arena_printf(arena, "%.*s://%.*s", STR_ARG(scheme), STR_ARG(client->host));
}

S3Client *s3_client_new(const S3Options *options)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, init_library);
    S3Client *client = NEW(S3Client);
    Arena *arena = &client->arena;
    client->options = (S3Options){
        .endpoint = arena_str(arena, options->endpoint),
        .bucket = arena_str(arena, options->bucket),
        .region = arena_str(arena, options->region),
        .path_style = options->path_style,
        .credentials = {arena_str(arena, options->credentials.access_key),
                        arena_str(arena, options->credentials.secret_key),
                        arena_str(arena, options->credentials.session_token)},
        .connect_timeout_ms = options->connect_timeout_ms,
        .progress_timeout_ms = options->progress_timeout_ms,
    };
    find_place(client);
    pthread_mutex_init(&client->lock, NULL);
    return client;
}

void s3_client_free(S3Client *client)
{
    if (!client)
        return;
    for (size_t i = 0; i < client->idle_count; i++)
        curl_easy_cleanup(client->idle[i]);
    pthread_mutex_destroy(&client->lock);
    arena_done(&client->arena);
    free(client);
}

/* A handle keeps the connections that it opened. */
static CURL *take_handle(S3Client *client)
{
    pthread_mutex_lock(&client->lock);
    CURL *handle = client->idle_count ? client->idle[--client->idle_count] : NULL;
    pthread_mutex_unlock(&client->lock);
    if (handle)
        curl_easy_reset(handle);
    return handle ? handle : curl_easy_init();
}

static void give_handle(S3Client *client, CURL *handle)
{
    pthread_mutex_lock(&client->lock);
    bool kept = client->idle_count < IDLE_MAX;
    if (kept)
        client->idle[client->idle_count++] = handle;
    pthread_mutex_unlock(&client->lock);
    if (!kept)
        curl_easy_cleanup(handle);
}

/* ---- one try ---- */

typedef struct Try {
    Context *ctx;
    S3Client *client;
    const S3Request *request;
    CURL *handle;
    struct curl_slist *headers;
    EVP_MD_CTX *digest; /* of what is downloaded */
    Buf body;
    uint64_t sent;
    uint64_t received;
    Str kept_sha256;
    int system_error; /* of writing what is downloaded */
    char curl_error[CURL_ERROR_SIZE];
} Try;

static void try_done(Try *attempt)
{
    curl_slist_free_all(attempt->headers);
    EVP_MD_CTX_free(attempt->digest);
    buf_done(&attempt->body);
    if (attempt->handle)
        give_handle(attempt->client, attempt->handle);
}
DEFINE_CLEANUP_IN_PLACE(Try, try_done)

static size_t on_upload(char *to, size_t size, size_t count, void *data)
{
    Try *attempt = data;
    ssize_t got =
        pread(attempt->request->upload->descriptor, to, size * count, (off_t)attempt->sent);
    if (got < 0)
        return CURL_READFUNC_ABORT;
    attempt->sent += (uint64_t)got;
    return (size_t)got;
}

/* A connection that died while idle makes curl begin again. */
static int on_seek(void *data, curl_off_t offset, int origin)
{
    Try *attempt = data;
    if (origin != SEEK_SET || offset < 0)
        return CURL_SEEKFUNC_CANTSEEK;
    attempt->sent = (uint64_t)offset;
    return CURL_SEEKFUNC_OK;
}

static size_t save(Try *attempt, const char *bytes, size_t size)
{
    for (size_t at = 0; at < size;) {
        ssize_t written = write(attempt->request->download, bytes + at, size - at);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            attempt->system_error = errno;
            return 0;
        }
        at += (size_t)written;
    }
    EVP_DigestUpdate(attempt->digest, bytes, size);
    attempt->received += size;
    return size;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *data)
{
    Try *attempt = data;
    long status = 0;
    size *= count;
    curl_easy_getinfo(attempt->handle, CURLINFO_RESPONSE_CODE, &status);
    if (attempt->request->download && status == 200)
        return save(attempt, bytes, size);
    buf_append(&attempt->body, bytes, size);
    return attempt->body.overflowed ? 0 : size;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *data)
{
    Try *attempt = data;
    Str value = str_from(bytes, size * count);
    Str name;
    if (str_split(&value, ':', &name) && str_equal_nocase(name, STR(KEPT_SHA256)))
        attempt->kept_sha256 = arena_str(&attempt->ctx->arena, str_trim(value));
    return size * count;
}

static int
on_progress(void *data, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up)
{
    Try *attempt = data;
    (void)down_all, (void)down, (void)up_all, (void)up;
    return context_check(attempt->ctx) != STATUS_OK;
}

/* ---- signing ---- */

typedef struct HeaderList {
    S3Header items[HEADERS_MAX];
    size_t count;
} HeaderList;

static void add_header(HeaderList *list, Str name, Str value)
{
    list->items[list->count++] = (S3Header){name, value};
}

static Str timestamp_now(Arena *arena)
{
    char text[32];
    struct tm parts;
    time_t now = (time_t)(clock_wall_us() / 1000000);
    gmtime_r(&now, &parts);
    strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", &parts);
    return arena_str(arena, str_from_c(text));
}

static void send_header(Try *attempt, Str name, Str value)
{
    Str line = arena_printf(&attempt->ctx->arena, "%.*s: %.*s", STR_ARG(name), STR_ARG(value));
    attempt->headers = curl_slist_append(attempt->headers, line.ptr);
}

/* Sorted by name, as the signature wants them. */
static void sign(Try *attempt, Str path)
{
    const S3Request *request = attempt->request;
    const S3Options *options = &attempt->client->options;
    Arena *arena = &attempt->ctx->arena;
    Str sha256 = request->upload ? request->upload->sha256 : s3_sha256(arena, STR(""));
    Str now = timestamp_now(arena);
    HeaderList list = {.count = 0};
    add_header(&list, STR("host"), attempt->client->host);
    add_header(&list, STR("x-amz-content-sha256"), sha256);
    add_header(&list, STR("x-amz-date"), now);
    if (request->upload)
        add_header(&list, STR(KEPT_SHA256), sha256);
    if (options->credentials.session_token.len)
        add_header(&list, STR("x-amz-security-token"), options->credentials.session_token);
    S3Signing signing = {
        .method = str_from_c(request->method),
        .path = path,
        .query = request->query,
        .headers = list.items,
        .header_count = list.count,
        .payload_sha256 = sha256,
        .region = options->region,
        .timestamp = now,
    };
    for (size_t i = 0; i < list.count; i++)
        send_header(attempt, list.items[i].name, list.items[i].value);
    send_header(
        attempt, STR("Authorization"), s3_authorization(arena, &options->credentials, &signing));
}

static Str path_of(Arena *arena, const S3Client *client, Str key)
{
    CLEANUP(buf_done) Buf path = {0};
    buf_str_append(&path, client->base_path);
    if (key.len || path.len == 0)
        BUF_LIT(&path, "/");
    s3_encode(&path, key, true);
    return arena_str(arena, buf_str(&path));
}

/* ---- sending ---- */

static void set_common(Try *attempt, Str url)
{
    CURL *handle = attempt->handle;
    const S3Options *options = &attempt->client->options;
    curl_easy_setopt(handle, CURLOPT_URL, url.ptr);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, attempt->headers);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, attempt->curl_error);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, (long)options->connect_timeout_ms);
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, (long)(options->progress_timeout_ms / 1000));
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(handle, CURLOPT_XFERINFODATA, attempt);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, attempt);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, attempt);
    curl_easy_setopt(handle, CURLOPT_FILETIME, 1L);
}

static void set_method(Try *attempt)
{
    CURL *handle = attempt->handle;
    const S3Request *request = attempt->request;
    if (request->upload) {
        curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->upload->size);
        curl_easy_setopt(handle, CURLOPT_READFUNCTION, on_upload);
        curl_easy_setopt(handle, CURLOPT_READDATA, attempt);
        curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, on_seek);
        curl_easy_setopt(handle, CURLOPT_SEEKDATA, attempt);
        return;
    }
    bool head = strcmp(request->method, "HEAD") == 0;
    curl_easy_setopt(handle, CURLOPT_NOBODY, head ? 1L : 0L);
    if (!head)
        curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request->method);
}

static CURLcode perform(Try *attempt)
{
    Arena *arena = &attempt->ctx->arena;
    const S3Client *client = attempt->client;
    Str path = path_of(arena, client, attempt->request->key);
    Str query = attempt->request->query;
    Str url = arena_printf(arena,
                           "%.*s%.*s%s%.*s",
                           STR_ARG(client->base_url),
                           STR_ARG(path),
                           query.len ? "?" : "",
                           STR_ARG(query));
    attempt->handle = take_handle(attempt->client);
    if (!attempt->handle)
        return CURLE_OUT_OF_MEMORY;
    sign(attempt, path);
    set_common(attempt, url);
    set_method(attempt);
    return curl_easy_perform(attempt->handle);
}

/* A download starts with an empty file each time. */
static Status begin_download(Try *attempt)
{
    int descriptor = attempt->request->download;
    if (!descriptor)
        return STATUS_OK;
    attempt->digest = EVP_MD_CTX_new();
    if (!attempt->digest || EVP_DigestInit_ex(attempt->digest, EVP_sha256(), NULL) != 1)
        return fail(attempt->ctx, STATUS_INTERNAL, "SHA-256 is not available");
    if (ftruncate(descriptor, 0) != 0 || lseek(descriptor, 0, SEEK_SET) != 0)
        return fail(
            attempt->ctx, STATUS_IO_ERROR, "cannot write the local copy: %s", strerror(errno));
    return STATUS_OK;
}

static void read_reply(Try *attempt, S3Reply *ret_reply)
{
    S3Reply reply = {.kept_sha256 = attempt->kept_sha256};
    Arena *arena = &attempt->ctx->arena;
    curl_off_t size = -1, modified_s = -1;
    curl_easy_getinfo(attempt->handle, CURLINFO_RESPONSE_CODE, &reply.status);
    curl_easy_getinfo(attempt->handle, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &size);
    curl_easy_getinfo(attempt->handle, CURLINFO_FILETIME_T, &modified_s);
    reply.size = size > 0 ? (uint64_t)size : 0;
    reply.modified_ms = modified_s > 0 ? modified_s * 1000 : 0;
    reply.body = arena_str(arena, buf_str(&attempt->body));
    if (attempt->digest && reply.status == 200) {
        unsigned char digest[EVP_MAX_MD_SIZE];
        unsigned digest_size = 0;
        EVP_DigestFinal_ex(attempt->digest, digest, &digest_size);
        reply.sha256 = s3_hex(arena, digest, digest_size);
        reply.size = attempt->received;
    }
    *ret_reply = reply;
}

static Status no_answer(Try *attempt, CURLcode code)
{
    Context *ctx = attempt->ctx;
    TRY(context_check(ctx));
    if (attempt->system_error)
        return fail(ctx,
                    STATUS_IO_ERROR,
                    "cannot write the local copy: %s",
                    strerror(attempt->system_error));
    const char *why = attempt->curl_error[0] ? attempt->curl_error : curl_easy_strerror(code);
    return fail(
        ctx, STATUS_IO_ERROR, "no answer from %.*s: %s", STR_ARG(attempt->client->base_url), why);
}

static Status try_once(
    Context *ctx, S3Client *client, const S3Request *request, bool *ret_again, S3Reply *ret_reply)
{
    CLEANUP(try_done)
    Try attempt = {
        .ctx = ctx, .client = client, .request = request, .body = {.limit = S3_BODY_MAX}};
    *ret_again = false;
    TRY(context_check(ctx));
    TRY(begin_download(&attempt));
    CURLcode code = perform(&attempt);
    if (code != CURLE_OK) {
        Status status = no_answer(&attempt, code);
        *ret_again = status == STATUS_IO_ERROR && !attempt.system_error;
        return status;
    }
    read_reply(&attempt, ret_reply);
    *ret_again = ret_reply->status == 429 || ret_reply->status >= 500;
    return STATUS_OK;
}

/* ---- trying again ---- */

/* Between half and all of the pause, so that many do not come back at once. */
static Status take_pause(Context *ctx, int try_number)
{
    int64_t pause_ms = (int64_t)FIRST_PAUSE_MS << try_number;
    pause_ms = pause_ms / 2 + (int64_t)(random_u64() % (uint64_t)(pause_ms / 2 + 1));
    int64_t end_us = clock_monotonic_us() + pause_ms * 1000;
    const struct timespec slice = {.tv_nsec = PAUSE_SLICE_MS * 1000000L};
    while (clock_monotonic_us() < end_us) {
        TRY(context_check(ctx));
        nanosleep(&slice, NULL);
    }
    return STATUS_OK;
}

Status s3_request(Context *ctx, S3Client *client, const S3Request *request, S3Reply *ret_reply)
{
    for (int i = 0;; i++) {
        bool again;
        S3Reply reply = {0};
        Status status = try_once(ctx, client, request, &again, &reply);
        if (!again || i + 1 == TRIES) {
            TRY(status);
            *ret_reply = reply;
            return STATUS_OK;
        }
        TRY(take_pause(ctx, i));
        context_clear_error(ctx);
    }
}
