import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Qmp } from '../../src/qemu/qmp.ts';

/** The other end says what the test does, and answers the first command. */
function scripted(answer = ''): { readonly stream: Duplex; readonly written: string[] } {
  const written: string[] = [];
  const stream = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _, done) => {
      written.push(chunk.toString());
      stream.push(answer);
      done();
    },
  });
  return { stream, written };
}

describe('QMP', () => {
  it('enters command mode after the greeting, and passes over events', async () => {
    const { stream, written } = scripted('{"event": "RESUME"}\n{"return": {}}\n');
    const qmp = new Qmp(stream);
    stream.push('{"QMP": {}}\n');
    await qmp.connect();
    expect(written.map((line) => JSON.parse(line) as unknown)).toEqual([
      { execute: 'qmp_capabilities', arguments: {} },
    ]);
    qmp.close();
  });

  it('settles what has to come first before each command', async () => {
    const { stream, written } = scripted('{"return": 5}\n');
    const qmp = new Qmp(stream);
    qmp.settle = () => written.push('settled');
    expect(await qmp.execute('stop')).toBe(5);
    expect(written[0]).toBe('settled');
    expect(written[1]).toContain('stop');
    qmp.close();
  });

  it('refuses a command in the words of QEMU', async () => {
    const { stream } = scripted('{"error": {"class": "GenericError", "desc": "No."}}\n');
    const qmp = new Qmp(stream);
    await expect(qmp.execute('stop')).rejects.toThrow('QEMU refused stop: No.');
    qmp.close();
  });

  it.each(['', '{"return": {"cut o', 'no JSON\n'])(
    'tells who waits that QEMU has ended, whatever its last words (%j)',
    async (last) => {
      const { stream } = scripted();
      const qmp = new Qmp(stream);
      const answer = expect(qmp.execute('quit')).rejects.toThrow('QEMU has ended.');
      stream.push(last);
      stream.push(null);
      stream.end();
      await answer;
    },
  );

  it('tells who waits that the connection broke', async () => {
    const { stream } = scripted();
    const qmp = new Qmp(stream);
    const answer = expect(qmp.execute('quit')).rejects.toThrow('QEMU has ended.');
    stream.destroy(new Error('read ECONNRESET'));
    await answer;
  });
});
