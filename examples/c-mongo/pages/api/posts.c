/* SPDX-License-Identifier: MIT */
#include <capra.h>
#include <jansson.h>
#include <mongoc/mongoc.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The driver waits for the server's answers, so each request gets a thread, and a client of the
 * pool. */
CAPRA_CONFIG({
    blocking : true,
    packages : ["libmongoc-1.0"],
    api : { bodyParser : { sizeLimit : "64kb" } },
});

enum { MAX_TITLE = 200, MAX_CONTENT = 10000, MAX_POSTS = 50, SELECTION_MS = 3000, ID_SIZE = 25 };

/* ---- Posts ---- */

static json_t *read_post(const bson_t *document)
{
    bson_iter_t i;
    char id[ID_SIZE] = "";
    const char *title = "", *content = "";
    int64_t created_ms = 0;
    if (bson_iter_init_find(&i, document, "_id") && BSON_ITER_HOLDS_OID(&i))
        bson_oid_to_string(bson_iter_oid(&i), id);
    if (bson_iter_init_find(&i, document, "title") && BSON_ITER_HOLDS_UTF8(&i))
        title = bson_iter_utf8(&i, NULL);
    if (bson_iter_init_find(&i, document, "content") && BSON_ITER_HOLDS_UTF8(&i))
        content = bson_iter_utf8(&i, NULL);
    if (bson_iter_init_find(&i, document, "createdAt") && BSON_ITER_HOLDS_DATE_TIME(&i))
        created_ms = bson_iter_date_time(&i);
    return json_pack("{s:s, s:s, s:s, s:I}", "id", id, "title", title, "content", content,
                     "createdAt", (json_int_t)created_ms);
}

static void fail(capra_response *res, const bson_error_t *error)
{
    fprintf(stderr, "posts: %s\n", error->message);
    capra_response_header(res, "Retry-After", "1");
    capra_fail(res, 503, "The database cannot be reached");
}

/* GET: the newest first. An id alone does not tell which is newer: of ids made within one second by
 * two processes, the processes' random part decides. */
static void list_posts(capra_response *res, mongoc_collection_t *posts)
{
    bson_t filter = BSON_INITIALIZER;
    bson_t *options = BCON_NEW("sort", "{", "createdAt", BCON_INT32(-1), "_id", BCON_INT32(-1), "}",
                               "limit", BCON_INT64(MAX_POSTS));
    mongoc_cursor_t *cursor = mongoc_collection_find_with_opts(posts, &filter, options, NULL);
    json_t *list = json_array();
    const bson_t *document;
    bson_error_t error;
    while (mongoc_cursor_next(cursor, &document))
        json_array_append_new(list, read_post(document));
    if (mongoc_cursor_error(cursor, &error))
        fail(res, &error);
    else
        capra_json_value(res, 200, list);
    json_decref(list);
    mongoc_cursor_destroy(cursor);
    bson_destroy(options);
    bson_destroy(&filter);
}

/* A text of the body, and nothing else: an object like {"$gt": ""} is none. */
static const char *text_of(const json_t *body, const char *field, size_t most)
{
    const json_t *value = json_object_get(body, field);
    const char *text = json_string_value(value);
    size_t const length = json_string_length(value);
    return length > 0 && length <= most && strlen(text) == length ? text : NULL;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void add_post(capra_request *req, capra_response *res, mongoc_collection_t *posts)
{
    const json_t *body = capra_request_json(req);
    const char *title = text_of(body, "title", MAX_TITLE);
    const char *content = text_of(body, "content", MAX_CONTENT);
    if (title == NULL || content == NULL) {
        capra_fail(res, 400, "`title` and `content` must be texts, and not too long");
        return;
    }
    bson_oid_t id;
    bson_error_t error;
    bson_oid_init(&id, NULL);
    bson_t *post = BCON_NEW("_id", BCON_OID(&id), "title", BCON_UTF8(title), "content",
                            BCON_UTF8(content), "createdAt", BCON_DATE_TIME(now_ms()));
    if (mongoc_collection_insert_one(posts, post, NULL, NULL, &error)) {
        json_t *made = read_post(post);
        capra_json_value(res, 201, made);
        json_decref(made);
    } else {
        fail(res, &error);
    }
    bson_destroy(post);
}

static void posts(capra_request *req, capra_response *res)
{
    const char *method = capra_request_method(req);
    bool const is_post = strcmp(method, "POST") == 0;
    if (!is_post && strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        capra_response_header(res, "Allow", "GET, POST");
        capra_fail(res, 405, "Method Not Allowed");
        return;
    }
    mongoc_client_pool_t *pool = capra_request_state(req);
    mongoc_client_t *client = mongoc_client_pool_pop(pool);
    mongoc_collection_t *all = mongoc_client_get_collection(client, "capra", "posts");
    if (is_post)
        add_post(req, res, all);
    else
        list_posts(res, all);
    mongoc_collection_destroy(all);
    mongoc_client_pool_push(pool, client);
}

/* ---- The worker's pool ---- */

/* mongoc_cleanup is not for us: after it nothing of libmongoc works any more, and another build of
 * this route, in the same worker, still wants to. */
static const char *open_pool(void **state)
{
    static char reason[BSON_ERROR_BUFFER_SIZE + 32]; /* read before anything else can fail */
    const char *text = getenv("MONGODB_URI");
    bson_error_t error;
    mongoc_init();
    mongoc_uri_t *uri = mongoc_uri_new_with_error(
        text != NULL && text[0] != '\0' ? text : "mongodb://127.0.0.1:27017", &error);
    if (uri == NULL) {
        snprintf(reason, sizeof reason, "MONGODB_URI: %s", error.message);
        return reason;
    }
    if (!mongoc_uri_has_option(uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS))
        mongoc_uri_set_option_as_int32(uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS, SELECTION_MS);
    *state = mongoc_client_pool_new(uri);
    mongoc_uri_destroy(uri);
    return *state != NULL ? NULL : "MONGODB_URI asks for what this libmongoc does not have";
}

static void close_pool(void *state)
{
    mongoc_client_pool_destroy(state);
}

CAPRA_INIT(open_pool);
CAPRA_EXIT(close_pool);
CAPRA_ROUTE(posts);
