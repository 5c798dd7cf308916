// SPDX-License-Identifier: MIT

import pinoHttp from 'pino-http';

const log = pinoHttp({}, process.stderr);

export default function handler(req, res) {
  log(req, res);
  req.log.info('inside');
  res.json({ id: req.id });
}
