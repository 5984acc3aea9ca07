/** Begins with what the address says. */
import { readLink } from '../link.ts';
import { openGiven } from './files.ts';
import { rankWhenAsked } from './rank.ts';
import { run } from './run.ts';
import { catalogue, complaint, state } from './signals.ts';
import { machines, startThreads, trying, wordsOf } from './threads.ts';

export async function start(): Promise<void> {
  try {
    state.value = readLink(location.search);
  } catch (error) {
    complaint.value = wordsOf(error);
  }
  startThreads();
  rankWhenAsked();
  await trying(async () => {
    catalogue.value = await machines().bench.catalogue();
    await (state.value.trace === '' ? run(true) : openGiven(state.value.trace));
  });
}
