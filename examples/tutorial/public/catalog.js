// SPDX-License-Identifier: MIT

// What can be called: chapters of routes, and for each route examples of requests. An example has a
// method (GET), a path, a JSON body or another one, header lines, and the status that it is about
// (200). Its parts may be functions, which make each request a new one. Some do more:
//   form        fields of a multipart form; `file` in one is what is sent unless the user chooses another
//   before      runs first, and may return what the request is then to have instead
//   times       how often it is sent; the last answer is shown
//   race        two paths that do the same work, to be compared

/** @typedef {{ name: string, method?: string, path?: string, headers?: Record<string, string>,
 *    body?: unknown, form?: object[], before?: () => Promise<object | void>, times?: number,
 *    race?: string[], expect?: number, note?: string }} Example */

const random = () => Math.random().toString(36).slice(2, 8);
const freshEmail = (name) => `${name}.${random()}@example.com`;

const json = { 'Content-Type': 'application/json' };

// One account for this visit, so that log-in follows registration.
const account = { name: 'Ada Lovelace', email: freshEmail('ada'), password: 'analytical engine' };

function post(path, body) {
  return fetch(path, { method: 'POST', headers: json, body: JSON.stringify(body) });
}

async function signIn() {
  const { email, password } = account;
  const { ok } = await post('/api/auth/login', { email, password });
  if (!ok) await post('/api/auth/register', account);
}

async function signOut() {
  await fetch('/api/auth/logout', { method: 'POST' });
}

// Stripe signs with a secret that no browser may have; a route of the demo signs in its place.
async function sampleEvent(change = (payload) => payload) {
  const { payload, signature } = await (await post('/api/webhooks/sample', {})).json();
  return {
    headers: { ...json, 'Stripe-Signature': signature },
    body: change(payload),
  };
}

const note = { name: 'note.txt', type: 'text/plain', text: 'A file of one line.\n' };
const program = { name: 'photo.png', type: 'image/png', text: '\u007fELF\u0002\u0001\u0001\u0000' };

export const chapters = [
  {
    title: 'First routes',
    routes: [
      {
        path: '/api/hello',
        about: 'A file is a route, and its default export answers.',
        file: 'pages/api/hello.ts',
        examples: [{ name: 'Hello' }],
      },
      {
        path: '/api/users',
        about: 'One handler, a switch over the method, and 405 for what is left.',
        file: 'pages/api/users/index.ts',
        examples: [
          { name: 'List' },
          {
            name: 'Create',
            method: 'POST',
            body: () => ({ name: 'Grace Hopper', email: freshEmail('grace') }),
            expect: 201,
          },
          { name: 'Incomplete', method: 'POST', body: { name: 'Grace Hopper' }, expect: 400 },
          {
            name: 'Address in use',
            method: 'POST',
            body: { name: 'Somebody', email: 'ALAN@example.com' },
            expect: 409,
          },
          {
            name: 'Hostile',
            method: 'POST',
            body: () => ({ name: "'); DROP TABLE users; --", email: freshEmail('bobby') }),
            expect: 201,
            note: 'It is stored as the text that it is: values reach SQL as parameters only.',
          },
          { name: 'Not JSON', method: 'POST', headers: json, body: '{"name":', expect: 400 },
          { name: 'Wrong method', method: 'PATCH', body: {}, expect: 405 },
        ],
      },
      {
        path: '/api/users/[id]',
        about: 'A part of the path in brackets is a parameter, in req.query.',
        file: 'pages/api/users/[id].ts',
        examples: [
          { name: 'One user', path: '/api/users/2' },
          {
            name: 'Change',
            method: 'PUT',
            path: '/api/users/2',
            body: { name: 'Alan M. Turing', email: 'alan@example.com' },
          },
          { name: 'Nobody', path: '/api/users/999999', expect: 404 },
          { name: 'No id', path: '/api/users/1%20OR%201=1', expect: 400 },
        ],
      },
      {
        path: '/api/posts/[userId]/[postId]',
        about: 'Two parameters: which user, and which of the posts.',
        file: 'pages/api/posts/[userId]/[postId].ts',
        examples: [
          { name: 'A post', path: '/api/posts/2/1' },
          { name: 'Not there', path: '/api/posts/2/77', expect: 404 },
        ],
      },
      {
        path: '/api/docs/[...slug]',
        about: 'Three dots take all that is left of the path, as a list.',
        file: 'pages/api/docs/[...slug].js',
        examples: [
          { name: 'Deep', path: '/api/docs/guides/routing/dynamic' },
          { name: 'Escaped slash', path: '/api/docs/a%2Fb/c' },
        ],
      },
    ],
  },
  {
    title: 'Input and output',
    routes: [
      {
        path: '/api/contact',
        about: 'A form: what is missing is named, what is complete goes out as a mail.',
        file: 'pages/api/contact.ts',
        examples: [
          {
            name: 'Send',
            method: 'POST',
            body: { name: 'Ada', email: 'ada@example.com', message: 'Hello!' },
          },
          { name: 'Incomplete', method: 'POST', body: { name: 'Ada' }, expect: 400 },
          {
            name: 'Header injection',
            method: 'POST',
            body: { name: 'Eve', email: 'eve@example.com\r\nBcc: all@example.com', message: 'Hi' },
            expect: 400,
          },
        ],
      },
      {
        path: '/api/data',
        about: 'Which other sites may read this, and how long a cache may keep it.',
        file: 'pages/api/data.ts',
        examples: [
          { name: 'Read', note: 'Look at Cache-Control and Vary among the headers of the answer.' },
          { name: 'Options', method: 'OPTIONS', expect: 204 },
          { name: 'Wrong method', method: 'DELETE', expect: 405 },
        ],
      },
      {
        path: '/api/upload',
        about: 'A file and its fields, read as they come: the body parser is off.',
        file: 'pages/api/upload.ts',
        examples: [
          {
            name: 'A text file',
            method: 'POST',
            form: [
              { name: 'name', value: 'Ada' },
              { name: 'email', value: 'ada@example.com' },
              { name: 'file', file: note },
            ],
          },
          {
            name: 'A program as a photo',
            note: 'Its name and its type say PNG. The route looks at the bytes.',
            method: 'POST',
            form: [
              { name: 'name', value: 'Eve' },
              { name: 'email', value: 'eve@example.com' },
              { name: 'file', file: program },
            ],
            expect: 415,
          },
          {
            name: 'Not a form',
            method: 'POST',
            body: {},
            expect: 415,
          },
        ],
      },
      {
        path: '/api/validate',
        about: 'A Joi schema says what comes in; what does not fit is told, field by field.',
        file: 'pages/api/validate/index.ts',
        examples: [
          {
            name: 'Valid',
            method: 'POST',
            body: { name: 'Ada Lovelace', email: 'ada@example.com', age: 36 },
          },
          {
            name: 'Three faults',
            method: 'POST',
            body: { name: 'A', email: 'ada', age: 7 },
            expect: 400,
          },
          {
            name: 'Too much',
            method: 'POST',
            body: { name: 'Eve', email: 'eve@example.com', isAdmin: true },
            expect: 400,
          },
        ],
      },
      {
        path: '/api/validate/zod',
        about: 'The same with Zod, whose type a caller in client/signup.ts shares.',
        file: 'pages/api/validate/zod.ts',
        examples: [
          {
            name: 'Valid',
            method: 'POST',
            body: { name: 'Ada Lovelace', email: 'ada@example.com', age: 36 },
          },
          {
            name: 'Three faults',
            method: 'POST',
            body: { name: 'A', email: 'ada', age: 7 },
            expect: 400,
          },
        ],
      },
    ],
  },
  {
    title: 'Who is there',
    routes: [
      {
        path: '/api/auth/register',
        about: 'A new account. Only a hash of the password is kept, and it never leaves.',
        file: 'pages/api/auth/register.ts',
        examples: [
          {
            name: 'Register',
            method: 'POST',
            body: () => ({ ...account, email: freshEmail('ada') }),
            expect: 201,
          },
          {
            name: 'Weak password',
            method: 'POST',
            body: () => ({ ...account, email: freshEmail('ada'), password: '1234' }),
            expect: 400,
          },
        ],
      },
      {
        path: '/api/auth/login',
        about: 'A token, as a cookie that no script can read and as text for a Bearer header.',
        file: 'pages/api/auth/login.ts',
        examples: [
          {
            name: 'Log in',
            method: 'POST',
            before: signIn,
            body: { email: account.email, password: account.password },
          },
          {
            name: 'Wrong password',
            method: 'POST',
            body: { email: account.email, password: 'difference engine' },
            expect: 401,
          },
          {
            name: 'Nobody',
            method: 'POST',
            body: { email: 'nobody@example.com', password: 'difference engine' },
            expect: 401,
            note: 'The same answer as for a wrong password, after the same time.',
          },
        ],
      },
      {
        path: '/api/auth/me',
        about: 'Whose token came with the request.',
        file: 'pages/api/auth/me.ts',
        examples: [
          { name: 'Logged in', before: signIn },
          { name: 'Logged out', before: signOut, expect: 401 },
          {
            name: 'Forged token',
            headers: { Authorization: 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.' },
            expect: 401,
            note: 'A token that says of itself that it needs no signature.',
          },
        ],
      },
      {
        path: '/api/protected',
        about: 'Something that only those see who are logged in.',
        file: 'pages/api/protected.ts',
        examples: [
          { name: 'Logged in', before: signIn },
          { name: 'Logged out', before: signOut, expect: 401 },
        ],
      },
      {
        path: '/api/auth/logout',
        about: 'Takes the cookie back.',
        file: 'pages/api/auth/logout.ts',
        examples: [{ name: 'Log out', method: 'POST', before: signIn }],
      },
    ],
  },
  {
    title: 'Databases and services',
    routes: [
      {
        path: '/api/mongo/posts',
        about: 'The MongoDB driver, with one client for all requests.',
        file: 'pages/api/mongo/posts.ts',
        examples: [
          { name: 'List' },
          {
            name: 'Create',
            method: 'POST',
            body: { title: 'On documents', content: 'A document is a tree.' },
            expect: 201,
          },
          {
            name: 'Operator',
            method: 'POST',
            body: { title: { $gt: '' }, content: 'x' },
            expect: 400,
          },
        ],
      },
      {
        path: '/api/prisma/users',
        about: 'Prisma on SQLite: users, and their posts with them.',
        file: 'pages/api/prisma/users.ts',
        examples: [
          { name: 'List' },
          {
            name: 'Create',
            method: 'POST',
            body: () => ({ name: 'Grace Hopper', email: freshEmail('grace') }),
            expect: 201,
          },
          { name: 'Incomplete', method: 'POST', body: {}, expect: 400 },
        ],
      },
      {
        path: '/api/weather',
        about: 'Another API behind ours: with a deadline, and with its failures told apart.',
        file: 'pages/api/weather.ts',
        examples: [
          { name: 'London', path: '/api/weather?city=London' },
          { name: 'São Paulo', path: '/api/weather?city=S%C3%A3o%20Paulo' },
          { name: 'No city', expect: 400 },
          { name: 'Not on the map', path: '/api/weather?city=Atlantis', expect: 404 },
          {
            name: 'It fails',
            path: '/api/weather?city=Brokenville',
            expect: 502,
            note: 'The stand-in for the weather service answers 500 for this city.',
          },
          {
            name: 'It is silent',
            path: '/api/weather?city=Slowville',
            expect: 504,
            note: 'The stand-in never answers for this city. The route waits for three seconds.',
          },
        ],
      },
      {
        path: '/api/webhooks/stripe',
        about: 'An event is believed for its signature, made over its bytes, and counts once.',
        file: 'pages/api/webhooks/stripe.ts',
        examples: [
          { name: 'Signed', method: 'POST', before: () => sampleEvent() },
          {
            name: 'Twice',
            method: 'POST',
            before: () => sampleEvent(),
            times: 2,
            note: 'Stripe may deliver an event more than once. The second time nothing is done.',
          },
          {
            name: 'Changed on the way',
            method: 'POST',
            before: () => sampleEvent((payload) => payload.replace('2000', '1')),
            expect: 400,
          },
          { name: 'Not signed', method: 'POST', body: { id: 'evt_1' }, expect: 400 },
        ],
      },
    ],
  },
  {
    title: 'Structure',
    routes: [
      {
        path: '/api/compose',
        about: 'A limit of requests, a log-in and a schema, composed: each adds to what is known.',
        file: 'pages/api/compose.ts, lib/middleware.ts',
        examples: [
          {
            name: 'All is well',
            method: 'POST',
            before: signIn,
            body: { title: 'A note', content: 'Whoever reads this was let in.' },
          },
          {
            name: 'Not valid',
            method: 'POST',
            before: signIn,
            body: { content: 7 },
            expect: 400,
          },
          {
            name: 'Not logged in',
            method: 'POST',
            before: signOut,
            body: { content: 7 },
            expect: 401,
            note: 'The body is not valid either, but nobody looks at it before the log-in.',
          },
          {
            name: 'Too often',
            method: 'POST',
            body: {},
            times: 25,
            expect: 429,
            note: 'Sent 25 times. Retry-After says when it is open again.',
          },
        ],
      },
      {
        path: '/api/errors',
        about: 'A type of error for each status, and one place that makes answers of them.',
        file: 'pages/api/errors.ts, lib/errors.ts',
        examples: [
          { name: 'Which there are' },
          { name: 'Not found', path: '/api/errors?kind=not-found', expect: 404 },
          { name: 'Conflict', path: '/api/errors?kind=conflict', expect: 409 },
          { name: 'With details', path: '/api/errors?kind=unprocessable', expect: 422 },
          { name: 'Try later', path: '/api/errors?kind=unavailable', expect: 503 },
          {
            name: 'Unexpected',
            path: '/api/errors?kind=unexpected',
            expect: 500,
            note: 'Its message has a password in it. The log has it, and the answer has not.',
          },
        ],
      },
    ],
  },
  {
    title: 'Other ways to answer',
    routes: [
      {
        path: '/api/edge/geo',
        about: 'A Request comes in and a Response goes out, as on an edge network.',
        file: 'pages/api/edge/geo.ts',
        examples: [
          { name: 'Where am I' },
          {
            name: 'Claimed',
            headers: { 'X-Vercel-IP-Country': 'AQ' },
            note: 'No proxy of that platform stands here, so what the client claims is not believed.',
          },
        ],
      },
      {
        path: '/api/native/primes',
        about: 'A sieve for prime numbers, written in C. Only Capra serves this one.',
        file: 'pages/api/native/primes.c',
        examples: [
          { name: 'Up to a million', path: '/api/native/primes?n=1000000' },
          {
            name: 'Race',
            path: '/api/native/primes?n=1000000',
            race: ['/api/native/primes?n=1000000', '/api/native/primes-ts?n=1000000'],
            note: 'C and TypeScript by turns, 21 times. The median of each, as the browser sees it.',
          },
          { name: 'Out of range', path: '/api/native/primes?n=1000001', expect: 400 },
        ],
      },
      {
        path: '/api/native/primes-ts',
        about: 'Its twin in TypeScript: the same work, and the same bytes in the answer.',
        file: 'pages/api/native/primes-ts.ts',
        examples: [
          { name: 'Up to a million', path: '/api/native/primes-ts?n=1000000' },
          { name: 'Out of range', path: '/api/native/primes-ts?n=ten', expect: 400 },
        ],
      },
    ],
  },
];
