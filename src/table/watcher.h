/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who watches a table: an open live query, for the refusal of DROP TABLE.
 */
#pragma once

#include "base/str.h"

typedef struct TableWatcher {
    Str connection_id;
    Str user_id;
    Str subscription_id;
} TableWatcher;
