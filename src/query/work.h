/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The statements: each function makes the Work of one kind, in the run's arena.
 */
#pragma once

#include "query/run.h"

/* Either way the same answer: by the own executor, where it can, or by DuckDB. */
Work *select_work(QueryRun *run, const AstSelect *ast);
Work *duck_select_work(QueryRun *run, const AstSelect *ast);
/* One of the two. */
Work *select_work_chosen(QueryRun *run, const AstSelect *ast);
Work *insert_work(QueryRun *run, const AstInsert *ast);
Work *update_work(QueryRun *run, const AstUpdate *ast);
Work *delete_work(QueryRun *run, const AstDelete *ast);

Work *create_namespace_work(QueryRun *run, const AstNamespace *ast);
Work *drop_namespace_work(QueryRun *run, const AstNamespace *ast);
Work *create_table_work(QueryRun *run, const AstCreateTable *ast);
Work *alter_table_work(QueryRun *run, const AstAlterTable *ast);
Work *drop_table_work(QueryRun *run, const AstDropTable *ast);
Work *create_user_work(QueryRun *run, const AstUser *ast);
Work *alter_user_work(QueryRun *run, const AstUser *ast);
Work *drop_user_work(QueryRun *run, const AstUser *ast);
Work *create_storage_work(QueryRun *run, const AstStorage *ast);
Work *alter_storage_work(QueryRun *run, const AstStorage *ast);
Work *drop_storage_work(QueryRun *run, const AstStorage *ast);

Work *use_work(QueryRun *run, const AstName *name);
Work *show_work(QueryRun *run, const AstShow *ast);
Work *explain_work(QueryRun *run, const AstExplain *ast);
Work *show_stats_work(QueryRun *run, const AstShow *ast);
Work *describe_work(QueryRun *run, const AstDescribe *ast);
Work *storage_check_work(QueryRun *run, const AstStorage *ast);
Work *maintain_work(QueryRun *run, const AstStatement *statement); /* STORAGE FLUSH, COMPACT */
Work *kill_work(QueryRun *run, const AstKill *ast);

Work *begin_work(QueryRun *run);
Work *commit_work(QueryRun *run);
Work *rollback_work(QueryRun *run);

/* The Work of any statement but EXECUTE AS; STATUS_UNSUPPORTED names those that have none. */
MUST_CHECK Status work_new(QueryRun *run, const AstStatement *statement, Work **ret_work);
