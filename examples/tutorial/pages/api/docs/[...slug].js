// SPDX-License-Identifier: MIT

// Plain JavaScript, to show that it stands beside TypeScript: /api/docs/guides/routing gives
// slug = ['guides', 'routing'].
export default function handler(req, res) {
  const { slug } = req.query;
  res.status(200).json({ path: slug.join('/'), segments: slug });
}
