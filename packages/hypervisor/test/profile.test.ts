import { describe, expect, it, test } from 'vitest';
import { type CostName, ProfileError, costNames, parseProfile, profiles } from '../src/profile.ts';
import arm64 from '../profiles/arm64-kvm.json' with { type: 'json' };
import free from '../profiles/free.json' with { type: 'json' };
import kvm from '../profiles/kvm-x86.json' with { type: 'json' };
import xen from '../profiles/xen-x86-2014.json' with { type: 'json' };

const shipped = [kvm, xen, arm64, free];

/** The KVM profile, with one constant replaced; `undefined` removes it. */
function withConstant(name: string, constant: unknown): unknown {
  const rest = Object.entries(kvm.constants).filter(([key]) => key !== name);
  const changed = constant === undefined ? [] : [[name, constant] as const];
  return { ...kvm, constants: Object.fromEntries<unknown>([...rest, ...changed]) };
}

describe.each(shipped)('the profile $name', (raw) => {
  const { constants } = parseProfile(raw);

  it('is accepted as it stands, and ships under its name', () => {
    expect(parseProfile(raw)).toEqual(raw);
    expect(profiles.get(raw.name)).toEqual(raw);
  });

  it('lists the costs in the order of their table', () => {
    expect(Object.keys(raw.constants)).toEqual(costNames);
  });

  it('gives each constant a source, and calls none verified that says it was not looked up', () => {
    for (const name of costNames) {
      const { source, verified } = constants[name];
      expect(source.trim(), name).not.toBe('');
      expect(verified && /^(Estimate|Recalled)/.test(source), name).toBe(false);
    }
  });

  it('takes time in the engines', () => {
    for (const name of costNames.filter((each) => /^(engine|software)\./.test(each))) {
      expect(constants[name].value, name).toBeGreaterThan(0);
    }
  });
});

test('the first profile is the default, KVM on x86', () => {
  expect([...profiles.keys()]).toEqual(['kvm-x86', 'xen-x86-2014', 'arm64-kvm', 'free']);
});

test('the free profile charges for nothing but the engines', () => {
  const { constants } = parseProfile(free);
  const charged = costNames.filter((name) => constants[name].value !== 0);
  const engines = costNames.filter((name) => /^(engine|software)\./.test(name));
  expect(charged).toEqual(engines);
});

test('the other profiles charge for everything', () => {
  for (const raw of [kvm, xen, arm64]) {
    const { constants } = parseProfile(raw);
    expect(costNames.filter((name) => constants[name].value === 0)).toEqual([]);
  }
});

describe('parseProfile refuses', () => {
  const good = { value: 1, unit: 'ns', source: 'a source', verified: false };
  const name: CostName = 'iommu.walkLevel';

  it('accepts the replacement that the cases below spoil', () => {
    expect(parseProfile(withConstant(name, good)).constants[name]).toEqual(good);
  });

  it.each([
    ['null', null],
    ['a string', 'kvm-x86'],
    ['an array', [kvm]],
    ['one without a name', { doc: kvm.doc, constants: kvm.constants }],
    ['one without a doc', { name: kvm.name, constants: kvm.constants }],
    ['one without constants', { name: kvm.name, doc: kvm.doc }],
    ['constants in an array', { ...kvm, constants: [] }],
  ])('a profile that is %s', (_, raw) => {
    expect(() => parseProfile(raw)).toThrow(
      new ProfileError("A profile is an object with 'name', 'doc' and 'constants'."),
    );
  });

  it('a key that it does not know', () => {
    expect(() => parseProfile({ ...kvm, unit: 'ns' })).toThrow(
      new ProfileError("A profile has 'name', 'doc' and 'constants', and no 'unit'."),
    );
  });

  it.each(['name', 'doc'])('control characters in its %s', (key) => {
    for (const character of ['\x1b', '\n', '\x9b', '\u202e', '\u2028']) {
      expect(() => parseProfile({ ...kvm, [key]: `a${character}b` })).toThrow(
        new ProfileError(`The profile's '${key}' has a control character.`),
      );
    }
  });

  it('a cost that it does not know', () => {
    expect(() => parseProfile(withConstant('iommu.coffee', good))).toThrow(
      new ProfileError("There is no cost 'iommu.coffee'."),
    );
  });

  it.each([
    ['missing', undefined],
    ['null', null],
    ['a bare number', 50],
    ['an array', [50]],
  ])('a constant that is %s', (_, constant) => {
    expect(() => parseProfile(withConstant(name, constant))).toThrow(
      new ProfileError(
        "The profile lacks the constant 'iommu.walkLevel' (One level of a table walk).",
      ),
    );
  });

  it.each([['1'], [null], [NaN], [Infinity], [-1], [1e9 + 1]])('the value %s', (value) => {
    expect(() => parseProfile(withConstant(name, { ...good, value }))).toThrow(
      new ProfileError("The profile's 'iommu.walkLevel' needs a value from 0 to 1e9."),
    );
  });

  it.each([['us'], [''], [undefined]])('the unit %s', (unit) => {
    expect(() => parseProfile(withConstant(name, { ...good, unit }))).toThrow(
      new ProfileError("The profile's 'iommu.walkLevel' must be in the unit 'ns'."),
    );
  });

  it.each([
    ['an empty source', { source: '' }],
    ['a source that is no text', { source: 7 }],
    ['no source', { source: undefined }],
    ['a verified that is a string', { verified: 'true' }],
    ['no verified', { verified: undefined }],
  ])('a constant with %s', (_, change) => {
    expect(() => parseProfile(withConstant(name, { ...good, ...change }))).toThrow(
      new ProfileError(
        "The profile's 'iommu.walkLevel' needs a source and a 'verified' of true or false.",
      ),
    );
  });
});

test('the limits of a value are themselves allowed', () => {
  for (const value of [0, 1e9]) {
    const constant = { value, unit: 'ns', source: 'a source', verified: true };
    expect(parseProfile(withConstant('mmio.read', constant)).constants['mmio.read'].value).toBe(
      value,
    );
  }
});
