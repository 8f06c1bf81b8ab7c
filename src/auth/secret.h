/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets of the server: made on the first start and kept in the data directory,
 * one file each, mode 0600.
 *
 *     jwt_secret    signs tokens, unless one is configured
 *     storage_key   encrypts the credentials of storages
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

/*
 * What the file `name` of the directory keeps; a new random one when there is no
 * such file.  Hexadecimal when it is ours.  Errors as above.
 */
MUST_CHECK Status secret_keep(Context *ctx, Str data_directory, const char *name, Str *ret_secret);
