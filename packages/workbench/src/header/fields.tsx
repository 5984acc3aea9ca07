/** Fields of the header, each with its label. */

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly choices: readonly string[];
  /** Its width, in ems: what it holds comes later, and moves nothing. */
  readonly ems: number;
  /** Out of the way in a lecture room. */
  readonly isDetail?: boolean;
  readonly onChoose: (value: string) => void;
}

export function Choice({ label, value, choices, ems, isDetail = false, onChoose }: ChoiceProps) {
  return (
    <label class={`choice ${isDetail ? 'detail' : ''}`}>
      <span>{label}</span>
      <select
        style={{ width: `${ems}em` }}
        value={value}
        onChange={(event) => onChoose(event.currentTarget.value)}
      >
        {choices.map((each) => (
          <option key={each} value={each}>
            {each}
          </option>
        ))}
      </select>
    </label>
  );
}

interface CountProps {
  readonly label: string;
  readonly value: number;
  readonly most: number;
  readonly onChange: (value: number) => void;
}

/** A detail, out of the way in a lecture room. */
export function Count({ label, value, most, onChange }: CountProps) {
  return (
    <label class="choice detail">
      <span>{label}</span>
      <input
        type="number"
        min={1}
        max={most}
        value={value}
        onChange={(event) => {
          const wanted = Math.round(Number(event.currentTarget.value));
          onChange(Math.min(most, Math.max(1, Number.isNaN(wanted) ? value : wanted)));
        }}
      />
    </label>
  );
}
