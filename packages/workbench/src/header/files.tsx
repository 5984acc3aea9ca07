/** What one can bring, and take away. */
import { useState } from 'preact/hooks';
import { keys } from '../keys.ts';
import { download, link, open, sides } from '../session/index.ts';

export function OpenButton() {
  return (
    <label class="file">
      Open…
      <input
        type="file"
        class="hidden"
        accept=".trace,.obj,.ply,.glb,.png"
        onChange={(event) => {
          const [file] = event.currentTarget.files ?? [];
          if (file !== undefined) {
            void open(file);
          }
          event.currentTarget.value = '';
        }}
      />
    </label>
  );
}

const kinds = [
  ['trace', 'Trace'],
  ['perfetto', 'Perfetto'],
  ['json', 'Figures (JSON)'],
  ['png', 'Picture (PNG)'],
] as const;

export function Downloads() {
  return (
    <details class="menu">
      <summary>Save</summary>
      <div class="items">
        {kinds.map(([kind, words]) => (
          <button
            key={kind}
            type="button"
            disabled={sides.value.length === 0}
            onClick={() => void download(kind)}
          >
            {words}
          </button>
        ))}
        <hr />
        <dl class="keys">
          {[...keys].map(([key, { doc }]) => (
            <>
              <dt>{key}</dt>
              <dd>{doc}</dd>
            </>
          ))}
        </dl>
      </div>
    </details>
  );
}

export function ShareButton() {
  const [words, setWords] = useState('Share');
  const share = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(link());
      setWords('Copied');
    } catch {
      setWords('In the address'); // no clipboard: the address has it
    }
    setTimeout(() => setWords('Share'), 2000);
  };
  return (
    <button type="button" title="Copies a link to what is shown" onClick={() => void share()}>
      {words}
    </button>
  );
}
