// SPDX-License-Identifier: MIT

import { createProxyMiddleware } from 'http-proxy-middleware';

export const config = { api: { bodyParser: false, externalResolver: true } };

const proxy = createProxyMiddleware({
  target: process.env.UPSTREAM,
  changeOrigin: true,
  pathRewrite: { '^/api/proxy': '/upstream' },
});

export default function handler(req, res) {
  return proxy(req, res, (error) => {
    if (error) throw error;
  });
}
