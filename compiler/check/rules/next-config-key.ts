// SPDX-License-Identifier: MIT

import type { AnyNode } from 'acorn';
import type { App, Rule } from '../app.ts';
import type { Problem } from '../finding.ts';
import { problemAt } from '../module.ts';

type Verdict = Required<Pick<Problem, 'severity' | 'why' | 'hint'>>;

const BUNDLER: Verdict = {
  severity: 'warning',
  why: 'Routes are compiled by esbuild: what the option adds to imports (aliases, loaders, defined names) is not there.',
  hint: 'Write aliases as "paths" into tsconfig.json, and values as `env` into next.config.',
};
const RUNTIME_CONFIG: Verdict = {
  severity: 'warning',
  why: 'It is read with getConfig() of next/config, which routes do not have here; Next 16 has it no more.',
  hint: 'Use .env files and process.env.',
};

/** Options that a route may feel the lack of. */
const VERDICTS: Record<string, Verdict> = {
  webpack: BUNDLER,
  turbopack: BUNDLER,
  'experimental.turbo': BUNDLER,
  serverRuntimeConfig: RUNTIME_CONFIG,
  publicRuntimeConfig: RUNTIME_CONFIG,
  typescript: {
    severity: 'note',
    why: 'A build here does not check types, whatever the option says.',
    hint: 'Run npx tsc --noEmit beside it.',
  },
  compiler: {
    severity: 'note',
    why: 'Its transforms are of the compiler of Next: with `removeConsole`, console calls stay.',
    hint: 'Nothing has to be done, unless a route relies on it.',
  },
  output: {
    severity: 'note',
    why: 'What `capra build` writes is always the folder `.capra`; npm packages are loaded from node_modules beside it.',
    hint: 'Deploy the project folder with .capra and node_modules.',
  },
  httpAgentOptions: {
    severity: 'note',
    why: 'fetch() keeps connections open as Node does by itself.',
    hint: 'Give an agent of your own to the calls that need another behaviour.',
  },
};

/** What next.config says and nothing here listens to. */
export const nextConfigKey: Rule = {
  name: 'next-config-key',
  *check(app) {
    const { unapplied, nextConfigFile } = app;
    if (!nextConfigFile) return;
    const special = unapplied.filter((name) => name in VERDICTS);
    for (const name of special)
      yield at(app, name, { text: `\`${name}\` is not applied.`, ...(VERDICTS[name] as Verdict) });
    const rest = unapplied.filter((name) => !(name in VERDICTS));
    const [first] = rest;
    if (first === undefined) return;
    yield at(app, first, {
      severity: 'note',
      text: `Not applied: ${rest.map((name) => `\`${name}\``).join(', ')}.`,
      why: 'What concerns pages and their build means nothing to API routes.',
      hint: 'Nothing has to be done.',
    });
  },
};

function at(
  { extra, nextConfigFile = '' }: App,
  name: string,
  rest: Verdict & { text: string },
): Problem {
  const nextConfig = extra.get(nextConfigFile);
  const node = nextConfig?.nodes.find((each) => isKey(each, name.split('.').at(-1)));
  if (nextConfig && node) return problemAt(nextConfig, node, rest);
  return { ...rest, file: nextConfigFile };
}

function isKey(node: AnyNode, name: string | undefined): boolean {
  return node.type === 'Property' && node.key.type === 'Identifier' && node.key.name === name;
}
