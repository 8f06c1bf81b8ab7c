/* SPDX-License-Identifier: Apache-2.0 */
#include "net/address.h"

#include <arpa/inet.h>

static const uint8_t v4_prefix[12] = {[10] = 0xff, [11] = 0xff};

static bool is_v4(const uint8_t *ip)
{
    return memcmp(ip, v4_prefix, sizeof(v4_prefix)) == 0;
}

static void set_v4(uint8_t *ip, const void *four_bytes)
{
    memcpy(ip, v4_prefix, sizeof(v4_prefix));
    memcpy(ip + sizeof(v4_prefix), four_bytes, 4);
}

Address address_from_socket(const struct sockaddr *socket_address)
{
    Address address = {0};
    if (socket_address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, socket_address, sizeof(in));
        set_v4(address.ip, &in.sin_addr);
        address.port = ntohs(in.sin_port);
    } else if (socket_address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, socket_address, sizeof(in6));
        memcpy(address.ip, &in6.sin6_addr, sizeof(address.ip));
        address.port = ntohs(in6.sin6_port);
    }
    return address;
}

static bool ip_parse(Str text, uint8_t *ret_ip)
{
    char copy[ADDRESS_TEXT_MAX];
    if (text.len == 0 || text.len >= sizeof(copy) || memchr(text.ptr, 0, text.len))
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = 0;
    struct in_addr v4;
    if (inet_pton(AF_INET, copy, &v4) == 1) {
        set_v4(ret_ip, &v4);
        return true;
    }
    return inet_pton(AF_INET6, copy, ret_ip) == 1;
}

static bool port_parse(Str text, uint16_t *ret_port)
{
    uint64_t port;
    if (!str_to_uint64(text, &port) || port > UINT16_MAX)
        return false;
    *ret_port = (uint16_t)port;
    return true;
}

/* [::1] or [::1]:8080 */
static bool bracketed_parse(Str text, Address *ret_address)
{
    size_t end = str_find_byte(text, ']');
    if (end == text.len || !ip_parse(str_from(text.ptr + 1, end - 1), ret_address->ip))
        return false;
    Str rest = str_from(text.ptr + end + 1, text.len - end - 1);
    if (rest.len == 0)
        return true;
    return rest.ptr[0] == ':' &&
           port_parse(str_from(rest.ptr + 1, rest.len - 1), &ret_address->port);
}

bool address_parse(Str text, Address *ret_address)
{
    Address address = {0};
    bool parsed;
    size_t colon = str_find_byte(text, ':');
    Str after = colon < text.len ? str_from(text.ptr + colon + 1, text.len - colon - 1) : STR_NULL;
    if (text.len > 0 && text.ptr[0] == '[')
        parsed = bracketed_parse(text, &address);
    else if (colon < text.len && str_find_byte(after, ':') == after.len)
        parsed = ip_parse(str_from(text.ptr, colon), address.ip) && is_v4(address.ip) &&
                 port_parse(after, &address.port);
    else
        parsed = ip_parse(text, address.ip);
    if (parsed)
        *ret_address = address;
    return parsed;
}

Str address_format(const Address *address, char *text)
{
    const char *written = is_v4(address->ip)
                              ? inet_ntop(AF_INET, address->ip + 12, text, ADDRESS_TEXT_MAX)
                              : inet_ntop(AF_INET6, address->ip, text, ADDRESS_TEXT_MAX);
    return str_from_c(written);
}

bool address_same_ip(const Address *a, const Address *b)
{
    return memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

bool address_is_loopback(const Address *address)
{
    static const uint8_t v6_loopback[16] = {[15] = 1};
    if (is_v4(address->ip))
        return address->ip[12] == 127;
    return memcmp(address->ip, v6_loopback, sizeof(v6_loopback)) == 0;
}

Status address_range_parse(Context *ctx, Str text, AddressRange *ret_range)
{
    size_t slash = str_find_byte(text, '/');
    AddressRange range = {.prefix_len = 128};
    if (!ip_parse(str_from(text.ptr, slash), range.ip))
        return fail(ctx, STATUS_INVALID_INPUT, "'%.*s' is no IP address range", STR_ARG(text));
    if (slash < text.len) {
        uint64_t bits;
        bool v4 = is_v4(range.ip);
        Str bits_text = str_from(text.ptr + slash + 1, text.len - slash - 1);
        if (!str_to_uint64(bits_text, &bits) || bits > (v4 ? 32 : 128))
            return fail(ctx, STATUS_INVALID_INPUT, "'%.*s': bad prefix length", STR_ARG(text));
        range.prefix_len = (uint8_t)(bits + (v4 ? 96 : 0));
    }
    *ret_range = range;
    return STATUS_OK;
}

bool address_range_contains(const AddressRange *range, const Address *address)
{
    size_t whole = range->prefix_len / 8;
    unsigned bits = range->prefix_len % 8;
    if (memcmp(range->ip, address->ip, whole) != 0)
        return false;
    return bits == 0 || ((range->ip[whole] ^ address->ip[whole]) >> (8 - bits)) == 0;
}

static bool is_trusted(const Address *peer, AddressRanges trusted)
{
    for (size_t i = 0; i < trusted.count; i++) {
        if (address_range_contains(&trusted.items[i], peer))
            return true;
    }
    return address_is_loopback(peer);
}

static bool believable(Str text, Address *ret_address)
{
    Address address;
    if (!address_parse(str_trim(text), &address) || address_is_loopback(&address))
        return false;
    *ret_address = address;
    return true;
}

ClientAddress
client_address(const Address *peer, AddressRanges trusted, Str forwarded_for, Str real_ip)
{
    ClientAddress client = {.address = *peer, .is_local = address_is_loopback(peer)};
    if (!is_trusted(peer, trusted) || (forwarded_for.len == 0 && real_ip.len == 0))
        return client;
    client.is_local = false;
    Str first = str_from(forwarded_for.ptr, str_find_byte(forwarded_for, ','));
    if (!believable(first, &client.address))
        (void)believable(real_ip, &client.address);
    return client;
}
