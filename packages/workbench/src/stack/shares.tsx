/** Parts of a whole as one bar, with the largest in words. */
import { duration } from '../quantity.ts';

/** Parts that have a colour of their own; the others share the last. */
const SHOWN = 4;
const colors = ['--driver', '--hypervisor', '--device', '--app', '--line'];

interface SharesProps {
  readonly title: string;
  /** Nanoseconds by name. */
  readonly of: Readonly<Record<string, number>>;
}

export function Shares({ title, of }: SharesProps) {
  const sorted = Object.entries(of)
    .filter(([, ns]) => ns > 0)
    .sort(([, one], [, other]) => other - one);
  const rest = sorted.slice(SHOWN).reduce((sum, [, ns]) => sum + ns, 0);
  const parts: readonly (readonly [string, number])[] = [
    ...sorted.slice(0, SHOWN),
    ...(rest > 0 ? [['the rest', rest] as const] : []),
  ];
  const whole = parts.reduce((sum, [, ns]) => sum + ns, 0);
  return (
    <figure class="shares">
      <figcaption>{title}</figcaption>
      <div class="bar" aria-hidden="true">
        {parts.map(([name, ns], index) => (
          <span
            key={name}
            style={{ flexGrow: ns / Math.max(whole, 1), background: `var(${colors[index]})` }}
          />
        ))}
      </div>
      <ul>
        {parts.map(([name, ns], index) => (
          <li key={name} title={`${name} ${duration(ns)}`}>
            <span class="dot" style={{ background: `var(${colors[index]})` }} aria-hidden="true" />
            <span class="name">{name}</span> <span class="ns">{duration(ns)}</span>
          </li>
        ))}
      </ul>
    </figure>
  );
}
