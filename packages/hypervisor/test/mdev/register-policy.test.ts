import { bellRegisters, channelRegisters } from '@doorbell/abi';
import { expect, test } from 'vitest';
import { bellMediation } from '../../src/mdev/register-policy.ts';

const named = (map: string, mediation: string): string[] =>
  bellMediation
    .filter((row) => row.map === map && row.mediation === mediation)
    .map(({ register }) => register);

test('each register has an answer, and nothing of the function passes', () => {
  expect(named('bell', 'emulated')).toEqual(bellRegisters.names);
  expect(named('channel', 'passed').length + named('channel', 'emulated').length).toBe(
    channelRegisters.names.length,
  );
  expect(named('doorbell', 'audited')).toEqual(['TAIL']);
});

test('of a channel, what is sensitive is emulated', () => {
  expect(named('channel', 'emulated')).toEqual(['CONTROL', 'RESET', 'PAGE_ROOT', 'VECTOR']);
});
