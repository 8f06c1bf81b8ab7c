/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target over every file of a directory, in name order, and then
 * over each file cut short at every power of two: a program that survives its
 * corpus must survive its beginnings.  One TAP case a file; a target that finds
 * a fault ends the process.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { PATH_SIZE = 4096, INPUT_SIZE_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Each input gets a block of exactly its size, so that a sanitizer sees a read past its end. */
static bool run_prefix(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        return false;
    for (size_t i = 0; i < size; i++)
        copy[i] = bytes[i];
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    return true;
}

static bool replay(const char *path)
{
    static uint8_t bytes[INPUT_SIZE_MAX];
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    size_t size = fread(bytes, 1, sizeof(bytes), file);
    bool complete = feof(file) && !ferror(file);
    if (fclose(file) != 0 || !complete)
        return false;
    for (size_t part = 1; part < size; part *= 2)
        if (!run_prefix(bytes, part))
            return false;
    return run_prefix(bytes, 0) && run_prefix(bytes, size);
}

int main(int argc, char **argv)
{
    struct dirent **entries = NULL;
    int count = argc == 2 ? scandir(argv[1], &entries, is_visible, alphasort) : -1;
    if (count <= 0) {
        fprintf(stderr, "usage: replay DIRECTORY (with at least one file)\n");
        return 2;
    }
    bool all_read = true;
    printf("1..%d\n", count);
    for (int i = 0; i < count; i++) {
        char path[PATH_SIZE];
        snprintf(path, sizeof(path), "%s/%s", argv[1], entries[i]->d_name);
        bool read = replay(path);
        printf("%s %d - %s\n", read ? "ok" : "not ok", i + 1, entries[i]->d_name);
        fflush(stdout);
        all_read = all_read && read;
        free(entries[i]);
    }
    free(entries);
    return all_read ? 0 : 1;
}
