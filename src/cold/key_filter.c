/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A filter, byte by byte:
 *
 *     format      1       1
 *     probes      1       bits looked at for a key
 *     key count   8       big-endian
 *     bits                10 a key, rounded up to whole bytes, at least 8 bytes; bit i is
 *                         bit i % 8 of byte i / 8
 *
 * The bits of a key come from one hash_stable() of its bytes by double hashing
 * (Kirsch and Mitzenmacher 2006): h + i * g, scaled to the number of bits.  At
 * ten bits a key and seven probes 0.82 % of the keys that are not there pass.
 */
#include "cold/key_filter.h"

#include "base/hash.h"

enum {
    FILTER_FORMAT = 1,
    BITS_PER_KEY = 10,
    PROBES = 7,
    PROBES_MAX = 30,
    HEAD_BYTES = 10,
    BYTES_MIN = 8,
};

void key_filter_builder_done(KeyFilterBuilder *builder)
{
    buf_done(&builder->hashes);
}

void key_filter_add(KeyFilterBuilder *builder, Str key)
{
    uint64_t hash = hash_stable(key);
    buf_append(&builder->hashes, &hash, sizeof(hash));
}

typedef struct Probe {
    uint64_t at;
    uint64_t step;
    uint64_t bit_count;
} Probe;

static Probe probe_begin(uint64_t hash, uint64_t bit_count)
{
    /* The step is a second hash, odd so that it never stands still. */
    return (Probe){hash, (hash_combine(hash, bit_count) << 1) | 1, bit_count};
}

static uint64_t probe_next(Probe *probe)
{
    __extension__ typedef unsigned __int128 Wide;
    uint64_t bit = (uint64_t)((Wide)probe->at * probe->bit_count >> 64);
    probe->at += probe->step;
    return bit;
}

static void set_bits(uint8_t *bits, uint64_t bit_count, uint64_t hash)
{
    Probe probe = probe_begin(hash, bit_count);
    for (int i = 0; i < PROBES; i++) {
        uint64_t bit = probe_next(&probe);
        bits[bit >> 3] = (uint8_t)(bits[bit >> 3] | 1u << (bit & 7));
    }
}

void key_filter_encode(Buf *out, const KeyFilterBuilder *builder)
{
    size_t key_count = builder->hashes.len / sizeof(uint64_t);
    size_t size = (key_count * BITS_PER_KEY + 7) / 8;
    if (size < BYTES_MIN)
        size = BYTES_MIN;
    buf_byte(out, FILTER_FORMAT);
    buf_byte(out, PROBES);
    buf_u64be(out, key_count);
    char *place = buf_reserve(out, size);
    if (!place)
        return; /* `out` says that it overflowed */

    uint8_t *bits = (uint8_t *)place;
    memset(bits, 0, size);
    for (size_t i = 0; i < key_count; i++) {
        uint64_t hash;
        memcpy(&hash, builder->hashes.ptr + i * sizeof(hash), sizeof(hash));
        set_bits(bits, 8 * (uint64_t)size, hash);
    }
    buf_advance(out, size);
}

Status key_filter_read(Context *ctx, Str bytes, KeyFilter *ret_filter)
{
    Reader reader = reader_from(bytes);
    uint8_t format = reader_u8(&reader);
    uint8_t probes = reader_u8(&reader);
    uint64_t key_count = reader_u64be(&reader);
    if (reader.failed || format != FILTER_FORMAT || probes == 0 || probes > PROBES_MAX ||
        reader_left(&reader) < BYTES_MIN)
        return fail(ctx, STATUS_CORRUPT, "%zu bytes are no key filter", bytes.len);
    *ret_filter = (KeyFilter){
        .bits = (const uint8_t *)bytes.ptr + HEAD_BYTES,
        .bit_count = 8 * (uint64_t)reader_left(&reader),
        .key_count = key_count,
        .probes = probes,
    };
    return STATUS_OK;
}

bool key_filter_may_have(const KeyFilter *filter, Str key)
{
    Probe probe = probe_begin(hash_stable(key), filter->bit_count);
    for (int i = 0; i < filter->probes; i++) {
        uint64_t bit = probe_next(&probe);
        if (!(filter->bits[bit >> 3] >> (bit & 7) & 1))
            return false;
    }
    return true;
}
