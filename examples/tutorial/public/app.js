// SPDX-License-Identifier: MIT

import { chapters } from './catalog.js';

const routes = chapters.flatMap(({ title, routes }) =>
  routes.map((route) => ({ ...route, chapter: title })),
);

const at = (id) => document.getElementById(id);

/** An element with properties and children: text becomes text, whatever stands in it. */
function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

const now = { route: routes[0], example: routes[0].examples[0] };

// --- The list of routes ---

const entries = new Map();

function listRoutes() {
  for (const { title, routes: inChapter } of chapters) {
    const list = element('ul');
    for (const { path } of inChapter) {
      const route = routes.find((one) => one.path === path);
      const button = element('button', { type: 'button', textContent: path });
      button.addEventListener('click', () => go(route));
      entries.set(route, button);
      list.append(element('li', {}, button));
    }
    at('routes').append(element('section', {}, element('h2', { textContent: title }), list));
  }
}

function filterRoutes() {
  const wanted = at('filter').value.trim().toLowerCase();
  for (const [{ path, about }, button] of entries)
    button.parentElement.hidden = !`${path} ${about}`.toLowerCase().includes(wanted);
  for (const section of at('routes').children)
    section.hidden = !section.querySelector('li:not([hidden])');
}

/** Shows a route by its address, so that the browser's way back works and links can be sent. */
function go(route) {
  location.hash = route.path;
}

function goBy(step) {
  const visible = routes.filter((route) => !entries.get(route).parentElement.hidden);
  const index = visible.indexOf(now.route) + step;
  if (visible[index]) go(visible[index]);
}

function showAddressed() {
  const path = decodeURI(location.hash.slice(1));
  showRoute(routes.find((route) => route.path === path) ?? routes[0]);
}

function showRoute(route) {
  now.route = route;
  for (const [other, button] of entries)
    if (other === route) button.setAttribute('aria-current', 'page');
    else button.removeAttribute('aria-current');
  reveal(entries.get(route));
  at('chapter').textContent = route.chapter;
  at('title').textContent = route.path;
  at('about').textContent = route.about;
  at('source').textContent = route.file;
  at('presets').replaceChildren(...route.examples.map(presetButton));
  showExample(route.examples[0]);
}

// In the list only: the page itself stays where the reader has put it.
function reveal(button) {
  const list = at('routes').parentElement;
  const { top, bottom } = button.getBoundingClientRect();
  const frame = list.getBoundingClientRect();
  const underFilter = frame.top + at('filter').offsetHeight + 12;
  if (top < underFilter) list.scrollTop -= underFilter - top;
  else if (bottom > frame.bottom) list.scrollTop += bottom - frame.bottom;
}

function presetButton(example) {
  const button = element('button', { type: 'button', textContent: example.name });
  button.addEventListener('click', () => {
    showExample(example);
    sendAndLook();
  });
  return button;
}

// --- The request ---

const value = (part) => (typeof part === 'function' ? part() : part);

function showExample(example) {
  now.example = example;
  for (const button of at('presets').children)
    button.setAttribute('aria-pressed', String(button.textContent === example.name));
  at('note').textContent = example.note ?? '';
  at('method').value = example.method ?? 'GET';
  at('path').value = example.path ?? now.route.path;
  at('answer').hidden = true;
  showParts(example);
  at('form').replaceChildren(...(example.form ?? []).map(formField));
  at('form-field').hidden = !example.form;
  showFields();
}

/** Puts the body and the header lines of an example where they can be changed. */
function showParts({ body, headers }) {
  const given = value(body);
  const isText = typeof given === 'string' || given === undefined;
  at('body').value = isText ? (given ?? '') : JSON.stringify(given, undefined, 2);
  const lines = headers ?? (isText ? {} : { 'Content-Type': 'application/json' });
  at('headers').value = Object.entries(lines)
    .map(([name, line]) => `${name}: ${line}`)
    .join('\n');
}

// GET and HEAD have no body, and a form is one.
function showFields() {
  const bodiless = ['GET', 'HEAD'].includes(at('method').value);
  at('body-field').hidden = bodiless || now.example.form !== undefined;
}

function formField({ name, value: text, file }) {
  const input = element('input', { name, type: file ? 'file' : 'text' });
  if (!file) input.value = text;
  const hint = file ? `${name} (${file.name}, unless you choose one)` : name;
  return element('label', {}, hint, input);
}

function readForm() {
  const form = new FormData();
  for (const { name, file } of now.example.form) {
    const input = at('form').querySelector(`[name="${name}"]`);
    if (!file) form.append(name, input.value);
    else if (input.files.length > 0) form.append(name, input.files[0]);
    else form.append(name, new File([file.text], file.name, { type: file.type }));
  }
  return form;
}

function readHeaders() {
  const lines = at('headers')
    .value.split('\n')
    .filter((line) => line.includes(':'));
  return lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
  });
}

/** What the fields say, as fetch takes it. */
function readRequest() {
  const method = at('method').value;
  const form = now.example.form && !['GET', 'HEAD'].includes(method);
  const text = at('body-field').hidden ? '' : at('body').value;
  // A path, and on this server: no line can send what is typed here to another one.
  const path = `/${at('path')
    .value.trim()
    .replace(/^[/\\]+/, '')}`;
  const body = form ? readForm() : text || undefined;
  return { path, options: { method, headers: readHeaders(), body, redirect: 'manual' } };
}

async function call({ path, options }) {
  const start = performance.now();
  const response = await fetch(path, options);
  const text = await response.text();
  return { response, text, ms: performance.now() - start };
}

// --- Sending ---

let sending = 0;

async function send() {
  const turn = ++sending;
  at('send').disabled = true;
  at('answer').setAttribute('aria-busy', 'true');
  try {
    const result = await perform(now.example);
    if (turn === sending) showResult(result);
  } catch (error) {
    if (turn === sending) showFailure(error);
  } finally {
    if (turn === sending) {
      at('send').disabled = false;
      at('answer').removeAttribute('aria-busy');
    }
  }
}

async function sendAndLook() {
  await send();
  at('answer').scrollIntoView({ block: 'nearest' });
}

async function perform({ before, times = 1, race }) {
  const { route, example } = now;
  const parts = await before?.();
  // Who has gone on to another route meanwhile does not want its fields filled by this one.
  if (parts && now.example === example) showParts(parts);
  const request = readRequest();
  let result = await call(request);
  for (let time = 1; time < times; time++) result = await call(request);
  if (race) result.race = await run(race);
  return { ...result, route, example };
}

const LAPS = 21;

async function run(paths) {
  const laps = paths.map(() => []);
  for (let lap = 0; lap < LAPS; lap++)
    for (const [lane, path] of paths.entries()) {
      const { ms, response } = await call({ path });
      if (!response.ok) throw new Error(`${path} answered ${response.status}`);
      laps[lane].push(ms);
    }
  return paths.map((path, lane) => ({ path, ms: laps[lane].sort((a, b) => a - b)[LAPS >> 1] }));
}

// --- The answer ---

function showResult({ response, text, ms, race, route, example }) {
  mark(route, response.status === (example.expect ?? 200));
  const { status, statusText } = response;
  showStatus(status, `${status} ${statusText}`.trim());
  at('time').textContent = `${ms.toFixed(ms < 10 ? 1 : 0)} ms, ${size(text)}`;
  at('race').hidden = !race;
  at('race').replaceChildren(...(race ? lanes(race) : []));
  at('answer-body').replaceChildren(...readable(text, response.headers.get('content-type') ?? ''));
  at('answer-headers').replaceChildren(
    ...[...response.headers].flatMap(([name, line]) => [
      element('dt', { textContent: name }),
      element('dd', { textContent: line }),
    ]),
  );
}

function showFailure(error) {
  mark(now.route, false);
  showStatus(0, 'No answer');
  at('time').textContent = '';
  at('race').hidden = true;
  at('answer-body').replaceChildren(`${error.message}\nIs the server still running?`);
  at('answer-headers').replaceChildren();
}

function showStatus(status, text) {
  at('answer').hidden = false;
  at('status').textContent = text;
  at('status').dataset.class = String(Math.floor(status / 100));
}

function size(text) {
  const bytes = new Blob([text]).size;
  return bytes < 1024 ? `${bytes} bytes` : `${(bytes / 1024).toFixed(1)} KiB`;
}

function lanes(race) {
  const slowest = Math.max(...race.map(({ ms }) => ms));
  return race.map(({ path, ms }) =>
    element(
      'label',
      {},
      path.includes('-ts') ? 'TypeScript' : 'C',
      element('meter', { max: slowest, value: ms }),
      element('output', { textContent: `${ms.toFixed(1)} ms` }),
    ),
  );
}

/** The body as nodes: JSON indented and coloured, anything else as it is. */
function readable(text, type) {
  if (!/\bjson\b/.test(type) || text === '') return [text];
  try {
    return coloured(JSON.stringify(JSON.parse(text), undefined, 2));
  } catch {
    return [text];
  }
}

function coloured(json) {
  const token = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null|-?\d[\d.eE+-]*)\b|-\d[\d.eE+-]*/g;
  const nodes = [];
  let end = 0;
  for (const found of json.matchAll(token)) {
    const [whole, text, colon] = found;
    const className = text ? (colon ? 'key' : 'string') : 'literal';
    nodes.push(json.slice(end, found.index), element('span', { className }, text ?? whole));
    end = found.index + (text ?? whole).length;
  }
  return [...nodes, json.slice(end)];
}

function mark(route, isRight) {
  const button = entries.get(route);
  button.dataset.result = isRight ? 'right' : 'wrong';
  button.title = isRight ? 'Answered as the example says' : 'Not the status of the example';
}

// --- All of them ---

/** Calls the first example of every route, one after the other, and counts. */
async function runAll() {
  at('run-all').disabled = true;
  let right = 0;
  for (const [index, route] of routes.entries()) {
    at('tally').textContent = `${index + 1} of ${routes.length} …`;
    showRoute(route);
    await send();
    if (entries.get(route).dataset.result === 'right') right++;
  }
  at('tally').textContent = `${right} of ${routes.length} routes answered as they should.`;
  history.replaceState(null, '', `#${now.route.path}`);
  at('run-all').disabled = false;
}

// --- curl ---

const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** The request as a command line that does the same. */
function asCurl() {
  const { path, options } = readRequest();
  const parts = ['curl', '-i', quote(location.origin + path)];
  if (options.method === 'HEAD') parts.push('--head');
  else if (options.method !== 'GET') parts.push('-X', options.method);
  for (const [name, line] of options.headers) parts.push('-H', quote(`${name}: ${line}`));
  if (options.body instanceof FormData)
    for (const [name, part] of options.body)
      parts.push('-F', quote(`${name}=${part instanceof File ? `@${part.name}` : part}`));
  else if (options.body) parts.push('--data-binary', quote(options.body));
  return parts.join(' ');
}

async function copy() {
  const command = asCurl();
  try {
    await navigator.clipboard.writeText(command);
    at('copy').textContent = 'Copied';
  } catch {
    // No clipboard without https or permission: then it is shown, to be taken by hand.
    at('note').textContent = command;
  }
}

// --- Hands ---

function onKey(event) {
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName ?? '');
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) act(event, sendAndLook);
  else if (event.altKey && event.key === 'ArrowDown') act(event, () => goBy(1));
  else if (event.altKey && event.key === 'ArrowUp') act(event, () => goBy(-1));
  else if (event.key === '/' && !typing) act(event, () => at('filter').focus());
  else if (event.key === 'Escape' && document.activeElement === at('filter')) act(event, clear);
}

function act(event, what) {
  event.preventDefault();
  what();
}

function clear() {
  at('filter').value = '';
  filterRoutes();
  at('filter').blur();
}

listRoutes();
showAddressed();
addEventListener('hashchange', showAddressed);
addEventListener('keydown', onKey);
at('filter').addEventListener('input', filterRoutes);
at('method').addEventListener('change', showFields);
at('run-all').addEventListener('click', runAll);
at('copy').addEventListener('click', copy);
at('request').addEventListener('submit', (event) => act(event, sendAndLook));
