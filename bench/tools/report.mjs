// SPDX-License-Identifier: MIT
// Results as tables: for a terminal, and as Markdown.

const NONE = '–';

const isFigure = (value) => typeof value === 'number' && Number.isFinite(value);

/** A figure with thin groups of thousands, or a dash. */
function figure(value, digits) {
  if (!isFigure(value)) return NONE;
  return value.toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** Rows in the order of the first column; those that failed at the end. */
const ordered = ({ columns, rows }) => {
  const rank = (row) => (isFigure(row[columns[0].key]) ? row[columns[0].key] : Infinity);
  return rows.toSorted((a, b) => (rank(a) === rank(b) ? 0 : rank(a) - rank(b)));
};

/** The cells of a table: [heading, ...rows], everything text. */
function cellsOf(result) {
  const heading = ['server', ...result.columns.map((column) => column.title)];
  const lines = ordered(result).map((row) => [
    row.title,
    ...result.columns.map((column) => figure(row[column.key], column.digits)),
  ]);
  return [heading, ...lines];
}

/** So much of the time a server may wait for its CPU before its figures are called in doubt. */
const MOST_WAITED_PERCENT = 10;

/** What is wrong with the figures, in words. */
function remarksOf({ rows }) {
  const remarks = [];
  for (const row of rows) {
    if (row.failure) remarks.push(`${row.title} failed: ${row.failure}`);
    else if (row.errors) remarks.push(`${row.title}: ${row.errors} answers were wrong or missing`);
    if (row.waitedPercent > MOST_WAITED_PERCENT)
      remarks.push(
        `${row.title} waited for its CPU ${row.waitedPercent.toFixed(0)} % of the time: ` +
          'something else ran there.',
      );
  }
  return remarks;
}

/**
 * Goals beside what was measured. A limit is the most that is wanted; `first` is what the first
 * version has to reach, `aim` what the finished one should.
 */
function goalsOf({ goals, rows }) {
  const find = (server) => rows.find((row) => row.server === server && !row.failure);
  return goals.map(({ text, unit, value, first, aim }) => {
    const measured = value(find);
    const judge = (limit) =>
      limit === undefined
        ? undefined
        : { limit, holds: isFigure(measured) ? measured <= limit : undefined };
    return { text, unit, measured, first: judge(first), aim: judge(aim) };
  });
}

const limitText = (goal, limit) => (limit ? `≤ ${+limit.limit.toFixed(2)} ${goal.unit}` : NONE);
const verdict = (limit) => (limit?.holds === undefined ? '' : limit.holds ? ' holds' : ' misses');

const goalCells = (goals) => [
  ['goal', 'measured', 'first', 'aim'],
  ...goals.map((goal) => [
    goal.text,
    isFigure(goal.measured) ? `${figure(goal.measured, 2)} ${goal.unit}` : NONE,
    limitText(goal, goal.first) + verdict(goal.first),
    limitText(goal, goal.aim) + verdict(goal.aim),
  ]),
];

const columnWidths = (cells) =>
  cells[0].map((_, column) => Math.max(...cells.map((line) => line[column].length)));

/** Text in columns, the first to the left, figures to the right. */
function inColumns(cells) {
  const widths = columnWidths(cells);
  return cells.map((line) =>
    line
      .map((cell, column) => (column ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
      .join('  ')
      .trimEnd(),
  );
}

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 };

/** Colours for a terminal, or none: NO_COLOR, FORCE_COLOR and TERM=dumb count. */
export function painter(stream, environment = process.env) {
  const wants = environment.FORCE_COLOR
    ? environment.FORCE_COLOR !== '0'
    : stream.isTTY && !environment.NO_COLOR && environment.TERM !== 'dumb';
  return (style, text) => (wants ? `\x1b[${CODES[style]}m${text}\x1b[0m` : text);
}

/** One workload for the terminal. */
export function terminalReport(result, paint) {
  const [heading, ...lines] = inColumns(cellsOf(result));
  const isOurs = ordered(result).map((row) => row.server.startsWith('capra'));
  const output = ['', paint('bold', result.title), paint('dim', heading)];
  lines.forEach((line, index) => {
    output.push(isOurs[index] ? paint('bold', line) : line);
  });
  for (const remark of remarksOf(result)) output.push(paint('yellow', remark));
  const goals = goalsOf(result);
  if (goals.length) {
    const [goalHeading, ...goalLines] = inColumns(goalCells(goals));
    output.push('', paint('dim', goalHeading));
    for (const line of goalLines)
      output.push(
        line
          .replaceAll(' holds', (word) => paint('green', word))
          .replaceAll(' misses', (word) => paint('red', word)),
      );
  }
  return output.join('\n');
}

function markdownTable([heading, ...lines]) {
  const row = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = heading.map((_, column) => (column ? '---:' : '---'));
  return [row(heading), row(rule), ...lines.map(row)].join('\n');
}

/** The whole run as a Markdown page. */
export function markdownReport({ machineLines, command, results }) {
  const parts = ['# Benchmarks', machineLines.map((line) => `- ${line}`).join('\n')];
  parts.push(`Repeat with \`${command}\`. What the figures mean: \`bench/README.md\`.`);
  for (const result of results) {
    parts.push(`## ${result.title}`, markdownTable(cellsOf(result)));
    const remarks = remarksOf(result);
    if (remarks.length) parts.push(remarks.map((text) => `- ${text.split('\n')[0]}`).join('\n'));
    const goals = goalsOf(result);
    if (goals.length) parts.push(markdownTable(goalCells(goals)));
  }
  return `${parts.join('\n\n')}\n`;
}

/** The whole run as data, with every sample. */
export function jsonReport({ machine, versions, settings, missing, results }) {
  const workloads = Object.fromEntries(
    results.map(({ name, title, rows, ...result }) => [
      name,
      { title, rows, goals: goalsOf({ rows, ...result }) },
    ]),
  );
  return `${JSON.stringify({ machine, versions, settings, missing, workloads }, null, 2)}\n`;
}
