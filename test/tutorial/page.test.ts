// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { openBrowser } from '../support/browser.ts';
import { tutorial as folder } from '../support/paths.ts';
import { elsewhere, openTutorial, type Tutorial } from './support.ts';

// The page at /, in a browser: each example of each route is clicked, and what is shown is read.

interface Example {
  name: string;
  expect?: number;
}

interface Route {
  path: string;
  about: string;
  file: string;
  examples: Example[];
}

const { chapters } = await import(join(folder, 'public/catalog.js'));
const catalog: Route[] = chapters.flatMap((chapter: { routes: Route[] }) => chapter.routes);
// Routes in C are Capra's alone.
const routes = catalog.filter(
  ({ path }) => elsewhere === undefined || path !== '/api/native/primes',
);

let tutorial: Tutorial;
let browser: Browser;
let page: Page;
const complaints: string[] = [];

before(async () => {
  tutorial = await openTutorial();
  browser = await openBrowser();
  page = await open();
});
after(async () => {
  await browser?.close();
  await tutorial?.stop();
});

async function open(options: BrowserContextOptions = {}): Promise<Page> {
  const opened = await browser.newPage({ viewport: { width: 1280, height: 860 }, ...options });
  opened.setDefaultTimeout(30_000);
  opened.on('pageerror', (error) => complaints.push(error.message));
  opened.on('console', (message) => {
    // Chromium itself notes each answer of 400 and above: these are what the examples ask for.
    const isNote = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && !isNote) complaints.push(message.text());
  });
  await opened.goto(tutorial.url);
  return opened;
}

const routeButton = (path: string) =>
  page.locator('#routes').getByRole('button', { name: path, exact: true });
const exampleButton = (name: string) =>
  page.locator('#presets').getByRole('button', { name, exact: true });
const shown = (id: string) => page.locator(`#${id}`).innerText();

/** Clicks a route in the list and waits until it is the one that is shown. */
async function go(path: string): Promise<void> {
  await routeButton(path).click();
  await isShown(page, path);
}

function isShown(on: Page, path: string): Promise<void> {
  return on.locator('#title').getByText(path, { exact: true }).waitFor();
}

/** Clicks an example and waits for its answer. */
async function click(name: string): Promise<string> {
  await exampleButton(name).click();
  return answered();
}

async function answered(): Promise<string> {
  await page.locator('#answer:not([hidden], [aria-busy])').waitFor();
  return shown('status');
}

test('the page comes with what keeps a browser from running anything else', async () => {
  for (const path of ['/', '/index.html']) {
    const { status, headers, text } = await tutorial.call(`GET ${path}`);
    assert.equal(status, 200);
    assert.match(headers['content-type'], /^text\/html; charset=utf-8$/i);
    assert.match(headers['content-security-policy'], /^default-src 'self'/);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.doesNotMatch(text, /<script(?! type="module" src="\/app.js")|<style|\son\w+=|style=/);
  }
});

test('every route of the app is on the page', async () => {
  const found = await page.locator('#routes button').allInnerTexts();
  assert.deepEqual(
    found,
    catalog.map(({ path }) => path),
  );
});

// Before the examples: one of them uses up what /api/compose allows in ten seconds.
test('one click calls them all, and counts', async () => {
  const fresh = await open();
  await fresh.locator('#run-all').click();
  const done = fresh.locator('#tally', { hasText: 'answered as they should' });
  await done.waitFor();
  const all = await fresh.locator('#routes button').count();
  assert.equal(
    await done.innerText(),
    `${routes.length} of ${all} routes answered as they should.`,
  );
  await fresh.close();
});

for (const route of routes) {
  describe(route.path, () => {
    before(() => go(route.path));

    test('is told about', async () => {
      assert.equal(await shown('title'), route.path);
      assert.equal(await shown('about'), route.about);
      assert.equal(await routeButton(route.path).getAttribute('aria-current'), 'page');
    });

    for (const { name, expect = 200 } of route.examples) {
      test(`${name}: ${expect}`, async () => {
        const status = await click(name);
        assert.ok(status.startsWith(`${expect}`), `${status}\n${await shown('answer-body')}`);
        assert.equal(await exampleButton(name).getAttribute('aria-pressed'), 'true');
        assert.equal(await routeButton(route.path).getAttribute('data-result'), 'right');
        assert.match(await shown('time'), /^[\d.]+ ms, [\d.]+ (bytes|KiB)$/);
      });
    }
  });
}

describe('what is shown', () => {
  test('is the answer, indented', async () => {
    await go('/api/hello');
    await page.locator('#send').click();
    assert.equal(await answered(), '200 OK');
    const body = '{\n  "message": "Hello from Next.js API!"\n}';
    assert.equal(await shown('answer-body'), body);
    await page.locator('summary').click();
    assert.match(await shown('answer-headers'), /content-type\s+application\/json/);
  });

  test('is what was sent after it was changed', async () => {
    await go('/api/validate');
    await page.locator('#body').fill('{"name": "Ada", "email": "nobody"}');
    await page.locator('#send').click();
    assert.equal(await answered(), '400 Bad Request');
    assert.match(await shown('answer-body'), /"path": "email"/);
  });

  test('is text, whatever comes', async () => {
    await go('/api/validate');
    const name = '<img src=x onerror="document.title=1"></pre><b>';
    await page.locator('#body').fill(JSON.stringify({ name, email: 'ada@example.com' }));
    await page.locator('#send').click();
    assert.equal(await answered(), '200 OK');
    assert.ok((await shown('answer-body')).includes(JSON.stringify(name)));
    assert.equal(await page.locator('#answer img, #answer b').count(), 0);
  });

  test('stays on this server, whatever is typed as the path', async () => {
    await go('/api/hello');
    for (const path of ['//evil.example/x', '\\\\evil.example\\x', 'https://evil.example/']) {
      await page.locator('#path').fill(path);
      const [request] = await Promise.all([
        page.waitForRequest((sent) => sent.resourceType() === 'fetch'),
        page.locator('#send').click(),
      ]);
      assert.equal(new URL(request.url()).host, new URL(tutorial.url).host);
    }
  });

  test('is both deliveries of an event, the second as such', async () => {
    await go('/api/webhooks/stripe');
    await click('Twice');
    assert.match(await shown('answer-body'), /"duplicate": true/);
  });

  if (elsewhere === undefined) {
    test('is a race of C and TypeScript', async () => {
      await go('/api/native/primes');
      await click('Race');
      assert.equal(await page.locator('#race label').count(), 2);
      for (const time of await page.locator('#race output').allInnerTexts())
        assert.match(time, /^\d+\.\d ms$/);
    });
  }

  test('can be had as a command line', async () => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await go('/api/users');
    await exampleButton('Hostile').click();
    await answered();
    await page.locator('#copy').click();
    await page.getByText('Copied').waitFor();
    const command = await page.evaluate('navigator.clipboard.readText()');
    assert.ok(
      String(command).startsWith(
        `curl -i '${tutorial.url}/api/users' -X POST -H 'Content-Type: application/json' --data-binary '`,
      ),
      String(command),
    );
    // A quote in the body must not end the shell's.
    assert.match(String(command), /'\\''\); DROP TABLE/);
  });

  test('has an address, and the way back leads to it', async () => {
    await page.goto(`${tutorial.url}/#/api/users/[id]`);
    await isShown(page, '/api/users/[id]');
    await go('/api/weather');
    assert.equal(new URL(page.url()).hash, '#/api/weather');
    await page.goBack();
    await isShown(page, '/api/users/[id]');
  });
});

describe('by keyboard alone', () => {
  test('a route is found, chosen and called', async () => {
    await page.goto(`${tutorial.url}/#/api/hello`);
    await page.keyboard.press('/');
    await page.keyboard.type('WEATHER');
    assert.deepEqual(await page.locator('#routes button:visible').allInnerTexts(), [
      '/api/weather',
    ]);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await isShown(page, '/api/weather');
    await page.keyboard.press('Control+Enter');
    assert.equal(await answered(), '200 OK');
    await page.locator('#filter').focus();
    await page.keyboard.press('Escape');
    assert.ok((await page.locator('#routes button:visible').count()) >= routes.length);
  });

  test('one goes from route to route', async () => {
    await page.goto(`${tutorial.url}/#/api/hello`);
    await page.keyboard.press('Alt+ArrowDown');
    await isShown(page, '/api/users');
    await page.keyboard.press('Alt+ArrowUp');
    await isShown(page, '/api/hello');
  });

  test('one gets past the list at once', async () => {
    const fresh = await open();
    await fresh.keyboard.press('Tab');
    await fresh.keyboard.press('Enter');
    assert.equal(await fresh.evaluate('document.activeElement.id'), 'workbench');
    await fresh.close();
  });
});

describe('on every screen', () => {
  // Of text on what lies behind it, as WCAG 2 counts.
  const contrasts = `[...document.querySelectorAll('p, h1, h2, button, code, dt, dd, strong, pre span, summary, legend')]
    .filter((element) => element.checkVisibility() && element.textContent.trim())
    .map((element) => {
      const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
      const luminance = (color) => {
        const [r, g, b] = numbers(color).map((part) => part / 255)
          .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      let behind = element;
      const ground = () => getComputedStyle(behind).backgroundColor;
      while (numbers(ground())[3] === 0) behind = behind.parentElement;
      const both = [luminance(getComputedStyle(element).color), luminance(ground())];
      const [dark, light] = both.sort((a, b) => a - b);
      return [element.textContent.trim(), (light + 0.05) / (dark + 0.05)];
    })`;

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`text can be read, ${colorScheme}`, async () => {
      const fresh = await open({ colorScheme });
      await fresh.locator('#presets button').first().click();
      await fresh.locator('#answer:not([hidden], [aria-busy])').waitFor();
      const ground = await fresh.evaluate('getComputedStyle(document.body).backgroundColor');
      const [brightness] = String(ground).match(/\d+/) ?? [];
      assert.equal(Number(brightness) > 127, colorScheme === 'light');
      const found = (await fresh.evaluate(contrasts)) as [string, number][];
      assert.ok(found.length > routes.length);
      assert.deepEqual(
        found.filter(([, contrast]) => contrast < 4.5),
        [],
      );
      await fresh.close();
    });
  }

  test('nothing is wider than a phone', async () => {
    const fresh = await open({ viewport: { width: 360, height: 740 }, hasTouch: true });
    for (const { path } of routes) {
      await fresh.goto(`${tutorial.url}/#${path}`);
      await isShown(fresh, path);
      const width = await fresh.evaluate('document.scrollingElement.scrollWidth');
      assert.ok(Number(width) <= 360, `${path}: ${width}`);
    }
    await fresh.close();
  });
});

test('the browser had nothing to complain of', () => {
  assert.deepEqual(complaints, []);
});

// Last, for it stops the server that it has started.
if (elsewhere === undefined) {
  test('a server that has gone is told of', async () => {
    await page.goto(`${tutorial.url}/#/api/hello`);
    await tutorial.stop();
    await page.locator('#send').click();
    assert.equal(await answered(), 'No answer');
    assert.match(await shown('answer-body'), /Is the server still running\?/);
  });
}
