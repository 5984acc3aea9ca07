/** Whose a channel is in a saved part: offsets of virtual functions are those of PCI Express 6.0 §9.3.3. */
import { expect, it } from 'vitest';
import { channelHome } from '../../src/index.ts';
import { ARI, SriovRig, sriov, VF_CHANNELS, VF_ENABLE, VF_PAGES } from './sriov-rig.ts';

const PART = 4 << 20;
const OWN = VF_PAGES * 0x1000;
const FIRST = 128 - 2 * VF_CHANNELS;

it('without virtual functions all of it is the physical function', () => {
  const { bell } = new SriovRig();
  expect(channelHome(bell.save(), 127)).toEqual({
    ...{ window: { base: 0, size: PART }, routingOffset: 0 },
  });
  expect(() => channelHome(bell.save(), 128)).toThrow(RangeError);
});

it('each virtual function has its channels and its VRAM, behind those of the physical one', () => {
  const rig = new SriovRig();
  rig.enable();
  const state = rig.bell.save();
  const homes = [FIRST - 1, FIRST, FIRST + VF_CHANNELS].map((each) => channelHome(state, each));
  expect(homes).toEqual([
    { window: { base: 0, size: PART - 2 * OWN }, routingOffset: 0 },
    { window: { base: PART - 2 * OWN, size: OWN }, routingOffset: 1 },
    { window: { base: PART - OWN, size: OWN }, routingOffset: 2 },
  ]);
});

it('without ARI the first one is on the next bus', () => {
  const rig = new SriovRig();
  rig.enable();
  rig.bell.configWrite(sriov.CONTROL, 2, ARI);
  rig.bell.configWrite(sriov.CONTROL, 2, 0);
  rig.bell.configWrite(sriov.CONTROL, 2, VF_ENABLE);
  expect(channelHome(rig.bell.save(), FIRST).routingOffset).toBe(0x100);
});
