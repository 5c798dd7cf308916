/* SPDX-License-Identifier: MIT */
#include "rescue.h"

#include "answers.h"
#include "base/error.h"
#include "base/signal_stack.h"
#include "guard.h"
#include "handler/native.h"
#include "line.h"
#include "pipeline.h"
#include "stack.h"
#include "watch.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Everything is done on the loop's thread, where it stands: in a signal handler, in an interrupt of
 * V8, or in an exit. A fault of another thread, and the watch, interrupt it first. So nothing moves
 * while the connections are looked at; but it may have stopped in the middle of a move, or
 * have broken something before, and each look is guarded. */

/* Default: ignored. So it does no harm to a process that does not know it yet, or any more. */
#define KNOCK_SIGNAL SIGURG

typedef struct fault_row {
    int number;
    const char *name, *meaning;
} fault_row;

static const fault_row faults[] = {
    { SIGSEGV, "SIGSEGV", "an access to memory that is not there" },
    { SIGBUS, "SIGBUS", "an access to memory that cannot be had" },
    { SIGFPE, "SIGFPE", "a number that arithmetic has no answer for" },
    { SIGILL, "SIGILL", "an instruction that the processor does not have" },
    { SIGABRT, "SIGABRT", "the process has ended itself" },
    { SIGTRAP, "SIGTRAP", "the process has ended itself" },
    { SIGSYS, "SIGSYS", "a system call that is not allowed" },
};
enum { ASK_AGAIN_MS = 50 };
enum { FAULTS = sizeof faults / sizeof *faults, STACK_BYTES = 128 * 1024, LAST_SECONDS = 3 };

/* V8's, where WebAssembly is run: it leaves checks of bounds to the processor. True when the fault
 * was one of these, and is an exception now. */
typedef bool (*take_wasm_fault_fn)(int number, siginfo_t *info, void *context);
static const char take_wasm_fault_name[] = "_ZN2v828TryHandleWebAssemblyTrapPosixEiP9siginfo_tPv";

/* What another thread has met, for the loop's to answer. */
typedef struct elsewhere {
    _Atomic bool is_set;
    const fault_row *fault; /* NULL: it has called exit() */
    const siginfo_t *info;
    const capra_request *request; /* of a blocking handler that runs there; NULL: none does */
} elsewhere;

static struct {
    rescue_config config;
    bool is_prepared, has_begun;
    pthread_t loop_thread;
    watch *watch;
    void (*interrupt)(void *data);
    void *interrupt_data;
    struct sigaction before[FAULTS], before_knock;
    take_wasm_fault_fn take_wasm_fault;
    signal_stack *stack;
    _Atomic bool is_over; /* somebody answers, or has */
    _Atomic bool is_answered;
    elsewhere elsewhere;
} worker;

/* ---- What is said ---- */

static void put_request(line *l, const capra_request *req)
{
    line_put(l, ", at ");
    line_put(l, http_method_name(req->head.method));
    line_put(l, " ");
    line_put_slice(l, req->target.path);
}

static void put_routes(line *l, const rescue_tally *tally)
{
    for (uint32_t i = 0; i < tally->route_count; i++) {
        line_put(l, i == 0 ? ", with requests in " : ", ");
        line_put(l, tally->routes[i]->file);
    }
}

/* " in pages/api/x.ts, at GET /api/x": who it was, as well as that is known. */
static void put_place(line *l, const rescue_blame *blame, const rescue_tally *tally)
{
    guard g;
    if (GUARD_ENTER(&g)) {
        const capra_request *req = blame->request;
        const app_route *route = req != NULL ? req->route : blame->route;
        if (native_initialised_file() != NULL) {
            line_put(l, " in the CAPRA_INIT of ");
            line_put(l, native_initialised_file());
        } else if (route != NULL) {
            line_put(l, " in ");
            line_put(l, route->file);
        } else if (req != NULL) {
            line_put(l, " in the proxy");
        } else {
            put_routes(l, tally);
        }
        if (req != NULL)
            put_request(l, req);
    }
    guard_leave(&g);
}

/* ": 2 × 500", ", 1 × 503": a part of a list. */
static void put_count(line *l, bool *is_first, uint32_t count, const char *what)
{
    if (count == 0)
        return;
    line_put(l, *is_first ? ": " : ", ");
    line_put_number(l, count);
    line_put(l, what);
    *is_first = false;
}

static void log_tally(const rescue_tally *tally, int code)
{
    line l = { 0 };
    bool is_first = true;
    line_put(&l, "  The worker ends. Requests in flight");
    put_count(&l, &is_first, tally->blamed, code == CAPRA_E_HANDLER_SLOW ? " × 504" : " × 500");
    put_count(&l, &is_first, tally->lost, " × 500 (begun, and not to blame)");
    put_count(&l, &is_first, tally->unserved, " × 503 (not begun)");
    put_count(&l, &is_first, tally->cut, " cut (answered in part)");
    line_put(&l, is_first ? ": none" : "");
    line_log(&l);
}

/* A stack, as it comes: the lines are JavaScript's. */
static void log_lines(capra_slice lines)
{
    while (lines.length > 0) {
        line l = { 0 };
        const char *end = memchr(lines.data, '\n', lines.length);
        size_t const length = end == NULL ? lines.length : (size_t)(end - lines.data);
        line_put_slice(&l, slice_of(lines.data, length));
        line_log(&l);
        lines = slice_from(lines, length + 1);
    }
}

/* ---- Who it was ---- */

static server *served(void)
{
    return worker.config.server;
}

static const capra_request *running(void)
{
    return served()->running;
}

/* Whether `text` has the name of a source file as a whole: "pages/api/x.ts:3" is not "api/x.ts". */
static bool names_file(capra_slice text, const char *file)
{
    size_t const length = strlen(file);
    const char *at = text.data;
    while ((at = memmem(at, text.length - (size_t)(at - text.data), file, length)) != NULL) {
        const char *end = at + length;
        bool const starts = at == text.data || at[-1] == '/' || at[-1] == '(' || at[-1] == ' ';
        if (starts && end < text.data + text.length && *end == ':')
            return true;
        at = end;
    }
    return false;
}

/* The route that stands in a stack, when it is not known otherwise. */
static const app_route *route_in(capra_slice stack)
{
    const app *a = served()->app;
    for (uint32_t i = 0; stack.length > 0 && i < app_route_count(a); i++)
        if (names_file(stack, app_find(a, i)->file))
            return app_find(a, i);
    return NULL;
}

static rescue_blame blame_now(int code, capra_slice stack)
{
    rescue_blame blame = { .request = running(), .code = code };
    if (worker.elsewhere.request != NULL)
        blame.request = worker.elsewhere.request;
    if (blame.request == NULL)
        blame.route = route_in(stack);
    if (blame.request == NULL && blame.route == NULL)
        blame.route = rescue_only_route(worker.config.net);
    return blame;
}

/* ---- The rescue ---- */

/* Whoever asks first does it. */
static bool is_mine(void)
{
    return worker.has_begun && !atomic_exchange(&worker.is_over, true);
}

/* Whatever may still go wrong: the process does end. */
static void limit_time(void)
{
    sigset_t alarms;
    signal(SIGALRM, SIG_DFL);
    sigemptyset(&alarms);
    sigaddset(&alarms, SIGALRM);
    pthread_sigmask(SIG_UNBLOCK, &alarms, NULL);
    alarm(LAST_SECONDS);
}

/* `l`: what has happened; who it was is put behind it. */
static void answer_and_log(line *l, const rescue_blame *blame)
{
    rescue_tally tally = { 0 };
    rescue_answer(&tally, worker.config.net, blame);
    rescue_tell(worker.config.net, served()->observer, blame);
    put_place(l, blame, &tally);
    line_log(l);
    log_tally(&tally, blame->code);
    atomic_store(&worker.is_answered, true);
}

/* ---- Faults ---- */

static size_t find_fault(int number)
{
    size_t i = 0;
    while (i < FAULTS - 1 && faults[i].number != number)
        i++;
    return i;
}

/* "⨯ SIGSEGV (an access to memory that is not there: 0x7f12)". */
static void put_fault(line *l, const fault_row *fault, const siginfo_t *info)
{
    line_put(l, "⨯ ");
    line_put(l, fault->name);
    line_put(l, " (");
    line_put(l, fault->meaning);
    if (info != NULL && (fault->number == SIGSEGV || fault->number == SIGBUS)) {
        line_put(l, ": ");
        line_put_hex(l, (uintptr_t)info->si_addr);
    }
    line_put(l, ")");
}

static void rescue_from(const fault_row *fault, const siginfo_t *info)
{
    line l = { 0 };
    rescue_blame const blame = blame_now(CAPRA_E_CRASHED, slice_of("", 0));
    put_fault(&l, fault, info);
    answer_and_log(&l, &blame);
}

/* Before the worker serves: nobody waits for an answer. */
static void log_early_fault(const fault_row *fault, const siginfo_t *info)
{
    line l = { 0 };
    rescue_blame const nobody = { 0 };
    rescue_tally const none = { 0 };
    put_fault(&l, fault, info);
    put_place(&l, &nobody, &none);
    line_log(&l);
    stack_log();
}

/* On a thread that is not the loop's: that one is interrupted, and answers. */
static void have_answered(const fault_row *fault, const siginfo_t *info)
{
    struct timespec const moment = { .tv_nsec = 2000000 };
    worker.elsewhere.fault = fault;
    worker.elsewhere.info = info;
    worker.elsewhere.request = native_on_this_thread(served());
    atomic_store(&worker.elsewhere.is_set, true);
    pthread_kill(worker.loop_thread, KNOCK_SIGNAL);
    for (int i = 0; i < 500 && !atomic_load(&worker.is_answered); i++)
        nanosleep(&moment, NULL);
}

static bool is_loop_thread(void)
{
    return pthread_equal(pthread_self(), worker.loop_thread) != 0;
}

/* The fault happens once more, or is raised once more, and now means what it meant before us: a
 * core dump, a sanitizer's report, the end. */
static void hand_back(size_t which, const siginfo_t *info)
{
    int const number = faults[which].number;
    sigaction(number, &worker.before[which], NULL);
    if (info->si_code <= 0 || number == SIGABRT || number == SIGTRAP || number == SIGSYS)
        raise(number);
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    size_t const which = find_fault(number);
    if (number == SIGSEGV && worker.take_wasm_fault != NULL &&
        worker.take_wasm_fault(number, info, context))
        return;
    if (is_loop_thread())
        guard_return();
    if (is_mine()) {
        limit_time();
        if (is_loop_thread())
            rescue_from(&faults[which], info);
        else
            have_answered(&faults[which], info);
        stack_log();
    } else if (!worker.has_begun && is_loop_thread()) {
        log_early_fault(&faults[which], info);
    }
    hand_back(which, info);
}

/* ---- A loop that stands still ---- */

/* How long whoever runs may hold the loop. */
static uint64_t limit_of(const app_route *route)
{
    uint64_t const general = worker.config.stall_ms;
    return route != NULL && route->max_duration_ms != 0 && route->max_duration_ms < general
               ? route->max_duration_ms
               : general;
}

/* For the watch's thread. */
static uint64_t shortest_limit(void *data)
{
    (void)data;
    uint64_t const shortest = atomic_load(&served()->shortest_duration_ms);
    return shortest != 0 && shortest < worker.config.stall_ms ? shortest : worker.config.stall_ms;
}

static void end_stalled(uint64_t held_ms, capra_slice stack, bool is_signal)
{
    line l = { 0 };
    rescue_blame const blame = blame_now(CAPRA_E_HANDLER_SLOW, stack);
    limit_time();
    line_put(&l, "⨯ the worker has been held for ");
    line_put_seconds(&l, held_ms);
    answer_and_log(&l, &blame);
    if (is_signal)
        stack_log();
    else
        log_lines(stack);
    _exit(RESCUE_EXIT_STALLED);
}

static void judge(capra_slice stack, bool is_signal)
{
    if (!worker.has_begun || worker.watch == NULL)
        return;
    uint64_t const held_ms = watch_held_ms(worker.watch);
    const capra_request *req = running();
    const app_route *route = req != NULL ? req->route : route_in(stack);
    if (route == NULL && !is_signal)
        route = rescue_only_route(worker.config.net);
    uint64_t const limit = limit_of(route);
    if (held_ms >= limit) {
        if (is_mine())
            end_stalled(held_ms, stack, is_signal);
    } else if (route == NULL && !is_signal && held_ms + ASK_AGAIN_MS < limit) {
        watch_allow(worker.watch, held_ms + ASK_AGAIN_MS); /* between two microtasks, perhaps */
    } else {
        watch_allow(worker.watch, limit);
    }
}

void rescue_judge(capra_slice stack)
{
    judge(stack, false);
}

/* Nothing is to move any more while the other thread ends the process. */
static void answer_for_fault_elsewhere(void)
{
    rescue_from(worker.elsewhere.fault, worker.elsewhere.info);
    for (;;)
        pause();
}

static void answer_for_exit(void);

/* From the watch, or for another thread that has met its end. */
static void on_knock(int number)
{
    (void)number;
    if (!atomic_exchange(&worker.elsewhere.is_set, false))
        judge(slice_of("", 0), true);
    else if (worker.elsewhere.fault != NULL)
        answer_for_fault_elsewhere();
    else
        answer_for_exit();
}

static void knock(void *data, bool by_force)
{
    (void)data;
    if (by_force || worker.interrupt == NULL)
        pthread_kill(worker.loop_thread, KNOCK_SIGNAL);
    else
        worker.interrupt(worker.interrupt_data);
}

void rescue_set_interrupt(void (*ask)(void *data), void *data)
{
    worker.interrupt_data = data;
    worker.interrupt = ask;
}

/* ---- Exits ---- */

static void answer_exit(const char *call, int code, capra_slice stack)
{
    line l = { 0 };
    rescue_blame const blame = blame_now(CAPRA_E_CRASHED, stack);
    line_put(&l, "⨯ ");
    line_put(&l, call);
    if (code >= 0) {
        line_put(&l, "(");
        line_put_number(&l, (uint64_t)code);
        line_put(&l, ")");
    }
    line_put(&l, " was called");
    answer_and_log(&l, &blame);
    log_lines(stack);
}

void rescue_on_exit(int code, capra_slice stack)
{
    if (is_mine())
        answer_exit("process.exit", code & 0xff, stack);
}

static void answer_for_exit(void)
{
    answer_exit("exit", -1, slice_of("", 0));
}

/* exit() in a route in C, or in a library. */
static void on_exit_called(void)
{
    if (!is_mine())
        return;
    if (is_loop_thread()) {
        answer_for_exit();
    } else {
        limit_time(); /* what the loop has locked, this thread may wait for */
        have_answered(NULL, NULL);
    }
}

/* ---- The start and the end ---- */

/* SA_NODEFER: a fault while one is being handled comes here too, and back to its guard. */
static void catch_signals(void)
{
    struct sigaction fault = { .sa_sigaction = on_fault,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
    struct sigaction knocked = { .sa_handler = on_knock, .sa_flags = SA_RESTART | SA_ONSTACK };
    for (size_t i = 0; i < FAULTS; i++)
        sigaction(faults[i].number, &fault, &worker.before[i]);
    sigaction(KNOCK_SIGNAL, &knocked, &worker.before_knock);
}

static void release_signals(void)
{
    for (size_t i = 0; i < FAULTS; i++)
        sigaction(faults[i].number, &worker.before[i], NULL);
    sigaction(KNOCK_SIGNAL, &worker.before_knock, NULL);
}

void rescue_prepare(void)
{
    if (worker.is_prepared)
        return;
    worker.is_prepared = true;
    worker.loop_thread = pthread_self();
    *(void **)&worker.take_wasm_fault = dlsym(RTLD_DEFAULT, take_wasm_fault_name);
    worker.stack = signal_stack_take();
    catch_signals();
}

void rescue_begin(const rescue_config *config)
{
    static bool is_registered;
    if (worker.has_begun)
        return;
    worker.config = *config;
    rescue_prepare();
    worker.has_begun = true;
    if (!is_registered)
        is_registered = atexit(on_exit_called) == 0;
    if (config->stall_ms != 0) {
        watch_config const watched = { .loop = config->loop,
                                       .limit_ms = shortest_limit,
                                       .knock = knock };
        worker.watch = watch_new(&watched);
    }
}

void rescue_end(void)
{
    if (!worker.is_prepared)
        return;
    worker.is_prepared = worker.has_begun = false;
    watch_free(worker.watch);
    worker.watch = NULL;
    release_signals();
    signal_stack_give_back(worker.stack);
}

void rescue_enter(void)
{
    if (worker.watch != NULL)
        watch_enter(worker.watch);
}

void rescue_leave(void)
{
    if (worker.watch != NULL)
        watch_leave(worker.watch);
}
