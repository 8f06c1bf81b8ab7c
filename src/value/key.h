/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Order-preserving keys: memcmp() of two encoded keys orders them as
 * value_compare() orders the values.  Format in key.c.
 *
 * Text, BYTES, JSON: every 0x00 becomes 0x00 0xff, the end is 0x00 0x01.  Integers:
 * big-endian with the sign flipped.  No key is a prefix of another one.
 */
#pragma once

#include "value/value.h"

/* Value must not be NULL and of the type it is read back as. */
void key_append(Buf *out, const Value *value);
/* Text goes to the arena.  STATUS_CORRUPT when it is no such key. */
MUST_CHECK Status key_read(Context *ctx, Reader *reader, Type type, Value *ret_value);

void key_append_text(Buf *out, Str text);
MUST_CHECK Status key_read_text(Context *ctx, Reader *reader, Str *ret_text);
