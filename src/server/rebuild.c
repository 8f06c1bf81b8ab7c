/* SPDX-License-Identifier: Apache-2.0 */
#include "server/rebuild.h"

#include "base/log.h"
#include "server/settings.h"

#include <unistd.h>

/* What of a server is needed for it. */
typedef struct Parts {
    DataDir *data_dir;
    Store *store;
    Sequencer *sequencer;
    StorageDefaults defaults;
    ObjectStores *objects;
    DuckEngine *duck;
    ColdTier *tier;
} Parts;

static void parts_done(Parts *parts)
{
    cold_tier_free(parts->tier);
    duck_engine_free(parts->duck);
    object_stores_close(parts->objects);
    sequencer_close(parts->sequencer);
    store_close(parts->store);
    data_dir_close(parts->data_dir);
}
DEFINE_CLEANUP_IN_PLACE(Parts, parts_done)

static Status open_store(Context *ctx, const Config *config, Parts *parts)
{
    Str path = config->storage.data_path;
    if (access(path.ptr, F_OK) != 0) /* data_dir_open() would make one */
        return fail(ctx, STATUS_IO_ERROR, "there is no data directory %.*s", STR_ARG(path));
    TRY(data_dir_open(ctx, path, &parts->data_dir));
    StoreOptions options = settings_store(config, parts->data_dir->rocksdb_path);
    TRY(store_open(ctx, &options, &parts->store));
    return sequencer_open(ctx, &(SequencerOptions){.store = parts->store}, &parts->sequencer);
}

static Status open_tier(Context *ctx, const Config *config, Parts *parts)
{
    ObjectStoresOptions objects;
    DuckOptions duck = settings_duck(config);
    TRY(settings_objects(ctx, config, parts->data_dir, &parts->defaults, &objects));
    TRY(object_stores_open(ctx, &objects, &parts->objects));
    parts->duck = duck_engine_new(&duck);
    duck_engine_allow(parts->duck, parts->data_dir->storage_path);
    parts->tier = cold_tier_new(&(ColdTierOptions){
        .store = parts->store,
        .duck = parts->duck,
        .objects = parts->objects,
        .defaults = &parts->defaults,
    });
    return STATUS_OK;
}

static void on_problem(void *data, Str directory, Str reason)
{
    RebuildReport *report = data;
    report->problem_count++;
    log_error("server",
              "cannot be used directory=%.*s reason=\"%.*s\"",
              STR_ARG(directory),
              STR_ARG(reason));
}

Status rebuild_manifests(Context *ctx, const Config *config, RebuildReport *ret_report)
{
    CLEANUP(parts_done) Parts parts = {0};
    *ret_report = (RebuildReport){0};
    TRY(open_store(ctx, config, &parts));
    TRY(open_tier(ctx, config, &parts));
    RebuildOptions options = {
        .tier = parts.tier,
        .sequencer = parts.sequencer,
        .on_problem = on_problem,
        .data = ret_report,
    };
    return cold_rebuild(ctx, &options, &ret_report->result);
}
