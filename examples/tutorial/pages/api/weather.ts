// SPDX-License-Identifier: MIT

import type { NextApiRequest, NextApiResponse } from 'next';
import { BadRequest, withErrors } from '@/lib/errors';
import { methodNotAllowed } from '@/lib/method-not-allowed';
import { currentWeather, type Weather } from '@/lib/weather';

export default withErrors(async (req: NextApiRequest, res: NextApiResponse<Weather>) => {
  if (req.method !== 'GET' && req.method !== 'HEAD') return methodNotAllowed(req, res, ['GET']);

  const { city } = req.query;
  if (typeof city !== 'string' || !city.trim()) throw new BadRequest('City is required');
  if (city.length > 100) throw new BadRequest('City is too long');

  const weather = await currentWeather(city.trim());
  res.setHeader('Cache-Control', 'public, max-age=300');
  return res.status(200).json(weather);
});
