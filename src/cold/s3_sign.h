/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AWS Signature Version 4 for S3: the Authorization header of one request.
 *
 * We sign ourselves: the signer of libcurl 7.88 neither sorts the query nor
 * sends the hash of the body.  Pure functions.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

typedef struct S3Credentials {
    Str access_key;
    Str secret_key;
    Str session_token; /* empty = none */
} S3Credentials;

typedef struct S3Header {
    Str name; /* small letters */
    Str value;
} S3Header;

typedef struct S3Signing {
    Str method;
    Str path;                /* percent-encoded, with its first slash */
    Str query;               /* percent-encoded, sorted by name, each `name=value` */
    const S3Header *headers; /* all are signed; sorted by name; host and x-amz-date among them */
    size_t header_count;
    Str payload_sha256; /* hexadecimal */
    Str region;
    Str timestamp; /* 20130524T000000Z, as in x-amz-date */
} S3Signing;

enum { SHA256_HEX_LENGTH = 64 };

/* In the arena. */
Str s3_authorization(Arena *arena, const S3Credentials *credentials, const S3Signing *signing);

/* RFC 3986: everything but letters, digits and - . _ ~ as %HH; slashes stay if asked to. */
void s3_encode(Buf *out, Str text, bool keep_slashes);

/* SHA-256 in hexadecimal; in the arena. */
Str s3_sha256(Arena *arena, Str bytes);
/* The same of a digest that is there. */
Str s3_hex(Arena *arena, const unsigned char *bytes, size_t size);
