import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SiteServer } from '../src/site-server.ts';

let folder: string;
let site: SiteServer;
let origin: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'site-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<title>the page</title>');
  writeFileSync(join(folder, 'assets', 'a-1234.js'), 'export {};');
  const trace = { name: 'a run.trace', bytes: Uint8Array.of(1, 2, 3) };
  site = await SiteServer.start(folder, { host: '127.0.0.1', port: 0 }, trace);
  ({ origin } = new URL(site.address));
});
afterAll(async () => {
  await site.close();
  rmSync(folder, { recursive: true });
});

test('its address names the trace that the page opens', async () => {
  expect(site.address).toBe(`${origin}/?trace=a%20run.trace`);
  const response = await fetch(`${origin}/traces/a%20run.trace`);
  expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([1, 2, 3]);
});

test.each([
  ['/', 200, 'text/html', 'no-cache'],
  ['/assets/a-1234.js', 200, 'text/javascript', 'public, max-age=31536000, immutable'],
  ['/cow.js', 404, 'text/plain', null],
  ['/traces/other.trace', 404, 'text/plain', null],
  ['/..%2fpackage.json', 404, 'text/plain', null],
])('%s: status %i, %s, and the page is isolated', async (path, status, type, caching) => {
  const { headers, ...response } = await fetch(origin + path).then((answer) => ({
    status: answer.status,
    headers: answer.headers,
  }));
  expect(response).toEqual({ status });
  expect(headers.get('content-type')).toMatch(new RegExp(`^${type}`));
  expect(headers.get('cache-control')).toBe(caching);
  expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
  expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp');
});

test('nothing is written', async () => {
  const response = await fetch(origin, { method: 'PUT', body: 'x' });
  expect(response.status).toBe(405);
});
