// Measures how long clients are away when the server is restarted, and when it is killed and started again: stock
// graphql-ws with the README's recipe. Prints the times, and fails if a restart takes clearly longer than a kill.
import { setTimeout as sleep } from 'node:timers/promises';
import { signUp } from './people.mjs';
import { recipe } from './recipes.mjs';
import { startServer } from './server.mjs';

const CLIENTS = Number(process.env.CLIENTS ?? 300);
const ROUNDS = Number(process.env.ROUNDS ?? 4);
/** How long a supervisor waits until it starts the next process. */
const PAUSE = Number(process.env.PAUSE ?? 0);
/** A person may have this many sockets. */
const SOCKETS_PER_PERSON = 20;
const LONGEST = 60_000;

const { parlourSocket } = await recipe('parlour-socket.js');
const server = await startServer();
const people = await Promise.all(
  Array.from({ length: Math.ceil(CLIENTS / SOCKETS_PER_PERSON) }, (_, n) => signUp(server, `Person ${n}`)),
);

/** A client that notes since when it is away, and when it is back: when its subscription has caught up. */
function connect(person) {
  const client = { backAt: 0, refused: 0 };
  const socket = parlourSocket(server.url, { token: person.token });
  socket.on('closed', () => {
    if (client.backAt) Object.assign(client, { awayAt: performance.now(), backAt: 0, refused: 0 });
    else client.refused += 1;
  });
  client.stop = socket.subscribe({ query: 'subscription { events { __typename cursor } }' }, {
    next: () => { client.backAt ||= performance.now(); },
    error: (error) => { console.error(error); process.exit(1); },
    complete: () => {},
  });
  return client;
}

async function until(condition) {
  const deadline = performance.now() + LONGEST;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('not all clients came back');
    await sleep(10);
  }
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const seconds = (milliseconds) => `${(milliseconds / 1_000).toFixed(2)} s`;

const clients = Array.from({ length: CLIENTS }, (_, n) => connect(people[n % people.length]));
await until(() => clients.every(({ backAt }) => backAt));

// Some events to resume after, the same each time: the first message to somebody costs more than others.
const [to, ...senders] = people;
const chat = () => Promise.all(senders.map((sender) => sender.send(to, 'Hello')));
await chat();

const away = { SIGTERM: [], SIGKILL: [] };
const last = { SIGTERM: [], SIGKILL: [] };
for (let round = 0; round < ROUNDS; round += 1) {
  // In turns, as what comes second may be faster.
  for (const signal of round % 2 ? ['SIGKILL', 'SIGTERM'] : ['SIGTERM', 'SIGKILL']) {
    await chat();
    for (const client of clients) client.awayAt = undefined;
    const signalled = performance.now();
    await server.stop(signal);
    const exited = performance.now();
    await sleep(PAUSE);
    await server.start();
    const started = performance.now();
    await until(() => clients.every(({ awayAt, backAt }) => awayAt && backAt));
    const times = clients.map(({ awayAt, backAt }) => backAt - awayAt);
    const refused = clients.reduce((sum, client) => sum + client.refused, 0);
    away[signal].push(...times);
    last[signal].push(Math.max(...times));
    console.log(
      `${signal}: exit after ${seconds(exited - signalled)}, started after ${seconds(started - exited)};`,
      `clients away ${seconds(median(times))} in the middle, ${seconds(Math.max(...times))} at most; ${refused} refused`,
    );
  }
}

for (const [what, times] of [['in the middle', away], ['the last one', last]]) {
  const [restart, kill] = [median(times.SIGTERM), median(times.SIGKILL)];
  console.log(`${what}: away ${seconds(restart)} by a restart, ${seconds(kill)} by a kill: ratio ${(restart / kill).toFixed(2)}`);
  // Equal but for the random waits of the clients, if the next process starts at once.
  if (restart > 1.25 * kill) process.exitCode = 1;
}
for (const client of clients) client.stop();
await server.dispose();
process.exit();
