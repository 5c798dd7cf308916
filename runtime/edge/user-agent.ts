// SPDX-License-Identifier: MIT

/**
 * `userAgent` of `next/server`: what a User-Agent says of the browser and the device. It knows the kinds that are
 * common today; for others, the parts are undefined.
 */

export interface UserAgent {
  isBot: boolean;
  ua: string;
  browser: { name?: string; version?: string; major?: string };
  device: { model?: string; type?: string; vendor?: string };
  engine: { name?: string; version?: string };
  os: { name?: string; version?: string };
  cpu: { architecture?: string };
}

/** @example userAgent(request).device.type // 'mobile' */
export function userAgent({
  headers,
}: {
  headers: { get(name: string): string | null };
}): UserAgent {
  return userAgentFromString(headers.get('user-agent') ?? undefined);
}

export function userAgentFromString(input?: string): UserAgent {
  const ua = input ?? '';
  const [browser, version] = find(ua, browsers);
  const [engine, engineVersion] = find(ua, engines);
  const [os, osVersion] = find(ua, systems);
  return {
    isBot: bots.test(ua),
    ua,
    browser: { name: browser, version, major: version?.split('.', 1)[0] },
    device: deviceOf(ua),
    engine: { name: engine, version: engineVersion },
    os: { name: os, version: osVersion?.replaceAll('_', '.') },
    cpu: { architecture: find(ua, architectures)[0] },
  };
}

const bots = new RegExp(
  'googlebot|mediapartners-google|adsbot-google|googleweblight|storebot-google|google-pagerenderer|' +
    'google-inspectiontool|bingbot|bingpreview|slurp|duckduckbot|baiduspider|yandex(?!search)|sogou|' +
    'linkedinbot|bitlybot|tumblr|vkshare|quora link preview|facebookexternalhit|facebookcatalog|' +
    'twitterbot|applebot|redditbot|slackbot|discordbot|whatsapp|skypeuripreview|ia_archiver',
  'i',
);

/** A name, and what it is known by; the group is the version. The first that fits counts. */
type Table = readonly (readonly [name: string, pattern: RegExp])[];

const browsers: Table = [
  ['Edge', /\bedg(?:e|ios|a)?\/([\w.]+)/i],
  ['Opera', /\bopr\/([\w.]+)/i],
  ['Opera Touch', /\bopt\/([\w.]+)/i],
  ['Samsung Internet', /\bsamsungbrowser\/([\w.]+)/i],
  ['Vivaldi', /\bvivaldi\/([\w.]+)/i],
  ['Yandex', /\byabrowser\/([\w.]+)/i],
  ['UCBrowser', /\bucbrowser\/([\w.]+)/i],
  ['DuckDuckGo', /\bduckduckgo\/([\w.]+)/i],
  ['Facebook', /\bfbav\/([\w.]+)/i],
  ['Instagram', /\binstagram ([\w.]+)/i],
  ['Firefox', /\b(?:firefox|fxios)\/([\w.]+)/i],
  ['Chrome Headless', /\bheadlesschrome(?:\/([\w.]+))?/i],
  ['Chrome WebView', /; wv\).+chrome\/([\w.]+)/i],
  ['Chrome', /\b(?:chrome|crios)\/v?([\w.]+)/i],
  ['Android Browser', /android.+\bversion\/([\w.]+).+(?:mobile )?safari/i],
  ['Mobile Safari', /\bversion\/([\w.,]+) .*mobile(?:\/\w+)? ?safari/i],
  ['Safari', /\bversion\/([\w.]+) .*safari/i],
  ['IE', /\b(?:msie |trident.+rv[: ])([\w.]+)/i],
];

const engines: Table = [
  ['EdgeHTML', /\bedge\/([\w.]+)/i],
  ['Blink', /\bchrome\/(?!27)([\w.]+)/i],
  ['Trident', /\btrident\/([\w.]+)/i],
  ['WebKit', /\bapplewebkit\/([\w.]+)/i],
  ['Gecko', /\brv:([\w.]+)\).*\bgecko\b/i],
];

const systems: Table = [
  ['iOS', /\b(?:iphone|ipad|ipod)\b.*? os ([\w]+) like mac/i],
  ['Windows Phone', /\bwindows phone(?: os)? ([\d.]+)/i],
  ['Windows', /\bwindows nt ([\d.]+)/i],
  ['Mac OS', /\bmac os x ?([\w.]*)/i],
  ['Chromium OS', /\bcros \w+ ([\w.]+)/i],
  ['HarmonyOS', /\bharmonyos[/ ]?([\w.]*)/i],
  ['Android', /\bandroid[ -]?([\w.]*)/i],
  ['Ubuntu', /\bubuntu[/ ]?([\w.]*)/i],
  ['Fedora', /\bfedora[/ ]?([\w.]*)/i],
  ['Linux', /\blinux ?([\d.]*)/i],
];

const architectures: Table = [
  ['amd64', /\b(?:amd64|x86_64|x64|wow64|win64)\b/i],
  ['arm64', /\b(?:aarch64|arm64|armv8\w*)\b/i],
  ['armhf', /\barmv7\w*\b/i],
  ['ia32', /\bi[3-6]86\b/i],
];

function find(ua: string, table: Table): [name?: string, version?: string] {
  for (const [name, pattern] of table) {
    const found = pattern.exec(ua);
    if (found !== null) return [name, found[1] || undefined];
  }
  return [];
}

function deviceOf(ua: string): UserAgent['device'] {
  const apple = /\b(iphone|ipad|ipod)\b/i.exec(ua)?.[1]?.toLowerCase();
  if (apple === 'ipad') return { vendor: 'Apple', model: 'iPad', type: 'tablet' };
  if (apple === 'iphone') return { vendor: 'Apple', model: 'iPhone', type: 'mobile' };
  if (apple === 'ipod') return { vendor: 'Apple', model: 'iPod touch', type: 'mobile' };
  if (/\bmacintosh\b/i.test(ua)) return { vendor: 'Apple', model: 'Macintosh' };
  if (/\b(?:smart-?tv|appletv|googletv|hbbtv|web0s|tizen.+tv)\b/i.test(ua))
    return { type: 'smarttv' };
  if (!/\bandroid\b/i.test(ua)) return {};
  const type = /\bmobile\b/i.test(ua) ? 'mobile' : 'tablet';
  const model =
    /\bandroid [\w.]+; (?:[a-z]{2}-[a-z]{2}; )?([^;)]+?)(?: build\/[^;)]*)?(?:; wv)?\)/i.exec(
      ua,
    )?.[1];
  // Browsers that reduce what they tell say K instead of a model.
  if (model === undefined || model === 'K') return { type };
  return { vendor: find(model, vendors)[0], model, type };
}

const vendors: Table = [
  ['Samsung', /^(?:samsung |sm-|gt-)/i],
  ['Google', /^pixel/i],
  ['Huawei', /^(?:huawei|honor)/i],
  ['Xiaomi', /^(?:mi |redmi|poco|m2\d{3})/i],
  ['OnePlus', /^(?:oneplus|kb2|le2|ac2)/i],
  ['Motorola', /^moto/i],
  ['Sony', /^(?:xq-|sony)/i],
];
