/* SPDX-License-Identifier: MIT */
#include "net/acceptor.h"

#include "net/spread.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <cmocka.h>

/* A worker's loop with an acceptor at one socket, and clients that connect to it. */
typedef struct world {
    uv_loop_t loop;
    uv_timer_t patience; /* so that a test that would wait for ever fails */
    scoreboard *board;
    acceptor *acceptor;
    struct sockaddr_in address;
    uint32_t taken, room;
    bool is_closed, is_late;
} world;

static void on_socket(void *owner, int socket)
{
    world *w = owner;
    assert_true(fcntl(socket, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(socket, F_GETFD) & FD_CLOEXEC);
    close(socket);
    w->taken++;
}

static bool has_room(void *owner)
{
    const world *w = owner;
    return w->taken < w->room;
}

static void on_late(uv_timer_t *timer)
{
    world *w = timer->data;
    w->is_late = true;
}

static void open_world(world *w)
{
    acceptor_events const events = { on_socket, has_room, w };
    socklen_t length = sizeof w->address;
    *w = (world){ .room = 1000, .address = { .sin_family = AF_INET } };
    w->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int const fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&w->address, length), 0);
    assert_int_equal(listen(fd, 100), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&w->address, &length), 0);

    assert_int_equal(scoreboard_new(&w->board, 2, 0), 0);
    for (int i = 0; i < 2; i++)
        scoreboard_claim(w->board, 1, SCORE_GROUP_ALL);
    uv_loop_init(&w->loop);
    uv_timer_init(&w->loop, &w->patience);
    w->patience.data = w;
    uv_timer_start(&w->patience, on_late, 20000, 0);
    assert_int_equal(acceptor_open(&w->acceptor, &w->loop, &fd, 1, w->board, 0, &events), 0);
}

static void on_closed(void *owner)
{
    world *w = owner;
    w->is_closed = true;
}

static void close_world(world *w)
{
    acceptor_close(w->acceptor, on_closed, w);
    uv_close((uv_handle_t *)&w->patience, NULL);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_true(w->is_closed);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    scoreboard_free(w->board);
}

/* Connected by the kernel, whoever takes it. */
static int connect_to(const world *w)
{
    int const fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&w->address, sizeof w->address), 0);
    return fd;
}

static void run_until_taken(world *w, uint32_t count)
{
    while (w->taken < count && !w->is_late)
        uv_run(&w->loop, UV_RUN_ONCE);
    assert_int_equal(w->taken, count);
}

static void all_that_connect_are_taken(void **state)
{
    (void)state;
    world w;
    int clients[50];
    open_world(&w);
    for (int i = 0; i < 50; i++)
        clients[i] = connect_to(&w);
    run_until_taken(&w, 50);
    for (int i = 0; i < 50; i++)
        close(clients[i]);
    close_world(&w);
}

static void without_room_they_wait(void **state)
{
    (void)state;
    world w;
    int clients[5];
    open_world(&w);
    w.room = 2;
    for (int i = 0; i < 5; i++)
        clients[i] = connect_to(&w);
    run_until_taken(&w, 2);
    for (int i = 0; i < 5; i++)
        uv_run(&w.loop, UV_RUN_NOWAIT);
    assert_int_equal(w.taken, 2);
    acceptor_resume(w.acceptor); /* there is no room all the same */
    for (int i = 0; i < 5; i++)
        uv_run(&w.loop, UV_RUN_NOWAIT);
    assert_int_equal(w.taken, 2);
    w.room = 1000;
    acceptor_resume(w.acceptor);
    run_until_taken(&w, 5);
    for (int i = 0; i < 5; i++)
        close(clients[i]);
    close_world(&w);
}

/* Nothing is lost and nothing spins: it tries again in a moment. */
static void without_descriptors_they_wait(void **state)
{
    (void)state;
    world w;
    struct rlimit before, none;
    open_world(&w);
    uv_run(&w.loop, UV_RUN_NOWAIT); /* the loop has its own descriptors by now */
    int const client = connect_to(&w);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 1;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    uint64_t const start = uv_hrtime();
    uv_run(&w.loop, UV_RUN_ONCE);
    uv_run(&w.loop, UV_RUN_ONCE);
    assert_int_equal(w.taken, 0);
    assert_true(uv_hrtime() - start > 50 * UINT64_C(1000000)); /* it slept */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    run_until_taken(&w, 1);
    close(client);
    close_world(&w);
}

static void who_is_ahead_stands_back_but_not_for_ever(void **state)
{
    (void)state;
    world w;
    open_world(&w);
    score *own = scoreboard_at(w.board, 0), *other = scoreboard_at(w.board, 1);
    score_set(&own->state, SCORE_SERVING);
    score_set(&other->state, SCORE_SERVING);
    score_set(&own->connections, 10);
    int const client = connect_to(&w);
    uint64_t const start = uv_hrtime();
    run_until_taken(&w, 1); /* the other one never comes */
    /* A timer may be a millisecond early, by the loop's coarse clock. */
    assert_true(uv_hrtime() - start >= SPREAD_WAITS * (SPREAD_WAIT_MS - 2) * UINT64_C(1000000));
    close(client);
    close_world(&w);
}

static void the_rest_is_taken_at_the_end(void **state)
{
    (void)state;
    world w;
    int clients[3];
    open_world(&w);
    w.room = 0;
    for (int i = 0; i < 3; i++)
        clients[i] = connect_to(&w);
    acceptor_take_rest(w.acceptor);
    assert_int_equal(w.taken, 3);
    close_world(&w);
    for (int i = 0; i < 3; i++)
        close(clients[i]);
    int const late = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(late, (const struct sockaddr *)&w.address, sizeof w.address), -1);
    assert_int_equal(errno, ECONNREFUSED);
    close(late);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_connect_are_taken),
        cmocka_unit_test(without_room_they_wait),
        cmocka_unit_test(without_descriptors_they_wait),
        cmocka_unit_test(who_is_ahead_stands_back_but_not_for_ever),
        cmocka_unit_test(the_rest_is_taken_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
