/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The accounts at start: root exists and has the password that was configured.
 */
#pragma once

#include "auth/auth.h"
#include "commit/sequencer.h"

/* Commits what has to change, which waits for the disk; usually nothing. */
MUST_CHECK Status accounts_prepare(Context *ctx,
                                   const Auth *auth,
                                   Sequencer *sequencer,
                                   Str root_password);
