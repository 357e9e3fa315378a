/**
 * What can go wrong, and what must hold all the same: each fault and each invariant with what looks after it. `chaos`: the trouble, lie or rudeness
 * of a chaos run, by the name under which it is counted. `tests`: file and title of a test of its own. `not`: why nothing does so far.
 */
export interface Entry {
  readonly id: string;
  readonly what: string;
  readonly chaos?: readonly string[];
  readonly tests?: readonly (readonly [file: string, title: string])[];
  readonly not?: string;
}

const stage = 'test/workflow/';
const api = 'test/api/';

export const faults: readonly Entry[] = [
  {
    id: 'F01',
    what: 'worker killed after the provider said yes and before it could report',
    chaos: ['worker killed while the provider holds its answer'],
    tests: [['test/e2e/kills.test.ts', 'a worker that had paid and could not say so']],
  },
  { id: 'F02', what: 'workers killed and stopped at random under load', chaos: ['worker killed', 'worker stands still'] },
  {
    id: 'F03',
    what: 'API killed, or the caller gone, after Temporal took the command and before the answer',
    chaos: ['API killed', 'answers of Temporal lost', 'hung up before the answer'],
  },
  {
    id: 'F04',
    what: 'API killed between taking a key and starting the case',
    chaos: ['API killed', 'API killed while Temporal holds its answer'],
    tests: [[`${api}process.test.ts`, 'keeps the answer for whoever asks the next process']],
  },
  { id: 'F05', what: 'Temporal killed and restarted', chaos: ['Temporal killed'] },
  {
    id: 'F06',
    what: 'Temporal out of reach',
    chaos: ['Temporal out of reach'],
    tests: [[`${api}outage.test.ts`, 'commands, openings and facts say try again, and reads are served']],
  },
  { id: 'F07', what: 'Temporal slow, or standing still', chaos: ['Temporal slow', 'Temporal stands still'] },
  {
    id: 'F08',
    what: 'MongoDB out of reach, killed',
    chaos: [
      'MongoDB killed',
      'MongoDB out of reach',
      'MongoDB out of reach of workers',
      'worker killed with MongoDB out of its reach',
    ],
    tests: [[`${stage}return.read-model.test.ts`, 'commands are taken and say that reads will follow']],
  },
  {
    id: 'F09',
    what: 'a write of MongoDB applied and its answer lost; worker killed between a save and the end of its task',
    chaos: ['answers of MongoDB lost', 'worker killed while its saves are not answered'],
    tests: [[`${stage}return.read-model.test.ts`, 'shows nothing of an attempt whose task was never committed']],
  },
  { id: 'F10', what: 'MongoDB slow, or standing still', chaos: ['MongoDB slow', 'MongoDB stands still'] },
  {
    id: 'F11',
    what: 'MongoDB back from an old backup',
    tests: [[`${api}rebuilding.test.ts`, 'shows the newest generation again, though what came back from a backup']],
  },
  {
    id: 'F12',
    what: 'one webhook many times at once',
    chaos: ['duplicate'],
    tests: [[`${api}webhooks.test.ts`, 'when twenty come at once']],
  },
  {
    id: 'F13',
    what: 'the same event under a new id',
    tests: [[`${api}webhooks.test.ts`, 'when the same fact comes under another id']],
  },
  {
    id: 'F14',
    what: 'webhooks out of order',
    chaos: ['reorder', 'late'],
    tests: [[`${api}webhooks.test.ts`, 'when it comes out of order']],
  },
  {
    id: 'F15',
    what: 'a webhook long after the case has ended',
    tests: [
      [`${api}webhooks.test.ts`, 'for a case that has ended, and twenty at once'],
      [`${api}reopening.test.ts`, 'that changes nothing: it stays ended'],
    ],
  },
  {
    id: 'F16',
    what: 'a webhook about a case that is not there',
    tests: [[`${api}exceptions.test.ts`, 'that name nobody are shown to the one merchant']],
  },
  { id: 'F17', what: 'a webhook lost for ever', chaos: ['lost'] },
  { id: 'F18', what: 'a partner refuses connections', chaos: ['partner out of reach', 'unavailable'] },
  {
    id: 'F19',
    what: 'the carrier fails after it made the label',
    chaos: ['timeoutAfterEffect'],
    tests: [[`${stage}return.partners.test.ts`, 'about a label leaves one label']],
  },
  { id: 'F20', what: 'a partner answers 429', chaos: ['rateLimited'] },
  {
    id: 'F21',
    what: 'the provider made the refund and its answer is lost',
    chaos: ['answers of a partner lost', 'timeoutAfterEffect'],
  },
  {
    id: 'F22',
    what: 'the provider has forgotten the key when the refund is tried again',
    chaos: ['keys are forgotten after two seconds, in every run'],
    tests: [['test/gateways/money.test.ts', 'forgets keys of charges as it does those of refunds']],
  },
  {
    id: 'F23',
    what: 'a refund that was taken on fails days later',
    chaos: ['road failed_late', 'road pendingFails'],
    tests: [[`${api}reopening.test.ts`, 'that its refund failed late']],
  },
  {
    id: 'F24',
    what: 'the provider pays another amount or currency',
    tests: [['test/gateways/money.test.ts', 'never calls half a refund a refund']],
  },
  {
    id: 'F25',
    what: 'a partner answers with garbage, or slowly',
    chaos: ['partner slow'],
    tests: [['test/gateways/lies.test.ts', 'strike each of them, and have passed the next time']],
  },
  {
    id: 'F26',
    what: 'two people decide while the customer takes it back',
    chaos: ['road contested'],
    tests: [[`${api}once-only.test.ts`, 'a decision and a withdrawal at once have one winner']],
  },
  {
    id: 'F27',
    what: 'the same units asked for twice; the same call twice',
    chaos: ['road doubled', 'the same call twice at once', 'the same call again, later'],
  },
  { id: 'F28', what: 'a workflow reset by hand', tests: [[`${api}rebuilding.test.ts`, 'after a real reset of a workflow']] },
  {
    id: 'F29',
    what: 'a deployment that does not replay',
    tests: [['test/replay/replay.test.ts', 'is kept for every end and for the roads']],
  },
  {
    id: 'F30',
    what: 'two versions of the worker at once',
    not: 'the second version would have to be built from an earlier release; histories of every release replay instead (F29)',
  },
  {
    id: 'F31',
    what: 'a case whose task always throws',
    tests: [[`${stage}return.flawed-release.test.ts`, 'a task that throws is tried until']],
  },
  {
    id: 'F32',
    what: 'payloads and histories near their limits',
    tests: [[`${stage}return.continue.test.ts`, 'asks the provider again about a pending refund']],
  },
  {
    id: 'F33',
    what: 'a thousand messages a second to one case',
    tests: [[`${api}rate-limits.test.ts`, 'counts the commands of one case by everybody together']],
  },
  {
    id: 'F34',
    what: 'a clock that is wrong',
    not: 'the processes would have to run under another clock; deadlines are workflow time, webhook tolerance is in test/api/webhooks.test.ts',
  },
  {
    id: 'F35',
    what: 'changes of clocks, leap days, zones',
    tests: [
      ['test/domain/policy/decide.test.ts', 'in GB is open for 14 days after delivery to the last millisecond'],
      ['test/domain/policy/calendar.test.ts', 'is elapsed time, over a change of clocks as well'],
    ],
  },
  { id: 'F36', what: 'two thousand deadlines within seconds', not: 'measured by npm run -s bench:grow, not gated' },
  { id: 'F37', what: 'disk full', not: 'not automated: needs a file system of its own' },
  { id: 'F38', what: 'worker out of memory', not: 'seen as F02: the process dies and another goes on' },
  { id: 'F39', what: 'encryption keys missing or destroyed', not: 'no payload encryption yet' },
  { id: 'F40', what: 'limiter, cache or flag store away', not: 'there is none: limits are kept in each process (decision 0008)' },
  { id: 'F41', what: 'receivers of our webhooks misbehave', not: 'no outgoing webhooks yet' },
  {
    id: 'F42',
    what: 'processes replaced one after the other under load',
    chaos: ['worker and API replaced one after the other'],
  },
  {
    id: 'F43',
    what: 'stock away, reservations that end',
    not: 'nothing is reserved yet; booking in is asked for again (lies of every run)',
  },
  { id: 'F44', what: 'a crash between reserving stock and recording it', not: 'nothing is reserved yet' },
];

export const invariants: readonly Entry[] = [
  { id: 'I1', what: 'one refund that came through for one intent', chaos: ['oracle/money.ts'] },
  { id: 'I2', what: 'no payment gives back more than it captured', chaos: ['oracle/money.ts'] },
  { id: 'I3', what: 'an acknowledged command is in history exactly once', chaos: ['oracle/commands.ts'] },
  { id: 'I4', what: 'a word of a partner has its effect once', chaos: ['oracle/commands.ts'] },
  {
    id: 'I5',
    what: 'states are a path of the table, revisions have no gap, nothing follows an end but a reopening',
    chaos: ['oracle/state.ts'],
  },
  { id: 'I6', what: 'one live label for a way', chaos: ['oracle/goods.ts'] },
  { id: 'I7', what: 'what is booked into stock is what was inspected, once', chaos: ['oracle/goods.ts'] },
  { id: 'I8', what: 'of commands that exclude each other one wins', chaos: ['roads.ts'] },
  { id: 'I9', what: 'the same key and body, the same bytes', chaos: ['client.ts'] },
  { id: 'I10', what: 'the read model is the history folded anew', chaos: ['oracle/state.ts'] },
  { id: 'I11', what: 'what is stored of a case never goes back', chaos: ['oracle/watcher.ts'] },
  { id: 'I12', what: 'no line comes back more often than it was bought', chaos: ['oracle/goods.ts', 'roads.ts'] },
  {
    id: 'I13',
    what: 'a deadline lies on the promised date',
    tests: [['test/domain/policy/decide.test.ts', 'in CN is open for 7 days by the calendar of Shanghai']],
  },
  { id: 'I14', what: 'no call to an inner address', not: 'no outgoing addresses of others yet' },
  { id: 'I15', what: 'no open case is stuck', chaos: ['oracle/state.ts', 'run.ts'] },
  {
    id: 'I16',
    what: 'no task failed for code and history that disagree',
    chaos: ['oracle/state.ts'],
    tests: [['test/replay/replay.test.ts', 'is kept for every end and for the roads']],
  },
  { id: 'I17', what: 'no personal data in the clear', not: 'no personal data enter a case; canaries come with encryption' },
  { id: 'I18', what: 'an audit chain that verifies', not: 'no audit chain yet' },
  {
    id: 'I19',
    what: 'nothing of another merchant is seen',
    tests: [[`${api}matrix.test.ts`, 'holds in every cell: operation, role, and whose case it is']],
  },
  {
    id: 'I20',
    what: 'money moves by an entitled person or rule',
    tests: [['test/domain/permissions.test.ts', 'let managers alone give up money']],
  },
  {
    id: 'I21',
    what: 'an end is told of, nothing is sent twice or unplanned, and the last word is the end',
    chaos: ['oracle/customer.ts'],
  },
  { id: 'I22', what: 'errors are named, and none is a bug', chaos: ['client.ts'] },
  { id: 'I23', what: 'memory and handles as before', not: 'processes are killed all the time; a soak would show it' },
  { id: 'I24', what: 'what was taken back is taken back: label void, units free, no money moved', chaos: ['oracle/goods.ts'] },
];
