import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cacheFolder } from '../src/cache.ts';

test("is in the user's cache folder, wherever that is", () => {
  expect(cacheFolder({})).toBe(join(homedir(), '.cache/doorbell'));
  expect(cacheFolder({ XDG_CACHE_HOME: '' })).toBe(join(homedir(), '.cache/doorbell'));
  expect(cacheFolder({ XDG_CACHE_HOME: '/var/tmp/me' })).toBe('/var/tmp/me/doorbell');
});

test("is DOORBELL_CACHE's, where that is set", () => {
  const XDG_CACHE_HOME = '/var/tmp/me';
  expect(cacheFolder({ DOORBELL_CACHE: '/srv/lab', XDG_CACHE_HOME })).toBe('/srv/lab');
  expect(cacheFolder({ DOORBELL_CACHE: '', XDG_CACHE_HOME })).toBe('/var/tmp/me/doorbell');
});
