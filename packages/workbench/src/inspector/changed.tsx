/** A value, marked when it is not what it was at the place before: by colour, and by a sign. */

interface ChangedProps {
  readonly text: string;
  /** Undefined: nothing is known of before. */
  readonly was: string | undefined;
}

export function Changed({ text, was }: ChangedProps) {
  if (was === undefined || was === text) {
    return <span>{text}</span>;
  }
  return (
    <span class="changed" title={`was ${was}`}>
      <span aria-hidden="true">▸</span>
      {text}
      <span class="hidden"> changed, was {was}</span>
    </span>
  );
}

/** Something that was not there at the place before. */
export function New() {
  return (
    <span class="changed">
      <span aria-hidden="true">＋</span>
      <span class="hidden">new: </span>
    </span>
  );
}
