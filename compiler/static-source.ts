// SPDX-License-Identifier: MIT

import { SourceMap } from 'node:module';
import type * as acorn from 'acorn';
import * as esbuild from 'esbuild';
import { type Diagnostic, diagnosticAt } from './diagnostics.ts';
import { exportsOf, type ModuleExports } from './module-exports.ts';
import { scriptLoader } from './script-loader.ts';

export interface SourceFile {
  root: string;
  /** Relative to the root. */
  file: string;
  source: string;
  /** What a complaint shows in place of `source`, with the same lines and columns. */
  shown?: string;
}

/** A module as its text tells it, without being run: what it exports, and where each thing stands. */
export class StaticSource {
  readonly exports: ModuleExports;
  readonly #from: SourceFile;
  readonly #map: SourceMap;

  private constructor(from: SourceFile, exports: ModuleExports, map: SourceMap) {
    this.#from = from;
    this.exports = exports;
    this.#map = map;
  }

  /**
   * Undefined for a text that does not parse: whoever compiles it will say what is wrong.
   *
   * @example
   * (await StaticSource.parse({ root, file: 'proxy.ts', source }))?.exports.found.get('config');
   */
  static async parse(from: SourceFile): Promise<StaticSource | undefined> {
    const { parse } = await import('acorn');
    try {
      const { code, map } = await esbuild.transform(from.source, {
        loader: scriptLoader(from.file),
        jsx: 'automatic',
        sourcemap: 'external',
        sourcefile: from.file,
        logLevel: 'silent',
      });
      const program = parse(code, { ecmaVersion: 'latest', sourceType: 'module', locations: true });
      return new StaticSource(from, exportsOf(program), new SourceMap(JSON.parse(map)));
    } catch {
      return undefined;
    }
  }

  /** An error at the place of a node, or in the file as a whole when the place is not known. */
  errorAt(node: acorn.Node | undefined, text: string, hint?: string): Diagnostic {
    const { root, file, source: read, shown: source = read } = this.#from;
    const rest = { severity: 'error' as const, text, ...(hint && { hint }) };
    const place = this.#placeOf(node);
    if (!place) return { ...rest, file };
    const { line, column } = place;
    const here = source.split(/\r\n?|\n/)[line - 1]?.slice(column - 1) ?? '';
    const length = /^(?:(['"`]).*?\1|[-+]?[\w.$]+)/.exec(here)?.[0].length ?? 1;
    return diagnosticAt(root, { file, line, column, length, source }, rest);
  }

  /** How many type assertions are wrapped around an object literal: of `{ … } as const satisfies A` there are two. */
  countAssertions(node: acorn.ObjectExpression): number {
    const place = this.#placeOf(node);
    if (!place) return 0;
    const lines = this.#from.source.split(/\r\n?|\n/);
    const [before, here] = [
      lines[place.line - 1]?.slice(0, place.column - 1) ?? '',
      lines.slice(place.line - 1),
    ];
    const after = behindBraces([here[0]?.slice(place.column - 1), ...here.slice(1)].join('\n'));
    const behind = /^[^;\n]*/.exec(after)?.[0].match(/\b(?:as|satisfies)\b/g)?.length ?? 0;
    return behind + (/<[^<>]*>\s*$/.test(before) ? 1 : 0);
  }

  /** Whether a literal stands for an expression that esbuild has worked out: `false` for `!1`. */
  isFolded(node: acorn.Node): boolean {
    const place = this.#placeOf(node);
    const line = place && this.#from.source.split(/\r\n?|\n/)[place.line - 1];
    return place !== undefined && line?.[place.column - 1] === '!';
  }

  #placeOf(node: acorn.Node | undefined): { line: number; column: number } | undefined {
    const start = node?.loc?.start;
    const entry = start && this.#map.findEntry(start.line - 1, start.column);
    if (!entry || !('originalLine' in entry)) return undefined;
    return { line: entry.originalLine + 1, column: entry.originalColumn + 1 };
  }
}

/** What follows a text that begins with a brace, behind the one that closes it. */
function behindBraces(text: string): string {
  const tokens = /[{}]|(['"`])(?:\\.|(?!\1)[^\\])*\1|\/\/.*|\/\*[\s\S]*?\*\//g;
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(tokens)) {
    if (token === '{') depth++;
    else if (token === '}' && --depth === 0) return text.slice(index + 1);
  }
  return '';
}
