// SPDX-License-Identifier: MIT

import { WebSocketServer } from 'ws';

/** Says everything again. The first request makes the server listen. */
export default function handler(_req, res) {
  const { server } = res.socket;
  if (!server.sockets) {
    const sockets = new WebSocketServer({ noServer: true });
    server.sockets = sockets;
    server.on('upgrade', (request, socket, head) => {
      if (!request.url.startsWith('/api/ws')) return;
      sockets.handleUpgrade(request, socket, head, (webSocket) => {
        webSocket.on('message', (data, isBinary) => webSocket.send(data, { binary: isBinary }));
      });
    });
  }
  res.status(204).end();
}
