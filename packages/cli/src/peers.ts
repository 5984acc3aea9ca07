/** `doorbell peers`: real peers, what they need of the machine, and runs with them. */
import { bundleNames, peers } from '@doorbell/peers';
import type { Command } from 'commander';
import { exitCodes } from './exit-code.ts';
import { Failure } from './failure.ts';
import { fetchBundles } from './peers-fetch.ts';
import { listPeers, type ListPeersOptions } from './peers-list.ts';
import { meetAll, meetOne } from './peers-run.ts';
import type { Act } from './verb.ts';

const fetchHelp = `
What there is: ${bundleNames.join(', ')}; 160 MB in all. It is put into the user's
cache folder, in which each QEMU has a program qemu-system-x86_64.

Environment:
  DOORBELL_CACHE          another folder
  DOORBELL_DEBIAN_MIRROR  another mirror of Debian than the one of this system's apt
  DOORBELL_QEMU           a QEMU of one's own, 11.1 or later, in the place of qemu`;

const traceHelp = `
--trace is for ${peers
  .filter(({ records }) => records === true)
  .map(({ name }) => name)
  .join(', ')}.
A trace of a peer has events in wall-clock time, its virtqueues, and no other state.`;

export function definePeers(command: Command, act: Act): void {
  command
    .command('list')
    .description('lists the peers, and what of their needs this machine has')
    .option('--json <file>', 'write the list as JSON; - is stdout')
    .action(act((options: ListPeersOptions) => listPeers(options)));
  command
    .command('fetch')
    .argument('[name...]', 'what to fetch; all by default')
    .description('fetches what the peers need: packages of Debian, for the user alone')
    .option('--again', 'fetch also what is there')
    .option('--quiet', 'say nothing of progress')
    .addHelpText('after', fetchHelp)
    .action(act(fetchBundles));
  defineRun(command, act);
  defineAll(command, act);
  // Last: its verbs would inherit that they take any argument.
  command
    .allowExcessArguments()
    .usage('[verb]')
    .addHelpText('after', '\nWithout a verb it lists.')
    .action(
      act(() => {
        refuseUnknown(command);
        return listPeers({});
      }),
    );
}

function defineRun(command: Command, act: Act): void {
  const run = command
    .command('run')
    .argument('<name>', 'one of doorbell peers list')
    .description('meets a peer')
    .option('--keep', 'in the end, hand the console of a guest with Linux to this terminal')
    .option('--trace <file>', 'record what drives our device, for doorbell step and trace export')
    .addHelpText('after', traceHelp);
  addReportOptions(run, 'write the last picture there as PNG, or all into a folder').action(
    act(meetOne),
  );
}

function defineAll(command: Command, act: Act): void {
  const all = command
    .command('all')
    .description('meets all peers')
    .option('--quick', 'leave out those that boot Linux');
  addReportOptions(all, 'write the pictures into this folder as PNG').action(act(meetAll));
}

function addReportOptions(command: Command, ofPicture: string): Command {
  return command
    .option('--picture <path>', ofPicture)
    .option('--json <file>', 'write the report as JSON; - is stdout')
    .option('--quiet', "say nothing of progress, nor of the guest's console");
}

/** A word that is none of its verbs is an argument of `peers` itself. */
function refuseUnknown({ args, commands }: Command): void {
  if (args.length > 0) {
    const known = commands.map((each) => each.name()).join(', ');
    throw new Failure(exitCodes.BAD_INPUT, `'${args[0]}' is no verb of peers; there is ${known}.`);
  }
}
