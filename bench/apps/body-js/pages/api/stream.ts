// SPDX-License-Identifier: MIT

export const config = { api: { bodyParser: false } };

/** Reads the body as it comes, and keeps nothing of it. */
export default async function handler(req, res) {
  let bytes = 0;
  for await (const piece of req) bytes += piece.length;
  res.status(200).json({ bytes });
}
