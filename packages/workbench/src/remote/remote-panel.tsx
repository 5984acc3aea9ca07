/** The paravirtual pair with its backend in another process: where it is, and how it is with it. */
import { useState } from 'preact/hooks';
import {
  allowBackend,
  askedBackend,
  backend,
  runWith,
  running,
  sides,
  state,
} from '../session/index.ts';
import { pixelsText } from './pixels-text.ts';
import './remote.css';

export function RemotePanel() {
  const [address, setAddress] = useState(state.value.backend);
  const asked = askedBackend.value;
  return (
    <details class="menu remote" open={asked !== ''}>
      <summary title="Draws through 'doorbell serve --backend', over a WebSocket">Backend</summary>
      <form
        class="items"
        onSubmit={(event) => {
          event.preventDefault();
          void runWith(address);
        }}
      >
        {asked !== '' && (
          <p class="asked" role="status">
            This link draws through a backend on another program or machine. Connect only where you
            know who listens.
            <button type="button" class="primary" onClick={() => void allowBackend()}>
              Connect to {new URL(asked).host}
            </button>
          </p>
        )}
        <label>
          <span>Address of a backend</span>
          <input
            type="text"
            required
            spellcheck={false}
            autocomplete="off"
            placeholder="ws://127.0.0.1:7640/?token=…"
            value={address}
            onInput={(event) => setAddress(event.currentTarget.value)}
          />
        </label>
        <p class="hint">
          Start one with <code>npx doorbell serve --backend</code> and paste what it prints.
        </p>
        <button class="primary" type="submit" disabled={running.value !== undefined}>
          Connect
        </button>
        <output class="how">{howText()}</output>
      </form>
    </details>
  );
}

function howText(): string {
  if (running.value !== undefined) {
    switch (backend.value) {
      case 'connecting':
        return 'Connecting …';
      case 'connected':
        return 'Connected; it draws.';
      case 'away':
        return 'Lost; it is tried for again.';
      case undefined:
        return '';
    }
  }
  return pixelsText(sides.value);
}

/** Stands over the page while a backend is away. */
export function BackendAway() {
  return backend.value === 'away' && running.value !== undefined ? (
    <p class="backend-away" role="status">
      The backend is gone. It is tried for again for half a minute, and what was not drawn yet is
      drawn then: start it where it was, with the same token.
    </p>
  ) : null;
}
