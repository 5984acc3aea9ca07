/** What a state holds, a pane at a time. */
import { showPane, sides, state } from '../session/index.ts';
import { paneOf, panesOfPeers } from '../machine/contract.ts';
import { panes } from './panes.ts';
import { SidePanes } from './side-panes.tsx';
import { tabId, Tabs } from './tabs.tsx';
import './inspector.css';

export function Inspector() {
  const chosen = paneOf(state.value.pane);
  const isStuck = sides.value.some(({ explanation }) => explanation.stuck);
  const tabs = panes.map(({ name, label, doc }) => ({
    ...{ name, doc },
    label: name === 'why' && isStuck ? `⚠ ${label}` : label,
  }));
  const pane = panes.find(({ name }) => name === chosen);
  const { Each, EachRun, Whole } = pane ?? {};
  return (
    <section class="panel inspector" aria-label="Inspector">
      <Tabs
        label="What is shown of the state"
        tabs={tabs}
        chosen={chosen}
        onChoose={(name) => void showPane(name)}
      />
      <div
        class={`pane ${chosen}`}
        role="tabpanel"
        id="inspector-pane"
        aria-labelledby={tabId(chosen)}
        tabIndex={0}
        key={chosen}
      >
        {Whole !== undefined && <Whole />}
        {Whole === undefined && (
          <SidePanes of={Each} ofRun={EachRun} hasPeers={panesOfPeers.has(chosen)} />
        )}
      </div>
    </section>
  );
}
