import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { needStatus } from '@doorbell/peers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { doorbell } from './captured.ts';

const bin = fileURLToPath(new URL('../bin/doorbell.mjs', import.meta.url));
const hasKoffi = needStatus('koffi').isThere;
const closing: (() => unknown)[] = [];
let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'serve-'));
  path = join(folder, 'gpu.sock');
});
afterEach(() => {
  for (const close of closing.splice(0).reverse()) {
    close();
  }
  rmSync(folder, { recursive: true });
});

describe('doorbell serve --vhost-user', () => {
  test('is not for what is served over a network as well: exit code 2', async () => {
    const { code, stderr } = await doorbell(`serve --backend --vhost-user ${path}`);
    expect(code).toBe(2);
    expect(stderr).toMatch(/Serve one of the two/);
  });

  test.each([
    ['--listen 127.0.0.1:0', '--listen is for the workbench and for --backend'],
    ['--token x', '--token, --origin and --max-connections are for --backend'],
    ['--max-connections 2', '--token, --origin and --max-connections are for --backend'],
  ])('has no use for %s: exit code 2', async (option, why) => {
    const { code, stderr } = await doorbell(`serve --vhost-user ${path} ${option}`);
    expect(code).toBe(2);
    expect(stderr).toBe(`doorbell: ${why}, not for --vhost-user.\n`);
  });

  test.runIf(hasKoffi)('says how long a path may be: exit code 2', async () => {
    const { code, stderr } = await doorbell(`serve --vhost-user ${join(folder, 'x'.repeat(120))}`);
    expect(code).toBe(2);
    expect(stderr).toMatch(/a socket's path has at most 107 bytes\.\n$/);
  });

  test.runIf(hasKoffi)('does not replace a file: exit code 2', async () => {
    writeFileSync(path, 'mine');
    const { code, stderr } = await doorbell(`serve --vhost-user ${path}`);
    expect(code).toBe(2);
    expect(stderr).toMatch(/is there and is no socket\. Choose another path/);
  });

  test.runIf(hasKoffi)('cannot listen where there is no folder: exit code 2', async () => {
    const { code, stderr } = await doorbell(`serve --vhost-user ${join(folder, 'no', 'x')}`);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^doorbell: Cannot listen at .*no such file or folder\.\n$/);
  });

  test.runIf(hasKoffi).each([
    ['SIGINT', 130],
    ['SIGTERM', 0],
  ] as const)('says how to start QEMU, serves, and ends by %s', async (signal, expected) => {
    const child = spawn(process.execPath, [bin, 'serve', '--vhost-user', path], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    closing.push(() => child.kill('SIGKILL'));
    const errors: string[] = [];
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk.toString()));
    const ended = once(child, 'close') as Promise<[number | null]>;
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    expect(line).toBe(
      '-m 1G -object memory-backend-memfd,id=mem,size=1G,share=on -machine memory-backend=mem ' +
        `-chardev socket,id=doorbell,path=${path} -vga none -device vhost-user-gpu-pci,chardev=doorbell`,
    );
    const client = createConnection(path);
    closing.push(() => client.destroy());
    // GET_QUEUE_NUM, version 1: the reply says 2.
    client.write(Buffer.from('110000000100000000000000', 'hex'));
    const [reply] = (await once(client, 'data')) as [Buffer];
    expect(reply.toString('hex')).toBe('1100000005000000080000000200000000000000');
    child.kill(signal);
    const [code] = await ended;
    expect(code).toBe(expected);
    expect(errors.join('')).toMatch(
      /QEMU connected\nQEMU disconnected after [\d.]+ s: 0 kicks, 0 commands, .* \(it was closed here\)\n$/,
    );
    expect(existsSync(path)).toBe(false);
  });
});
