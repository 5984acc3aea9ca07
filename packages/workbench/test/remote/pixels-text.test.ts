/** What is said of a run through a backend in another process. */
import { expect, it } from 'vitest';
import { pixelsText } from '../../src/remote/pixels-text.ts';

const FAR = 'pv:transport=websocket';

const side = (
  name: string,
  sha256: string,
  counts = { bytesOnWire: 3 << 20, reconnections: 0 },
) => ({
  name,
  report: { frames: { count: 2, sha256 }, counts },
});

it('says nothing where no side had one, or none came to an end', () => {
  expect(pixelsText([])).toBe('');
  expect(pixelsText([side('native', 'a'), side('pv', 'a')])).toBe('');
  expect(pixelsText([side('native', 'a'), { name: FAR, report: undefined }])).toBe('');
});

it('says what went over the wire, and whose pixels they are', () => {
  expect(pixelsText([side('native', 'a'), side(FAR, 'a')])).toBe(
    '2 frames, 3 MiB on the wire. Its pixels are those of native.',
  );
});

it('says plainly when the pixels differ', () => {
  expect(pixelsText([side(FAR, 'b'), side('native', 'a')])).toContain(
    'Its pixels are NOT those of native.',
  );
});

it('compares with nothing where there is nothing to compare with', () => {
  const alone = '2 frames, 3 MiB on the wire.';
  expect(pixelsText([side(FAR, 'a')])).toBe(alone);
  expect(pixelsText([side(FAR, 'a'), { name: 'native', report: undefined }])).toBe(alone);
});

it('says how often it was lost and found again', () => {
  const counts = { bytesOnWire: 512, reconnections: 2 };
  expect(pixelsText([side(FAR, 'a', counts)])).toBe(
    '2 frames, 512 B on the wire, 2 × connected again.',
  );
});
