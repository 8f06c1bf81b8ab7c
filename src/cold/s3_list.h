/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two XML documents of S3 that we read: a page of ListObjectsV2, and errors.
 *
 * S3's XML has no attributes that matter, no comments and no CDATA, so that a
 * search for tags is enough.  Whatever else comes (a proxy's HTML) has no such
 * tags.  Pure functions on bytes that nobody vouches for.
 */
#pragma once

#include "cold/object_store.h"

typedef struct S3Page {
    const ObjectInfo *items; /* names are whole keys */
    size_t count;
    Str next; /* continuation token; empty = this was the last page */
} S3Page;

/* In ctx's arena.  STATUS_IO_ERROR: no such document. */
MUST_CHECK Status s3_list_read(Context *ctx, Str xml, S3Page *ret_page);

/* "NoSuchBucket"; empty when the document is none of S3's errors. */
Str s3_error_code(Arena *arena, Str xml);
