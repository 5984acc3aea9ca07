import { expect, test } from 'vitest';
import { doorbell } from './captured.ts';

test('holds the exit code and what went to each stream, apart', async () => {
  expect(await doorbell('--version')).toMatchObject({ code: 0, stdout: '0.1.0\n', stderr: '' });
  const refused = await doorbell('--bogus');
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(refused.stderr).not.toBe('');
});
