// SPDX-License-Identifier: MIT

import compression from 'compression';

const compress = compression({ threshold: 0 });

export default function handler(req, res) {
  res.setHeader('Cache-Control', 'public');
  compress(req, res, () => {
    res.setHeader('Content-Type', 'text/plain');
    if (req.query.pieces === undefined) return res.send('compress me '.repeat(500));
    for (let i = 0; i < 3; i++) res.write('piece '.repeat(500));
    res.end();
  });
}
