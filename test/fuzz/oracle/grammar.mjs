// SPDX-License-Identifier: MIT
// Streams of requests, made by rules from a seed: most are nearly right, which is where parsers differ.

/** Numbers that depend on the seed alone. */
export class Random {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** 0 to `count` - 1. */
  below(count) {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let x = this.#state;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return ((x ^ (x >>> 16)) >>> 0) % count;
  }

  chance(percent) {
    return this.below(100) < percent;
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  /** The first list nearly always, the second now and then. */
  mostly(common, rare) {
    return this.pick(this.chance(98) ? common : rare);
  }

  times(most, make) {
    return Array.from({ length: this.below(most + 1) }, make);
  }
}

const CRLF = '\r\n';

const methods = [
  'GET',
  'POST',
  'PUT',
  'DELETE',
  'PATCH',
  'OPTIONS',
  'HEAD',
  'M-SEARCH',
  'QUERY',
  'SOURCE',
];
const oddMethods = [
  'get',
  'FOO',
  'GETS',
  'G',
  'CONNECT',
  'PRI',
  '',
  'GET\t',
  ' GET',
  'UNSUBSCRIBED',
];
const targets = [
  '/',
  '/a',
  '/api/users/7?page=2',
  '*',
  'http://a/b',
  'http://a:80',
  '/a#b',
  '/%zz',
  '//a/b',
];
const oddTargets = [
  '',
  'a',
  '/a b',
  '/\xe9',
  '/\x00',
  '/\x7f',
  '/a\\b',
  '/<">',
  '/a\tb',
  'a:443',
  'http:/a',
  'http://',
  'http://u@a/',
  'http://a@b@c/',
  '?a',
  '#a',
  'http://a?b',
  'http://a#b',
  'http://a\\b',
  'http://a:#',
  'http://a|b/',
  'http://a:b/',
  'http://[a/',
  'HTTP://a',
  'http://[::1]/',
  'http://a b/',
  '/a#b#c',
  '**',
  'ftp://a/',
];
const versions = ['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0'];
const oddVersions = [
  'HTTP/2.0',
  'HTTP/1.2',
  'HTTP/0.9',
  'HTTP/1.10',
  'http/1.1',
  'HTTP/1',
  '',
  'ICE/1.0',
  'RTSP/1.0',
];
const spaces = [' '];
const oddSpaces = ['  ', '\t', '', ' \t', '\x0b'];
const oddEnds = ['\n', '\r', '\r\r\n', '\n\r', '', '\r\n ', '\r\n\t'];
const hosts = ['a', 'example.com:80', '127.0.0.1', '[::1]:3000', ''];
const oddHosts = ['a/b', 'a b', 'u@a', 'a:x', 'a, b', '\xe9', '[::1', '::1', 'a\x00'];
const names = [
  'X-A',
  'Accept',
  'Cookie',
  'x-b',
  'Content-Type',
  'Upgrade',
  'Referer',
  'Keep-Alive',
  'Trailer',
  'TE',
  'Proxy-Connection',
  'X_Y',
  "!#$%&'*+-.^_`|~1",
];
const oddNames = [
  '',
  'X A',
  'X-A ',
  'X\t',
  '\xe9',
  'X\x00',
  'X(',
  'Content-Length\x0b',
  ' X',
  'X:',
];
const values = [
  'b',
  '',
  'b c',
  ' b ',
  '\tb\t',
  '"b,c"',
  'b:c',
  '\xe9\xff',
  'text/plain; q=1',
  'chunked',
  'close',
  '100-continue',
  '5',
  'h2c',
];
const oddValues = ['\x00', 'b\x01', 'b\x7f', 'b\x0bc', 'b\rc', 'b\nc', 'b\r\n c'];
const connections = [
  'close',
  'keep-alive',
  'Close',
  'KEEP-ALIVE',
  'upgrade',
  'close, x',
  'x,close',
  'keep-alive, close',
  'x',
  '',
  ' , close',
  'x\t,\tclose',
  'Upgrade, HTTP2-Settings',
  'keep-alive,upgrade',
  'closed',
  'close x',
];
const oddConnections = [
  '"close"',
  'close;x',
  'keep-alive close',
  '"x, close"',
  'x close',
  'close,"',
  '"x,close',
  '"x, close, y"',
];
const lengths = ['0', '1', '5', '05', '12'];
const oddLengths = [
  '',
  '-1',
  '+5',
  '5 ',
  '5, 5',
  '5,6',
  '0x5',
  '5h',
  '1 2',
  '18446744073709551616',
  '9999999999999999999',
  '00000000000000000005',
  '5\t',
  '5;',
  '.5',
];
const codings = ['chunked', 'Chunked', '\tchunked '];
const oddCodings = [
  'gzip, chunked',
  'chunked, gzip',
  'identity',
  'chunked, chunked',
  'xchunked',
  'chunkedx',
  '',
  ',chunked',
  'chunked;q=1',
  '"chunked"',
  'chunked\x0b',
  'gzip',
  'chunked,',
  'chunked\x00',
];
const expectations = ['100-continue', '100-Continue'];
const oddExpectations = [
  '200-ok',
  '',
  '100-continue, x',
  '100-continue;q',
  'x100-continue',
  '100-continued',
];
const sizes = (n) => [
  n.toString(16),
  n.toString(16).toUpperCase(),
  n.toString(16).padStart(4, '0'),
];
const oddSizes = [
  '',
  '0x1',
  '1h',
  '-1',
  '+1',
  ' 1',
  '1 ',
  '1\t',
  '1_',
  'g',
  'ffffffffffffffff',
  '10000000000000001',
  '00000000000000001',
  '1.',
  '100000001',
];
const extensions = [';a', ';a=b', ';a="b"', ';a=" b;\\"\\\\\xff"', ';a;b=c', ';1'];
const oddExtensions = [
  ';',
  '; a',
  ';a ',
  ';a=',
  ';a="',
  ';a="\r"',
  ';a=b c',
  ';a="b"c',
  ' ;a',
  ';a\n',
  ';\x00',
  ';a="\\\r\n"',
  ';=b',
  ';a==b',
];
const trailers = [
  'X-Sum: 1',
  'A:',
  'Content-Length: 5',
  'Transfer-Encoding: chunked',
  'Connection: close',
  'Host: b',
  'Expect: x',
];
const oddTrailers = [
  'X',
  'X : 1',
  ' X: 1',
  'X: \x00',
  ': 1',
  'X: 1\r\n 2',
  'X: 1\n',
  'GET / HTTP/1.1',
];

function end(random) {
  return random.below(500) > 0 ? CRLF : random.pick(oddEnds);
}

function field(random, name, value) {
  const gap =
    random.below(200) > 0
      ? random.pick([' ', ' ', '', '\t', '  '])
      : random.pick(['\x0b', '\x0c', '\r\n ']);
  return `${name}:${gap}${value}${end(random)}`;
}

function chunk(random) {
  const data = random.pick(['x', 'hello', '\r\n', '0\r\n\r\n', '\x00\xff', 'a'.repeat(40)]);
  const size = random.chance(97) ? random.pick(sizes(data.length)) : random.pick(oddSizes);
  const extension = random.chance(20) ? random.mostly(extensions, oddExtensions) : '';
  return `${size}${extension}${end(random)}${data}${end(random)}`;
}

function chunks(random) {
  const last = random.chance(97)
    ? random.pick(['0', '0', '000', '0;a'])
    : random.pick(['', '0x0', '-0', '0 ']);
  const tail = random.chance(20)
    ? random.times(3, () => random.mostly(trailers, oddTrailers) + end(random))
    : [];
  return [...random.times(3, () => chunk(random)), last, end(random), ...tail, end(random)].join(
    '',
  );
}

/** One request, with the body that its fields announce, or nearly. */
function request(random) {
  const version = random.mostly(versions, oddVersions);
  const lines = [
    random.chance(3)
      ? random.pick(['\r\n', '\r\n\r\n', '\n', '\r', ' ', '\x00', '\r\n'.repeat(5)])
      : '',
    random.mostly(methods, oddMethods),
    random.mostly(spaces, oddSpaces),
    random.mostly(targets, oddTargets),
    random.mostly(spaces, oddSpaces),
    version,
    end(random),
  ];
  const fields = random.times(3, () =>
    field(random, random.mostly(names, oddNames), random.mostly(values, oddValues)),
  );
  if (random.chance(99))
    fields.push(field(random, random.pick(['Host', 'host']), random.mostly(hosts, oddHosts)));
  if (random.chance(1)) fields.push(field(random, 'Host', random.pick(hosts)));
  for (let more = random.chance(40); more; more = random.chance(20))
    fields.push(field(random, 'Connection', random.mostly(connections, oddConnections)));
  if (random.chance(8))
    fields.push(field(random, 'Expect', random.mostly(expectations, oddExpectations)));

  let body = '';
  const framing = random.below(100);
  if (framing < 30) {
    const value = random.mostly(lengths, oddLengths);
    fields.push(field(random, 'Content-Length', value));
    body = 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n'
      .repeat(2)
      .slice(0, random.chance(96) ? Number(value) || 0 : random.below(9));
  } else if (framing < 60) {
    fields.push(field(random, 'Transfer-Encoding', random.mostly(codings, oddCodings)));
    body = chunks(random);
  }
  if (random.chance(2)) fields.push(field(random, 'Content-Length', random.pick(lengths)));
  if (random.chance(2)) fields.push(field(random, 'Transfer-Encoding', random.pick(codings)));
  fields.sort(() => random.below(3) - 1);
  return [...lines, ...fields, end(random), body].join('');
}

const special = [
  '\r',
  '\n',
  '\r\n',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '\0',
  '\x7f',
  '\x80',
  '\xff',
  '"',
  '\\',
  '0',
  '#',
  '%',
  '/',
  '\x0b',
];

/** The stream with something small done to it. */
export function mutate(random, stream) {
  const at = random.below(stream.length + 1);
  const span = random.below(12);
  switch (random.below(6)) {
    case 0:
      return stream.slice(0, at) + random.pick(special) + stream.slice(at);
    case 1:
      return stream.slice(0, at) + random.pick(special) + stream.slice(at + 1);
    case 2:
      return stream.slice(0, at) + stream.slice(at + 1 + span);
    case 3:
      return stream.slice(0, at) + stream.slice(Math.max(0, at - span));
    case 4:
      return stream.slice(0, at) + String.fromCharCode(random.below(256)) + stream.slice(at + 1);
    default:
      return stream.slice(0, at);
  }
}

/** A stream of one to four requests, as Latin-1 text. */
export function makeStream(random) {
  let stream = Array.from({ length: 1 + random.below(4) }, () => request(random)).join('');
  for (let more = random.chance(25); more; more = random.chance(50))
    stream = mutate(random, stream);
  return stream;
}
