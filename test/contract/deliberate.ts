// SPDX-License-Identifier: MIT

// What Capra does better than Next by default, each with its reason and the cases that show it. With `--parity next`
// all of it is as in Next.

export interface Deliberate {
  subject: string;
  next: string;
  capra: string;
  reason: string;
  /** Each case with a `better` or `betterBuild` is in exactly one list; rules that ask for the mode are here too. */
  cases: string[];
}

export const deliberate: Deliberate[] = [
  {
    subject: 'Names of files and paths',
    next: 'A route whose file name has a space or a letter beyond ASCII is built and never found, and `/api/h%65llo` is not `/api/hello`.',
    capra: 'Segments are decoded before they are compared. An encoded slash is no slash.',
    reason: 'Two spellings of one path are one path (RFC 3986, 6.2.2).',
    cases: ['P019', 'P020', 'P053', 'P054', 'O1.1-21'],
  },
  {
    subject: 'Files below `pages/api` that are links or declarations',
    next: 'A symbolic link is listed and then not found; `x.d.ts` is taken for a route and breaks the build.',
    capra: 'Links are followed; `.d.ts` is no route.',
    reason: 'Neither was meant to fail.',
    cases: ['O1.1-22', 'O1.1-29'],
  },
  {
    subject: '`pages/api.js`',
    next: 'It is a React page, and answers with 500.',
    capra: 'It is the route `/api`.',
    reason: 'Its path says so, and so did Next before it had Turbopack.',
    cases: ['O1.1-26'],
  },
  {
    subject: 'Two files for one route',
    next: 'One of them answers, without a word.',
    capra: 'The build fails and names both.',
    reason: 'Which one it is depends on the order in which they were found.',
    cases: ['O1.3-18', 'O1.3-19', 'O1.3-20'],
  },
  {
    subject: 'CommonJS with `exports.default`',
    next: 'It is no handler, and every request gets 500.',
    capra: 'It is the handler.',
    reason: 'It is what compilers make of `export default`.',
    cases: ['P030', 'O1.4-5'],
  },
  {
    subject: 'Routes without a handler, and modules that throw',
    next: 'The HTML page for 500.',
    capra: 'The same text as for a handler that throws.',
    reason: 'A client of an API should not have to read two kinds of 500.',
    cases: ['P034', 'P035', 'P036', 'P037', 'P038', 'P039', 'P325', 'P326', 'P340'],
  },
  {
    subject: 'Parameters of the path',
    next: '`/api/dyn/[id]?id=5` gives `id` the value 5, and the segment `index` vanishes from an optional catch-all.',
    capra: 'The path always gives the value.',
    reason:
      'A handler relies on what was matched, and a query that can change it is a way around checks.',
    cases: ['P080', 'P097'],
  },
  {
    subject: 'Targets in absolute form',
    next: 'Redirected to themselves, for ever.',
    capra: 'Accepted; the path counts.',
    reason: 'RFC 9112, 3.2.2: a server must accept them.',
    cases: ['P406'],
  },
  {
    subject: 'The query in redirects',
    next: 'It is taken apart and written anew, by the slash at the end and by `redirects()`: keys are grouped, escapes changed.',
    capra: 'Its bytes are kept.',
    reason: 'Signed links stay valid.',
    cases: ['P453', 'P454', 'P460'],
  },
  {
    subject: 'Names that every object has, in queries and cookies',
    next: '`constructor` and `__proto__` are wrong or dropped.',
    capra: 'They are names as any other.',
    reason: 'A client may send any name, and no name may reach a prototype.',
    cases: ['P114', 'P115', 'P176'],
  },
  {
    subject: "Keys of a query with Next's own prefixes",
    next: '`nxtP…`, `nxtI…` and `nextInternalLocale` are taken out.',
    capra: 'They stay.',
    reason: 'They mean nothing here.',
    cases: ['P116'],
  },
  {
    subject: '304',
    next: 'For every method and every status, errors too, and with fields of the body that is not sent.',
    capra: 'For GET and HEAD of a 2xx only, with the fields that a 304 has.',
    reason: 'RFC 9110, 13.1.2 and 15.4.5: a POST that has done something must be able to say so.',
    cases: [
      ...['P103', 'P233', 'P234', 'P236', 'P237', 'P240', 'P241', 'P243', 'P244', 'P245', 'P246'],
      ...['O4.6-1', 'O4.6-4'],
    ],
  },
  {
    subject: 'An ETag that the handler has set',
    next: 'Overwritten.',
    capra: 'Kept, and compared with `If-None-Match`.',
    reason: 'The handler knows what its answer depends on.',
    cases: ['P247'],
  },
  {
    subject: 'The length in answers to HEAD and HTTP/1.0',
    next: 'Left out where the answer would be in chunks.',
    capra: '`Content-Length` of what GET would get.',
    reason: 'It is known, and it is what HEAD is asked for.',
    cases: ['P251', 'P264', 'P344', 'P417'],
  },
  {
    subject: 'Errors of the body parser',
    next: 'What is wrong stands in the status line, as its reason (`400 Invalid JSON`), and the body has no type.',
    capra: 'The reason is the standard one, and the same text is the body, as `text/plain`.',
    reason: 'Proxies and HTTP/2 have no such reasons.',
    cases: ['P121', 'P128', 'P129', 'P149', 'P452'],
  },
  {
    subject: 'Bodies over the limit',
    next: 'The rest of the upload is never read, and the connection is reset after six seconds.',
    capra: 'Refused by `Content-Length` before it is read, with `Connection: close`.',
    reason: 'The client reads the 413 instead of an error of its socket.',
    cases: ['P152', 'P154', 'P155', 'P156', 'P157', 'P158', 'P160', 'P162', 'O3.6-25'],
  },
  {
    subject: 'A `sizeLimit` that is no size',
    next: 'There is no limit then.',
    capra: 'The build fails.',
    reason: 'A typing error must not switch a limit off.',
    cases: ['P159', 'P161', 'O6.1-6', 'O6.1-7'],
  },
  {
    subject: '`config` that must be run to be known',
    next: 'The build fails for names, calls, spreads and sums.',
    capra:
      'Accepted for `config.api`: the module is asked when it is loaded. `runtime` and `maxDuration` must be plain values.',
    reason: 'Nobody needs to know these before.',
    cases: [
      ...['O6.2-6', 'O6.2-7', 'O6.2-8', 'O6.2-9', 'O6.2-10', 'O6.2-11', 'O6.2-12', 'O6.2-13'],
      ...['O6.2-14', 'O6.2-15', 'O6.2-19'],
    ],
  },
  {
    subject: '`maxDuration`',
    next: 'Kept on hosted platforms only.',
    capra:
      'Kept: the client gets 504. (`--max-duration`, for routes without it, is off with the switch, too; `--stall-timeout` is not.)',
    reason: 'It is what was asked for.',
    cases: ['O6.1-3'],
  },
  {
    subject: 'JSON that cannot be written',
    next: 'For a BigInt and for circles, a text that says it is JSON.',
    capra: 'The text without that type.',
    reason: 'Clients parse what says that it is JSON.',
    cases: ['P186', 'P187'],
  },
  {
    subject: 'Lists in `writeHead`',
    next: 'Compression breaks them.',
    capra: 'As in Node.',
    reason: 'Node documents them.',
    cases: ['P225', 'P466'],
  },
  {
    subject: 'Failures after the head was sent',
    next: 'The text of the error is appended to what was sent, or nothing more is ever sent.',
    capra: 'The connection is aborted, or answered with 500 while nothing was sent.',
    reason: 'Only so a client can tell half an answer from a whole one.',
    cases: ['P292', 'P302', 'P446'],
  },
  {
    subject: 'Compression',
    next: 'gzip and deflate.',
    capra: 'zstd and br too.',
    reason: 'Every browser takes them, and they are smaller.',
    cases: ['P305', 'O9.4-4', 'O9.4-5'],
  },
  {
    subject: 'Server-sent events',
    next: 'Compressed, and so held back until they fill a block.',
    capra: 'Never compressed: each event goes out at once.',
    reason: 'An event that arrives with the next one is none.',
    cases: ['P313', 'O4.12-1'],
  },
  {
    subject: 'Edge routes that return nothing',
    next: '200, empty, with `x-middleware-next: 1`.',
    capra: '500, and the log says why.',
    reason: 'It is a forgotten `return`.',
    cases: ['P324'],
  },
  {
    subject: 'The host of edge requests',
    next: '`request.url` has the host of `-H`, or localhost.',
    capra: 'It has the `Host` that the client named.',
    reason: 'Links that a handler makes of it lead back here.',
    cases: ['O7.1-1'],
  },
  {
    subject: 'Upgrades',
    next: 'On a path with a route the connection is closed without a word; on others it is held for ever.',
    capra: '426, or 404, unless somebody listens to `upgrade` on `res.socket.server`.',
    reason: 'The client learns what is wrong, and no connection is lost.',
    cases: ['P414', 'P415'],
  },
  {
    subject: 'The last answers of a server that is told to stop',
    next: 'With `Connection: keep-alive`, so that the server waits until the client closes.',
    capra: 'With `Connection: close`.',
    reason: 'A deployment need not wait for idle clients.',
    cases: ['O9.7-3'],
  },
  {
    subject: 'A package that reads a body which was read before',
    next: 'It waits for ever, and the client with it.',
    capra: 'The stream shows as one that ends, so the package says what it misses.',
    reason: 'A forgotten `bodyParser: false` should be seen at once.',
    cases: ['P425'],
  },
];
