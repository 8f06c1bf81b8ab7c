/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this program was built from.
 */
#pragma once

extern const char BUILD_VERSION[];
/* The commit, or "unknown" when it was built without git. */
extern const char BUILD_COMMIT[];
