// SPDX-License-Identifier: MIT

import { type InspectColor, styleText } from 'node:util';
import { formatSize } from './size.ts';

export interface TableRow {
  route: string;
  kind: 'script' | 'native';
  file: string;
  /** Absent when the route was not built. */
  bytes?: number;
}

/** What stands before the routes. */
export interface ProxyRow {
  file: string;
  /** Absent when it was not built. */
  bytes?: number;
}

const KINDS = {
  script: { mark: 'ƒ', meaning: 'JavaScript or TypeScript, run by Node' },
  native: { mark: 'C', meaning: 'C, compiled to machine code' },
};

/**
 * The routes as a tree, one a line: kind, route, size if they were built, and file. What the marks mean
 * stands below.
 *
 * @example
 * process.stdout.write(routeTable(rows, process.stdout));
 */
export function routeTable(rows: TableRow[], stream: NodeJS.WriteStream, proxy?: ProxyRow): string {
  if (rows.length === 0) return '';
  const paint = (style: InspectColor, text: string) => styleText(style, text, { stream });
  const cells = rows.map(({ route, bytes }) => ({
    route,
    size: bytes === undefined ? '' : formatSize(bytes),
  }));
  const sizeTitle = rows.some(({ bytes }) => bytes !== undefined) ? 'Size' : '';
  const routeWidth = Math.max(
    'Route (pages)'.length,
    ...cells.map(({ route }) => 4 + width(route)),
  );
  const sizeWidth = Math.max(sizeTitle.length, ...cells.map(({ size }) => size.length));
  const sizeColumn = (size: string) => (sizeTitle ? `   ${size.padStart(sizeWidth)}` : '');

  const title = `${'Route (pages)'.padEnd(routeWidth)}${sizeColumn(sizeTitle)}   File`;
  const lines = rows.map(({ kind, file }, index) => {
    const { route, size } = cells[index] as (typeof cells)[number];
    const gap = ' '.repeat(routeWidth - 4 - width(route));
    return `${branch(index, rows.length)} ${KINDS[kind].mark} ${route}${gap}${sizeColumn(size)}   ${paint('dim', file)}`;
  });
  const legend = Object.entries(KINDS)
    .filter(([kind]) => rows.some((row) => row.kind === kind))
    .map(([, { mark, meaning }]) => `${mark}  ${meaning}`);
  const ahead = proxy && `ƒ Proxy${size(proxy)}   ${paint('dim', proxy.file)}`;
  return [paint('bold', title), ...lines, '', ...(ahead ? [ahead, ''] : []), ...legend, ''].join(
    '\n',
  );
}

function size({ bytes }: ProxyRow): string {
  return bytes === undefined ? '' : `   ${formatSize(bytes)}`;
}

function branch(index: number, count: number): string {
  if (count === 1) return '─';
  return index === 0 ? '┌' : index === count - 1 ? '└' : '├';
}

/** Columns on a terminal, near enough: one for each character, two for the wide ones of East Asia and emoji. */
function width(text: string): number {
  let columns = 0;
  for (const character of text.replace(/\p{M}/gu, '')) {
    columns +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return columns;
}
