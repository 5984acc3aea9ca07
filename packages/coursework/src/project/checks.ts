/** What a project is checked for: that its part keeps its contract, that the pixels are the same, and that it is as much cheaper as was asked. */
import { profiles } from '@doorbell/hypervisor';
import {
  findScene,
  InputError,
  OWN,
  parseStacks,
  type Profile,
  type StackReport,
} from '@doorbell/lab';
import type { Bench } from '../check/bench.ts';
import type { Check } from '../check/check.ts';
import { Mismatch } from '../check/mismatch.ts';
import { runCheck } from '../check/run.ts';
import { driverChecks } from '../driver/checks.ts';
import { invalidationChecks } from '../invalidation/checks.ts';
import { mediationChecks } from '../mediation/checks.ts';
import { ownParts, partProblem, type ProjectedPart, type ProjectPart } from '../part.ts';
import { queueChecks } from '../queue/checks.ts';

/** Of the virtual time that the stack takes with this project's own part. */
const ASKED = 0.8;
const MOST_FRAMES = 16;
const LEAST_WORDS = 80;
const [priced, ...otherProfiles] = profiles.values();

const claimChecks: readonly Check<ProjectPart>[] = [
  {
    id: 'project/claim/part',
    clause: 'ProjectPart.part',
    title: 'The part is of a kind whose work the machine counts.',
    run: ({ part }) => {
      const problem = partProblem(part);
      if (problem !== undefined) {
        throw new Mismatch('a part', `part ${problem}`);
      }
      if (!kinds.includes(part.kind)) {
        throw new Mismatch(`a kind of ${kinds.join(', ')}`, part.kind);
      }
    },
  },
  {
    id: 'project/claim/same-stack',
    clause: 'ProjectPart.stack, ProjectPart.against',
    title: 'Both stacks are the same, but for the part.',
    run: ({ stack, against }) => {
      const [ours, theirs] = [stack, against].map((text) => parsed(text));
      if (ours.kind.name !== theirs.kind.name) {
        throw new Mismatch(`the same stack twice`, `${ours.kind.name} and ${theirs.kind.name}`);
      }
      const names = Object.keys(ours.options);
      const others = names.filter((name) => ours.options[name] !== theirs.options[name]);
      const wrong = others.filter((name) => ours.options[name] !== OWN);
      if (wrong.length > 0) {
        throw new Mismatch(
          `options that differ only where '${stack}' says ${OWN}`,
          wrong.join(', '),
        );
      }
      if (Object.values(theirs.options).includes(OWN)) {
        throw new Mismatch(`a stack of this project's own parts`, against);
      }
    },
  },
  {
    id: 'project/claim/argument',
    clause: 'ProjectPart.argument',
    title: `It says why, in at least ${LEAST_WORDS} words: a reader judges them.`,
    run: ({ argument }) => {
      const words = argument.split(/\s+/).filter((word) => /\w/.test(word)).length;
      if (words < LEAST_WORDS) {
        throw new Mismatch(`at least ${LEAST_WORDS} words`, `${words}`);
      }
    },
  },
];

/** The kinds that a project's part may be of. */
const kinds: readonly string[] = [
  'driver',
  'queue',
  'invalidation',
  'mediation',
] satisfies ProjectedPart['kind'][];

/** Every check of the part's contract that it fails, by id. */
function contractFailures(part: ProjectedPart, bench: Bench): Promise<string[]> {
  switch (part.kind) {
    case 'driver':
      return failures(driverChecks, part, bench);
    case 'queue':
      return failures(queueChecks, part, bench);
    case 'invalidation':
      return failures(invalidationChecks, part, bench);
    case 'mediation':
      return failures(mediationChecks, part, bench);
  }
}

async function failures<P>(
  checks: readonly Check<P>[],
  part: P,
  { environment }: Bench,
): Promise<string[]> {
  const failed: string[] = [];
  for (const check of checks) {
    const { id, status } = await runCheck(check, part, environment);
    if (status === 'failed') {
      failed.push(id);
    }
  }
  return failed;
}

const contractChecks: readonly Check<ProjectPart>[] = [
  {
    id: 'project/contract/kept',
    clause: "the contract of the part's kind",
    title: 'The part keeps its contract: all of its own checks pass.',
    run: async ({ part }, bench) => {
      const failed = await contractFailures(part, bench);
      if (failed.length > 0) {
        throw new Mismatch('no check that fails', failed.join(', '));
      }
    },
  },
  {
    id: 'project/pixels/identical',
    clause: 'Gpu: every implementation draws the same pixels',
    title: 'All frames have the pixels that they have without the part.',
    run: async (project, bench) => {
      const { ours, theirs } = await both(project, bench, priced);
      if (ours.frames.sha256 !== theirs.frames.sha256) {
        throw new Mismatch(`frames with the hash ${theirs.frames.sha256}`, ours.frames.sha256);
      }
    },
  },
];

const priceChecks: readonly Check<ProjectPart>[] = [
  {
    id: 'project/cheaper/at-all',
    clause: `profile ${priced.name}`,
    title: 'It takes less virtual time than without the part.',
    run: (project, bench) => mustTake(project, bench, priced, 1),
  },
  {
    id: 'project/cheaper/by-20-percent',
    clause: `profile ${priced.name}`,
    title: 'It takes at most 80 % of the virtual time that it takes without the part.',
    run: (project, bench) => mustTake(project, bench, priced, ASKED),
  },
  {
    id: 'project/cheaper/other-prices',
    clause: otherProfiles.map(({ name }) => name).join(', '),
    title: 'It is not dearer under the other price lists.',
    run: async (project, bench) => {
      for (const profile of otherProfiles) {
        await mustTake(project, bench, profile, 1.0001);
      }
    },
  },
];

async function mustTake(
  project: ProjectPart,
  bench: Bench,
  profile: Profile,
  most: number,
): Promise<void> {
  const { ours, theirs } = await both(project, bench, profile);
  const [mine, before] = [timeOf(ours), timeOf(theirs)];
  if (mine >= before * most) {
    const part = `${((100 * mine) / before).toFixed(1)} %`;
    throw new Mismatch(
      `less than ${(100 * most).toFixed(0)} % of ${before} ns, under the prices of ${profile.name}`,
      `${mine} ns: ${part}`,
    );
  }
}

function timeOf({ id, time: { virtualNs } }: StackReport): number {
  if (virtualNs === null) {
    throw new Mismatch('a stack in virtual time', `'${id}' has none`);
  }
  return virtualNs;
}

/** The run without the part first, so that what is recorded last is the part's. */
async function both(
  { part, stack, against, scene, frames }: ProjectPart,
  bench: Bench,
  profile: Profile,
): Promise<{ readonly ours: StackReport; readonly theirs: StackReport }> {
  parsed(stack);
  parsed(against);
  if (!Number.isInteger(frames) || frames < 1 || frames > MOST_FRAMES) {
    throw new Mismatch(`from 1 to ${MOST_FRAMES} frames`, String(frames));
  }
  asMismatch('the name of a scene', () => findScene(scene));
  const theirs = await bench.report(against, {}, [scene], frames, profile);
  const ours = await bench.report(stack, ownParts(part), [scene], frames, profile);
  return { ours, theirs };
}

function parsed(text: string): ReturnType<typeof parseStacks>[number] {
  return asMismatch('a stack, as for --stacks', () => {
    const [spec] = parseStacks(text);
    return spec;
  });
}

function asMismatch<T>(expected: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof InputError ? new Mismatch(expected, error.message) : error;
  }
}

export const projectChecks: readonly Check<ProjectPart>[] = [
  ...claimChecks,
  ...contractChecks,
  ...priceChecks,
];
