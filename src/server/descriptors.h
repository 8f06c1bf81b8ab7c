/* SPDX-License-Identifier: Apache-2.0 */
/*
 * File descriptors: each connection is one, and the system gives so many.
 */
#pragma once

#include <stddef.h>

/* Raises the process's limit as far as it may; returns what it is now. */
size_t descriptors_raise(void);

/* How many of `wanted` connections fit beside the store's files. */
size_t descriptors_limit_connections(size_t wanted, size_t store_files);
