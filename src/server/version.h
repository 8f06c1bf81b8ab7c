/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which server this is: from the file VERSION and, when the tree is a clone, the
 * day of its last commit.
 */
#pragma once

#include "base/str.h"

Str server_version(void);
Str server_build_date(void);
