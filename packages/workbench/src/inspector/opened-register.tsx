/** A register that is open: its bits, what they are for, and who wrote them. */
import { useState } from 'preact/hooks';
import { command, said, standing, take } from '../session/index.ts';
import { RegisterBar } from './register-bar.tsx';
import { watchName, type Group, type Register } from './registers-shown.ts';

interface OpenedProps {
  readonly group: Group;
  readonly register: Register;
  readonly side: number;
}

export function OpenedRegister({ group, register, side }: OpenedProps) {
  const watch = watchName(group, register);
  return (
    <tr class="opened">
      <td colSpan={3}>
        <p>{register.doc}</p>
        <RegisterBar register={register} />
        {watch !== undefined && <Writers watch={watch} side={side} />}
      </td>
    </tr>
  );
}

interface WritersProps {
  readonly watch: string;
  readonly side: number;
}

function Writers({ watch, side }: WritersProps) {
  const [answer, setAnswer] = useState('');
  const ask = async (line: string): Promise<void> => {
    await take(side);
    const at = standing.value?.places[side].at;
    await command(line);
    // Where it went is seen everywhere; that it went nowhere is not.
    setAnswer(standing.value?.places[side].at === at ? said.value.join(' ') : '');
  };
  return (
    <>
      <p class="buttons">
        <button type="button" onClick={() => void ask(`R ${watch}`)}>
          Who wrote this?
        </button>
        <button type="button" onClick={() => void ask(`r ${watch}`)}>
          Who writes it next?
        </button>
        <button type="button" onClick={() => void ask(`b ${watch}`)}>
          Stop at each write
        </button>
      </p>
      <p role="status">{answer}</p>
    </>
  );
}
