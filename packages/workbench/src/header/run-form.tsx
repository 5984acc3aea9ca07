/** What is run. */
import type { PageState } from '../link.ts';
import { catalogue, change, openedFile, run, running, state } from '../session/index.ts';
import { Choice, Count } from './fields.tsx';
import { GuestsField } from './guests-field.tsx';

/** In place of a scene's name: each guest has its own. */
const A_MIX = 'a mix';
const sizes = ['64x64', '160x120', '320x240', '640x480'];

/** Another run begins at its end. */
function rerun(part: Partial<PageState>): void {
  change({ ...part, event: 0, script: '' });
  void run();
}

export function RunForm() {
  const { scene, frames, width, height, mix, profile } = state.value;
  const all = catalogue.value;
  const size = `${width}x${height}`;
  return (
    <form
      class="group run"
      onSubmit={(event) => {
        event.preventDefault();
        void run();
      }}
    >
      <Choice
        label="Scene"
        ems={8}
        value={mix.length === 0 ? scene : A_MIX}
        choices={[
          ...(mix.length === 0 ? [] : [A_MIX]),
          ...(all?.scenes.map(({ name }) => name) ?? [scene]),
        ]}
        onChoose={(name) => rerun({ scene: name, mix: [] })}
      />
      <Choice
        label="Size"
        ems={7}
        isDetail
        value={size}
        choices={[...new Set([...sizes, size])]}
        onChoose={(text) => {
          const [wide, high] = text.split('x').map(Number);
          rerun({ width: wide, height: high });
        }}
      />
      <Count label="Frames" value={frames} most={600} onChange={(n) => rerun({ frames: n })} />
      <GuestsField onChange={rerun} />
      <Choice
        label="Profile"
        ems={9.5}
        isDetail
        value={profile}
        choices={all?.profiles.map(({ name }) => name) ?? [profile]}
        onChoose={(name) => rerun({ profile: name })}
      />
      <BugChoice />
      <button class="primary" type="submit" disabled={running.value !== undefined}>
        Run
      </button>
      <Progress />
    </form>
  );
}

/** What is wrong with the driver on purpose; a bug brings the stack that it can be had on. */
function BugChoice() {
  const bugs = catalogue.value?.bugs ?? [];
  const { bug } = state.value;
  return (
    <Choice
      label="Bug"
      ems={9.5}
      isDetail
      value={bug ?? 'none'}
      choices={['none', ...bugs.map(({ id }) => id)]}
      onChoose={(id) => {
        const found = bugs.find((each) => each.id === id);
        rerun(
          found === undefined
            ? { bug: undefined }
            : { bug: id, stacks: found.stacks.slice(0, 1), scene: 'triangle', pane: 'why' },
        );
      }}
    />
  );
}

function Progress() {
  const now = running.value;
  const text =
    now === undefined ? openedFile.value : `${now.stack}: frame ${now.frame} of ${now.frames}`;
  return (
    <output class="progress" aria-live="off">
      {text}
    </output>
  );
}
