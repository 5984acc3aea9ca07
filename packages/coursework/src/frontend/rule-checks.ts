/** Lives of a driver with right and wrong devices, in each of which it keeps to each rule. */
import type { Check } from '../check/check.ts';
import { Mismatch } from '../check/mismatch.ts';
import type { FrontendPart } from '../part.ts';
import { bits, setOf } from '../virtio/gpu-bytes.ts';
import { FrontendRun } from './frontend-run.ts';
import { rules, type Rule } from './rules.ts';

interface Life {
  readonly with: string;
  readonly prepare: (run: FrontendRun) => void;
}

const lives: readonly Life[] = [
  { with: 'a device with images alone', prepare: () => {} },
  { with: 'a device with contexts', prepare: (run) => run.with3d() },
  {
    with: 'a device that another driver left live',
    prepare: ({ device }) => {
      device.status = 1 | 2 | 8 | 4;
    },
  },
  {
    with: 'a device that offers everything, and CONTEXT_INIT without VIRGL',
    prepare: ({ device }) => {
      device.offered = ((1n << 64n) - 1n) & ~setOf(bits.VIRGL, bits.RING_PACKED);
    },
  },
  {
    with: 'a device that offers a capset, and no feature for it',
    prepare: (run) => {
      run.with3d();
      run.device.offered = setOf(bits.VERSION_1);
    },
  },
  {
    with: 'a device that refuses the features',
    prepare: ({ device }) => {
      device.confirms = false;
    },
  },
  {
    with: 'a device that does not answer',
    prepare: ({ device }) => {
      device.answers = () => 'silent';
    },
  },
  {
    with: 'a device that stops answering',
    prepare: ({ device }) => {
      device.answers = (command) => (command[0] === 5 && command[1] === 1 ? 'silent' : undefined);
    },
  },
  {
    with: 'a device that comes to need a reset',
    prepare: ({ device }) => {
      device.answers = (command) =>
        command[0] === 5 && command[1] === 1 ? 'needs-reset' : undefined;
    },
  },
  {
    with: 'a device whose display changes',
    prepare: ({ device }) => {
      device.onCommand = () => {
        device.changeDisplay();
      };
    },
  },
];

/** How a part broke each rule in all its lives, at first: it lives them once. */
const broken = new WeakMap<FrontendPart, Promise<ReadonlyMap<Rule, string>>>();

async function liveAll(part: FrontendPart): Promise<ReadonlyMap<Rule, string>> {
  const found = new Map<Rule, string>();
  for (const { with: device, prepare } of lives) {
    const run = new FrontendRun(part);
    prepare(run);
    for (const time of ['first', 'second']) {
      // What the driver throws is another check's. Twice: it may try the device again.
      await run.errorOf(`the ${time} life`, () => run.life()).catch(() => undefined);
    }
    const [refused] = run.memory.refused;
    if (refused !== undefined) {
      run.device.broken.set('6.1/reach', `the device was led to ${refused}, which is not mapped`);
    }
    for (const [rule, how] of run.device.broken) {
      found.set(rule, found.get(rule) ?? `with ${device}: ${how}`);
    }
  }
  return found;
}

function brokenBy(part: FrontendPart): Promise<ReadonlyMap<Rule, string>> {
  const known = broken.get(part) ?? liveAll(part);
  broken.set(part, known);
  return known;
}

function ruleCheck(rule: Rule): Check<FrontendPart> {
  const [section] = rule.split('/');
  const title = rules[rule];
  return {
    ...{ id: `virtio-1.3/${rule}`, clause: `VIRTIO 1.3 §${section}`, title },
    run: async (part) => {
      const how = (await brokenBy(part)).get(rule);
      if (how !== undefined) {
        throw new Mismatch(title, how);
      }
    },
  };
}

export const ruleChecks: readonly Check<FrontendPart>[] = Object.keys(rules)
  .filter((rule): rule is Rule => rule in rules)
  .map(ruleCheck);
