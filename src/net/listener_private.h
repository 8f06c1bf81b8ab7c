/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a reactor does with its listeners.
 */
#pragma once

#include "net/list.h"
#include "net/listener.h"

Listener *listener_of_node(ListNode *node);

/* A connection has closed: goes on accepting if it had stopped at the limit. */
void listener_resume(Listener *listener);
