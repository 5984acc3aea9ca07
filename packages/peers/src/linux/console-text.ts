/** What a guest is made to write on its console: who it is, and text in all colours. */

const COLOURS = [0, 1, 2, 3, 4, 5, 6, 7];

const head = String.raw`printf '\033c\033[1m'; uname -sr; cat /proc/fb; printf '\033[0m'`;
const lines = [
  String.raw`A screen that is drawn by\n a device in TypeScript.\n\n`,
  // Each colour on its opposite, so that an exchange of two is seen.
  ...COLOURS.map((at) => String.raw`\033[3${at};4${7 - at}m colour ${at} \033[0m ding dong\n`),
].join('');

/** A command of the guest's shell. It writes the same each time. */
export function writeConsole(tty: string): string {
  return `{ ${head}; printf '${lines}'; } >${tty}`;
}
