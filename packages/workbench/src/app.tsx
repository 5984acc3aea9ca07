/** The page's rooms, and what keys and dropped files do everywhere. */
import { useEffect, useState } from 'preact/hooks';
import { Beside } from './beside/beside.tsx';
import { Header } from './header/header.tsx';
import { Inspector } from './inspector/inspector.tsx';
import { onKey } from './keys.ts';
import { BackendAway } from './remote/remote-panel.tsx';
import { catalogue, complaint, go, open, seen, sides, standing, state } from './session/index.ts';
import { SourceView } from './source/source-view.tsx';
import { StackCard } from './stack/stack-card.tsx';
import { TerminalRoom } from './terminal/terminal-room.tsx';
import { Timeline } from './timeline/timeline.tsx';

export function App() {
  const isDropping = useDrop();
  useEffect(() => {
    document.addEventListener('keydown', onKey);
    return () => {
      document.removeEventListener('keydown', onKey);
    };
  }, []);
  const { isPresentation } = state.value;
  const isTerminal = state.value.terminal !== undefined;
  useEffect(() => {
    document.documentElement.toggleAttribute('data-present', isPresentation);
  }, [isPresentation]);
  return (
    <div class="workbench">
      <Header />
      <main class={`stage ${isTerminal ? 'typing' : ''}`}>
        <div class="pair">
          <StackCard side={0} />
          <StackCard side={1} />
        </div>
        <Timeline
          sides={sides.value}
          kinds={catalogue.value?.kinds ?? []}
          standing={standing.value}
          onGo={(side, event) => void go(side, event)}
          onLook={(view) => {
            seen.value = view;
          }}
        />
        <div class="bottom">
          <SourceView />
          <Inspector />
        </div>
        {isTerminal && <TerminalRoom />}
      </main>
      <Beside />
      <BackendAway />
      {complaint.value !== undefined && (
        <div class="complaint" role="alert">
          <p>{complaint.value}</p>
          <button
            type="button"
            onClick={() => {
              complaint.value = undefined;
            }}
          >
            Close
          </button>
        </div>
      )}
      {isDropping && <div class="dropping">Drop a trace, a model (.obj, .ply, .glb) or a .png</div>}
    </div>
  );
}

/** Files may be dropped anywhere. */
function useDrop(): boolean {
  const [isDropping, setDropping] = useState(false);
  useEffect(() => {
    const over = (event: DragEvent): void => {
      event.preventDefault();
      setDropping(true);
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) {
        setDropping(false);
      }
    };
    const drop = (event: DragEvent): void => {
      event.preventDefault();
      setDropping(false);
      const [file] = event.dataTransfer?.files ?? [];
      if (file !== undefined) {
        void open(file);
      }
    };
    document.addEventListener('dragover', over);
    document.addEventListener('dragleave', leave);
    document.addEventListener('drop', drop);
    return () => {
      document.removeEventListener('dragover', over);
      document.removeEventListener('dragleave', leave);
      document.removeEventListener('drop', drop);
    };
  }, []);
  return isDropping;
}
