/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses: who is at the other end?
 *
 * An Address is an IP address and a port; IPv4 is held as ::ffff:a.b.c.d, so
 * there is one kind only.  Behind a trusted proxy the client's own address
 * stands in a header; client_address() decides whether to believe it.
 */
#pragma once

#include "base/context.h"

#include <netinet/in.h>

typedef struct Address {
    uint8_t ip[16];
    uint16_t port; /* host byte order */
} Address;

typedef struct AddressRange {
    uint8_t ip[16];
    uint8_t prefix_len; /* of 128 bits */
} AddressRange;

typedef struct AddressRanges {
    const AddressRange *items;
    size_t count;
} AddressRanges;

enum { ADDRESS_TEXT_MAX = INET6_ADDRSTRLEN };

/* sockaddr_in or sockaddr_in6; anything else becomes `::`. */
Address address_from_socket(const struct sockaddr *socket_address);

/* An IPv4 or IPv6 address, the latter also in brackets, each with or without a port. */
bool address_parse(Str text, Address *ret_address);

/* Without the port; writes into `text` (ADDRESS_TEXT_MAX bytes) and returns it as Str. */
Str address_format(const Address *address, char *text);

/* Ports do not count. */
bool address_same_ip(const Address *a, const Address *b);

/* 127.0.0.0/8 or ::1 */
bool address_is_loopback(const Address *address);

/* "10.0.0.0/8", "fd00::/8" or a single address.  STATUS_INVALID_INPUT names the text. */
MUST_CHECK Status address_range_parse(Context *ctx, Str text, AddressRange *ret_range);
bool address_range_contains(const AddressRange *range, const Address *address);

typedef struct ClientAddress {
    Address address;
    bool is_local; /* a loopback peer that speaks for itself */
} ClientAddress;

/*
 * The address of the client of a request that came from `peer`.  The headers X-Forwarded-For (its
 * first entry), then X-Real-IP, count only when the peer is a loopback address or in `trusted`; an
 * empty Str is a missing header.  A value in them that is no address or looks like localhost is
 * not believed: the peer's address stands, but never as local.
 */
ClientAddress
client_address(const Address *peer, AddressRanges trusted, Str forwarded_for, Str real_ip);
