/** A pane for each side: the one that is stepped, and the other beside it where there is room. */
import type { ComponentType } from 'preact';
import { inspectedBefore, inspections, sides, standing, take } from '../session/index.ts';
import type { Inspection, Place, Side } from '../machine/contract.ts';

export interface PaneProps {
  readonly side: number;
  readonly own: Side;
  readonly place: Place;
  readonly inspection: Inspection;
  /** Of the place before; undefined: there was none, or it is not known yet. */
  readonly before: Inspection | undefined;
}

/** Of a pane that is about the run, not about one of its states. */
export type RunPaneProps = Pick<PaneProps, 'side' | 'own'>;

interface SidePanesProps {
  readonly of?: ComponentType<PaneProps> | undefined;
  readonly ofRun?: ComponentType<RunPaneProps> | undefined;
  /** It shows something of a real peer too, which has no states. */
  readonly hasPeers: boolean;
}

export function SidePanes({ of: Pane, ofRun: RunPane, hasPeers }: SidePanesProps) {
  const now = standing.value;
  if (now === undefined) {
    return <p class="none">Nothing was recorded yet.</p>;
  }
  return (
    <div class="sides">
      {sides.value.map((own, side) => {
        const [place, inspection] = [now.places[side], inspections.value[side]];
        const isStepped = side === now.side;
        return (
          <section
            key={`${side} ${own.name}`}
            class={isStepped ? 'side stepped' : 'side'}
            aria-label={own.name}
          >
            {sides.value.length > 1 && <SideTitle name={own.name} side={side} />}
            {RunPane !== undefined && <RunPane {...{ side, own }} />}
            {Pane === undefined ? null : own.account !== undefined && !hasPeers ? (
              <p class="none">A real machine, whose state was not recorded.</p>
            ) : own.columns.kinds.length === 0 ? (
              <p class="none">Nothing was recorded: there are no states of it.</p>
            ) : inspection === undefined ? (
              <p class="none">Its state is worked out …</p>
            ) : (
              <Pane {...{ side, own, place, inspection, before: inspectedBefore.value[side] }} />
            )}
          </section>
        );
      })}
    </div>
  );
}

function SideTitle({ name, side }: { readonly name: string; readonly side: number }) {
  const other = sides.value[1 - side];
  return (
    <h3>
      <span>{name}</span>
      <button type="button" class="other" onClick={() => void take(1 - side)}>
        to {other.name}
      </button>
    </h3>
  );
}
