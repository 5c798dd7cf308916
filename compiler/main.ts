// SPDX-License-Identifier: MIT

import { getSystemErrorMessage, parseArgs } from 'node:util';
import { build } from './build.ts';
import { Compiler } from './compile.ts';
import { dev } from './dev.ts';
import { CompileError, formatDiagnostics } from './diagnostics.ts';
import { openProject } from './project.ts';
import { routeTable } from './table.ts';

const USAGE = `usage: capra build|dev|routes|check [DIR] [--parity next] [--json]

  build   compile the project for production into .capra
  dev     compile it into .capra/dev, again after every change
  routes  print the routes
  check   tell what differs from Next and what is a trap; --json: for machines
`;

const COMMANDS = ['build', 'dev', 'routes', 'check'] as const;

interface Invocation {
  command: (typeof COMMANDS)[number];
  folder: string;
  isStrictParity: boolean;
  isJson: boolean;
}

class UsageError extends Error {}

function readArguments(args: string[]): Invocation | 'help' {
  const { values, positionals } = parseCommandLine(args);
  if (values.help) return 'help';
  const [name, folder = '.', extra] = positionals;
  const command = COMMANDS.find((known) => known === name);
  if (!command)
    throw new UsageError(
      name === undefined ? 'a command is missing' : `there is no command "${name}"`,
    );
  if (extra !== undefined) throw new UsageError(`"${extra}" is one folder too many`);
  if (values.parity !== undefined && values.parity !== 'next') {
    throw new UsageError(`--parity is with "next", not with "${values.parity}"`);
  }
  if (values.json && command !== 'check') throw new UsageError('--json is for check');
  return {
    command,
    folder,
    isStrictParity: values.parity === 'next',
    isJson: values.json === true,
  };
}

function parseCommandLine(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        parity: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function main(args: string[]): Promise<number> {
  const invocation = readArguments(args);
  if (invocation === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  const { command, folder, isStrictParity, isJson } = invocation;
  if (command === 'check') {
    // With a parser of its own, which the others need not load.
    const { check } = await import('./check.ts');
    return check(folder, { isStrictParity, isJson });
  }
  const mode = command === 'dev' ? 'development' : 'production';
  const project = openProject(folder, { mode, isStrictParity });
  if (command === 'build') return build(project);
  if (command === 'dev') return dev(project);
  const { routes, proxy, conflicts } = await new Compiler(project).routes();
  if (conflicts.length > 0) throw new CompileError(...conflicts);
  if (routes.length === 0) process.stderr.write(`There are no routes in ${project.pages}/api.\n`);
  process.stdout.write(routeTable(routes, process.stdout, proxy));
  return 0;
}

type SystemError = NodeJS.ErrnoException & { errno: number; path: string };

const REFUSALS = ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT'];

/** The system would not let us read or write a file: no fault of ours. */
function isRefusal(error: unknown): error is SystemError {
  const { code = '', path } = error as NodeJS.ErrnoException;
  return REFUSALS.includes(code) && path !== undefined;
}

function refusal({ errno, path }: SystemError): CompileError {
  return new CompileError({
    severity: 'error',
    text: `${path} cannot be used: ${getSystemErrorMessage(errno)}.`,
    hint: 'Whoever builds must be able to read the project, and to write to .capra in it.',
  });
}

/** What the person did, said to the person; all else is a fault of ours and shows where. */
function explain(error: unknown): number {
  const { stderr } = process;
  if (error instanceof UsageError) {
    stderr.write(`${error.message}\n\n${USAGE}`);
    return 2;
  }
  const told = isRefusal(error) ? refusal(error) : error;
  stderr.write(
    told instanceof CompileError
      ? formatDiagnostics(told.diagnostics, stderr)
      : `${(told as Error).stack}\n`,
  );
  return 1;
}

process.exitCode = await main(process.argv.slice(2)).catch(explain);
