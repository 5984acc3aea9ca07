import { InvalidArgumentError } from 'commander';
import { expect, test } from 'vitest';
import { parseBackendAddress } from '../src/backend-address.ts';
import { Failure } from '../src/failure.ts';
import { isLoopback, listenAddress } from '../src/listen-address.ts';

test.each([
  'ws://127.0.0.1:7640/?token=secret',
  'ws://[::1]:7640/?token=a%2Bb',
  'wss://gpu.example.org/?token=secret',
])('%s is an address', (text) => {
  expect(parseBackendAddress(text)).toBe(text);
});

test.each([
  ['127.0.0.1:7640', /must be the address that 'doorbell serve --backend' prints/],
  ['http://127.0.0.1:7640/?token=secret', /must be the address/],
  ['ws://', /must be the address/],
  ['ws://127.0.0.1:7640', /lacks the token: give the whole address/],
  ['ws://127.0.0.1:7640/?token=', /lacks the token/],
  ['ws://me:pass@127.0.0.1:7640/?token=a', /parts that mean nothing/],
  ['ws://127.0.0.1:7640/?token=a#b', /parts that mean nothing/],
])('%s is refused', (text, why) => {
  expect(() => parseBackendAddress(text)).toThrow(Failure);
  expect(() => parseBackendAddress(text)).toThrow(why);
});

test.each([
  ['127.0.0.1:0', '127.0.0.1', 0, true],
  ['localhost:65535', 'localhost', 65535, true],
  ['[::1]:80', '::1', 80, true],
  ['0.0.0.0:7640', '0.0.0.0', 7640, false],
  ['[::]:7640', '::', 7640, false],
  ['127.example.org:1', '127.example.org', 1, false],
])('%s is where to listen', (text, host, port, loopback) => {
  expect(listenAddress(text)).toEqual({ host, port });
  expect(isLoopback({ host, port })).toBe(loopback);
});

test.each([
  '7640',
  ':7640',
  '127.0.0.1',
  '127.0.0.1:65536',
  '127.0.0.1:-1',
  '[host]:1',
  '::1:80',
  '',
])("'%s' is not", (text) => {
  expect(() => listenAddress(text)).toThrow(InvalidArgumentError);
});
