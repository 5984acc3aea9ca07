/** The heads of a table's columns: those of numbers stand over them. */

interface HeadsProps {
  /** One that begins with `#` is over numbers. */
  readonly of: readonly string[];
}

export function Heads({ of }: HeadsProps) {
  return (
    <thead>
      <tr>
        {of.map((name) => (
          <th key={name} scope="col" class={name.startsWith('#') ? 'number' : undefined}>
            {name.replace(/^#/, '')}
          </th>
        ))}
      </tr>
    </thead>
  );
}
