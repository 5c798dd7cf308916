// SPDX-License-Identifier: MIT

import helmet from 'helmet';

const secure = helmet();

export default function handler(req, res) {
  secure(req, res, (error) => {
    if (error) throw error;
    res.json({ ok: true });
  });
}
