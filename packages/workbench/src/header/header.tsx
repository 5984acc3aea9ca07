/** What is run, how one steps, and what one can take away. */
import { change, state, toggleTerminal } from '../session/index.ts';
import { RemotePanel } from '../remote/remote-panel.tsx';
import { Downloads, OpenButton, ShareButton } from './files.tsx';
import { RunForm } from './run-form.tsx';
import { StepButtons } from './step-buttons.tsx';
import { ThemeButton } from './theme-button.tsx';
import './header.css';

export function Header() {
  return (
    <header class="header">
      <h1>Doorbell</h1>
      <RunForm />
      <StepButtons />
      <div class="group end">
        <div class="group detail">
          <RemotePanel />
          <OpenButton />
          <Downloads />
          <ShareButton />
        </div>
        <button
          type="button"
          aria-pressed={state.value.terminal !== undefined}
          onClick={toggleTerminal}
        >
          Terminal
        </button>
        <button
          type="button"
          aria-pressed={state.value.beside === 'prices'}
          onClick={() => change({ beside: state.value.beside === 'prices' ? '' : 'prices' })}
        >
          Prices
        </button>
        <button
          type="button"
          aria-pressed={state.value.beside !== '' && state.value.beside !== 'prices'}
          onClick={() =>
            change({ beside: ['', 'prices'].includes(state.value.beside) ? 'lessons' : '' })
          }
        >
          Lessons
        </button>
        <ThemeButton />
        <button
          type="button"
          aria-pressed={state.value.isPresentation}
          title="Larger, for a lecture room (b)"
          onClick={() => change({ isPresentation: !state.value.isPresentation })}
        >
          Present
        </button>
      </div>
    </header>
  );
}
