/* SPDX-License-Identifier: Apache-2.0 */
#include "server/accounts.h"

#include "base/clock.h"
#include "commit/catalog_commit.h"

typedef struct AccountsOp {
    WriteOp op;
    const User *root;
} AccountsOp;

static Status execute(WriteOp *op, CommitBuilder *builder)
{
    const AccountsOp *accounts = CONTAINER_OF(op, AccountsOp, op);
    CLEANUP(catalog_edit_abort)
    CatalogEdit *edit = catalog_edit_begin(op->ctx, commit_catalog(builder), clock_wall_us());
    if (!catalog_user(commit_catalog(builder), ROOT_USER_ID))
        catalog_persist_builtin_namespaces(edit);
    TRY(catalog_put_user(edit, accounts->root));
    commit_catalog_edit(builder, TAKE(edit));
    return STATUS_OK;
}

Status accounts_prepare(Context *ctx, const Auth *auth, Sequencer *sequencer, Str root_password)
{
    CLEANUP(snapshot_unref) Snapshot *snapshot = published_durable(sequencer_published(sequencer));
    AccountsOp accounts = {.op = {.ctx = ctx, .execute = execute}};
    TRY(auth_root_account(ctx, auth, snapshot->catalog, root_password, &accounts.root));
    if (!accounts.root)
        return STATUS_OK;
    return sequencer_execute(sequencer, &accounts.op);
}
