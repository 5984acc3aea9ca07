/** A register as its bits lie: named fields with their values, from the highest bit down. */
import { hex } from './text.ts';
import { stretches, type Register, type Stretch } from './registers-shown.ts';

/** Of a bit, and of the bar, in units of the drawing. */
const BIT = 20;
const HEIGHT = 34;

export function RegisterBar({ register }: { readonly register: Register }) {
  const parts = stretches(register);
  const bits = register.width * 8;
  const x = (bit: number): number => (bits - 1 - bit) * BIT;
  return (
    <figure class="bits">
      <svg
        viewBox={`0 0 ${bits * BIT} ${HEIGHT + 14}`}
        style={`max-width: ${bits * BIT}px`}
        role="img"
        aria-label={`${register.name}, ${bits} bits: ${hex(register.value)}`}
      >
        {parts.map((part) => (
          <g key={part.high} class={partClass(part)}>
            <title>{partText(part)}</title>
            <rect
              x={x(part.high)}
              y={14}
              width={(part.high - part.low + 1) * BIT}
              height={HEIGHT}
            />
            <text class="bit" x={x(part.high) + BIT / 2} y={10}>
              {part.high}
            </text>
            {part.low !== part.high && (
              <text class="bit" x={x(part.low) + BIT / 2} y={10}>
                {part.low}
              </text>
            )}
            {part.name !== '' && <Label part={part} x={(x(part.high) + x(part.low) + BIT) / 2} />}
          </g>
        ))}
      </svg>
      <dl>
        {parts
          .filter(({ name }) => name !== '')
          .map((part) => (
            <div key={part.high}>
              <dt>
                <code>
                  [{part.high === part.low ? part.high : `${part.high}:${part.low}`}] {part.name}
                </code>
              </dt>
              <dd>
                <code>{hex(part.value)}</code> {part.doc}
              </dd>
            </div>
          ))}
      </dl>
    </figure>
  );
}

/** The name where it fits, the value always. */
function Label({ part, x }: { readonly part: Stretch; readonly x: number }) {
  const isWide = (part.high - part.low + 1) * BIT > part.name.length * 7.5;
  return (
    <>
      {isWide && (
        <text x={x} y={28}>
          {part.name}
        </text>
      )}
      <text class="value" x={x} y={isWide ? 43 : 36}>
        {part.high === part.low ? part.value : hex(part.value)}
      </text>
    </>
  );
}

function partClass({ name, value }: Stretch): string {
  return name === '' ? 'reserved' : value === 0 ? 'field' : 'field set';
}

function partText({ name, high, low, value, doc }: Stretch): string {
  const bits = high === low ? `bit ${high}` : `bits ${high}:${low}`;
  return name === '' ? `${bits}: reserved` : `${name}, ${bits}: ${hex(value)}. ${doc}`;
}
