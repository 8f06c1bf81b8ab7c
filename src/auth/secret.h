/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The secret that signs tokens: configured, or made on the first start and kept
 * in the data directory (file `jwt_secret`, mode 0600).
 */
#pragma once

#include "base/context.h"

enum { SECRET_LENGTH_MIN = 32 };

/* Too short, or one of those that stand in examples; such a server must not listen to others. */
bool secret_is_weak(Str secret);

/*
 * `configured` when it is not empty, else what the directory keeps, else a new
 * one that it keeps from now on.  In ctx's arena.  STATUS_IO_ERROR,
 * STATUS_CORRUPT when the file holds no usable secret.
 */
MUST_CHECK Status secret_load(Context *ctx, Str configured, Str data_directory, Str *ret_secret);
