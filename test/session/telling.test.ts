import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openTelling } from '../../src/session/telling.ts';
import { SAMPLES } from '../fixtures/events.ts';
import { scratch } from '../targets/fakeMachine.ts';

async function scene(destinations: (dir: string) => string[], events?: readonly string[]) {
  const dir = scratch();
  const problems: string[] = [];
  const tellers = await openTelling(
    { destinations: destinations(dir), events },
    {
      env: {},
      own: new Set(),
      fork: (start) => start(),
      host: 'here',
      target: 'command:app',
      pid: () => undefined,
      incident: () => '/incident',
      onProblem: (text) => void problems.push(text),
    },
  );
  const heard = (name: string) =>
    readFileSync(join(dir, name), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  return { heard, problems, tellers };
}
const toFile = (dir: string) => [`file:${dir}/told`];

describe('without a destination', () => {
  it('nobody is told, and nothing is missing', async () => {
    const { problems, tellers } = await scene(() => []);
    tellers.tell(SAMPLES.trip);
    await tellers.flush(0);
    expect([tellers.undelivered(), problems]).toEqual([0, []]);
    expect(() => tellers.close()).not.toThrow();
  });
});

describe('with a destination', () => {
  it('what matters to people is told, and nothing else', async () => {
    const { heard, problems, tellers } = await scene(toFile);
    for (const event of [SAMPLES.start, SAMPLES.sample, SAMPLES.trip]) tellers.tell(event);
    await tellers.flush(5_000);
    tellers.close();
    expect(heard('told')).toMatchObject([
      { event: 'trip', host: 'here', target: 'command:app', pid: null, incident: '/incident' },
    ]);
    expect(problems).toEqual([]);
  });
  it('the events that were chosen are told instead', async () => {
    const { heard, tellers } = await scene(toFile, ['clamp']);
    for (const event of [SAMPLES.trip, SAMPLES.clamp]) tellers.tell(event);
    await tellers.flush(5_000);
    tellers.close();
    expect(heard('told')).toMatchObject([{ event: 'clamp' }]);
  });
  it('each of several hears it', async () => {
    const { heard, tellers } = await scene((dir) => [`file:${dir}/one`, `file:${dir}/two`]);
    tellers.tell(SAMPLES.kill);
    await tellers.flush(5_000);
    tellers.close();
    for (const name of ['one', 'two']) expect(heard(name)).toMatchObject([{ event: 'kill' }]);
  });
  it.each([
    ['carrier-pigeon:home', /is no destination/],
    ['https://', /is no address/],
  ])('%s is refused', async (destination, why) => {
    await expect(scene(() => [destination])).rejects.toThrow(why);
  });
  it('a file that cannot be written is refused', async () => {
    await expect(scene((dir) => [`file:${dir}/none/told`])).rejects.toMatchObject({ name: 'GuardError' });
  });
});
