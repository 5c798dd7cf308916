/* SPDX-License-Identifier: MIT */
#include "base/log.h"
#include "cli.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef CAPRA_VERSION
#define CAPRA_VERSION "0.0.0"
#endif

static const char *color(const char *code)
{
    return log_is_colored(STDOUT_FILENO) ? code : "";
}

/* The first address by which others may reach this machine. */
static bool find_network_address(char *out, size_t size)
{
    struct ifaddrs *all;
    bool found = false;
    if (getifaddrs(&all) != 0)
        return false;
    for (struct ifaddrs *one = all; one != NULL && !found; one = one->ifa_next) {
        if (one->ifa_addr == NULL || one->ifa_addr->sa_family != AF_INET ||
            (one->ifa_flags & IFF_LOOPBACK) || !(one->ifa_flags & IFF_UP))
            continue;
        const struct sockaddr_in *address = (const void *)one->ifa_addr;
        found = inet_ntop(AF_INET, &address->sin_addr, out, (socklen_t)size) != NULL;
    }
    freeifaddrs(all);
    return found;
}

static void print_url(const char *label, const char *host, uint16_t port)
{
    bool const is_ipv6 = strchr(host, ':') != NULL;
    printf("  - %-9s %shttp://%s%s%s:%u%s\n", label, color("\033[36m"), is_ipv6 ? "[" : "", host,
           is_ipv6 ? "]" : "", port, color("\033[0m"));
}

static void print_place(const listener *one)
{
    char network[64];
    if (one->is_unix) {
        printf("  - %-9s %sunix:%s%s\n", "Socket:", color("\033[36m"), one->name, color("\033[0m"));
        return;
    }
    print_url("Local:", one->is_everywhere ? "localhost" : one->name, one->port);
    if (one->is_everywhere && find_network_address(network, sizeof network))
        print_url("Network:", network, one->port);
}

void cli_print_banner(bool is_development, const listeners *where)
{
    printf("\n  %s▲ Capra %s%s%s\n", color("\033[1m"), CAPRA_VERSION, color("\033[0m"),
           is_development ? " (development)" : "");
    for (uint32_t i = 0; i < where->count; i++)
        print_place(&where->all[i]);
    fflush(stdout);
}

void cli_print_ready(double ms, uint32_t routes)
{
    printf("  %s✓%s Ready in %.0f ms, %u route%s\n\n", color("\033[32m"), color("\033[0m"), ms,
           routes, routes == 1 ? "" : "s");
    fflush(stdout);
}
