/** Lines as a shell splits them, as far as the commands of the lessons need it. */

/** Words in single or double quotes are one; behind `#` stands a comment. */
export function shellWords(line: string): readonly string[] {
  const uncommented = line.replace(/(^|\s)#(?=[^'"]*$).*$/, '');
  return [...uncommented.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, plain]) => single ?? double ?? plain,
  );
}
