// SPDX-License-Identifier: MIT

import morgan from 'morgan';

const log = morgan(':method :url :status :res[content-length] :remote-addr HTTP/:http-version', {
  stream: process.stderr,
});

export default function handler(req, res) {
  log(req, res, () => res.status(203).json({ logged: true }));
}
