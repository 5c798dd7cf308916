/* SPDX-License-Identifier: MIT */
#include "token.h"

#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_TOKEN = 1024, HASH_BYTES = 32 };

/* The only header that is ever read or written. A token does not get to choose its algorithm. */
static const char header[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";

bool token_key_set(token_key *out, const void *secret, size_t length)
{
    if (length == 0 || length > sizeof out->bytes)
        return false;
    memcpy(out->bytes, secret, length);
    out->length = length;
    return true;
}

/* ---- base64url (RFC 4648, 5), without padding ---- */

static char *encode(capra_request *req, const void *bytes, size_t length)
{
    char *text = capra_alloc(req, (length + 2) / 3 * 4 + 1);
    EVP_EncodeBlock((unsigned char *)text, bytes, (int)length);
    for (char *c = text; *c != '\0'; c++)
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c == '=' ? '\0' : *c;
    return text;
}

/* The bytes with a zero behind them; NULL when it is no base64url. */
static char *decode(capra_request *req, capra_slice text)
{
    size_t const padding = (4 - text.length % 4) % 4;
    if (text.length == 0 || padding == 3)
        return NULL;
    unsigned char *padded = capra_alloc(req, text.length + padding);
    for (size_t i = 0; i < text.length; i++) {
        char const c = text.data[i];
        if (strchr("+/= \t\r\n", c) != NULL)
            return NULL;
        padded[i] = (unsigned char)(c == '-' ? '+' : c == '_' ? '/' : c);
    }
    memset(padded + text.length, '=', padding);
    char *bytes = capra_alloc(req, text.length + padding);
    int const length =
        EVP_DecodeBlock((unsigned char *)bytes, padded, (int)(text.length + padding));
    if (length < 0)
        return NULL;
    bytes[(size_t)length - padding] = '\0';
    return bytes;
}

/* ---- Tokens ---- */

static const char *sign(capra_request *req, const token_key *key, capra_slice text)
{
    unsigned char hash[HASH_BYTES];
    HMAC(EVP_sha256(), key->bytes, (int)key->length, (const unsigned char *)text.data, text.length,
         hash, NULL);
    return encode(req, hash, sizeof hash);
}

const char *token_make(capra_request *req, const token_key *key, int64_t subject, int64_t seconds)
{
    int64_t const now = time(NULL);
    const char *claims =
        capra_printf(req, "{\"sub\":\"%lld\",\"iat\":%lld,\"exp\":%lld}", (long long)subject,
                     (long long)now, (long long)(now + seconds));
    char *signed_text = capra_printf(req, "%s.%s", encode(req, header, sizeof header - 1),
                                     encode(req, claims, strlen(claims)));
    capra_slice const whole = { signed_text, strlen(signed_text) };
    return capra_printf(req, "%s.%s", signed_text, sign(req, key, whole));
}

/* Whose it is and until when; only of a token whose signature is right. */
static int64_t read_claims(const char *text)
{
    json_t *claims = text == NULL ? NULL : json_loads(text, 0, NULL);
    const char *subject = json_string_value(json_object_get(claims, "sub"));
    json_int_t const expires = json_integer_value(json_object_get(claims, "exp"));
    int64_t const id = subject == NULL || expires <= time(NULL) ? -1 : strtoll(subject, NULL, 10);
    json_decref(claims);
    return id;
}

int64_t token_read(capra_request *req, const token_key *key, capra_slice token)
{
    if (token.length == 0 || token.length > MAX_TOKEN)
        return -1;
    const char *end = token.data + token.length;
    const char *first = memchr(token.data, '.', token.length);
    const char *second = first == NULL ? NULL : memchr(first + 1, '.', (size_t)(end - first - 1));
    if (second == NULL)
        return -1;
    capra_slice const head = { token.data, (size_t)(first - token.data) };
    capra_slice const claims = { first + 1, (size_t)(second - first - 1) };
    capra_slice const signature = { second + 1, (size_t)(end - second - 1) };
    capra_slice const text = { token.data, (size_t)(second - token.data) };

    const char *expected = sign(req, key, text);
    if (signature.length != strlen(expected) ||
        CRYPTO_memcmp(signature.data, expected, signature.length) != 0)
        return -1;
    const char *decoded = decode(req, head);
    if (decoded == NULL || strcmp(decoded, header) != 0)
        return -1;
    return read_claims(decode(req, claims));
}
