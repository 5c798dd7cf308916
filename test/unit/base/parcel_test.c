/* SPDX-License-Identifier: MIT */
#include "base/parcel.h"

#include "base/arena.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct world {
    int ends[2];
    int client[2]; /* a connection: its socket, and the one of who is connected */
    buffer room;
} world;

static int set_up(void **state)
{
    world *w = memory_take(sizeof *w);
    *w = (world){ 0 };
    *state = w;
    return parcel_pair(w->ends) != 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, w->client) != 0;
}

static int tear_down(void **state)
{
    world *w = *state;
    for (int i = 0; i < 2; i++) {
        if (w->ends[i] >= 0)
            close(w->ends[i]);
        if (w->client[i] >= 0)
            close(w->client[i]);
    }
    buffer_cleanup(&w->room);
    free(w);
    return 0;
}

/* The lowest that is free: as many are open as before when it is the same as before. */
static int next_descriptor(void)
{
    int const fd = dup(STDIN_FILENO);
    close(fd);
    return fd;
}

static parcel example(const world *w)
{
    return (parcel){ .fd = w->client[0],
                     .peer = slice_text("192.0.2.7 1 IPv4 192.0.2.1 3000"),
                     .note = slice_of("a\0b", 3),
                     .head = slice_text("GET / HTTP/1.1\r\n\r\n"),
                     .rest = slice_text("GET /2") };
}

static void what_is_sent_arrives(void **state)
{
    world *w = *state;
    parcel sent = example(w), taken;
    sent.is_returned = true;
    assert_int_equal(parcel_send(w->ends[0], &sent), 0);
    close(w->client[0]);
    w->client[0] = -1;
    assert_int_equal(parcel_take(&taken, w->ends[1], &w->room), 0);
    assert_true(taken.is_returned);
    assert_true(slice_equal(taken.peer, sent.peer));
    assert_true(slice_equal(taken.note, sent.note));
    assert_true(slice_is(taken.head, "GET / HTTP/1.1\r\n\r\nGET /2"));
    assert_true(taken.rest.length == 0);
    /* It is the same connection, and no program that is started gets it. */
    assert_true((fcntl(taken.fd, F_GETFD) & FD_CLOEXEC) != 0);
    assert_int_equal(write(w->client[1], "x", 1), 1);
    char byte = 0;
    assert_int_equal(read(taken.fd, &byte, 1), 1);
    assert_int_equal(byte, 'x');
    close(taken.fd);
}

static void each_is_taken_once_and_in_order(void **state)
{
    world *w = *state;
    int const before = next_descriptor();
    for (int i = 0; i < 3; i++) {
        parcel p = { .fd = w->client[0], .note = slice_of("abc" + i, 1) };
        assert_int_equal(parcel_send(w->ends[1], &p), 0);
    }
    assert_int_equal(next_descriptor(), before);
    for (int i = 0; i < 3; i++) {
        parcel p;
        assert_int_equal(parcel_take(&p, w->ends[0], &w->room), 0);
        assert_true(slice_equal(p.note, slice_of("abc" + i, 1)));
        assert_true(p.head.length == 0 && p.peer.length == 0 && !p.is_returned);
        close(p.fd);
    }
    parcel p;
    assert_int_equal(parcel_take(&p, w->ends[0], &w->room), CAPRA_E_GONE);
    assert_int_equal(parcel_take(&p, w->ends[1], &w->room), CAPRA_E_GONE);
    assert_int_equal(next_descriptor(), before);
}

static void no_parcel_is_too_large(void **state)
{
    world *w = *state;
    int const before = next_descriptor();
    size_t const length = (size_t)5 << 20;
    char *bytes = memory_take(length);
    for (size_t i = 0; i < length; i++)
        bytes[i] = (char)(i * 31 + i / 4096);
    parcel sent = example(w), taken;
    sent.rest = slice_of(bytes, length);
    assert_int_equal(parcel_send(w->ends[0], &sent), 0);
    assert_int_equal(next_descriptor(), before);
    assert_int_equal(parcel_take(&taken, w->ends[1], &w->room), 0);
    assert_true(slice_equal(taken.note, sent.note));
    assert_int_equal(taken.head.length, sent.head.length + length);
    assert_memory_equal(taken.head.data + sent.head.length, bytes, length);
    close(taken.fd);
    assert_int_equal(next_descriptor(), before);
    free(bytes);
}

static void a_full_end_says_so_and_keeps_what_it_has(void **state)
{
    world *w = *state;
    int const before = next_descriptor();
    parcel p = example(w);
    int count = 0, error;
    while ((error = parcel_send(w->ends[0], &p)) == 0)
        count++;
    assert_int_equal(error, CAPRA_E_BUSY);
    assert_true(count > 10);
    assert_int_equal(next_descriptor(), before);
    for (; count > 0; count--) {
        assert_int_equal(parcel_take(&p, w->ends[1], &w->room), 0);
        close(p.fd);
    }
    assert_int_equal(parcel_take(&p, w->ends[1], &w->room), CAPRA_E_GONE);
    parcel again = example(w);
    assert_int_equal(parcel_send(w->ends[0], &again), 0);
}

static void who_waits_can_be_asked_for_how_long(void **state)
{
    world *w = *state;
    assert_int_equal(parcel_age_ms(w->ends[1]), -1);
    parcel p = example(w);
    int const before = next_descriptor();
    assert_int_equal(parcel_send(w->ends[0], &p), 0);
    assert_true(parcel_age_ms(w->ends[1]) >= 0);
    assert_int_equal(next_descriptor(), before);
    usleep(20000);
    assert_true(parcel_age_ms(w->ends[1]) >= 20);
    assert_int_equal(parcel_take(&p, w->ends[1], &w->room), 0);
    close(p.fd);
    assert_true(p.age_ms >= 20);
    p = example(w);
    p.age_ms = 5000; /* somebody had waited before it could be sent */
    assert_int_equal(parcel_send(w->ends[0], &p), 0);
    assert_true(parcel_age_ms(w->ends[1]) >= 5000);
    assert_int_equal(parcel_take(&p, w->ends[1], &w->room), 0);
    assert_true(p.age_ms >= 5000);
    close(p.fd);
    assert_int_equal(parcel_age_ms(w->ends[1]), -1);
}

static void an_end_that_nobody_has_brings_nothing(void **state)
{
    world *w = *state;
    parcel p = example(w);
    assert_int_equal(parcel_send(w->ends[0], &p), 0);
    close(w->ends[0]);
    w->ends[0] = -1;
    assert_int_equal(parcel_take(&p, w->ends[1], &w->room), 0);
    close(p.fd);
    assert_int_equal(parcel_take(&p, w->ends[1], &w->room), CAPRA_E_SYSTEM);
    assert_int_equal(parcel_send(w->ends[1], &p), CAPRA_E_SYSTEM);
}

/* A message as no parcel is: some bytes, and some descriptors. */
static void send_raw(const world *w, const void *data, size_t length, const int *fds, int count)
{
    struct iovec part = { (void *)(uintptr_t)data, length };
    char control[CMSG_SPACE(4 * sizeof(int))] = { 0 };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
    if (count > 0) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE((size_t)count * sizeof(int));
        struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
        *rights = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
                                    .cmsg_type = SCM_RIGHTS,
                                    .cmsg_len = CMSG_LEN((size_t)count * sizeof(int)) };
        memcpy(CMSG_DATA(rights), fds, (size_t)count * sizeof(int));
    }
    assert_int_equal(sendmsg(w->ends[0], &message, 0), length);
}

static void what_makes_no_sense_is_dropped_with_its_descriptors(void **state)
{
    world *w = *state;
    int const before = next_descriptor();
    uint64_t words[8] = { 1 }; /* version 1, no flags, and lengths from the third word on */
    int const socket = w->client[0], file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int const both[] = { socket, file }, four[] = { socket, socket, file, file };
    size_t const label_bytes = 6 * sizeof *words;
    parcel p;

    send_raw(w, "short", 5, &socket, 1);
    assert_int_equal(parcel_take(&p, w->ends[1], &w->room), CAPRA_E_INVALID);
    send_raw(w, words, label_bytes, NULL, 0); /* no connection */
    assert_int_equal(parcel_take(&p, w->ends[1], &w->room), CAPRA_E_INVALID);
    send_raw(w, words, label_bytes, &file, 1); /* not a socket */
    assert_int_equal(parcel_take(&p, w->ends[1], &w->room), CAPRA_E_INVALID);
    send_raw(w, words, label_bytes, four, 4); /* more than there can be */
    assert_int_equal(parcel_take(&p, w->ends[1], &w->room), CAPRA_E_INVALID);
    words[0] = 2; /* another version */
    send_raw(w, words, label_bytes, &socket, 1);
    assert_int_equal(parcel_take(&p, w->ends[1], &w->room), CAPRA_E_INVALID);
    words[0] = 1;
    words[2] = 5; /* longer than it is */
    send_raw(w, words, label_bytes, &socket, 1);
    assert_int_equal(parcel_take(&p, w->ends[1], &w->room), CAPRA_E_INVALID);
    words[2] = UINT64_MAX; /* and so long that sums turn over */
    words[3] = 1;
    send_raw(w, words, label_bytes, &socket, 1);
    assert_int_equal(parcel_take(&p, w->ends[1], &w->room), CAPRA_E_INVALID);
    words[0] = 1 | (uint64_t)2 << 32; /* in a file that is none */
    words[2] = words[3] = 0;
    send_raw(w, words, label_bytes, both, 2);
    assert_int_equal(parcel_take(&p, w->ends[1], &w->room), CAPRA_E_INVALID);

    close(file);
    assert_int_equal(next_descriptor(), before);
    words[0] = 1;
    send_raw(w, words, label_bytes, &socket, 1); /* but this one does */
    assert_int_equal(parcel_take(&p, w->ends[1], &w->room), 0);
    close(p.fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_sent_arrives, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_is_taken_once_and_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_parcel_is_too_large, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_end_says_so_and_keeps_what_it_has, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(who_waits_can_be_asked_for_how_long, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_end_that_nobody_has_brings_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_makes_no_sense_is_dropped_with_its_descriptors, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
