/** Registers by group, with their fields; each can say who wrote it. */
import { signal } from '@preact/signals';
import { Fragment } from 'preact';
import { useMemo } from 'preact/hooks';
import { Changed } from './changed.tsx';
import { OpenedRegister } from './opened-register.tsx';
import {
  groupKey,
  shownGroups,
  valuesOf,
  type Group,
  type Register,
  type Wanted,
} from './registers-shown.ts';
import { SidePanes, type PaneProps } from './side-panes.tsx';
import { fixedHex, functionName, ownerName } from './text.ts';

/** The same on both sides, and kept while other panes are shown. */
const wanted = signal<Wanted>({ filter: '', onlySet: true });
/** The registers that are open, by group and name. */
const open = signal<ReadonlySet<string>>(new Set());

export function RegistersPane() {
  return (
    <>
      <WantedForm />
      <SidePanes of={Registers} hasPeers={false} />
    </>
  );
}

function WantedForm() {
  return (
    <form
      class="wanted"
      onSubmit={(event) => {
        event.preventDefault();
      }}
    >
      <input
        type="search"
        aria-label="Registers whose name has"
        placeholder="name, field or group"
        value={wanted.value.filter}
        onInput={({ currentTarget }) => {
          wanted.value = { ...wanted.value, filter: currentTarget.value };
        }}
      />
      <label>
        <input
          type="checkbox"
          checked={wanted.value.onlySet}
          onChange={({ currentTarget }) => {
            wanted.value = { ...wanted.value, onlySet: currentTarget.checked };
          }}
        />
        only what is not 0
      </label>
    </form>
  );
}

function Registers({ inspection, before, side }: PaneProps) {
  const was = useMemo(() => valuesOf(before), [before]);
  const groups = shownGroups(inspection.registers, wanted.value);
  return groups.length === 0 ? (
    <p class="none">No register is like that.</p>
  ) : (
    groups.map((group) => <GroupTable key={groupKey(group)} {...{ group, was, side }} />)
  );
}

interface GroupProps {
  readonly group: Group;
  readonly was: ReadonlyMap<string, number>;
  readonly side: number;
}

function GroupTable({ group, was, side }: GroupProps) {
  return (
    <table class="registers">
      <caption>
        {ownerName(group.guest)} <code>{functionName(group.bdf)}</code> {group.title}
      </caption>
      <tbody>
        {group.registers.map((register) => {
          const key = `${groupKey(group)} ${register.name}`;
          const isOpen = open.value.has(key);
          return (
            <Fragment key={key}>
              <RegisterRow {...{ register, isOpen }} id={key} was={was.get(key)} />
              {isOpen && <OpenedRegister {...{ group, register, side }} />}
            </Fragment>
          );
        })}
      </tbody>
    </table>
  );
}

interface RegisterRowProps {
  readonly register: Register;
  readonly id: string;
  readonly isOpen: boolean;
  readonly was: number | undefined;
}

function RegisterRow({ register, id, isOpen, was }: RegisterRowProps) {
  const { name, value, width, bits, doc } = register;
  const toggle = (): void => {
    const others = [...open.value].filter((each) => each !== id);
    open.value = new Set(isOpen ? others : [...others, id]);
  };
  return (
    <tr title={doc}>
      <th scope="row">
        <button type="button" class="plain" aria-expanded={isOpen} onClick={toggle}>
          <code>{name}</code>
        </button>
      </th>
      <td>
        <code>
          <Changed
            text={fixedHex(value, width)}
            was={was === undefined ? undefined : fixedHex(was, width)}
          />
        </code>
      </td>
      <td class="fields">
        {bits
          .filter((field) => field.value !== 0)
          .map((field) => (
            <code key={field.name}>
              {field.name}={field.value}
            </code>
          ))}
      </td>
    </tr>
  );
}
