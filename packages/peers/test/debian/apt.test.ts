import { expect, test } from 'vitest';
import { KEYRING, lastComplaint, parseUris, sourceLines } from '../../src/debian/apt.ts';
import { bundles } from '../../src/debian/bundles.ts';

// As apt 2.6.1 printed them.
const URIS = `'http://mirror.example/debian/pool/main/g/gcc-12/gcc-12-base_12.2.0-14%2bdeb12u1_amd64.deb' gcc-12-base_12.2.0-14+deb12u1_amd64.deb 37596 MD5Sum:8e7e741807b1e1939df8f58323affdcb
'http://mirror.example/debian/pool/main/b/busybox/busybox-static_1.35.0-4%2bdeb12u1%2bb1_amd64.deb' busybox-static_1%3a1.35.0-4+deb12u1+b1_amd64.deb 927636 SHA256:0123
'http://mirror.example/debian/pool/main/i/iso-codes/iso-codes_4.15.0-1_all.deb' iso-codes_4.15.0-1_all.deb 2906248 SHA256:4567
`;

test('reads names, versions with their epoch, and sizes of what would be downloaded', () => {
  expect(parseUris(URIS)).toEqual([
    { name: 'gcc-12-base', version: '12.2.0-14+deb12u1', bytes: 37_596 },
    { name: 'busybox-static', version: '1:1.35.0-4+deb12u1+b1', bytes: 927_636 },
    { name: 'iso-codes', version: '4.15.0-1', bytes: 2_906_248 },
  ]);
  expect(parseUris('Reading package lists...\n')).toEqual([]);
});

test("names Debian's keys in each source", () => {
  expect(sourceLines(bundles.linux, (archive) => `http://mirror.example/${archive}`)).toEqual([
    `deb [signed-by=${KEYRING}] http://mirror.example/debian bookworm main`,
    `deb [signed-by=${KEYRING}] http://mirror.example/debian-security bookworm-security main`,
  ]);
});

test('quotes the line of an error that says most', () => {
  const stderr = `W: something\nE: Failed to fetch http://nowhere.invalid/debian  Could not resolve 'nowhere.invalid'
E: Some index files failed to download. They have been ignored, or old ones used instead.\n`;
  expect(lastComplaint({ stderr, status: 100 })).toBe(
    "Failed to fetch http://nowhere.invalid/debian  Could not resolve 'nowhere.invalid'",
  );
  expect(lastComplaint({ stderr: 'E: Unable to locate package x\n', status: 100 })).toBe(
    'Unable to locate package x',
  );
  expect(lastComplaint({ stderr: 'E: Unable to connect to 127.0.0.1:1:\n', status: 100 })).toBe(
    'Unable to connect to 127.0.0.1:1',
  );
  expect(lastComplaint({ stderr: '', status: 100 })).toBe('it ended with 100');
});
