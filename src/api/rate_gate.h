/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RateGate: so many per second, with a burst of one second's worth.
 *
 * The generic cell rate algorithm (ITU-T I.371) in one number: the moment at
 * which everything used so far is earned back.  A zeroed gate is open.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct RateGate {
    int64_t earned_at_us; /* monotonic */
} RateGate;

/* Counts one in, or says no.  per_second 0 = no limit. */
static inline bool rate_gate_pass(RateGate *gate, uint32_t per_second, int64_t now_us)
{
    enum { BURST_US = 1000000 };
    if (per_second == 0)
        return true;
    int64_t cost_us = BURST_US / (int64_t)per_second;
    int64_t from_us = gate->earned_at_us > now_us ? gate->earned_at_us : now_us;
    if (from_us + cost_us > now_us + BURST_US)
        return false;
    gate->earned_at_us = from_us + cost_us;
    return true;
}
