import { expect, it } from 'vitest';
import type { CursorImage, CursorPlace } from '../../src/index.ts';
import {
  attachBacking,
  command,
  create2d,
  PAGES,
  rect,
  ScriptedDriver,
} from '../scripted-driver.ts';

const pos = { scanout_id: 0, x: 10, y: 20, padding: 0 };
const on = { resource_id: 1 };

async function pointed() {
  const seen: { place: CursorPlace; image?: CursorImage | undefined }[] = [];
  const onCursor = {
    update: (place: CursorPlace, image: CursorImage | undefined) => {
      seen.push({ place, image });
    },
    move: (place: CursorPlace) => {
      seen.push({ place });
    },
  };
  const driver = await new ScriptedDriver({ onCursor }).start();
  await driver.ask(create2d(1, 64, 64));
  await driver.ask(create2d(2, 64, 32));
  await driver.ask(attachBacking(1, [PAGES, 16384]));
  driver.memory.bytes.fill(0x33, PAGES, PAGES + 16384);
  await driver.ask(command('TRANSFER_TO_HOST_2D', { ...on, r: rect(0, 0, 64, 64) }));
  return { driver, seen };
}

it('5.7.6.10: copies a resource of 64 by 64', async () => {
  const { driver, seen } = await pointed();
  await driver.cursor(command('UPDATE_CURSOR', { ...on, pos, hot_x: 3, hot_y: 4 }));
  expect(seen[0].place).toEqual({ scanout: 0, x: 10, y: 20 });
  expect(seen[0].image).toMatchObject({ hotX: 3, hotY: 4 });
  expect(seen[0].image?.pixels).toEqual(new Uint8Array(16384).fill(0x33));
});

it('moves, and hides', async () => {
  const { driver, seen } = await pointed();
  await driver.cursor(command('MOVE_CURSOR', { pos: { ...pos, x: 11 } }));
  await driver.cursor(command('UPDATE_CURSOR', { pos }));
  expect(seen).toEqual([
    { place: { scanout: 0, x: 11, y: 20 } },
    { place: { scanout: 0, x: 10, y: 20 }, image: undefined },
  ]);
});

it.each([
  ['of another size', command('UPDATE_CURSOR', { resource_id: 2, pos })],
  ['of no resource', command('UPDATE_CURSOR', { resource_id: 9, pos })],
  ['on no scanout', command('UPDATE_CURSOR', { ...on, pos: { ...pos, scanout_id: 1 } })],
  ['moved on no scanout', command('MOVE_CURSOR', { pos: { ...pos, scanout_id: 2 ** 32 - 1 } })],
  ['that is a command of the other queue', create2d(3, 16, 16)],
])('ignores a pointer %s, and counts it', async (_, bytes) => {
  const { driver, seen } = await pointed();
  await driver.cursor(bytes);
  expect(seen).toEqual([]);
  expect(driver.device.counts.errors).toBe(1);
  expect(driver.order(1)).toHaveLength(1);
});

it('has no responses, as in QEMU, though there be room for one', async () => {
  const { driver } = await pointed();
  const tag = driver.send(1, command('MOVE_CURSOR', { pos }), 100);
  await driver.kick(1);
  expect(driver.answer(tag, 1)?.length).toBe(0);
});

it('is no command of the control queue', async () => {
  const { driver } = await pointed();
  expect(await driver.type(command('MOVE_CURSOR', { pos }))).toBe('ERR_UNSPEC');
});

it('needs nobody who looks', async () => {
  const driver = await new ScriptedDriver().start();
  await driver.ask(create2d(1, 64, 64));
  await driver.cursor(command('UPDATE_CURSOR', { ...on, pos }));
  expect(driver.device.counts.errors).toBe(0);
});
