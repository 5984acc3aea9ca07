import type { EventColumns } from '@doorbell/lab';
import { describe, expect, test } from 'vitest';
import { whyNoSource } from '../../src/source/why-no-source.ts';

const columns = (count: number): EventColumns => ({
  times: new Float64Array(count),
  kinds: new Uint8Array(count),
  requests: new Uint32Array(count),
  causes: new Uint32Array(count),
  lines: new Uint16Array(count),
  a: new Float64Array(count),
  b: new Float64Array(count),
  c: new Float64Array(count),
});
const place = { file: 'guest-driver/src/bell/ring.ts', line: 3 };
const side = {
  ...{ term: 'a machine', columns: columns(2), lines: [place] },
};
const sound = {
  ...{ side, isRunning: false, isFile: false, isAsked: true, lastLine: place },
  shown: { file: place.file, text: { text: '', marks: [] } },
};

describe('why there are no lines of source', () => {
  test('there are some', () => {
    expect(whyNoSource(sound)).toBeUndefined();
  });

  test('the text is on its way: nothing is wrong', () => {
    expect(whyNoSource({ ...sound, shown: undefined })).toBeUndefined();
  });

  test.each([
    [{ side: undefined, isRunning: true }, /machines run/],
    [{ side: undefined }, /Nothing was run/],
    [{ side: { ...side, account: ['virtio'] } }, /driver is that of a machine/],
    [{ side: { ...side, columns: columns(0) } }, /Nothing was recorded/],
    [{ side: { ...side, lines: [] }, isFile: true }, /--source/],
    [{ lastLine: undefined }, /No line of the driver has run yet/],
    [{ shown: { file: place.file, text: undefined } }, /does not have .*ring\.ts/],
  ])('case %#', (part, words) => {
    expect(whyNoSource({ ...sound, ...part })?.words).toMatch(words);
  });

  test('they were not asked for: another run has them', () => {
    const none = { ...sound, side: { ...side, lines: [] } };
    expect(whyNoSource({ ...none, isAsked: false })?.isMended).toBe(true);
    expect(whyNoSource(none)?.isMended).toBe(false);
  });
});
