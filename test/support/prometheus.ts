// SPDX-License-Identifier: MIT

export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

export interface Family {
  type: string;
  help: string;
  samples: Sample[];
}

const suffixes: Record<string, string[]> = {
  counter: [''],
  gauge: [''],
  summary: ['_sum', '_count'],
  histogram: ['_bucket', '_sum', '_count'],
};

/**
 * Reads the text format of Prometheus, 0.0.4, and throws at anything that is not exactly it: a
 * sample without HELP and TYPE before it, families that are torn apart, the same sample twice,
 * a counter without `_total`, buckets that fall, or do not end in the count.
 */
export function parseMetrics(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  let current: [string, Family] | undefined;
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  for (const line of text.slice(0, -1).split('\n')) {
    const help = line.match(/^# HELP ([a-z_]+) (\S.*)$/);
    const type = line.match(/^# TYPE ([a-z_]+) (counter|gauge|summary|histogram)$/);
    if (help) {
      if (families.has(help[1])) throw new Error(`${help[1]} comes twice`);
      current = [help[1], { type: '', help: help[2], samples: [] }];
      families.set(...current);
    } else if (type) {
      if (current?.[0] !== type[1] || current[1].type) throw new Error(`out of place: ${line}`);
      current[1].type = type[2];
    } else {
      if (!current?.[1].type) throw new Error(`out of place: ${line}`);
      current[1].samples.push(parseSample(line, ...current));
    }
  }
  for (const [name, family] of families) check(name, family);
  return families;
}

function parseSample(line: string, family: string, { type, samples }: Family): Sample {
  const parts = line.match(/^([a-z_]+)(?:\{(.*)\})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/);
  if (!parts) throw new Error(`not a sample: ${line}`);
  const [, name, labelText = '', value] = parts;
  if (!suffixes[type].some((suffix) => name === family + suffix))
    throw new Error(`${name} is no sample of the ${type} ${family}`);
  const labels: Record<string, string> = {};
  let rest = labelText;
  while (rest !== '') {
    const label = rest.match(/^([a-z_]+)="((?:[^"\\]|\\["\\n])*)"(?:,(?=.)|$)/);
    if (!label || label[1] in labels) throw new Error(`labels that are none: ${line}`);
    labels[label[1]] = label[2].replace(/\\(.)/g, (_, c) => (c === 'n' ? '\n' : c));
    rest = rest.slice(label[0].length);
  }
  const sample = { name, labels, value: Number(value) };
  if (samples.some((other) => identity(other) === identity(sample)))
    throw new Error(`twice: ${line}`);
  return sample;
}

function identity({ name, labels }: Sample): string {
  return JSON.stringify([name, Object.entries(labels).sort()]);
}

function check(name: string, { type, samples }: Family): void {
  if (!type) throw new Error(`${name} has no type`);
  if (type === 'counter' && !name.endsWith('_total'))
    throw new Error(`the counter ${name} is not called _total`);
  if (type !== 'gauge' && samples.some(({ value }) => value < 0))
    throw new Error(`${name} is negative`);
  if (type === 'histogram') checkBuckets(name, samples);
}

function checkBuckets(name: string, samples: Sample[]): void {
  const last = new Map<string, Sample>();
  const without = ({ labels: { le: _, ...others } }: Sample) =>
    identity({ name, labels: others, value: 0 });
  for (const sample of samples.filter((one) => one.name === `${name}_bucket`)) {
    const before = last.get(without(sample));
    const bound = (of: Sample) => Number(of.labels.le.replace('+Inf', 'Infinity'));
    if (before && (bound(sample) <= bound(before) || sample.value < before.value))
      throw new Error(`buckets of ${name} fall: ${JSON.stringify([before, sample])}`);
    last.set(without(sample), sample);
  }
  for (const sample of samples.filter((one) => one.name === `${name}_count`)) {
    const end = last.get(without(sample));
    if (end?.labels.le !== '+Inf' || end.value !== sample.value)
      throw new Error(`the count of ${name} is not its last bucket`);
  }
}

/** The sum of all samples with this name and these labels. */
export function sumOf(
  families: Map<string, Family>,
  name: string,
  labels: Record<string, string> = {},
): number {
  return [...families.values()]
    .flatMap(({ samples }) => samples)
    .filter((one) => one.name === name)
    .filter((one) => Object.entries(labels).every(([key, value]) => one.labels[key] === value))
    .reduce((sum, { value }) => sum + value, 0);
}
