import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ElfFile } from '../../src/linux/elf.ts';

describe('ElfFile', () => {
  it.runIf(process.platform === 'linux')('finds what Node itself is linked with', () => {
    const node = new ElfFile(readFileSync(process.execPath));
    expect(node.needed).toContain('libc.so.6');
    expect(node.strings('.interp')).toEqual([expect.stringContaining('/ld-linux')]);
  });

  it('has nothing in a section that is not there', () => {
    const empty = new Uint8Array(64);
    empty.set(Buffer.from('7f454c460201', 'hex'));
    expect(new ElfFile(empty).section('.modinfo')).toHaveLength(0);
    expect(new ElfFile(empty).needed).toEqual([]);
  });

  it('refuses what is no ELF file', () => {
    expect(() => new ElfFile(Buffer.from('#!/bin/sh\n'))).toThrow(RangeError);
  });
});
