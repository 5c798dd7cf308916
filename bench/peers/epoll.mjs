// SPDX-License-Identifier: MIT

/** The limit: a bare epoll loop in C that always says the same. */
export const peer = {
  title: 'bare epoll loop (C)',
  apps: ['hello', 'edge'],
  command: ({ bench, port }) => ({ argv: [bench.program('epoll'), String(port)] }),
  version: ({ bench }) => bench.firstLine('cc', '--version'),
};
