import { expect, it } from 'vitest';
import { fakeChannels } from './fake-channel-host.ts';

const place = { ring: 0x1000, ringBytes: 4096, fence: 0x2000 };

it('keeps an account of what a channel has, and is idle when it is closed', async () => {
  const { host } = fakeChannels();
  const channel = host.open(() => {});
  const range = await channel.allocate(3);
  channel.mapVram(0x4000, range, true);
  channel.mapMemory(0x1000, 0, 2, false);
  expect([host.vramPages, host.pinned, channel.pages.size]).toEqual([3, 2, 5]);
  channel.unmap(0x1000, 2);
  channel.free(range);
  expect([host.vramPages, host.pinned, channel.pages.size]).toEqual([0, 0, 0]);
  expect(host.isIdle).toBe(false);
  channel.mapMemory(0x1000, 0, 2, false);
  channel.close();
  expect(host.isIdle).toBe(true);
  expect(host.mistakes).toEqual([]);
});

it('notes what no correct caller does', async () => {
  const { host } = fakeChannels();
  const channel = host.open(() => {});
  channel.unmap(0x1000, 1);
  channel.mapMemory(0, 0, 1, true);
  channel.mapMemory(0x5000, 0, 1, true);
  channel.mapMemory(0x5000, 0, 1, true);
  channel.start(place);
  channel.start(place);
  channel.free({ page: 9, pages: 1 });
  channel.close();
  channel.close();
  await channel.allocate(1);
  expect(host.mistakes).toEqual([
    ...['an unmap at page 1', 'a map at page 0', 'a map at page 5', 'a second start'],
    ...['free of what is not there', 'a second close', 'allocate on a channel that is closed'],
  ]);
});

it('refuses what it has not', async () => {
  const { host } = fakeChannels();
  Object.assign(host, { mostChannels: 1, mostVram: 1, mostPinned: 1 });
  const channel = host.open(() => {});
  expect(() => host.open(() => {})).toThrow('No channel is free.');
  await expect(channel.allocate(2)).rejects.toThrow('No VRAM is free.');
  expect(() => channel.mapMemory(0x1000, 0, 2, true)).toThrow('No more may be pinned.');
  expect(() => channel.start({ ...place, ringBytes: 64 })).toThrow('no such ring');
});
