/* SPDX-License-Identifier: MIT */

/* How long a program takes from nothing to its first answer, or to its end:
 *
 *     start [--cpu N] --url http://127.0.0.1:PORT/PATH -- COMMAND [ARGUMENT…]
 *     start [--cpu N] -- COMMAND [ARGUMENT…]
 *
 * The clock starts before fork and stops when the first byte of a 200 has been read, or, without
 * a URL, when the program has exited with code 0. Everything it started is stopped afterwards.
 * What it prints goes to standard error; the result, one line of JSON, to standard output. */

#include "target.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 15000, STOP_MS = 5000, RETRY_US = 50 };

static target server;
static char request[1024];
static int cpu = -1;

static uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

static void wait_us(unsigned us)
{
    nanosleep(&(struct timespec){ .tv_nsec = us * 1000l }, NULL);
}

/* The program gets a process group of its own, and dies with us. */
static pid_t spawn(char **command)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    cpu_set_t cpus;
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (cpu >= 0) {
        CPU_ZERO(&cpus);
        CPU_SET((unsigned)cpu, &cpus);
        sched_setaffinity(0, sizeof cpus, &cpus);
    }
    dup2(STDERR_FILENO, STDOUT_FILENO);
    execvp(command[0], command);
    fprintf(stderr, "start: %s: %s\n", command[0], strerror(errno));
    _exit(127);
}

/* Asks once. Returns the status of the answer, or 0 when there is none (yet). */
static int ask(int timeout_ms)
{
    char answer[64] = "";
    int status = 0;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct pollfd readable = { .fd = fd, .events = POLLIN };
    size_t length = strlen(request);
    if (connect(fd, (const struct sockaddr *)&server.address, sizeof server.address) == 0 &&
        send(fd, request, length, MSG_NOSIGNAL) == (ssize_t)length &&
        poll(&readable, 1, timeout_ms) == 1 && recv(fd, answer, sizeof answer - 1, 0) > 12 &&
        memcmp(answer, "HTTP/1.1 ", 9) == 0)
        status = atoi(answer + 9);
    close(fd);
    return status;
}

static bool has_ended(pid_t pid)
{
    siginfo_t info = { 0 };
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == pid;
}

/* Returns when the program has answered 200; false when it ended or took too long. */
static bool wait_for_answer(pid_t pid)
{
    uint64_t deadline = now_us() + PATIENCE_MS * 1000u;
    while (now_us() < deadline && !has_ended(pid)) {
        if (ask(PATIENCE_MS) == 200)
            return true;
        wait_us(RETRY_US);
    }
    return false;
}

/* Asks it to stop, and makes it. */
static void stop(pid_t pid)
{
    uint64_t deadline = now_us() + STOP_MS * 1000u;
    kill(pid, SIGTERM);
    while (now_us() < deadline && !has_ended(pid))
        wait_us(1000);
    kill(-pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void compose_request(const char *url)
{
    server = read_target(url);
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n",
             server.path, server.host);
}

static void read_options(int argc, char **argv)
{
    static const struct option table[] = {
        { "cpu", required_argument, NULL, 'C' },
        { "url", required_argument, NULL, 'u' },
        { NULL, 0, NULL, 0 },
    };
    int letter;
    while ((letter = getopt_long(argc, argv, "+", table, NULL)) != -1) {
        if (letter == 'C')
            cpu = atoi(optarg);
        else if (letter == 'u')
            compose_request(optarg);
        else
            exit(2);
    }
    if (optind == argc || cpu >= CPU_SETSIZE) {
        fprintf(stderr, "usage: start [--cpu N] [--url http://127.0.0.1:PORT/PATH] -- COMMAND…\n");
        exit(2);
    }
}

int main(int argc, char **argv)
{
    read_options(argc, argv);
    uint64_t begin = now_us();
    pid_t pid = spawn(argv + optind);
    bool is_right;
    uint64_t end;
    if (request[0] != '\0') {
        is_right = wait_for_answer(pid);
        end = now_us();
        stop(pid);
    } else {
        int status = 0;
        is_right = waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
        end = now_us();
    }
    if (!is_right) {
        fprintf(stderr, "start: %s: %s\n", argv[optind],
                request[0] != '\0' ? "no answer" : "did not exit with code 0");
        return 1;
    }
    printf("{\"us\":%llu}\n", (unsigned long long)(end - begin));
    return 0;
}
