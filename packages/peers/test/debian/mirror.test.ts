import { expect, test } from 'vitest';
import { mirrorAt, mirrorOf } from '../../src/debian/mirror.ts';

test('is where the system has its packages from, each archive at its own place', () => {
  const mirror = mirrorOf([
    'http://a.example/debian/',
    'http://a.example/debian/',
    'http://b.example/debian-security/',
    'https://c.example/apt/',
    '',
  ]);
  expect(mirror('debian')).toBe('http://a.example/debian');
  expect(mirror('debian-security')).toBe('http://b.example/debian-security');
});

test('has an archive that the system does not use beside the one that it does', () => {
  const mirror = mirrorOf(['http://a.example/linux/debian/']);
  expect(mirror('debian-security')).toBe('http://a.example/linux/debian-security');
});

test('is asked for where the system has none of Debian', () => {
  const mirror = mirrorOf(['http://a.example/ubuntu/', '']);
  expect(() => mirror('debian')).toThrow(/no mirror of Debian: name one in DOORBELL_DEBIAN_MIRROR/);
});

test.each(['https://mirror.example/all', 'https://mirror.example/all/'])(
  "is the user's own: %s",
  (address) => {
    expect(mirrorAt(address)('debian')).toBe('https://mirror.example/all/debian');
  },
);

test.each(['mirror.example', 'http://a b', 'http://a\ndeb [trusted=yes] http://b x y'])(
  'is not %j',
  (address) => {
    expect(() => mirrorAt(address)).toThrow(/DOORBELL_DEBIAN_MIRROR is '/);
  },
);
