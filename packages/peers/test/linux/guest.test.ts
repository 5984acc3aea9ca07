import { once } from 'node:events';
import { expect, it } from 'vitest';
import { bootLinux } from '../../src/linux/guest.ts';
import type { Peer, PeerRun } from '../../src/peer.ts';
import { findEmulator } from '../../src/qemu/emulator.ts';
import { runPeer } from '../../src/run.ts';
import { describeWith } from '../needs.ts';
import { plainSurroundings } from './plain-surroundings.ts';

/** A peer that does what a test wants. */
function peerOf(meet: (run: PeerRun) => Promise<void>): Peer {
  const needs = ['qemu', 'linux'] as const;
  return { name: 'guest', summary: '', needs, isQuick: false, limitMs: 60_000, meet };
}

const options = (): Parameters<typeof bootLinux>[1] => ({
  emulator: findEmulator('qemu'),
  args: ['-device', 'bochs-display'],
  modules: ['bochs'],
});

describeWith(['qemu', 'linux'], 'a Linux guest', () => {
  it('boots with its drivers, and answers', async () => {
    const told: string[] = [];
    const meet = async (run: PeerRun): Promise<void> => {
      const guest = await bootLinux(run, options());
      try {
        const modules = await guest.shell('cut -d" " -f1 /proc/modules; uname -s; false');
        expect(modules.status).toBe(1);
        expect(modules.output.split('\n')).toEqual(expect.arrayContaining(['bochs', 'Linux']));
        expect((await guest.shell('ls /dev/dri/card0')).status).toBe(0);
      } finally {
        await guest.close();
      }
      run.check('booted', true, '');
    };
    const result = await runPeer(
      peerOf(meet),
      { console: (line) => told.push(line), step: (what) => told.push(what) },
      plainSurroundings,
    );
    expect(result.error).toBeUndefined();
    expect(told).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^booting Linux \d/),
        'loading drivers',
        'Linux',
      ]),
    );
    expect(told.filter((line) => line.startsWith('@'))).toEqual([]);
  });

  it('lets a person in and out, whose shell is followed by another when it is left', async () => {
    let seen = '';
    const meet = async (run: PeerRun): Promise<void> => {
      const guest = await bootLinux(run, options());
      try {
        const { console: person } = guest;
        person.on('data', (bytes: Buffer) => {
          seen += bytes.toString();
        });
        person.write('echo $((40 + 2))\nsleep 1000\n');
        await expect.poll(() => seen, { timeout: 10_000 }).toContain('42\r\n');
        person.destroy();
        expect(await guest.shell('echo back')).toEqual({ status: 0, output: 'back' });
        seen = '';
        const again = guest.console;
        again.on('data', (bytes: Buffer) => {
          seen += bytes.toString();
        });
        again.write('exit\n');
        await expect.poll(() => seen, { timeout: 10_000 }).toContain('built-in shell');
        again.destroy();
        expect((await guest.shell('echo there')).output).toBe('there');
      } finally {
        await guest.close();
      }
    };
    const result = await runPeer(peerOf(meet), {}, plainSurroundings);
    expect(result.error).toBeUndefined();
  });

  it('has no console any more once it is off', async () => {
    const meet = async (run: PeerRun): Promise<void> => {
      const guest = await bootLinux(run, options());
      try {
        const { console: person } = guest;
        const closed = once(person, 'close');
        person.write('poweroff -f\n');
        await closed;
      } finally {
        await guest.close();
      }
    };
    const result = await runPeer(peerOf(meet), {}, plainSurroundings);
    expect(result.error).toBeUndefined();
  });

  it('says of a panic what the kernel says', async () => {
    const meet = async (run: PeerRun): Promise<void> => {
      const guest = await bootLinux(run, options());
      try {
        await guest.shell('echo c >/proc/sysrq-trigger');
      } finally {
        await guest.close();
      }
    };
    const { why } = await runPeer(peerOf(meet), {}, plainSurroundings);
    expect(why).toContain('Kernel panic - not syncing: sysrq triggered crash');
  });

  it('says which module there is not', async () => {
    const meet = async (run: PeerRun): Promise<void> => {
      await bootLinux(run, { ...options(), modules: ['no_such'] });
    };
    expect(await runPeer(peerOf(meet), {}, plainSurroundings)).toMatchObject({
      status: 'missing',
      why: expect.stringContaining('no_such'),
    });
  });
});
