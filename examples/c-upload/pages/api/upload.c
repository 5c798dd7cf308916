/* SPDX-License-Identifier: MIT */
#include <capra.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

CAPRA_CONFIG({ packages : ["libcrypto"], api : { bodyParser : false } });

/* POST /api/upload: keeps the body as data/files/<its SHA-256>, however long it is, in constant
 * memory. While a piece is being written no other is taken, so a client that is faster than the
 * disk is held back by the network; and the writing is done by libuv's threads, so that other
 * requests go on meanwhile. */
enum { HEX_LENGTH = 64 };

typedef struct upload {
    capra_request *req;
    capra_response *res;
    EVP_MD_CTX *hash;
    uv_loop_t *loop;
    int file;
    uv_fs_t work;
    uv_buf_t left;    /* of the piece that is being written */
    bool is_last;     /* that piece ends the body */
    bool is_writing;  /* `work` is at it */
    bool is_given_up; /* the client has gone */
    int64_t bytes;
    const char *partial;
    char *room; /* for a piece */
    size_t room_bytes;
} upload;

/* ---- The end ---- */

/* Runs when the request ends, however it ends. What was kept has another name by then. */
static void clean_up(void *data)
{
    upload *u = data;
    EVP_MD_CTX_free(u->hash);
    free(u->room);
    close(u->file);
    unlink(u->partial);
}

static void fail(upload *u)
{
    capra_fail(u->res, 507, "The file could not be kept");
}

static void keep(upload *u)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    char hex[HEX_LENGTH + 1];
    EVP_DigestFinal_ex(u->hash, digest, &length);
    for (unsigned int i = 0; i < length; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    if (rename(u->partial, capra_printf(u->req, "data/files/%s", hex)) != 0) {
        fail(u);
        return;
    }
    capra_response_header(u->res, "Location", capra_printf(u->req, "/api/files/%s", hex));
    capra_json(u->res, 201, "{s:s, s:I}", "sha256", hex, "bytes", u->bytes);
}

/* ---- Piece by piece ---- */

static void on_written(uv_fs_t *work);

static void write_on(upload *u)
{
    u->is_writing = true;
    if (uv_fs_write(u->loop, &u->work, u->file, &u->left, 1, -1, on_written) == 0)
        return;
    u->is_writing = false;
    fail(u);
}

static void on_written(uv_fs_t *work)
{
    upload *u = work->data;
    ssize_t const written = work->result;
    uv_fs_req_cleanup(work);
    u->is_writing = false;
    if (u->is_given_up) {
        capra_abandon(u->req);
    } else if (written < 0) {
        fail(u);
    } else if ((size_t)written < u->left.len) {
        u->left.base += written;
        u->left.len -= (size_t)written;
        write_on(u);
    } else if (u->is_last) {
        keep(u);
    } else {
        capra_request_resume(u->req);
    }
}

/* The piece is lent for this call and written after it, so it is copied, to where the last one was.
 */
static void hold(upload *u, capra_slice piece)
{
    if (piece.length > u->room_bytes) {
        u->room = realloc(u->room, piece.length);
        if (u->room == NULL)
            abort(); /* without memory the worker ends, and another one starts */
        u->room_bytes = piece.length;
    }
    memcpy(u->room, piece.data, piece.length);
    u->left = uv_buf_init(u->room, (unsigned)piece.length);
}

static void on_piece(capra_request *req, capra_slice piece, bool is_last, void *data)
{
    upload *u = data;
    u->is_last = is_last;
    if (piece.length == 0) {
        if (is_last)
            keep(u);
        return;
    }
    EVP_DigestUpdate(u->hash, piece.data, piece.length);
    u->bytes += (int64_t)piece.length;
    capra_request_pause(req);
    hold(u, piece);
    write_on(u);
}

static void on_cancel(capra_request *req, void *data)
{
    upload *u = data;
    u->is_given_up = true;
    if (!u->is_writing)
        capra_abandon(req);
}

/* ---- The beginning ---- */

static void receive(capra_request *req, capra_response *res)
{
    if (strcmp(capra_request_method(req), "POST") != 0) {
        capra_response_header(res, "Allow", "POST");
        capra_fail(res, 405, "Method Not Allowed");
        return;
    }
    upload *u = capra_alloc(req, sizeof *u);
    uv_fs_t made;
    *u = (upload){ .req = req, .res = res, .loop = capra_loop(req), .work.data = u };
    u->file = uv_fs_mkstemp(NULL, &made, "data/files/.partial-XXXXXX", NULL);
    if (u->file < 0) {
        fail(u);
        return;
    }
    u->partial = capra_printf(req, "%s", made.path);
    uv_fs_req_cleanup(&made);
    u->hash = EVP_MD_CTX_new();
    EVP_DigestInit_ex(u->hash, EVP_sha256(), NULL);
    capra_on_end(req, clean_up, u);
    capra_request_on_body(req, on_piece, u);
    capra_on_cancel(req, on_cancel, u);
}

static const char *make_folder(void **state)
{
    (void)state;
    mkdir("data", 0700);
    return mkdir("data/files", 0700) == 0 || errno == EEXIST ? NULL : "data/files cannot be made";
}

CAPRA_INIT(make_folder);
CAPRA_ROUTE(receive);
