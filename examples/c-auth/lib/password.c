/* SPDX-License-Identifier: MIT */
#include "password.h"

#include <crypt.h>
#include <stdio.h>
#include <string.h>

/* crypt and crypt_gensalt keep their results in one place for all threads; these do not. Their
 * scratch memory is large for a stack, and holds what should not stay. */
static bool hash_with(password_hash *out, const char *password, const char *setting)
{
    struct crypt_data data;
    memset(&data, 0, sizeof data);
    const char *text = crypt_rn(password, setting, &data, sizeof data);
    bool const is_made = text != NULL && strlen(text) < sizeof out->text;
    if (is_made)
        memcpy(out->text, text, strlen(text) + 1);
    explicit_bzero(&data, sizeof data);
    return is_made;
}

bool password_make(password_hash *out, const char *password, int cost)
{
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    if (crypt_gensalt_rn("$2b$", (unsigned long)cost, NULL, 0, setting, sizeof setting) == NULL)
        return false;
    return hash_with(out, password, setting);
}

/* Every byte is looked at, wherever the first difference is. */
bool password_matches(const char *password, const password_hash *hash)
{
    password_hash made = { { 0 } };
    if (!hash_with(&made, password, hash->text) || strlen(made.text) != strlen(hash->text))
        return false;
    unsigned char difference = 0;
    for (size_t i = 0; hash->text[i] != '\0'; i++)
        difference |= (unsigned char)(made.text[i] ^ hash->text[i]);
    return difference == 0;
}

password_hash password_decoy(int cost)
{
    password_hash decoy;
    snprintf(decoy.text, sizeof decoy.text, "$2b$%02d$%022d%031d", cost, 0, 0);
    return decoy;
}
