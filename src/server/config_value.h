/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One setting: text, or what the file says, into its member of Config, with the
 * checks of its row in the table.
 */
#pragma once

#include "server/config_keys.h"
#include "server/toml.h"

/* As in the environment and in defaults.  `where` ("KALAMDB_SERVER_PORT") starts the message. */
MUST_CHECK Status
config_set_text(Context *ctx, Config *config, const ConfigKey *key, Str text, const char *where);

/* As in the file. */
MUST_CHECK Status config_set_entry(Context *ctx,
                                   Config *config,
                                   const ConfigKey *key,
                                   const TomlEntry *entry);
