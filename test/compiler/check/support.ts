// SPDX-License-Identifier: MIT

import type { Finding } from '../../../compiler/check/finding.ts';
import { inspect } from '../../../compiler/check/inspect.ts';
import { type Files, makeApp } from '../../support/app.ts';

/** What a rule finds in a project. The packages that it imports are not there, and nothing is told of that. */
export async function findingsOf(app: Files | string, rule?: string): Promise<Finding[]> {
  const { findings } = await inspect(typeof app === 'string' ? app : makeApp(app));
  return findings.filter((each) =>
    rule === undefined ? !/^Could not resolve/.test(each.text) : each.rule === rule,
  );
}

/**
 * The places of findings: `error pages/api/a.js:3`. A line is enough to tell them apart.
 *
 * @example
 * places(await findingsOf({ 'pages/api/a.js': source }, 'no-answer'));
 */
export function places(findings: Finding[]): string[] {
  return findings.map(({ severity, file, line }) =>
    [severity, [file, line].filter((part) => part !== undefined).join(':')].join(' ').trim(),
  );
}

/** A package that can be found, with nothing in it. */
export function emptyPackage(name: string, description: object = {}): Files {
  return {
    [`node_modules/${name}/package.json`]: JSON.stringify({
      name,
      version: '1.0.0',
      main: 'index.js',
      ...description,
    }),
    [`node_modules/${name}/index.js`]: '',
  };
}
