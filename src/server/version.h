/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which server this is: from the file VERSION and, when the tree is a clone, the
 * time of its last commit.  Both are set by the build.
 */
#pragma once

#define SERVER_VERSION    KALAMDB_VERSION
#define SERVER_BUILD_DATE KALAMDB_BUILD_DATE
