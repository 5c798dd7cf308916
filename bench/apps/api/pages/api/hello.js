// SPDX-License-Identifier: MIT

export default function handler(_req, res) {
  res.status(200).json({ message: 'Hello from Next.js API!' });
}
