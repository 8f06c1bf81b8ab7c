/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of settings, and the names that are known but not applied.
 */
#pragma once

#include "server/config.h"

typedef enum ConfigType {
    CONFIG_TEXT,
    CONFIG_INTEGER, /* bytes may be written "64MiB" */
    CONFIG_BOOLEAN,
    CONFIG_LIST,     /* of strings; in the environment separated by commas */
    CONFIG_DURATION, /* milliseconds; "24h", "5m", "10s", "250ms", a bare number = seconds */
} ConfigType;

typedef struct ConfigKey {
    const char *name;
    const char *variable; /* without KALAMDB_; NULL = none */
    ConfigType type;
    size_t offset;             /* in Config */
    const char *default_value; /* as in the environment */
    int64_t min, max;          /* CONFIG_INTEGER, CONFIG_DURATION */
    const char *description;
} ConfigKey;

extern const ConfigKey CONFIG_KEYS[];
extern const size_t CONFIG_KEY_COUNT;

/* Another name of a key or variable. */
typedef struct ConfigAlias {
    Str name;
    Str key;
} ConfigAlias;

extern const ConfigAlias CONFIG_VARIABLE_ALIASES[];
extern const size_t CONFIG_VARIABLE_ALIAS_COUNT;

/* What is said when a key is refused (an error) or has no effect (a warning). */
typedef struct ConfigNote {
    Str key;
    const char *text;
} ConfigNote;

extern const ConfigNote CONFIG_REFUSED[];
extern const size_t CONFIG_REFUSED_COUNT;
extern const ConfigNote CONFIG_WITHOUT_EFFECT[];
extern const size_t CONFIG_WITHOUT_EFFECT_COUNT;

/* Of the configurations that exist, passed over in silence: whole names, or a section with its
 * dot at the end. */
extern const Str CONFIG_TOLERATED[];
extern const size_t CONFIG_TOLERATED_COUNT;
