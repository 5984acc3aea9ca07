import { type GpuCommandName, gpuCommands } from '@doorbell/abi';
import { describe, expect, it } from 'vitest';
import { commandText } from '../../src/gpu/command-text.ts';
import { command, create2d, fence, ScriptedDriver } from '../scripted-driver.ts';

const r = { x: 8, y: 16, width: 640, height: 480 };
const position = { scanout_id: 0, x: 10, y: 20, padding: 0 };

describe('a command in words', () => {
  it.each<[string, Uint8Array]>([
    ['GET_DISPLAY_INFO', command('GET_DISPLAY_INFO')],
    ['GET_EDID scanout 1', command('GET_EDID', { scanout: 1 })],
    ['RESOURCE_CREATE_2D resource 3, 640x480 B8G8R8X8', create2d(3, 640, 480, 2)],
    ['RESOURCE_CREATE_2D resource 3, 640x480 format 99', create2d(3, 640, 480, 99)],
    [
      'RESOURCE_ATTACH_BACKING resource 3, 2 entries',
      command('RESOURCE_ATTACH_BACKING', { resource_id: 3, nr_entries: 2 }),
    ],
    [
      'SET_SCANOUT scanout 0, resource 3, 640x480 at 8,16',
      command('SET_SCANOUT', { r, scanout_id: 0, resource_id: 3 }),
    ],
    [
      'SET_SCANOUT scanout 0, no resource, 640x480 at 8,16',
      command('SET_SCANOUT', { r, scanout_id: 0, resource_id: 0 }),
    ],
    [
      'TRANSFER_TO_HOST_2D resource 3, 640x480 at 8,16, offset 0x2820',
      command('TRANSFER_TO_HOST_2D', { r, resource_id: 3, offset: 0x2820n }),
    ],
    [
      'RESOURCE_FLUSH resource 3, 640x480 at 8,16, fence 7',
      command('RESOURCE_FLUSH', { r, resource_id: 3 }, fence(7)),
    ],
    [
      'UPDATE_CURSOR resource 4, scanout 0, at 10,20',
      command('UPDATE_CURSOR', { pos: position, resource_id: 4 }),
    ],
    [
      'SUBMIT_3D context 2, 96 bytes',
      command('SUBMIT_3D', { size: 96 }, { ctx_id: 2 }, new Uint8Array(96)),
    ],
  ])('%s', (text, bytes) => {
    expect(commandText(bytes)).toBe(text);
  });

  it.each(Object.keys(gpuCommands) as GpuCommandName[])(
    'knows %s, and where it is cut off',
    (name) => {
      const bytes = command(name);
      expect(commandText(bytes).split(' ')[0]).toBe(name);
      expect(commandText(bytes)).not.toMatch(/undefined|NaN|object/);
      expect(commandText(bytes.subarray(0, 23))).toBe('23 bytes, less than a header');
      if (bytes.length > 24) {
        expect(commandText(bytes.subarray(0, 24))).toBe(
          `${name} cut off: 24 bytes of ${bytes.length}`,
        );
      }
    },
  );

  it('says the type of one that there is not', () => {
    const bytes = command('GET_DISPLAY_INFO', {}, { type: 0x999 });
    expect(commandText(bytes)).toBe('unknown type 0x999');
  });
});

describe('a follower', () => {
  it('hears of each command when it is taken, when it was read, and when it is answered', async () => {
    const heard: string[] = [];
    const driver = await new ScriptedDriver({
      follower: {
        taken: (queue, chain) => heard.push(`taken ${queue} ${chain}`),
        sent: (bytes) => heard.push(commandText(bytes)),
        answering: (queue, chain, store) => {
          heard.push(`answering ${queue} ${chain}`);
          return store();
        },
        answered: (queue, chain, response) => heard.push(`${queue} ${chain} ${response}`),
      },
    }).start();
    await driver.type(create2d(1, 16, 16, 2));
    await driver.type(create2d(1, 16, 16, 2));
    const chains = heard.flatMap((line) => /^taken 0 (\d+)$/.exec(line)?.[1] ?? []);
    const text = 'RESOURCE_CREATE_2D resource 1, 16x16 B8G8R8X8';
    const answers = [`OK_NODATA`, `ERR_INVALID_RESOURCE_ID`];
    expect(heard).toEqual(
      chains.flatMap((chain, index) => [
        ...[`taken 0 ${chain}`, text],
        ...[`answering 0 ${chain}`, `0 ${chain} ${answers[index]}`],
      ]),
    );
    expect(chains.length).toBe(2);
  });
});
