import { type ChildProcess, spawn } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConsoleLines } from '../../src/linux/console-lines.ts';
import { SerialShell, withoutMark } from '../../src/linux/serial-shell.ts';
import { QemuError } from '../../src/qemu/qemu-error.ts';

/** The shell of this machine behind a pipe, as the guest's is behind its serial port. */
describe('SerialShell', () => {
  let sh: ChildProcess;
  let lines: ConsoleLines;
  let shell: SerialShell;
  let controller: AbortController;
  beforeEach(() => {
    sh = spawn('sh', { stdio: ['pipe', 'pipe', 'ignore'] });
    lines = new ConsoleLines(sh.stdout!);
    controller = new AbortController();
    const ended = new Promise<string>((resolve) => {
      sh.once('close', () => resolve(lines.panic ?? 'it is gone'));
    });
    shell = new SerialShell(sh.stdin!, lines, { ended, signal: controller.signal });
    sh.stdin!.on('error', () => {});
  });
  afterEach(() => {
    sh.kill('SIGKILL');
  });

  it("gives a command's output and status", async () => {
    expect(await shell.run('echo one; echo two; false', 60_000)).toEqual({
      status: 1,
      output: 'one\ntwo',
    });
  });

  it.each([
    ['that ends without a line end', 'printf abc', 'abc'],
    ['of nothing', ':', ''],
    ['with empty lines', 'echo; echo a; echo; echo b', '\na\n\nb'],
    ['of a command with quotes', `echo "it's" 'a"b' \\$x`, `it's a"b $x`],
    ['of a command of several lines', 'for i in 1 2; do\n  echo $i\ndone', '1\n2'],
    ['of a command that reads', 'cat; echo over', 'over'],
    ['of a command with a comment', 'echo a # b', 'a'],
  ])('gives output %s', async (_, command, output) => {
    expect((await shell.run(command, 60_000)).output).toBe(output);
  });

  it('runs in one shell, whose variables stay', async () => {
    await shell.run('x=5', 60_000);
    expect((await shell.run('echo $x', 60_000)).output).toBe('5');
  });

  it('runs commands one after another', async () => {
    const slow = shell.run('sleep 0.1; echo slow', 60_000);
    const fast = shell.run('echo fast', 60_000);
    expect([(await slow).output, (await fast).output]).toEqual(['slow', 'fast']);
  });

  it('keeps what the kernel prints between commands out of their output', async () => {
    await shell.run("(sleep 0.1; echo '[ 1.0] usb: hello') &", 60_000);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect((await shell.run('echo a', 60_000)).output).toBe('a');
    expect(lines.last).toContain('usb: hello');
  });

  it('takes a mark that a command prints of another command for output', async () => {
    expect((await shell.run("echo '@end 99 0'; echo b", 60_000)).output).toBe('@end 99 0\nb');
  });

  it('says what took too long, and what was printed last', async () => {
    const late = shell.run('echo here; sleep 2', 200);
    await expect(late).rejects.toThrow(QemuError);
    await expect(late).rejects.toThrow(/"echo here; sleep 2" did not end within 0.2 s.*here/s);
  });

  it('says that the guest has ended, and how', async () => {
    const cut = shell.run("echo '[ 2.0] Kernel panic - not syncing: test'; kill -9 $$", 60_000);
    await expect(cut).rejects.toThrow('was cut off: Kernel panic - not syncing: test');
    await expect(shell.run('echo', 60_000)).rejects.toThrow('was cut off');
  });

  it('ends with the signal', async () => {
    const given = shell.run('sleep 2', 60_000);
    controller.abort();
    await expect(given).rejects.toThrow('was given up');
  });

  it('refuses a line that a terminal would cut', async () => {
    await expect(shell.run(`echo ${'x'.repeat(5000)}`, 60_000)).rejects.toThrow(RangeError);
  });
});

describe('withoutMark', () => {
  it('leaves what a command printed', () => {
    expect(withoutMark('abc@end 12 0')).toBe('abc');
    expect(withoutMark('abc')).toBe('abc');
    expect(withoutMark('')).toBe('');
  });

  it('has nothing of a line that is a mark', () => {
    expect(withoutMark('@begin 3')).toBeUndefined();
  });
});
