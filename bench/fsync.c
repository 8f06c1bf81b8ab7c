/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fsync DIRECTORY COUNT: how long does an append of 200 bytes with fdatasync take there?
 */
#include "disk.h"
#include "samples.h"

#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc != 3)
        die("usage: fsync DIRECTORY COUNT");
    Samples samples = {0};
    int fd = disk_open(argv[1]);
    for (size_t left = argument_count(argv[2]); left > 0; left--)
        samples_add(&samples, disk_append(fd));
    close(fd);
    samples_print(&samples, "fdatasync");
    samples_done(&samples);
    return 0;
}
