/** Who has a shared GPU's engines, who waits for them, and what the policy keeps of each. */
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { EngineTimeline, Inspection, Side } from '../machine/contract.ts';
import { duration } from '../quantity.ts';
import { engineTimelines } from '../session/index.ts';
import { Changed } from './changed.tsx';
import { rowsOf, type EngineRow } from './engine-rows.ts';
import { EngineTimelineChart } from './engine-timeline.tsx';
import { Heads } from './heads.tsx';
import type { PaneProps } from './side-panes.tsx';

type View = NonNullable<Inspection['schedulers']>[number];

export function Scheduler({ side, own, place, inspection, before }: PaneProps) {
  const { schedulers } = inspection;
  const { rows, origin } = useRows(side, own);
  if (schedulers === undefined) {
    return <p class="none">It is asked for …</p>;
  }
  if (schedulers.length === 0) {
    return <p class="none">No GPU is shared by a scheduler.</p>;
  }
  return (
    <>
      {schedulers.map((view, index) => (
        <SchedulerView
          key={index}
          view={view}
          was={before?.schedulers?.[index]}
          gpu={schedulers.length > 1 ? `GPU ${index}: ` : ''}
        >
          <EngineTimelineChart
            {...{ side, rows: rows[index] ?? noRows }}
            now={place.at === 0 ? undefined : place.time - origin}
            turn={turnOf(view, origin)}
          />
        </SchedulerView>
      ))}
    </>
  );
}

const noRows: readonly EngineRow[] = [];

/** Of each set of engines, once they are worked out; and the time that is 0 on the axis. */
function useRows(
  side: number,
  own: Side,
): { readonly rows: readonly (readonly EngineRow[])[]; readonly origin: number } {
  const [timelines, setTimelines] = useState<readonly EngineTimeline[]>([]);
  const { origin } = own.track;
  useEffect(() => {
    let isOver = false;
    void engineTimelines(side).then((found) => {
      if (!isOver) {
        setTimelines(found);
      }
    });
    return () => {
      isOver = true;
    };
  }, [side, own]);
  const rows = useMemo(() => timelines.map((each) => rowsOf(each, origin)), [timelines, origin]);
  return { rows, origin };
}

function turnOf({ sharing: { turn, until } }: View, origin: number) {
  return turn < 0 || until === Infinity ? undefined : { tenant: turn, until: until - origin };
}

interface ViewProps {
  readonly view: View;
  readonly was: View | undefined;
  /** Which one, where there are several. */
  readonly gpu: string;
  readonly children: ComponentChildren;
}

function SchedulerView({ view, was, gpu, children }: ViewProps) {
  const { now, running, gone, sharing } = view;
  const { policy, sliceNs, turn, until, line, tenants } = sharing;
  const most = Math.max(1, ...tenants.map(({ busyNs, waitNs }) => busyNs + waitNs));
  const kept = [...new Set(tenants.flatMap((each) => Object.keys(each.kept)))];
  return (
    <section>
      <h4>
        {gpu}
        {policy}, slices of {duration(sliceNs)}
      </h4>
      {children}
      <dl class="indices">
        <dt>has the engines</dt>
        <dd>
          <Changed text={runningName(running)} was={was && runningName(was.running)} />
        </dd>
        <dt>has the turn</dt>
        <dd>
          <Changed text={turnName(turn)} was={was && turnName(was.sharing.turn)} />
          {turn >= 0 &&
            (until === Infinity ? ', with no end set' : `, ${duration(until - now)} more`)}
        </dd>
        <dt>waits, in order</dt>
        <dd>{line.length === 0 ? 'nobody' : line.map((each) => `tenant ${each}`).join(', ')}</dd>
      </dl>
      <table>
        <Heads
          of={[
            'tenant',
            'state',
            '#ran',
            '#waited',
            'of its time',
            ...kept.map((name) => `#${keptName(name)}`),
          ]}
        />
        <tbody>
          {tenants.map(({ state, busyNs, waitNs, kept: own }, tenant) => {
            const then = was?.sharing.tenants.at(tenant);
            return (
              <tr key={tenant} class={tenant === running ? 'open' : undefined}>
                <th scope="row">{tenant}</th>
                <td>
                  <Changed text={gone.includes(tenant) ? 'left' : state} was={then?.state} />
                </td>
                <td class="number">
                  <Changed text={duration(busyNs)} was={then && duration(then.busyNs)} />
                </td>
                <td class="number">{duration(waitNs)}</td>
                <td>
                  <span class="share" aria-hidden="true">
                    <i class="ran" style={`width: ${(100 * busyNs) / most}%`} />
                    <i class="waited" style={`width: ${(100 * waitNs) / most}%`} />
                  </span>
                </td>
                {kept.map((name) => (
                  <td key={name} class="number">
                    {keptText(name, own[name])}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

function runningName(tenant: number | undefined): string {
  return tenant === undefined ? 'nobody' : tenant < 0 ? 'the host' : `tenant ${tenant}`;
}

function turnName(tenant: number): string {
  return tenant < 0 ? 'nobody' : `tenant ${tenant}`;
}

/** The policy's names of durations end in their unit. */
function keptName(name: string): string {
  return name.endsWith('Ns') ? name.slice(0, -2) : name;
}

function keptText(name: string, value: number | string | undefined): string {
  if (value === undefined) {
    return '';
  }
  if (typeof value === 'number' && name.endsWith('Ns')) {
    return value < 0 ? `−${duration(-value)}` : duration(value);
  }
  return String(value);
}
