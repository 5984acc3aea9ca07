import { expect, test } from 'vitest';
import { FetchError, runPipe, runProgram } from '../../src/debian/program.ts';

const { signal } = new AbortController();

test('keeps what a program says, and how it ends', async () => {
  const lines: string[] = [];
  const ended = await runProgram('sh', ['-c', 'echo out; echo err >&2; echo one >&3; exit 3'], {
    signal,
    onStatus: (line) => lines.push(line),
  });
  expect(ended).toEqual({ status: 3, stdout: 'out\n', stderr: 'err\n' });
  expect(lines).toEqual(['one']);
});

test('says of a program that is not there what it is', async () => {
  const run = runProgram('no-such-program', [], { signal });
  await expect(run).rejects.toThrow(FetchError);
  await expect(run).rejects.toThrow('This system has no no-such-program');
});

test('hands all bytes from one program to the other', async () => {
  const [, sink] = await runPipe(['head', '-c', '3000000', '/dev/zero'], ['wc', '-c'], { signal });
  expect(sink.stdout.trim()).toBe('3000000');
});

test('ends when either of two programs fails', async () => {
  const [source] = await runPipe(['sh', '-c', 'exit 2'], ['cat'], { signal });
  expect(source.status).toBe(2);
  const [, sink] = await runPipe(['yes'], ['sh', '-c', 'exit 5'], { signal });
  expect(sink.status).toBe(5);
});

test('ends when one of two programs is not there', async () => {
  const from = ['head', '-c', '3000000', '/dev/zero'] as const;
  await expect(runPipe(from, ['no-such-program'], { signal })).rejects.toThrow(FetchError);
  await expect(runPipe(['no-such-program'], ['cat'], { signal })).rejects.toThrow(FetchError);
});

test('ends a program with all that it started, and gives the reason', async () => {
  const controller = new AbortController();
  const run = runProgram('sh', ['-c', 'sleep 60 & echo $!; wait'], { signal: controller.signal });
  const reason = new Error('enough');
  setTimeout(() => {
    controller.abort(reason);
  }, 100);
  await expect(run).rejects.toBe(reason);
});

test('starts nothing after the signal', async () => {
  await expect(runProgram('sh', ['-c', 'true'], { signal: AbortSignal.abort() })).rejects.toThrow(
    'aborted',
  );
});
