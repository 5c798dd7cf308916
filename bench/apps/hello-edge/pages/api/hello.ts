// SPDX-License-Identifier: MIT

export const config = { runtime: 'edge' };

export default async function handler(_request: Request) {
  return Response.json({ message: 'Hello from Next.js API!' });
}
