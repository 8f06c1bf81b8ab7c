/* SPDX-License-Identifier: Apache-2.0 */
#include "server/version.h"

/* The build sets both. */
Str server_version(void)
{
    return STR(KALAMDB_VERSION);
}

Str server_build_date(void)
{
    return STR(KALAMDB_BUILD_DATE);
}
