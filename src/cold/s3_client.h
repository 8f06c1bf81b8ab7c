/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests to one S3 bucket, by libcurl.
 *
 * A request that does not get through, or that the server asks to repeat (429,
 * 5xx), is tried four times with growing pauses.  Every other answer is the
 * caller's to judge.  Any thread; connections are kept for the next request.
 *
 * Credentials go into signatures only; no message contains one.
 */
#pragma once

#include "base/context.h"
#include "cold/s3_sign.h"

typedef struct S3Options { /* copied */
    Str endpoint;          /* scheme://host[:port] */
    Str bucket;
    Str region;
    bool path_style; /* endpoint/bucket/key, not bucket.endpoint/key */
    S3Credentials credentials;
    int64_t connect_timeout_ms;
    int64_t progress_timeout_ms; /* at least 1,000 */
} S3Options;

typedef struct S3Client S3Client;

S3Client *s3_client_new(const S3Options *options);
void s3_client_free(S3Client *client);
DEFINE_CLEANUP(S3Client, s3_client_free)

typedef struct S3Upload {
    int descriptor; /* read from its start */
    uint64_t size;
    Str sha256; /* of its bytes; also kept with the object */
} S3Upload;

typedef struct S3Request {
    const char *method; /* GET, PUT, HEAD, DELETE */
    Str key;            /* empty = the bucket itself */
    Str query;          /* as S3Signing.query */
    const S3Upload *upload;
    int download; /* a descriptor that a body of status 200 is written to; 0 = to the reply */
} S3Request;

typedef struct S3Reply { /* text in ctx's arena */
    long status;         /* HTTP */
    Str body;            /* at most S3_BODY_MAX bytes */
    uint64_t size;       /* Content-Length; of a download, the bytes that came */
    Str kept_sha256;     /* what S3Upload.sha256 was; empty = not known */
    Str sha256;          /* of a downloaded body */
    int64_t modified_ms;
} S3Reply;

enum { S3_BODY_MAX = 8 << 20 };

/* STATUS_IO_ERROR says why there is no answer. */
MUST_CHECK Status s3_request(Context *ctx,
                             S3Client *client,
                             const S3Request *request,
                             S3Reply *ret_reply);
