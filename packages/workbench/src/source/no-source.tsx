/** Stands where the source would be. */
import { change, run } from '../session/index.ts';
import type { Why } from './why-no-source.ts';

/** @param why  undefined: the text is on its way. */
export function NoSource({ why }: { readonly why: Why | undefined }) {
  return (
    <div class="no-source">
      {why !== undefined && <p>{why.words}</p>}
      {why?.isMended === true && (
        <button
          type="button"
          onClick={() => {
            // Lines are events of their own: the others have other numbers then.
            change({ source: true, event: 0, script: '' });
            void run();
          }}
        >
          Record them
        </button>
      )}
    </div>
  );
}
