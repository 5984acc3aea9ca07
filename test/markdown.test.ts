import { describe, expect, it } from 'vitest';
import { blocks, commands, shows } from './markdown.ts';

const page = [
  '# Title',
  '```ts needs=qemu,koffi',
  'one();',
  '',
  'two();',
  '```',
  'text',
  '```text',
  'out',
  '```',
];

describe('blocks', () => {
  it('finds each block with its language and line', () => {
    expect(blocks(page.join('\n'))).toEqual([
      { language: 'ts', needs: ['qemu', 'koffi'], text: 'one();\n\ntwo();', line: 2 },
      { language: 'text', needs: [], text: 'out', line: 8 },
    ]);
  });

  it('refuses a block that does not end', () => {
    expect(() => blocks('```sh\nls')).toThrow('line 1');
  });
});

describe('commands', () => {
  it('takes comments off and reads the announced exit code', () => {
    const text =
      '# a comment\nls -l   # lists\n\nfalse # exit 1\nsleep 9 # until Ctrl-C\nboot # needs qemu, linux # exit 1';
    const plain = { exitCode: 0, stays: false, needs: [] };
    expect(commands({ language: 'sh', needs: [], text, line: 1 })).toEqual([
      { ...plain, text: 'ls -l' },
      { ...plain, text: 'false', exitCode: 1 },
      { ...plain, text: 'sleep 9', stays: true },
      { ...plain, text: 'boot', exitCode: 1, needs: ['qemu', 'linux'] },
    ]);
  });
});

describe('shows', () => {
  it('compares line by line, but for empty lines and ends of lines', () => {
    expect(shows('a  \n\nb', 'a\nb\n')).toBe(true);
    expect(shows('a\nb', 'a\nc')).toBe(false);
    expect(shows('a', 'a\nb')).toBe(false);
    expect(shows('a (1.5)', 'a (1x5)')).toBe(false);
  });

  it('takes … for any lines', () => {
    expect(shows('a\n…\nd', 'a\nb\nc\nd')).toBe(true);
    expect(shows('a\n…', 'a')).toBe(true);
    expect(shows('a\n…\nd', 'a\nb')).toBe(false);
  });

  it('does not look at the clock on the wall, nor at what npm says', () => {
    expect(shows('a\nwall time 3 ms', '> doorbell compare\na\nwall time 9 ms')).toBe(true);
  });
});
