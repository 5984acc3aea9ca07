import { describe, expect, it } from 'vitest';
import { QtestConnection, QtestError, type QtestStream } from '../../src/qtest/connection.ts';
import { QemuError } from '../../src/qemu/qemu-error.ts';

/** Gives `answers` piece by piece, and notes what was written. */
function scripted(answers: readonly string[]): QtestStream & { readonly written: string[] } {
  const left = [...answers];
  const written: string[] = [];
  return { written, write: (text) => written.push(text), read: () => left.shift() ?? '' };
}

const nobody = (): void => {};

describe('a qtest connection', () => {
  it('gives what follows OK, however the answers are cut', () => {
    const stream = scripted(['OK 0x', '12\nO', 'K\n']);
    const connection = new QtestConnection(stream, nobody);
    expect(connection.ask('readl 0x0')).toBe('0x12');
    expect(connection.ask('writel 0x0 1')).toBe('');
    expect(stream.written).toEqual(['readl 0x0\n', 'writel 0x0 1\n']);
  });

  it('writes what was posted before what is asked, and takes the answers in that order', () => {
    const stream = scripted(['OK\nOK\nOK 0x5\n']);
    const connection = new QtestConnection(stream, nobody);
    connection.post('writel 0x0 1');
    connection.post('writel 0x4 2');
    expect(stream.written).toEqual([]);
    expect(connection.ask('readl 0x0')).toBe('0x5');
    expect(stream.written.join('')).toBe('writel 0x0 1\nwritel 0x4 2\nreadl 0x0\n');
  });

  it('writes what was posted once the task waits', async () => {
    const stream = scripted([]);
    new QtestConnection(stream, nobody).post('writel 0x0 1');
    await Promise.resolve();
    expect(stream.written).toEqual(['writel 0x0 1\n']);
  });

  it('never lets more than 1024 answers stand out', () => {
    const written: string[] = [];
    let owed = 0;
    let most = 0;
    const stream: QtestStream = {
      write: (text) => {
        written.push(text);
        owed += text.split('\n').length - 1;
        most = Math.max(most, owed);
      },
      read: () => {
        const all = 'OK\n'.repeat(owed);
        owed = 0;
        return all;
      },
    };
    const connection = new QtestConnection(stream, nobody);
    for (let n = 0; n < 5000; n++) {
      connection.post('writel 0x0 1');
    }
    connection.settle();
    expect(most).toBeLessThanOrEqual(1024);
    expect(written.join('').split('\n')).toHaveLength(5001);
  });

  it('names the posted command that QEMU refused, and goes on with the next', () => {
    const connection = new QtestConnection(scripted(['OK\nFAIL no\nOK 7\nOK 8\n']), nobody);
    connection.post('first');
    connection.post('second');
    expect(() => connection.ask('third')).toThrow(
      expect.objectContaining({ name: 'QtestError', command: 'second', answer: 'FAIL no' }),
    );
    expect(connection.ask('fourth')).toBe('8');
  });

  it('tells of interrupt lines between answers', () => {
    const levels: [number, boolean][] = [];
    const stream = scripted(['IRQ raise 23\nOK 1\nIRQ lower 23\n', 'OK 2\n']);
    const connection = new QtestConnection(stream, (line, high) => levels.push([line, high]));
    expect(connection.ask('a')).toBe('1');
    expect(levels).toEqual([[23, true]]);
    expect(connection.ask('b')).toBe('2');
    expect(levels).toEqual([
      [23, true],
      [23, false],
    ]);
  });

  it('tells what was not answered when QEMU ends', () => {
    const connection = new QtestConnection(scripted(['OK\n']), nobody);
    connection.ask('a');
    expect(() => connection.ask('readl 0x1234')).toThrow(QemuError);
    expect(() => connection.ask('readl 0x1234')).toThrow(/readl 0x1234/);
  });

  it('refuses commands once it is closed, and writes nothing', () => {
    const stream = scripted(['OK\n']);
    const connection = new QtestConnection(stream, nobody);
    connection.close(new QemuError('It is over.'));
    expect(() => connection.ask('a')).toThrow('It is over.');
    expect(stream.written).toEqual([]);
  });

  it('is an error of QEMU, which keeps long commands short', () => {
    const error = new QtestError(`b64write 0x0 ${'A'.repeat(5000)}`, 'FAIL');
    expect(error).toBeInstanceOf(QemuError);
    expect(error.message.length).toBeLessThan(200);
  });
});
