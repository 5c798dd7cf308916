// SPDX-License-Identifier: MIT

/** A dynamic segment's kind: `[id]`, `[...path]`, `[[...path]]`; all other text is `text`. */
export type SegmentKind = 'text' | 'one' | 'rest' | 'optional';

export interface Segment {
  text: string;
  kind: SegmentKind;
  /** The parameter's name; of `text`, the text. */
  name: string;
}

/**
 * The route of a file, or undefined when the file is none. `path` is relative to the pages folder and uses
 * slashes; the longest of the extensions that fits is cut off.
 *
 * @example
 * routeOfFile('api/users/index.ts', ['tsx', 'ts']); // '/api/users'
 */
export function routeOfFile(path: string, extensions: string[]): string | undefined {
  const segments = path.split('/');
  const file = segments.pop() ?? '';
  const extension = extensionOf(file, extensions);
  if (extension === undefined) return undefined;
  const stem = file.slice(0, -extension.length - 1);
  // `pages/index.ts` is no API route, and `pages/api.ts` is one.
  if (stem !== 'index' || segments.length === 0) segments.push(stem);
  return segments[0] === 'api' ? `/${segments.join('/')}` : undefined;
}

/**
 * The extension by which a file is a page, without its dot. Declarations of types are no pages.
 *
 * @example
 * extensionOf('hello.ts', ['tsx', 'ts']); // 'ts'
 */
export function extensionOf(file: string, extensions: string[]): string | undefined {
  return isDeclaration(file) ? undefined : longest(file, extensions);
}

/** Whether a file declares types and does nothing. */
export function isDeclaration(file: string): boolean {
  return /\.d\.[cm]?ts$/.test(file);
}

function longest(file: string, extensions: string[]): string | undefined {
  return extensions
    .filter((extension) => file.endsWith(`.${extension}`) && file.length > extension.length + 1)
    .reduce<string | undefined>(
      (best, next) => (best && best.length >= next.length ? best : next),
      undefined,
    );
}

/** A segment that cannot be a route's, said in Next's words. */
export class SegmentError extends Error {}

/**
 * What one segment of a route means. Only a segment that is bracketed as a whole is dynamic.
 *
 * @example
 * readSegment('[...path]'); // { text: '[...path]', kind: 'rest', name: 'path' }
 */
export function readSegment(text: string): Segment {
  if (!/^\[.+\]$/s.test(text)) return { text, kind: 'text', name: text };
  let name = text.slice(1, -1);
  const isOptional = /^\[.*\]$/s.test(name);
  if (isOptional) name = name.slice(1, -1);
  if (name.startsWith('…')) {
    throw new SegmentError(
      `Detected a three-dot character ('…') at ('${name}'). Did you mean ('...')?`,
    );
  }
  const isRest = name.startsWith('...');
  if (isRest) name = name.slice(3);
  if (/^\[|\]$/.test(name)) {
    throw new SegmentError(`Segment names may not start or end with extra brackets ('${name}').`);
  }
  if (name.startsWith('.')) {
    throw new SegmentError(`Segment names may not start with erroneous periods ('${name}').`);
  }
  if (isOptional && !isRest) {
    throw new SegmentError(`Optional route parameters are not yet supported ("${text}").`);
  }
  if (name === '') throw new SegmentError(`Catch-all segments need a name ("${text}").`);
  return { text, kind: isOptional ? 'optional' : isRest ? 'rest' : 'one', name };
}
