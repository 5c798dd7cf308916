// SPDX-License-Identifier: MIT

import type { App, Rule } from '../app.ts';
import type { Problem } from '../finding.ts';
import { exportOf, problemAt } from '../module.ts';

/** Where Next hosts itself the key does nothing; here a handler that takes longer is answered for. */
export const maxDuration: Rule = {
  name: 'max-duration',
  *check(app) {
    for (const { file } of app.routes) {
      const seconds = app.configs.get(file)?.maxDuration;
      if (typeof seconds === 'number') yield note(app, file, seconds);
    }
  },
};

function note({ modules }: App, file: string, seconds: number): Problem {
  const module = modules.get(file);
  const found = module && (exportOf(module, 'maxDuration') ?? exportOf(module, 'config'));
  const rest = {
    severity: 'note' as const,
    text: `\`maxDuration\` is kept: after ${seconds} s the client gets 504.`,
    why: 'Next keeps it on hosted platforms only; self-hosted it waits for the handler however long it takes.',
    hint: 'Set it to the longest time that the handler may take, or leave it out.',
  };
  return module && found?.kind === 'node' ? problemAt(module, found.node, rest) : { ...rest, file };
}
