/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials at rest: AES-256-GCM.  The id of the storage is authenticated with
 * them, so that they are of no use to another one.
 */
#pragma once

#include "base/context.h"

/* `key` is any secret text.  In ctx's arena. */
MUST_CHECK Status
storage_secret_seal(Context *ctx, Str key, Str storage_id, Str text, Str *ret_sealed);

/* STATUS_CORRUPT: made with another key or for another storage, or damaged. */
MUST_CHECK Status
storage_secret_unseal(Context *ctx, Str key, Str storage_id, Str sealed, Str *ret_text);
