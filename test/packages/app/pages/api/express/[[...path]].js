// SPDX-License-Identifier: MIT

import cookieParser from 'cookie-parser';
import express from 'express';

export const config = { api: { bodyParser: false, externalResolver: true } };

const app = express();
const router = express.Router();
app.use(cookieParser('a secret'));
app.use(express.json({ limit: '10kb' }));
app.use((req, res, next) => {
  res.set('X-Middleware', 'ran');
  next();
});
router.get('/', (req, res) => res.send('root'));
router.get('/users/:id', (req, res) => res.json({ id: req.params.id, base: req.baseUrl }));
router.post('/echo', (req, res) => res.status(201).json(req.body));
router.get('/cookie', (req, res) => {
  res.cookie('seen', 'yes', { httpOnly: true });
  res.json({ cookies: req.cookies });
});
router.get('/query', (req, res) => res.json({ ip: req.ip, host: req.hostname, fresh: req.fresh }));
router.get('/file', (req, res) => res.sendFile('note.txt', { root: process.cwd() }));
router.get('/throw', () => {
  throw new Error('the secret reason');
});
router.get('/reject', async () => {
  throw new Error('the other secret');
});
app.use('/api/express', router);
app.use((error, req, res, next) => {
  if (res.headersSent) return next(error);
  res.status(error.status ?? 500).json({ failed: error.status ?? 500 });
});

export default app;
