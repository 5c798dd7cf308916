/* SPDX-License-Identifier: MIT */
/* Makes the fuzzers' seeds from the cases of test/http: for `head` the first head of each, for
 * `message` the whole of it, for `chunked` what follows the head of one that is sent in chunks. By
 * hand, after cases were added:
 *     gcc -std=gnu17 -D_GNU_SOURCE -Iinclude -Isrc test/fuzz/seed.c src/http/char.c
 * src/base/[ab]*.c -o build/seed && build/seed test/http test/fuzz/corpus */
#include "../http/cases.h"

#include <ctype.h>

enum { LARGEST = 2048 }; /* small seeds are what a fuzzer likes */

static void write_seed(const char *folder, const char *target, const http_case *c,
                       capra_slice bytes)
{
    char path[4096];
    if (bytes.length == 0 || bytes.length > LARGEST)
        return;
    size_t length = (size_t)snprintf(path, sizeof path, "%s/%s/%.*s-", folder, target,
                                     (int)strcspn(c->file, "."), c->file);
    for (const char *at = c->heading; *at != '\0' && length + 1 < sizeof path; at++)
        path[length++] = isalnum((unsigned char)*at) ? (char)tolower((unsigned char)*at) : '-';
    path[length] = '\0';
    FILE *file = fopen(path, "w");
    if (file == NULL || fwrite(bytes.data, 1, bytes.length, file) != bytes.length ||
        fclose(file) != 0) {
        perror(path);
        exit(1);
    }
}

static bool is_about(const http_case *c, const char *topics)
{
    char topic[64];
    snprintf(topic, sizeof topic, " %s ", c->file);
    return strstr(topics, topic) != NULL;
}

static void write_seeds(const http_case *c, void *context)
{
    const char *folder = context;
    capra_slice const bytes = buffer_slice(&c->request);
    const char *end = memmem(bytes.data, bytes.length, "\r\n\r\n", 4);
    size_t const head_length = end == NULL ? bytes.length : (size_t)(end - bytes.data) + 4;
    if (is_about(c, " request-line.md fields.md host.md limits.md expectations.md "))
        write_seed(folder, "head", c, slice_of(bytes.data, head_length));
    if (is_about(c, " framing.md chunked.md keep-alive.md smuggling.md expectations.md limits.md "))
        write_seed(folder, "message", c, bytes);
    if (is_about(c, " framing.md chunked.md smuggling.md limits.md ") &&
        memmem(bytes.data, head_length, "chunked", 7) != NULL)
        write_seed(folder, "chunked", c, slice_from(bytes, head_length));
}

int main(int count, char **arguments)
{
    if (count != 3) {
        fprintf(stderr, "usage: seed CASES CORPUS\n");
        return 2;
    }
    cases_read_folder(arguments[1], write_seeds, arguments[2]);
    return 0;
}
