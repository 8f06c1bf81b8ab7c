/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one address may do (protocol.md 1.9): connections at a time, requests
 * and login attempts per second, and a ban for those who do not listen.
 *
 * Loopback is exempt (decision 43) and never touches the lock, which guards the
 * map of addresses.  Addresses that have nothing open and nothing to earn back
 * are forgotten when the map has grown.  Any thread.
 */
#pragma once

#include "net/address.h"

typedef struct IpGuard IpGuard;

typedef struct IpLimits { /* 0 = no limit */
    uint32_t requests_per_second;
    uint32_t auth_attempts_per_second;
    uint32_t connections_max;
    uint32_t ban_seconds;
} IpLimits;

typedef enum IpVerdict { IP_FINE, IP_TOO_FAST, IP_BANNED, IP_TOO_MANY_CONNECTIONS } IpVerdict;

typedef struct IpJudgement {
    IpVerdict verdict;
    uint32_t retry_after_seconds; /* IP_TOO_FAST, IP_BANNED */
    uint32_t connection_count;    /* IP_TOO_MANY_CONNECTIONS */
} IpJudgement;

IpGuard *ip_guard_new(const IpLimits *limits);
void ip_guard_free(IpGuard *guard);
DEFINE_CLEANUP(IpGuard, ip_guard_free)

void ip_guard_opened(IpGuard *guard, const Address *peer);
void ip_guard_closed(IpGuard *guard, const Address *peer);

/* One request of `client` over a connection from `peer`. */
IpJudgement
ip_guard_request(IpGuard *guard, const Address *peer, const Address *client, int64_t now_us);

/* One login, refresh or set-up.  False: too many. */
bool ip_guard_auth_attempt(IpGuard *guard, const Address *client, int64_t now_us);
