/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Disk: what the disk itself takes to make a small record durable.
 *
 * Every durable figure stands beside this one: nobody who waits for the disk
 * before he answers can be faster.
 */
#pragma once

#include <stdint.h>

enum { DISK_RECORD_SIZE = 200 }; /* about what one inserted row costs in a log */

/* Creates a file of its own in `directory` that is gone at exit; dies when it cannot. */
int disk_open(const char *directory);

/* Appends one record and makes it durable with fdatasync; nanoseconds. */
int64_t disk_append(int fd);
