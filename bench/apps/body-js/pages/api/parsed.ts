// SPDX-License-Identifier: MIT

/** A route like any other: its body is read and parsed before it is called, up to 1 MB. */
export default function handler(req, res) {
  res.status(200).json({ length: req.body.length });
}
