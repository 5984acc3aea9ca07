/** The kinds of parts: what each is, what stands in its place here, and what it is checked for. */
import { profiles, schedulers } from '@doorbell/hypervisor';
import { engineRates, SoftwareRenderer, type Environment } from '@doorbell/lab';
import type { Check, CheckInfo, CheckResult } from './check/check.ts';
import { runCheck } from './check/run.ts';
import type { Part, PartKind, PartOf, RendererPart, SchedulerPart } from './part.ts';
import { rendererChecks } from './renderer/checks.ts';
import { schedulerChecks } from './scheduler/checks.ts';

interface KindOf<P extends Part> {
  /** One sentence. */
  readonly doc: string;
  /** Where the rules are declared. */
  readonly contract: string;
  /** The project's own. */
  readonly reference: P;
  readonly checks: readonly Check<P>[];
}

const renderer: KindOf<RendererPart> = {
  doc: 'What a paravirtual backend draws on: buffers, images, commands, fences.',
  contract: 'Gpu, in packages/abi/src/gpu.ts and commands.ts',
  reference: {
    kind: 'renderer',
    name: 'software',
    open: ({ display, memoryBytes, spend }) => {
      const [profile] = profiles.values();
      const rates = engineRates(profile, 'software');
      return new SoftwareRenderer({ display, memoryBytes, rates, spend });
    },
  },
  checks: rendererChecks,
};

const scheduler: KindOf<SchedulerPart> = {
  doc: 'Who has the engines of a shared GPU next.',
  contract:
    'Arbiter, in packages/abi/src/arbiter.ts; SchedulerKind, in packages/hypervisor/src/schedulers/scheduler-kind.ts',
  reference: { kind: 'scheduler', ...roundRobin() },
  checks: schedulerChecks,
};

function roundRobin(): Omit<SchedulerPart, 'kind'> {
  const [first] = schedulers.values();
  return first;
}

/** By kind. */
export const kinds = { renderer, scheduler } satisfies { [K in PartKind]: KindOf<PartOf<K>> };

export function checksOf(kind: PartKind): readonly CheckInfo[] {
  return kinds[kind].checks;
}

/** The project's own part of a kind. */
export function referenceOf(kind: PartKind): Part {
  return kinds[kind].reference;
}

/** Runs one of the checks of a part's kind. @throws RangeError when there is none of that id. */
export function checkPart(part: Part, id: string, environment: Environment): Promise<CheckResult> {
  switch (part.kind) {
    case 'renderer':
      return runCheck(find(renderer, id), part, environment);
    case 'scheduler':
      return runCheck(find(scheduler, id), part, environment);
  }
}

function find<P extends Part>({ checks }: KindOf<P>, id: string): Check<P> {
  const check = checks.find((each) => each.id === id);
  if (check === undefined) {
    throw new RangeError(`There is no check '${id}'.`);
  }
  return check;
}
