// SPDX-License-Identifier: MIT

import type { NextRequest } from 'next/server';

export const config = { runtime: 'edge' };

// Where each platform's proxy writes the place of the client. What the client itself sends under
// these names reaches us only where no such proxy stands before us, so one must be named to be read.
const platforms: Record<string, { country: string; region: string; city: string }> = {
  vercel: {
    country: 'x-vercel-ip-country',
    region: 'x-vercel-ip-country-region',
    city: 'x-vercel-ip-city',
  },
  cloudflare: { country: 'cf-ipcountry', region: 'cf-region', city: 'cf-ipcity' },
};

/** Where the client is, as far as the platform in GEO_PLATFORM tells: `vercel` or `cloudflare`. */
export default function handler(request: NextRequest): Response {
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return Response.json(
      { error: `Method ${request.method} Not Allowed` },
      { status: 405, headers: { Allow: 'GET' } },
    );

  const names = platforms[process.env.GEO_PLATFORM ?? ''];
  const read = (name: string | undefined) => (name && decode(request.headers.get(name))) || null;
  const [country, region, city] = [names?.country, names?.region, names?.city].map(read);
  return Response.json(
    {
      message: `Hello from ${[city, country].filter(Boolean).join(', ') || 'an unknown place'}!`,
      country,
      region,
      city,
      language: language(request.headers.get('accept-language')),
    },
    { headers: { 'Cache-Control': 'private, no-store' } },
  );
}

// Cities are percent-encoded, for headers carry no letters beyond ASCII.
function decode(text: string | null): string | null {
  try {
    return text === null ? null : decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** The first language of an Accept-Language header, which is the preferred one by custom. */
function language(header: string | null): string | null {
  return header?.match(/^\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:[,;]|$)/)?.[1] ?? null;
}
