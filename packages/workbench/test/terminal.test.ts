import { labEnvironment } from '@doorbell/lab/node';
import { expect, test } from 'vitest';
import { Terminal } from '../src/machine/terminal/terminal.ts';

const terminal = (): Terminal => new Terminal(labEnvironment);

test('runs a documented command as it stands there', async () => {
  const said = await terminal().run('npx doorbell vfio -c "driver 01:00.0" "driver 01:00.1"');
  expect(said).toEqual({
    text: 'vfio> driver 01:00.0\n01:00.0: bell\nvfio> driver 01:00.1\n01:00.1: snd_hda_intel',
    ...{ isWrong: false, prompt: '$' },
  });
});

test('the shell of vfio goes on until exit, and keeps what was done', async () => {
  const one = terminal();
  expect((await one.run('vfio --machine desktop')).prompt).toBe('qemu>');
  await one.run('# by hand');
  await one.run('unbind 01:00.0');
  expect((await one.run('driver 01:00.0 # now')).text).toBe('01:00.0: no driver');
  expect((await one.run('group 99')).isWrong).toBe(true);
  expect((await one.run('user alice')).prompt).toBe('alice>');
  expect(one.complete('driver 01:')).toEqual(['01:00.0', '01:00.1']);
  expect((await one.run('npx doorbell lspci --tree')).text).toContain('-[0000:00]-');
  expect((await one.run('exit')).prompt).toBe('$');
});

test('sensitive and lspci print what the command prints', async () => {
  const { text } = await terminal().run('sensitive --stacks=pv --registers');
  expect(text).toMatch(/^stack +sensitive +trap/);
  expect(text).toContain('pv ');
  const { text: dump } = await terminal().run('doorbell lspci --stack pv');
  expect(dump).toMatch(/Display controller \[0380\]: Device \[1af4:1050\]/);
});

test('completes verbs, flags and stacks', () => {
  const one = terminal();
  expect(one.complete('')).toEqual(['help', 'vfio', 'sensitive', 'lspci']);
  expect(one.complete('npx doorbell sen')).toEqual(['sensitive']);
  expect(one.complete('sensitive --reg')).toEqual(['--registers']);
  expect(one.complete('lspci --stack pas')).toEqual(['passthrough']);
});

test.each([
  ['npx doorbell bench --filter peers', "'bench' is for a terminal of your own"],
  ['ls', "This terminal knows vfio, sensitive, lspci and help; 'ls'"],
  ['sensitive --with magic', 'there is leaky-register'],
  ['sensitive --seed -1', "'--seed -1': a whole number"],
  ['sensitive --stacks', 'Behind --stacks something must stand'],
  ['sensitive --profile dear', "There is no profile 'dear'"],
  ['lspci --stack native,pv', 'more than one stack'],
  ['lspci --toString', "'lspci' takes no '--toString' here; it takes --stack"],
  ['vfio board', "'vfio' takes no 'board' here; it takes --machine, --command"],
  ['vfio --machine toaster', 'toaster'],
])("'%s' is refused in one line", async (line, reason) => {
  const said = await terminal().run(line);
  expect(said).toMatchObject({ isWrong: true, prompt: '$' });
  expect(said.text).toContain(reason);
  expect(said.text).not.toContain('\n');
});
