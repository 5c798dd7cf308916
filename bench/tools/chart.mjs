// SPDX-License-Identifier: MIT
// Results as pictures: bars for one figure of each server, lines for how it grows. Plain SVG, its
// colours follow the reader's light or dark setting.

const WIDTH = 720;
const LABELS = 170;
const FIGURES = 70;
const BAR = 22;
const GAP = 8;
const TOP = 44;

const STYLE = `
    text { font: 13px system-ui, sans-serif; fill: #24292f }
    .title { font-weight: 600; font-size: 15px }
    .small { font-size: 11px; fill: #57606a }
    .bar { fill: #afb8c1 } .ours { fill: #0969da } .limit { fill: #6e7781 }
    .line { fill: none; stroke: #afb8c1; stroke-width: 2 } .line.ours { stroke: #0969da; stroke-width: 3; fill: none }
    .axis { stroke: #d0d7de }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 } .small { fill: #8b949e }
      .bar { fill: #484f58 } .ours { fill: #2f81f7 } .limit { fill: #8b949e }
      .line { stroke: #6e7681 } .line.ours { stroke: #2f81f7 } .axis { stroke: #30363d }
    }`;

const escaped = (text) => String(text).replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);

const kindOf = ({ server }) =>
  server.startsWith('capra') ? 'ours' : server === 'epoll' ? 'limit' : '';

const page = (
  height,
  title,
  parts,
) => `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">
  <style>${STYLE}
  </style>
  <text class="title" x="8" y="22">${escaped(title)}</text>
${parts.map((part) => `  ${part}`).join('\n')}
</svg>
`;

const shown = (value, digits) =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** The rows that have this figure, the smallest first. */
const withFigure = (rows, key) =>
  rows.filter((row) => Number.isFinite(row[key])).toSorted((a, b) => a[key] - b[key]);

/** The first column as bars. A bar that is far longer than the others is cut, and says so. */
function barChart({ title, columns, rows }) {
  const [column] = columns;
  const bars = withFigure(rows, column.key);
  const second = bars.at(-2)?.[column.key] ?? 0;
  const most = Math.min(bars.at(-1)[column.key], Math.max(second * 1.5, bars[0][column.key] * 3));
  const room = WIDTH - LABELS - FIGURES - 16;
  const parts = [`<text class="small" x="${LABELS}" y="38">${escaped(column.title)}</text>`];
  bars.forEach((row, index) => {
    const y = TOP + index * (BAR + GAP);
    const value = row[column.key];
    const width = Math.max(1, (room * Math.min(value, most)) / most);
    const cut = value > most ? ' (cut)' : '';
    parts.push(
      `<text x="${LABELS - 8}" y="${y + 16}" text-anchor="end">${escaped(row.title)}</text>`,
      `<rect class="bar ${kindOf(row)}" x="${LABELS}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="3"/>`,
      `<text x="${(LABELS + width + 6).toFixed(1)}" y="${y + 16}">${shown(value, column.digits)}${cut}</text>`,
    );
  });
  return page(TOP + bars.length * (BAR + GAP) + 8, title, parts);
}

const CURVE_HEIGHT = 300;

/** Each server's points as a line; the figures' axis is logarithmic when they are far apart. */
function lineChart({ title, columns, rows }) {
  const points = columns.filter(({ key }) => key !== 'growth');
  const lines = rows.filter((row) => points.every(({ key }) => Number.isFinite(row[key])));
  const all = lines.flatMap((row) => points.map(({ key }) => row[key]));
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const isLogarithmic = most > 20 * least;
  const scale = isLogarithmic ? Math.log : (value) => value;
  const [low, high] = isLogarithmic ? [scale(least), scale(most)] : [0, scale(most)];
  const left = 56;
  const right = WIDTH - LABELS;
  const bottom = TOP + CURVE_HEIGHT - 50;
  const x = (index) => left + ((right - left) * index) / Math.max(points.length - 1, 1);
  const y = (value) => bottom - ((bottom - TOP) * (scale(value) - low)) / (high - low || 1);
  const parts = [
    `<line class="axis" x1="${left}" y1="${bottom}" x2="${right}" y2="${bottom}"/>`,
    `<text class="small" x="8" y="${TOP + 4}">${shown(most, 1)} µs</text>`,
    `<text class="small" x="8" y="${bottom}">${isLogarithmic ? shown(least, 1) : '0'} µs</text>`,
    ...points.map(
      (point, index) =>
        `<text class="small" x="${x(index)}" y="${bottom + 18}" text-anchor="middle">${escaped(point.title)}</text>`,
    ),
  ];
  const labels = lines
    .map((row) => ({ row, at: y(row[points.at(-1).key]) }))
    .toSorted((a, b) => a.at - b.at);
  for (const [index, label] of labels.entries())
    label.at = Math.max(label.at, index ? labels[index - 1].at + 15 : 0);
  for (const { row, at } of labels) {
    const path = points.map(({ key }, index) => `${x(index)},${y(row[key]).toFixed(1)}`).join(' ');
    parts.push(
      `<polyline class="line ${kindOf(row)}" points="${path}"/>`,
      `<text x="${right + 8}" y="${(at + 4).toFixed(1)}">${escaped(row.title)}</text>`,
    );
  }
  return page(Math.max(TOP + CURVE_HEIGHT - 20, (labels.at(-1)?.at ?? 0) + 20), title, parts);
}

/**
 * One workload as an SVG picture, or undefined when nothing in it was measured.
 *
 * @example writeFileSync('hello.svg', chart({ title, columns, rows }));
 */
export function chart(result) {
  const rows = result.rows.filter((row) => !row.failure);
  if (withFigure(rows, result.columns[0].key).length === 0) return undefined;
  return (result.isCurve ? lineChart : barChart)({ ...result, rows });
}
