/** Rows of the chart of a GPU's engines: who had them, who waited, and what lies at a time. */
import type { EngineTimeline } from '../machine/contract.ts';
import { barsOf, type Bars } from '../timeline/bars.ts';
import { barsWithin } from '../timeline/density.ts';
import { countBefore } from '../timeline/order.ts';
import { exactTimeText, timeText } from '../timeline/ticks.ts';

/** What a tenant does: in the order in which it is drawn. */
export const doings = ['kept', 'behind', 'heldBack', 'ran'] as const;

export type Doing = (typeof doings)[number];

export const doingTexts: Readonly<Record<Doing, string>> = {
  ran: 'runs',
  behind: 'waits for others',
  heldBack: 'waits, nobody runs',
  kept: 'keeps its turn, idle',
};

/** Times are those of the timeline's axis. */
export interface EngineRow {
  readonly tenant: number;
  readonly bars: Readonly<Record<Doing, Bars>>;
}

/** A stretch of time, and the event that it begins with; 0: none says so. */
export interface FoundStretch {
  readonly tenant: number;
  readonly doing: Doing;
  readonly from: number;
  readonly to: number;
  readonly event: number;
}

/** @param origin  the virtual time that is 0 on the axis. */
export function rowsOf({ tenants }: EngineTimeline, origin: number): readonly EngineRow[] {
  return tenants.map(({ tenant, ran, behind, heldBack, kept }) => {
    const bars = ({ events, starts, ends }: typeof ran): Bars =>
      barsOf(
        events,
        starts.map((time) => time - origin),
        ends.map((time) => time - origin),
      );
    return {
      tenant,
      bars: {
        ...{ ran: bars(ran), behind: bars(behind) },
        ...{ heldBack: bars(heldBack), kept: bars(kept) },
      },
    };
  });
}

/** What the tenant does then, or what lies nearest within `slack` nanoseconds. */
export function stretchAt(row: EngineRow, time: number, slack: number): FoundStretch | undefined {
  let found: FoundStretch | undefined;
  let least = slack;
  for (const doing of doings) {
    const { starts, ends } = row.bars[doing];
    const { first, end } = barsWithin(row.bars[doing], { from: time - slack, to: time + slack });
    for (let bar = first; bar < end; bar++) {
      const away = Math.max(0, starts[bar] - time, time - ends[bar]);
      if (away <= least) {
        found = stretch(row, doing, bar);
        least = away;
      }
    }
  }
  return found;
}

/** The next one of the tenant that begins later, or the last that begins earlier. */
export function stretchBeside(
  row: EngineRow,
  time: number,
  direction: 'later' | 'earlier',
): FoundStretch | undefined {
  const all = doings.flatMap((doing) => {
    const { starts } = row.bars[doing];
    let place = countBefore(starts, time) - (direction === 'earlier' ? 1 : 0);
    while (direction === 'later' && starts[place] === time) {
      place++;
    }
    return place >= 0 && place < starts.length ? [stretch(row, doing, place)] : [];
  });
  const isBetter = (one: FoundStretch, other: FoundStretch): boolean =>
    direction === 'later' ? one.from < other.from : one.from > other.from;
  return all.reduce<FoundStretch | undefined>(
    (best, each) => (best === undefined || isBetter(each, best) ? each : best),
    undefined,
  );
}

function stretch({ tenant, bars }: EngineRow, doing: Doing, bar: number): FoundStretch {
  const { ids, starts, ends } = bars[doing];
  return { tenant, doing, from: starts[bar], to: ends[bar], event: ids[bar] };
}

function tenantName(tenant: number): string {
  return tenant < 0 ? 'the host' : `tenant ${tenant}`;
}

/** One line. */
export function stretchText({ tenant, doing, from, to, event }: FoundStretch): string {
  const text = `${tenantName(tenant)} ${doingTexts[doing]}: ${timeText(to - from)} from ${exactTimeText(from)} on`;
  return event === 0 ? text : `${text} (#${event})`;
}
