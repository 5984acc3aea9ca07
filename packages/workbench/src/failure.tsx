/** Stands in the page's place when the page itself fails: what failed, and how to go on. */
import { Component, type ComponentChildren } from 'preact';

interface Props {
  readonly children: ComponentChildren;
}

interface State {
  readonly words: string | undefined;
}

export class Failure extends Component<Props, State> {
  override state: State = { words: undefined };

  static override getDerivedStateFromError(error: unknown): State {
    return { words: error instanceof Error ? error.message : String(error) };
  }

  override render({ children }: Props, { words }: State) {
    return words === undefined ? (
      children
    ) : (
      <main class="failure">
        <div role="alert">
          <h1>The page failed</h1>
          <p>
            Something is wrong with the page itself: <code>{words}</code>
          </p>
        </div>
        <p>What was shown can be had again, since its link says all of it.</p>
        <p class="ways">
          <button type="button" class="primary" onClick={() => location.reload()}>
            Reload what was shown
          </button>
          <a href="?">Begin anew</a>
        </p>
      </main>
    );
  }
}
