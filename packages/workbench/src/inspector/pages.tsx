/** Page tables walked for addresses that matter at this event, and for any that one asks for. */
import { useEffect, useState } from 'preact/hooks';
import { walkPages } from '../session/index.ts';
import type { PageWalk, WalkQuery } from '../machine/contract.ts';
import type { PaneProps } from './side-panes.tsx';
import { functionName, ownerName } from './text.ts';
import { WalkForm } from './walk-form.tsx';
import { WalkView } from './walk-view.tsx';

interface Asked {
  readonly query: WalkQuery;
  readonly walk: PageWalk | undefined;
}

export function Pages({ inspection, side }: PaneProps) {
  const { walks, event } = inspection;
  const [query, setQuery] = useState<WalkQuery | undefined>(undefined);
  const [asked, setAsked] = useState<Asked | undefined>(undefined);
  useEffect(() => {
    let isOver = false;
    const ask = async (wanted: WalkQuery): Promise<void> => {
      const walk = await walkPages(side, wanted);
      if (!isOver) {
        setAsked({ query: wanted, walk });
      }
    };
    if (query !== undefined) {
      void ask(query);
    }
    return () => {
      isOver = true;
    };
  }, [query, side, event]);
  if (walks === undefined) {
    return <p class="none">They are walked …</p>;
  }
  return (
    <>
      <WalkForm walkable={walks.walkable} onAsk={setQuery} />
      {asked !== undefined && (
        <section>
          <h4>{tableName(asked.query)}: as asked for</h4>
          <WalkView {...asked} />
        </section>
      )}
      {walks.proposed.map(({ query: each, what, walk }) => (
        <section key={what}>
          <h4>
            {tableName(each)}: {what}
          </h4>
          <WalkView query={each} walk={walk} />
        </section>
      ))}
      {!walks.walkable.iommu && <p class="none">The IOMMU is off.</p>}
    </>
  );
}

function tableName(query: WalkQuery): string {
  return query.kind === 'gpu'
    ? `${ownerName(query.guest)} ${functionName(query.bdf)}, tables of channel ${query.channel}`
    : `The IOMMU's tables for ${functionName(query.requester)}`;
}
