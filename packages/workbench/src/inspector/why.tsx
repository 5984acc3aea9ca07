/** Why a run is stuck: what `doorbell explain` says of it. */
import { go } from '../session/index.ts';
import type { RunPaneProps } from './side-panes.tsx';

export function Why({ own, side }: RunPaneProps) {
  const { explanation, error, report } = own;
  const said = error ?? explanation.error;
  if (own.account !== undefined) {
    return (
      <div class="why">
        {own.account.map((line) => (
          <p key={line}>{line}</p>
        ))}
      </div>
    );
  }
  return (
    <div class="why">
      {!explanation.stuck && (
        <p class={report === undefined ? undefined : 'good'}>
          {report === undefined ? 'It came to no end.' : '✓ It came to its end.'}
        </p>
      )}
      {explanation.stuck && explanation.causes.length === 0 && (
        <p>It is stuck, and nothing that is known explains it.</p>
      )}
      {said !== null && said !== undefined && <p class="said">It said: {said}</p>}
      <ol>
        {explanation.causes.map((cause) => (
          <li key={cause.id}>
            <p class="what">{cause.what}</p>
            <dl>
              <Row name="cause">
                <code>{cause.id}</code>
              </Row>
              {cause.clause !== '' && <Row name="clause">{cause.clause}</Row>}
              {cause.register !== null && (
                <Row name={cause.bit === null ? 'register' : 'bit'}>
                  <code>
                    {cause.register}
                    {cause.bit === null ? '' : `.${cause.bit}`}
                  </code>{' '}
                  {cause.row}
                </Row>
              )}
              <Row name="mend">{cause.mend}</Row>
            </dl>
            <button type="button" onClick={() => void go(side, cause.step)}>
              {cause.step === 0
                ? 'Go before the first event'
                : `Go to event ${cause.step}${cause.event === null ? '' : `, ${cause.event.kind}`}`}
            </button>
          </li>
        ))}
      </ol>
    </div>
  );
}

interface RowProps {
  readonly name: string;
  readonly children: preact.ComponentChildren;
}

function Row({ name, children }: RowProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
