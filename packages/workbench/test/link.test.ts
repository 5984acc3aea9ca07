import { describe, expect, it } from 'vitest';
import { firstState, readLink, writeLink } from '../src/link.ts';

describe('a link', () => {
  it('says what each guest of a mix draws, and is read back as it was', () => {
    const mix = ['hog:frames=4', 'churn', 'churn:weight=2:cap=50'];
    const link = writeLink({ ...firstState, mix, guests: 3 });
    expect(link).toContain('guest=churn&');
    expect(readLink(link)).toMatchObject({ mix, guests: 3 });
  });

  it('has a mix or a number of guests, not both', () => {
    expect(() => readLink('?guests=2&guest=churn')).toThrow('exclude each other');
    expect(() => readLink(`?${'guest=churn&'.repeat(65)}`)).toThrow('at most 64 guests, not 65');
  });

  it('brings the lines of the terminal, an open one without lines, and a closed one', () => {
    for (const terminal of [['vfio', '# 1', 'poke 0 "a; b&c"'], [], undefined]) {
      expect(readLink(writeLink({ ...firstState, terminal })).terminal).toEqual(terminal);
    }
    expect(() => readLink(`?terminal=${'x'.repeat(6001)}`)).toThrow('an address has room for 6000');
  });
});
