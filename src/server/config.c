/* SPDX-License-Identifier: Apache-2.0 */
#include "server/config.h"

#include "base/log.h"
#include "base/memory.h"
#include "expr/nearest.h"
#include "net/address.h"
#include "server/config_value.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 1 << 20, PATH_BYTES_MAX = 4096 };

#define VARIABLE_PREFIX STR("KALAMDB_")
#define FILE_NAME       "server.toml"

typedef struct Loader {
    Context *ctx;
    Config *config;
    Str *warnings;
    size_t warning_count;
    size_t warning_capacity;
} Loader;

/* ---- names ---- */

static const ConfigKey *find_key(Str name)
{
    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
        if (str_equal(str_from_c(CONFIG_KEYS[i].name), name))
            return &CONFIG_KEYS[i];
    }
    return NULL;
}

static const ConfigKey *find_variable(Str variable)
{
    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
        if (str_equal(str_from_c(CONFIG_KEYS[i].variable), variable))
            return &CONFIG_KEYS[i];
    }
    for (size_t i = 0; i < CONFIG_VARIABLE_ALIAS_COUNT; i++) {
        if (str_equal(CONFIG_VARIABLE_ALIASES[i].name, variable))
            return find_key(CONFIG_VARIABLE_ALIASES[i].key);
    }
    return NULL;
}

static const char *find_note(const ConfigNote *notes, size_t count, Str key)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal(notes[i].key, key))
            return notes[i].text;
    }
    return NULL;
}

static bool is_tolerated(Str name)
{
    for (size_t i = 0; i < CONFIG_TOLERATED_COUNT; i++) {
        Str known = CONFIG_TOLERATED[i];
        bool is_section = str_ends_with(known, STR("."));
        /* "cluster." stands for cluster.x, cluster[0].x and cluster itself. */
        Str section = str_from(known.ptr, known.len - 1);
        if (is_section ? str_starts_with(name, section) : str_equal(name, known))
            return true;
    }
    return false;
}

/* [authentication] is another name of [auth]. */
static Str canonical_name(Arena *arena, Str name)
{
    static const Str ALIAS = STR_INIT("authentication.");
    if (!str_starts_with(name, ALIAS))
        return name;
    return arena_printf(arena, "auth.%.*s", (int)(name.len - ALIAS.len), name.ptr + ALIAS.len);
}

/* ---- warnings ---- */

static void warn(Loader *loader, Str text)
{
    loader->warnings = arena_grow(&loader->ctx->arena,
                                  loader->warnings,
                                  loader->warning_count,
                                  &loader->warning_capacity,
                                  sizeof(Str));
    loader->warnings[loader->warning_count++] = text;
}

static void warn_unknown(Loader *loader, const TomlEntry *entry)
{
    Arena *arena = &loader->ctx->arena;
    Nearest nearest = {.wanted = entry->key};
    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++)
        nearest_offer(&nearest, str_from_c(CONFIG_KEYS[i].name));
    Str hint = nearest.best.ptr ? arena_printf(arena, "; did you mean %.*s?", STR_ARG(nearest.best))
                                : STR("");
    warn(loader,
         arena_printf(arena,
                      "line %d: unknown key %.*s%.*s",
                      entry->line,
                      STR_ARG(entry->key),
                      STR_ARG(hint)));
}

/* ---- the sources, in the order in which they win ---- */

static Status apply_defaults(Loader *loader)
{
    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++)
        TRY(config_set_text(loader->ctx,
                            loader->config,
                            &CONFIG_KEYS[i],
                            str_from_c(CONFIG_KEYS[i].default_value),
                            "default"));
    return STATUS_OK;
}

static Status apply_entry(Loader *loader, const TomlEntry *entry)
{
    Str name = canonical_name(&loader->ctx->arena, entry->key);
    const ConfigKey *key = find_key(name);
    if (key)
        return config_set_entry(loader->ctx, loader->config, key, entry);
    const char *refusal = find_note(CONFIG_REFUSED, CONFIG_REFUSED_COUNT, name);
    if (refusal)
        return fail(loader->ctx,
                    STATUS_INVALID_INPUT,
                    "line %d: %.*s is not supported: %s",
                    entry->line,
                    STR_ARG(name),
                    refusal);
    const char *note = find_note(CONFIG_WITHOUT_EFFECT, CONFIG_WITHOUT_EFFECT_COUNT, name);
    if (note)
        warn(loader,
             arena_printf(&loader->ctx->arena,
                          "line %d: %.*s has no effect: %s",
                          entry->line,
                          STR_ARG(name),
                          note));
    else if (!is_tolerated(name))
        warn_unknown(loader, entry);
    return STATUS_OK;
}

static Status apply_file(Loader *loader, Str text)
{
    TomlDocument document;
    TRY(toml_parse(loader->ctx, text, &document));
    for (size_t i = 0; i < document.count; i++)
        TRY(apply_entry(loader, &document.entries[i]));
    return STATUS_OK;
}

/* An empty variable is as good as none. */
static Status apply_variable(Loader *loader, Str assignment)
{
    Str value = assignment;
    Str name;
    if (!str_starts_with(assignment, VARIABLE_PREFIX) || !str_split(&value, '=', &name))
        return STATUS_OK;
    const ConfigKey *key =
        find_variable(str_from(name.ptr + VARIABLE_PREFIX.len, name.len - VARIABLE_PREFIX.len));
    if (!key || value.len == 0)
        return STATUS_OK;
    Str where = arena_str(&loader->ctx->arena, name);
    return config_set_text(loader->ctx, loader->config, key, value, where.ptr);
}

static Status apply_environment(Loader *loader, char *const *environment)
{
    for (; environment && *environment; environment++)
        TRY(apply_variable(loader, str_from_c(*environment)));
    return STATUS_OK;
}

/* ---- validation ---- */

bool config_is_local(const Config *config)
{
    Address address;
    return str_equal(config->server.host, STR("localhost")) ||
           (address_parse(config->server.host, &address) && address_is_loopback(&address));
}

static Status bad(Context *ctx, const char *key, const char *why)
{
    return fail(ctx, STATUS_INVALID_INPUT, "%s %s", key, why);
}

static Status check_words(Context *ctx, const Config *config)
{
    LogLevel level;
    Str format = config->logging.format;
    Str origin = config->server.public_origin;
    Str durability = config->storage.durability;
    if (!log_level_parse(config->logging.level.ptr, &level))
        return bad(ctx, "logging.level", "must be error, warn, info, debug or trace");
    if (!str_equal(format, STR("compact")) && !str_equal(format, STR("pretty")) &&
        !str_equal(format, STR("json")))
        return bad(ctx, "logging.format", "must be compact, pretty or json");
    if (!str_equal(durability, STR("sync")) && !str_equal(durability, STR("async")))
        return bad(ctx, "storage.durability", "must be sync or async");
    if (origin.len > 0 && !str_starts_with(origin, STR("http://")) &&
        !str_starts_with(origin, STR("https://")))
        return bad(ctx, "server.public_origin", "must begin with http:// or https://");
    return STATUS_OK;
}

static Status check_together(Context *ctx, const Config *config)
{
    if (config->limits.max_query_limit > 0 &&
        config->limits.default_query_limit > config->limits.max_query_limit)
        return bad(ctx, "limits.default_query_limit", "is greater than limits.max_query_limit");
    if (config->auth.password_length_min > config->auth.password_length_max)
        return bad(ctx, "auth.min_password_length", "is greater than auth.max_password_length");
    if (!config_is_local(config) && config->security.origins.count == 0)
        return fail(ctx,
                    STATUS_INVALID_INPUT,
                    "server.host %.*s is reachable from elsewhere: name the origins of your pages "
                    "in security.cors.allowed_origins (KALAMDB_SECURITY_CORS_ALLOWED_ORIGINS), or "
                    "say \"*\"",
                    STR_ARG(config->server.host));
    return STATUS_OK;
}

static Status check_proxies(Context *ctx, const Config *config)
{
    AddressRange range;
    for (size_t i = 0; i < config->security.trusted_proxies.count; i++)
        TRY(address_range_parse(ctx, config->security.trusted_proxies.items[i], &range));
    return STATUS_OK;
}

static Status validate(Context *ctx, const Config *config)
{
    TRY(check_words(ctx, config));
    TRY(check_together(ctx, config));
    return check_proxies(ctx, config);
}

/* ---- loading ---- */

Status config_parse(Context *ctx, Str text, char *const *environment, Config *ret_config)
{
    Config config = {0};
    Loader loader = {.ctx = ctx, .config = &config};
    TRY(apply_defaults(&loader));
    TRY(apply_file(&loader, text));
    TRY(apply_environment(&loader, environment));
    TRY(validate(ctx, &config));
    config.warnings = loader.warnings;
    config.warning_count = loader.warning_count;
    *ret_config = config;
    return STATUS_OK;
}

static Status read_file(Context *ctx, const char *path, Buf *ret_text)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail(ctx, STATUS_IO_ERROR, "cannot read %s: %s", path, strerror(errno));
    ssize_t len;
    do {
        char *room = buf_reserve(ret_text, 4096);
        len = room ? read(fd, room, 4096) : -1;
        if (len > 0)
            buf_advance(ret_text, (size_t)len);
    } while (len > 0);
    close(fd);
    return len < 0 ? fail(ctx, STATUS_IO_ERROR, "cannot read %s", path) : STATUS_OK;
}

/* ./server.toml, else the one beside the program, else NULL. */
static const char *default_path(Arena *arena)
{
    char program[PATH_BYTES_MAX];
    if (access(FILE_NAME, R_OK) == 0)
        return FILE_NAME;
    ssize_t len = readlink("/proc/self/exe", program, sizeof(program));
    while (len > 0 && program[len - 1] != '/')
        len--;
    if (len <= 0)
        return NULL;
    Str path = arena_printf(arena, "%.*s" FILE_NAME, (int)len, program);
    return access(path.ptr, R_OK) == 0 ? path.ptr : NULL;
}

Status config_load(Context *ctx, const char *path, char *const *environment, Config *ret_config)
{
    CLEANUP(buf_done) Buf text = {.limit = FILE_BYTES_MAX};
    if (!path)
        path = default_path(&ctx->arena);
    if (path)
        TRY(read_file(ctx, path, &text));
    Status status = config_parse(ctx, buf_str(&text), environment, ret_config);
    if (status != STATUS_OK)
        return path ? fail(ctx,
                           status,
                           "%s: %.*s",
                           path,
                           STR_ARG(arena_str(&ctx->arena, ctx->message)))
                    : status;
    ret_config->path = arena_str(&ctx->arena, str_from_c(path ? path : ""));
    return STATUS_OK;
}

/* ---- documentation ---- */

void config_write_keys(Buf *out)
{
    BUF_LIT(out, "| key | variable | default | meaning |\n|---|---|---|---|\n");
    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
        const ConfigKey *key = &CONFIG_KEYS[i];
        buf_printf(out, "| `%s` | ", key->name);
        if (key->variable)
            buf_printf(out, "`KALAMDB_%s`", key->variable);
        buf_printf(out, " | `%s` | %s |\n", key->default_value, key->description);
    }
}
