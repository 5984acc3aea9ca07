import { expect, test } from 'vitest';
import { completed } from '../src/terminal/completion.ts';

test.each([
  ['dri', ['driver'], 'driver '],
  ['driver 01', ['01:00.0', '01:00.1'], 'driver 01:00.'],
  ['driver x', [], 'driver x'],
  ['driver ', ['bell', 'vfio-pci'], 'driver '],
])("Tab behind '%s' with %j", (line, words, after) => {
  expect(completed(line, words)).toBe(after);
});
