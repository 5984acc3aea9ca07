/** What can be chosen, as the lab has it. */
import {
  bugs,
  costs,
  eventRows,
  granularities,
  profiles,
  scenes,
  stackKinds,
  type CostName,
  type EventKind,
  type Profile,
} from '@doorbell/lab';
import type { Catalogue } from './contract.ts';

export function catalogue(): Catalogue {
  return {
    stacks: [...stackKinds.values()].map(({ name, term, doc, options }) => ({
      ...{ name, term, doc },
      options: Object.entries(options).map(([option, { values, range, default: usual, doc }]) => ({
        ...{ name: option, doc, values, default: usual },
        ...{ least: range?.least ?? 0, most: range?.most ?? 0 },
      })),
    })),
    scenes: [...scenes.values()].map(({ name, doc }) => ({ name, doc })),
    profiles: [...profiles.values()].map((profile) => ({
      ...{ name: profile.name, doc: profile.doc, prices: pricesOf(profile) },
    })),
    granularities: [...granularities].map(([name, { doc }]) => ({ name, doc })),
    bugs: [...bugs.values()].map(({ id, title, stacks }) => ({ id, title, stacks })),
    kinds: (Object.keys(eventRows) as EventKind[]).map((name) => {
      const { actor, doc } = eventRows[name];
      return { name, actor, doc };
    }),
    costs,
  };
}

function pricesOf({ constants }: Profile): Record<CostName, number> {
  return Object.fromEntries(
    Object.entries(constants).map(([name, { value }]) => [name, value]),
  ) as Record<CostName, number>;
}
