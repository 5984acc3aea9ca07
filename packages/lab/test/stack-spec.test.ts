import { describe, expect, it } from 'vitest';
import { InputError } from '../src/input-error.ts';
import { parseStacks, stackKinds, stackSpec } from '../src/stack-spec.ts';

describe('parseStacks', () => {
  it('fills options in with their defaults and names only the changed ones', () => {
    const [native, passthrough] = parseStacks('native,passthrough:posted-interrupts=on');
    expect(native?.id).toBe('native');
    const shared = { scheduler: 'round-robin', timeslice: '0', preempt: 'off' };
    expect(native?.options).toEqual({ iommu: 'strict', iotlb: '64', ...shared });
    expect(passthrough?.id).toBe('passthrough:posted-interrupts=on');
    expect(passthrough?.options).toEqual({
      iommu: 'strict',
      'posted-interrupts': 'on',
      iotlb: '64',
      'iommu-pages': 'large',
      viommu: 'off',
      ...shared,
    });
  });

  it('gives shared options to the stacks that have them; own options win', () => {
    const specs = parseStacks('native:iommu=off,passthrough,emulated', { iommu: 'deferred' });
    expect(specs.map((spec) => spec.id)).toEqual([
      'native:iommu=off',
      'passthrough:iommu=deferred',
      'emulated',
    ]);
  });

  it('calls an option with its default value the same stack', () => {
    expect(() => parseStacks('native,native:iommu=strict')).toThrow("'native' is there twice");
  });

  it.each([
    ['nativ', "no stack 'nativ'"],
    ['', 'The list of stacks is empty; there is native, passthrough, sriov, mdev, emulated'],
    ['native,', "no stack ''"],
    ['native:iommu', "'iommu' is not an option"],
    ['native:iommu=', "'iommu=' is not an option"],
    ['native:iommu=a=b', 'is not an option'],
    ['native:iommu=maybe', "'maybe' is not one of off, strict, deferred"],
    ['native:vram=map', "'native' has no option 'vram'"],
    ['passthrough:iommu=off', 'needs the IOMMU'],
    ['sriov:iommu=off', "'sriov' needs the IOMMU"],
    ['sriov:vfs=0', 'a whole number from 1 to 16'],
    ['sriov:vfs=17', 'a whole number from 1 to 16'],
  ])('refuses %j with a line that says why', (text, message) => {
    expect(() => parseStacks(text)).toThrow(InputError);
    expect(() => parseStacks(text)).toThrow(message);
  });

  it('takes from an option what another one needs, and refuses what does not go with it', () => {
    const [pv, far] = parseStacks('pv:renderer=webgpu,pv:renderer=webgpu:transport=websocket');
    expect([pv.id, pv.options.transport]).toEqual(['pv:renderer=webgpu', 'worker']);
    expect(far.id).toBe('pv:renderer=webgpu:transport=websocket');
    expect(() => parseStacks('pv:renderer=webgpu:transport=inline')).toThrow(
      "'renderer=webgpu' of 'pv' needs transport=worker or websocket, not inline.",
    );
    expect(() => parseStacks('pv:renderer=webgpu,pv:renderer=webgpu:transport=worker')).toThrow(
      "'pv:renderer=webgpu' is there twice",
    );
  });

  it('refuses a shared option that none of the stacks has', () => {
    expect(() => parseStacks('emulated', { iommu: 'off' })).toThrow('None of the stacks');
  });

  it('refuses to pass a device through without an IOMMU, also by the shared option', () => {
    expect(() => parseStacks('native,passthrough', { iommu: 'off' })).toThrow('needs the IOMMU');
  });
});

describe('stackKinds', () => {
  it('has defaults that are among their values', () => {
    for (const kind of stackKinds.values()) {
      expect(stackSpec(kind.name).id).toBe(kind.name);
      for (const [name, option] of Object.entries(kind.options)) {
        expect(stackSpec(kind.name, { [name]: option.default }).id).toBe(kind.name);
      }
    }
  });

  it('has whole numbers within a range', () => {
    expect(stackSpec('pv', { batch: '16' }).id).toBe('pv:batch=16');
    for (const batch of ['0', '65', '1.5', 'many', '-1', '']) {
      expect(() => stackSpec('pv', { batch })).toThrow('is not a whole number from 1 to 64');
    }
  });
});
