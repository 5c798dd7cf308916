// SPDX-License-Identifier: MIT

import { json, send, serve } from 'micro';

export const config = { api: { bodyParser: false, externalResolver: true } };

export default serve(async (req, res) => {
  const data = await json(req, { limit: '1kb' });
  send(res, 202, { got: data });
});
