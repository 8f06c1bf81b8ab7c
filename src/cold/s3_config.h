/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an S3 storage's definition says: its place, CONFIG and CREDENTIALS.
 *
 *     place        s3://bucket[/prefix]
 *     CONFIG       {"endpoint":"https://host[:port]","region":"us-east-1","path_style":true}
 *     CREDENTIALS  {"access_key_id":"..","secret_access_key":"..","session_token":".."}
 *
 * Without endpoint it is Amazon's for the region.  Errors name the key that is
 * wrong and never a value of CREDENTIALS.
 */
#pragma once

#include "base/context.h"
#include "cold/s3_client.h"

#define S3_DEFAULT_REGION STR("us-east-1")

/* Takes "bucket", "bucket/prefix" or either behind s3://; STATUS_INVALID_SQL. */
MUST_CHECK Status s3_config_read_place(Context *ctx, Str place, Str *ret_bucket, Str *ret_prefix);

/* Sets endpoint, region and path_style; the bucket is set already.  Empty text = {}. */
MUST_CHECK Status s3_config_read(Context *ctx, Str json, S3Options *options);

MUST_CHECK Status s3_config_read_credentials(Context *ctx,
                                             Str json,
                                             S3Credentials *ret_credentials);
