// SPDX-License-Identifier: MIT

import httpProxy from 'http-proxy';

export const config = { api: { bodyParser: false, externalResolver: true } };

const proxy = httpProxy.createProxyServer({ target: process.env.UPSTREAM });

export default function handler(req, res) {
  return new Promise((resolve) => {
    proxy.once('error', (error) => {
      res.status(502).json({ error: error.code });
      resolve();
    });
    res.once('finish', resolve);
    proxy.web(req, res);
  });
}
