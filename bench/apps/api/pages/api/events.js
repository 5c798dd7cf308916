// SPDX-License-Identifier: MIT
import { EVENT, EVENT_EVERY_MS } from '../../lib/events.mjs';

export default function handler(_req, res) {
  res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  res.write(EVENT);
  const timer = setInterval(() => res.write(EVENT), EVENT_EVERY_MS);
  res.on('close', () => clearInterval(timer));
}
