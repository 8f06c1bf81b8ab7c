/* SPDX-License-Identifier: Apache-2.0 */
#include "api/ip_guard.h"

#include "api/rate_gate.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/memory.h"

#include <pthread.h>

enum {
    SWEEP_COUNT_MIN = 1024,
    VIOLATIONS_PER_BAN = 10, /* and one more ban's length for each further ten, up to .. */
    BAN_LENGTHS_MAX = 6,
};

#define US_PER_S INT64_C(1000000)

typedef struct IpEntry {
    uint8_t ip[16];
    uint32_t connection_count;
    uint32_t violation_count;
    RateGate requests;
    RateGate attempts;
    int64_t banned_until_us;
} IpEntry;

struct IpGuard {
    pthread_mutex_t lock;
    Map entries; /* the 16 bytes of the address -> IpEntry */
    size_t sweep_at;
    IpLimits limits;
};

IpGuard *ip_guard_new(const IpLimits *limits)
{
    IpGuard *guard = NEW(IpGuard);
    pthread_mutex_init(&guard->lock, NULL);
    guard->limits = *limits;
    guard->sweep_at = SWEEP_COUNT_MIN;
    return guard;
}

void ip_guard_free(IpGuard *guard)
{
    if (!guard)
        return;
    IpEntry *entry;
    for (size_t at = 0; (entry = map_next(&guard->entries, &at));)
        free(entry);
    map_done(&guard->entries);
    pthread_mutex_destroy(&guard->lock);
    free(guard);
}

static Str entry_key(const IpEntry *entry)
{
    return str_from((const char *)entry->ip, sizeof(entry->ip));
}

static bool is_forgettable(const IpEntry *entry, int64_t now_us)
{
    return entry->connection_count == 0 && entry->requests.earned_at_us <= now_us &&
           entry->attempts.earned_at_us <= now_us && entry->banned_until_us <= now_us;
}

static void sweep(IpGuard *guard, int64_t now_us)
{
    Map kept = {0};
    IpEntry *entry;
    for (size_t at = 0; (entry = map_next(&guard->entries, &at));) {
        if (is_forgettable(entry, now_us))
            free(entry);
        else
            map_put(&kept, entry_key(entry), entry);
    }
    map_done(&guard->entries);
    guard->entries = kept;
    guard->sweep_at = kept.count * 2 > SWEEP_COUNT_MIN ? kept.count * 2 : SWEEP_COUNT_MIN;
}

/* With the lock held. */
static IpEntry *find_entry(IpGuard *guard, const Address *address, int64_t now_us)
{
    IpEntry *entry =
        map_get(&guard->entries, str_from((const char *)address->ip, sizeof(address->ip)));
    if (entry)
        return entry;
    if (guard->entries.count >= guard->sweep_at)
        sweep(guard, now_us);
    entry = NEW(IpEntry);
    memcpy(entry->ip, address->ip, sizeof(entry->ip));
    map_put(&guard->entries, entry_key(entry), entry);
    return entry;
}

void ip_guard_opened(IpGuard *guard, const Address *peer)
{
    if (address_is_loopback(peer))
        return;
    pthread_mutex_lock(&guard->lock);
    find_entry(guard, peer, clock_monotonic_us())->connection_count++;
    pthread_mutex_unlock(&guard->lock);
}

void ip_guard_closed(IpGuard *guard, const Address *peer)
{
    if (address_is_loopback(peer))
        return;
    pthread_mutex_lock(&guard->lock);
    IpEntry *entry = find_entry(guard, peer, clock_monotonic_us());
    if (entry->connection_count > 0)
        entry->connection_count--;
    pthread_mutex_unlock(&guard->lock);
}

static uint32_t seconds_until(int64_t then_us, int64_t now_us)
{
    return (uint32_t)((then_us - now_us + US_PER_S - 1) / US_PER_S);
}

static IpJudgement note_violation(const IpLimits *limits, IpEntry *entry, int64_t now_us)
{
    entry->violation_count++;
    uint32_t lengths = entry->violation_count / VIOLATIONS_PER_BAN;
    if (lengths == 0 || limits->ban_seconds == 0)
        return (IpJudgement){.verdict = IP_TOO_FAST, .retry_after_seconds = 1};
    if (lengths > BAN_LENGTHS_MAX)
        lengths = BAN_LENGTHS_MAX;
    entry->banned_until_us = now_us + (int64_t)limits->ban_seconds * lengths * US_PER_S;
    return (IpJudgement){
        .verdict = IP_BANNED,
        .retry_after_seconds = limits->ban_seconds * lengths,
    };
}

static IpJudgement judge_client(const IpLimits *limits, IpEntry *entry, int64_t now_us)
{
    if (entry->banned_until_us > now_us)
        return (IpJudgement){
            .verdict = IP_BANNED,
            .retry_after_seconds = seconds_until(entry->banned_until_us, now_us),
        };
    if (!rate_gate_pass(&entry->requests, limits->requests_per_second, now_us))
        return note_violation(limits, entry, now_us);
    return (IpJudgement){.verdict = IP_FINE};
}

static uint32_t connections_of(IpGuard *guard, const Address *peer, int64_t now_us)
{
    return address_is_loopback(peer) ? 0 : find_entry(guard, peer, now_us)->connection_count;
}

IpJudgement
ip_guard_request(IpGuard *guard, const Address *peer, const Address *client, int64_t now_us)
{
    IpJudgement judgement = {.verdict = IP_FINE};
    if (address_is_loopback(peer) && address_is_loopback(client))
        return judgement;
    pthread_mutex_lock(&guard->lock);
    uint32_t count = connections_of(guard, peer, now_us);
    if (guard->limits.connections_max && count > guard->limits.connections_max)
        judgement = (IpJudgement){.verdict = IP_TOO_MANY_CONNECTIONS, .connection_count = count};
    else if (!address_is_loopback(client))
        judgement = judge_client(&guard->limits, find_entry(guard, client, now_us), now_us);
    pthread_mutex_unlock(&guard->lock);
    return judgement;
}

bool ip_guard_auth_attempt(IpGuard *guard, const Address *client, int64_t now_us)
{
    if (address_is_loopback(client))
        return true;
    pthread_mutex_lock(&guard->lock);
    bool pass = rate_gate_pass(&find_entry(guard, client, now_us)->attempts,
                               guard->limits.auth_attempts_per_second,
                               now_us);
    pthread_mutex_unlock(&guard->lock);
    return pass;
}
