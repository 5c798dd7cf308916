// SPDX-License-Identifier: MIT

import { Server } from 'socket.io';

/** Adds numbers for who is connected. */
export default function handler(_req, res) {
  const { server } = res.socket;
  server.io ??= new Server(server, {
    path: '/api/socket_io',
    addTrailingSlash: false,
  }).on('connection', (socket) => {
    socket.on('add', (a, b, answer) => answer(a + b));
  });
  res.status(204).end();
}
